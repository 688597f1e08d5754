"""Scenes: the states of all inserts under one name, and their order on stage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from bridge import presets, shelf
from bridge.errors import PresetError, ValueRefused
from bridge.presets import Skip, State
from music import files
from music.errors import did_you_mean

FORMAT = 1
MOST_INSERTS = 16
MAX_BYTES = 1 << 22
MAX_EXPORT_BYTES = 1 << 26
_KEYS = ("format", "clock", "insert")


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that sounds."""

    inserts: list[State]
    clock: dict[str, Any]
    """What it wants of the daemon's clock."""


def user_folder() -> Path:
    """Where scenes lie."""
    return Path(platformdirs.user_config_dir("continuo")) / "scenes"


def setlist_file() -> Path:
    """The order of the scenes; beside their folder, so that no scene can have its name."""
    return user_folder().parent / "setlist.toml"


def names() -> list[str]:
    """All scenes."""
    return list(shelf.own(user_folder()))


def load(name: str, skip: Skip | None = None) -> Scene:
    """The scene of a name; PresetError where there is none or it does not read."""
    path = _path(name)
    try:
        return parse(presets.table(presets.read_bytes(path, MAX_BYTES), MAX_BYTES), presets.named(path, skip))
    except PresetError as error:
        if error.message.startswith(str(path)):
            raise
        raise PresetError(f"{path}: {error.message}", error.hint) from error


def stamp(name: str) -> tuple[int, int]:
    """Another one where the file of a scene has changed; PresetError where there is none."""
    path = _path(name)
    try:
        found = path.stat()
    except OSError as error:
        raise PresetError(f"{path}: cannot be read ({error.strerror})", "Check the file and its rights") from error
    return found.st_mtime_ns, found.st_size


def parse(given: dict[str, Any], skip: Skip | None = None) -> Scene:
    """The scene that a table stands for; PresetError names the key."""
    with presets.bounded():
        return _complete(given, skip)


def _complete(given: dict[str, Any], skip: Skip | None) -> Scene:
    for key in given:
        if key not in _KEYS:
            raise PresetError(f"{key}: there is no such key", did_you_mean(key, _KEYS))
    if given.get("format") != FORMAT:
        raise PresetError(f"format is {given.get('format')!r}, not {FORMAT}", f"Write format = {FORMAT} at its top")
    inserts = given.get("insert")
    if not isinstance(inserts, list) or not 1 <= len(inserts) <= MOST_INSERTS:
        raise PresetError(f"insert: a scene has 1 to {MOST_INSERTS} inserts", "Write each as its own [[insert]] table")
    states = [_insert(number, one, skip) for number, one in enumerate(inserts, 1)]
    return Scene(states, presets.clock(given.get("clock", {})))


def save(name: object, scene: Scene) -> None:
    """Write a scene, and put a new one at the end of the setlist; FileError, or ValueRefused for no name."""
    before = setlist()  # when there is not one more
    shelf.write(user_folder(), name, document(scene))
    if name not in before:
        arrange([*before, name])


def document(scene: Scene) -> dict[str, Any]:
    """A scene as a file holds it."""
    inserts = [{"preset": state["preset"]} | presets.document(state) for state in scene.inserts]
    return {"format": FORMAT, "clock": scene.clock, "insert": inserts}


def delete(name: object) -> None:
    """Forget a scene; PresetError where there is none."""
    path = _path(name)
    files.delete(path)
    arrange(one for one in setlist() if one != name)


def rename(name: object, new: object) -> None:
    """Give a scene another name, and its place in the setlist; PresetError, ValueRefused where there is one."""
    path, new = _path(name), shelf.check_name(new)
    files.move(path, user_folder() / f"{new}{shelf.ENDING}")
    arrange(new if one == name else one for one in setlist())


def setlist() -> list[str]:
    """The names of scenes in their order on stage; all of them, by name, where nobody has arranged any."""
    if not setlist_file().exists():
        return names()
    return _setlist()


def arrange(listed: Iterable[object]) -> None:
    """Write the setlist; ValueRefused where a name is none."""
    table = {"format": FORMAT, "scenes": [shelf.check_name(name) for name in listed]}
    files.write(setlist_file(), shelf.toml(table))


