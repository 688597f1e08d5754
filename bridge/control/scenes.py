"""Scenes at the desk: chosen by name, by place in the setlist, by program change; they and presets on their shelf."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bridge import presets, scenes, shelf
from bridge.addresses import ROOT
from bridge.control.state import SCENE, Desk, Value
from bridge.errors import ValueRefused
from bridge.scenes import Scene
from music.errors import ContinuoError, did_you_mean

ANY_CHANNEL = 17
"""What `scene_channel` is where program changes of all channels count."""

Show = Callable[[str, Value], None]
Values = list[Any]


class Scenes:
    """What is wanted of scenes, and of the user's own presets. Control's event loop owns it.

    Small files are read and written at once.

    `changed` is told when another scene is there, and how many inserts it has.
    """

    def __init__(self, desk: Desk, show: Show, changed: Callable[[int], None], skip: presets.Skip) -> None:
        self._desk = desk
        self._show = show
        self._changed = changed
        self._skip = skip
        self._known: dict[str, tuple[tuple[int, int], Scene]] = {}  # as they were read

    async def check(self) -> None:
        """Read all that the user has saved, elsewhere than in the event loop: it takes seconds where there is much.

        What is wrong with it is told; the scenes are known from then on, and there at once when they are chosen.
        """
        wrong: list[ContinuoError] = []
        self._known |= await asyncio.to_thread(_read_all, wrong)
        for error in wrong:
            self._skip(error)
        self.look()

    def do(self, command: str, values: Values) -> None:
        """One of the commands below; ContinuoError where it cannot be done."""
        match command.removeprefix("scene/"):
            case "preset/save" | "preset/delete" | "preset/rename":
                self._do_preset(command, values)
            case "scene":
                self._choose(_one(command, values))
            case "next":
                self._step(1)
            case "previous":
                self._step(-1)
            case "save":
                self._save(values)
            case "delete":
                self._delete(_one(command, values))
            case "rename":
                self._rename(*_two(command, values))
            case "setlist":
                self._arrange(values)
        self.look()

    def look(self) -> None:
        """Show the setlist as it is on disk now."""
        self._show("setlist", scenes.order())

    def program(self, channel: int, number: int) -> None:
        """A program change, both from 1: it chooses by place in the setlist, if it is on the channel for that."""
        order = scenes.order()
        if self._desk.daemon["scene_channel"] in (channel, ANY_CHANNEL) and number <= len(order):
            self._load(order[number - 1])

    def _do_preset(self, command: str, values: Values) -> None:
        match command.removeprefix("preset/"):
            case "save":  # the insert comes first
                self._save_preset(values[0], _one(command, values[1:]))
            case "delete":
                presets.delete(_one(command, values))
            case "rename":
                self._rename_preset(*_two(command, values))

    def _save_preset(self, insert: int, name: object) -> None:
        """Write an insert's state as a preset of the user's own."""
        state = self._desk.inserts[insert]
        saved = shelf.check_name(name)
        presets.save(saved, state)
        if state["preset"] != saved:
            state["preset"] = state["name"] = saved

    def _rename_preset(self, name: Any, new: Any) -> None:
        """Give a preset of the user's own another name, wherever it plays too."""
        presets.rename(name, new)
        for state in self._desk.inserts:
            if state["preset"] == name:
                state["preset"] = new
                state["name"] = new if state["name"] == name else state["name"]

    def _arrange(self, values: Values) -> None:
        there = scenes.names()
        missing = [name for name in values if name not in there]
        if missing:
            raise ContinuoError(f"there is no scene {missing[0]!r}", did_you_mean(str(missing[0]), there))
        scenes.arrange(dict.fromkeys(values))

    def _choose(self, wanted: object) -> None:
        if isinstance(wanted, float) and wanted.is_integer():
            wanted = int(wanted)
        if isinstance(wanted, str):
            self._load(wanted)
        elif isinstance(wanted, int) and not isinstance(wanted, bool):
            order = scenes.order()
            if not 1 <= wanted <= len(order):
                raise ValueRefused(f"scene {wanted} is not within the setlist, which has {len(order)}", 422)
            self._load(order[wanted - 1])
        else:
            raise ValueRefused(f"scene takes a name, or a place in the setlist, not {wanted!r}", 400)

    def _load(self, name: str) -> None:
        stamp = scenes.stamp(name)
        known = self._known.get(name)
        scene = known[1] if known and known[0] == stamp else scenes.load(name, self._skip)
        self._known[name] = stamp, scene
        self._desk.take(scene)
        self._show("scene", name)
        self._changed(len(scene.inserts))

    def _step(self, by: int) -> None:
        """The next of the setlist that is there; the ends are ends."""
        order, here = scenes.order(), self._desk.shown[SCENE]
        if not order:
            raise ContinuoError("there is no scene in the setlist", f"Save one: {ROOT}/scene/save NAME")
        place = order.index(str(here)) + by if here in order else 0 if by > 0 else len(order) - 1
        for name in order[place:] if by > 0 else order[place::-1] if place >= 0 else []:
            try:
                self._load(name)
            except ContinuoError as error:  # the show goes on with the one after it
                self._skip(error)
            else:
                return
        raise ValueRefused(f"{here!r} is the {'last' if by > 0 else 'first'} scene that can be had", 422)

    def _save(self, values: Values) -> None:
        name = _one("scene/save", values) if values else self._desk.shown[SCENE]
        scenes.save(name, self._desk.scene())
        self._show("scene", str(name))

    def _delete(self, name: object) -> None:
        scenes.delete(name)
        if self._desk.shown[SCENE] == name:
            self._show("scene", "")

    def _rename(self, name: Any, new: Any) -> None:
        scenes.rename(name, new)
        if self._desk.shown[SCENE] == name:
            self._show("scene", str(new))


def _read_all(wrong: list[ContinuoError]) -> dict[str, tuple[tuple[int, int], Scene]]:
    """The scenes that read; what is wrong with them, with setlist and presets, goes into a list. Any thread."""
    found: dict[str, tuple[tuple[int, int], Scene]] = {}
    wrong += presets.broken()
    for name in scenes.names():
        try:
            found[name] = scenes.stamp(name), scenes.load(name, wrong.append)
        except ContinuoError as error:
            wrong.append(error)
    wrong += scenes.broken_setlist()
    return found


def _one(command: str, values: Values) -> Any:
    if len(values) != 1:
        raise ValueRefused(f"{command} takes one value, not {len(values)}", 400)
    return values[0]


def _two(command: str, values: Values) -> Values:
    if len(values) != 2:
        raise ValueRefused(f"{command} takes two names: the one it has, and the one it is to have", 400)
    return values