def order() -> list[str]:
    """The scenes of the setlist that are there; all, by name, where the setlist is broken."""
    try:
        listed = setlist()
    except PresetError:
        return names()
    there = set(names())
    return [name for name in listed if name in there]


def broken() -> Iterator[PresetError]:
    """What is wrong with scenes, and with the setlist."""
    for name in names():
        try:
            load(name)
        except PresetError as error:
            yield error
    yield from broken_setlist()


def broken_setlist() -> Iterator[PresetError]:
    """What is wrong with the setlist."""
    try:
        there = set(names())
        missing = [name for name in setlist() if name not in there]
    except PresetError as error:
        yield error
        return
    if missing:
        yield PresetError(f"{setlist_file()}: there is no scene {missing[0]!r}", "Save it, or take it out of the list")


def exported() -> bytes:
    """All scenes, those of the setlist first and in its order, as one file; PresetError where one is broken."""
    there = dict.fromkeys(names())
    listed = [name for name in setlist() if name in there]
    scenes = dict.fromkeys([*listed, *there])
    tables = [{"name": name} | document(load(name)) for name in scenes]
    return shelf.toml({"format": FORMAT, "setlist": listed, "scene": tables})


def imported(data: bytes, *, replace: bool = False) -> list[str]:
    """Take in what `exported` made: the names; all of it reads, or nothing is written. PresetError names the key."""
    given = presets.table(data, MAX_EXPORT_BYTES)
    tables = given.get("scene", [])
    if given.get("format") != FORMAT or not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise PresetError("it holds no scenes", "Give a file that continuo scenes export has written")
    found = {_name_in(number, one): _scene_in(number, one) for number, one in enumerate(tables, 1)}
    there = sorted(found.keys() & set(names()))
    if there and not replace:
        raise PresetError(f"there is a scene {there[0]!r} already", "Give --replace to have the file's instead")
    listed = given.get("setlist", [])
    wanted = [name for name in listed if name in found] if isinstance(listed, list) else []
    before = [name for name in setlist() if name not in found]
    for name, scene in found.items():
        shelf.write(user_folder(), name, document(scene))
    arrange([*before, *wanted])
    return list(found)


def _name_in(number: int, given: dict[str, Any]) -> str:
    try:
        return shelf.check_name(given.get("name"))
    except ValueRefused as error:
        raise PresetError(f"scene[{number}].name: {error.message}", "Mend that name") from error


def _scene_in(number: int, given: dict[str, Any]) -> Scene:
    try:
        return parse({key: value for key, value in given.items() if key != "name"})
    except PresetError as error:
        raise PresetError(f"scene[{number}].{error.message}", error.hint) from error


def _insert(number: int, given: Any, skip: Skip | None) -> State:
    if not isinstance(given, dict):
        raise PresetError(f"insert[{number}] is {given!r}, not a table", "Write each as its own [[insert]] table")
    where = f"insert[{number}]"
    inner = skip and (lambda error: skip(PresetError(f"{where}.{error.message}", error.hint)))
    stem = given.get("preset", "")
    if not isinstance(stem, str):
        raise PresetError(f"{where}.preset: is {stem!r}, no name", "Write the name of the preset it came from")
    try:
        return presets.complete({key: value for key, value in given.items() if key != "preset"}, stem, inner)
    except PresetError as error:
        raise PresetError(f"{where}.{error.message}", error.hint) from error


def _setlist() -> list[str]:
    path = setlist_file()
    try:
        given = presets.table(presets.read_bytes(path)).get("scenes")
    except PresetError as error:
        raise PresetError(f"{path}: {error.message.removeprefix(f'{path}: ')}", error.hint) from error
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise PresetError(f"{path}: scenes is no list of names", 'Write scenes = ["one", "another"]')
    return given


def _path(name: object) -> Path:
    """The file of a scene that is there."""
    found = shelf.own(user_folder())
    if not isinstance(name, str) or name not in found:
        raise PresetError(f"there is no scene {name!r}", did_you_mean(str(name), found))
    return found[name]
