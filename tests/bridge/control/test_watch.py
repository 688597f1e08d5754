"""Who watches is told of notes; who plays keys and goes away holds none."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode

import pytest

from bridge.control import keyboard
from bridge.control import watch as watching
from bridge.control.keyboard import Keyboard
from bridge.control.osc import OscServer
from bridge.control.state import Desk
from bridge.messages import INPUT, PLAY, RESET, Record, pack
from tests.bridge.control.hall import Hall, Surface, on_stage


def packed(*records: tuple[int, int, bytes]) -> str:
    """Records of (kind, insert, bytes), of now."""
    now_ns = time.monotonic_ns()
    return b64encode(b"".join(pack(Record(now_ns, 0, *one)) for one in records)).decode()


NOTE = (INPUT, 0, bytes((0x90, 60, 80))), (PLAY, 0, bytes((0x91, 55, 70)))


def test_notes_go_to_who_watches_and_to_nobody_else() -> None:
    async def play(hall: Hall) -> None:
        watcher, subscriber = await hall.surface(), await hall.surface()
        watcher.say("/continuo/watch")
        subscriber.say("/continuo/subscribe")
        assert len(await watcher.packet()) == len(await subscriber.packet()) > 50  # the full state
        hall.server.watch.take(packed(*NOTE))
        ((address, rows),) = await watcher.packet()
        assert address == "/continuo/1/notes"
        assert [rows[at] for at in (0, 2, 3, 4)] == [0, 1, 60, 80]
        assert [rows[at] for at in (5, 7, 8, 9)] == [1, 2, 55, 70]
        assert await subscriber.rest() == []
        hall.server.watch.take(packed((RESET, 0, b"")))
        assert [(await watcher.packet())[0][0] for _ in hall.desk.inserts] == ["/continuo/1/notes", "/continuo/2/notes"]

    on_stage(play, "satb", "harmony")


def test_who_watches_is_told_of_changes_and_what_was_in_the_log() -> None:
    async def play(hall: Hall) -> None:
        hall.server.watch.log("The port process was killed")
        watcher, other = await hall.surface(), await hall.surface()
        watcher.say("/continuo/watch")
        assert ("/continuo/log", [0, "The port process was killed"]) in await watcher.packet()
        other.say("/continuo/1/voices", 2)
        assert await watcher.packet() == [("/continuo/1/voices", [2])]
        watcher.say("/continuo/watch")  # again: it goes on, and is not told everything anew
        watcher.say("/continuo/unsubscribe")
        assert await watcher.rest() == []
        hall.server.watch.log("Nobody is told")
        assert await watcher.rest() == []

    on_stage(play)


def test_who_does_not_ask_again_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LEASE_S", 0.0)

    async def play(hall: Hall) -> None:
        watcher = await hall.surface()
        watcher.say("/continuo/watch")
        await watcher.packet()
        hall.server.watch.take(packed(*NOTE))
        assert await watcher.rest() == []

    on_stage(play)


class Keys:
    """A server whose brain is there, and the keys that it is told of."""

    def __init__(self) -> None:
        self.desk = Desk(["satb"])
        self.desk.shown["/continuo/brain"] = "ready"
        self.told: list[tuple[int, str, bool]] = []
        keys = Keyboard(self.desk, lambda message: self.told.append(tuple(message["key"])))
        self.server = OscServer(self.desk, lambda _: None, lambda *_: None, keyboard=keys)


def test_keys_are_told_to_the_brain_and_refused_where_they_cannot_be() -> None:
    async def scene() -> None:
        keys = Keys()
        surface = await Surface(await keys.server.open(0)).open()
        surface.say("/continuo/1/note", 60.0, 80)
        surface.say("/continuo/1/note", "C4", 0)
        surface.say("/continuo/1/note", 60, 0)  # it is up already
        assert await surface.rest() == []
        keys.desk.write("/continuo/1/channels", "3,5")
        keys.desk.write("/continuo/1/thru", 0)
        surface.say("/continuo/1/note", 62, 127)
        surface.say("/continuo/1/note", 62, 1, 16)
        assert await surface.rest() == []
        assert keys.told == [(0, "903c50", True), (0, "803c40", True), (0, "923e7f", False), (0, "9f3e01", False)]
        for wrong in ([], [60], [60, 128], [128, 1], [60, 80, 17], ["H4", 80], [60, 80, 1, 1]):
            assert (await surface.ask("/continuo/1/note", *wrong))[0] == "/continuo/error"
        assert (await surface.ask("/continuo/2/note", 60, 80))[1][0] == 404
        keys.desk.shown["/continuo/brain"] = "down"
        assert (await surface.ask("/continuo/1/note", 60, 80))[1][0] == 422
        keys.server.close()

    asyncio.run(scene())


def test_keys_of_a_surface_that_is_gone_go_up_and_those_of_one_that_speaks_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keyboard, "LIFE_S", 0.4)
    monkeypatch.setattr(keyboard, "LOOK_S", 0.02)

    async def scene() -> None:
        keys = Keys()
        port = await keys.server.open(0)
        gone, here = await Surface(port).open(), await Surface(port).open()
        gone.say("/continuo/1/note", 60, 80)
        here.say("/continuo/1/note", 64, 80)
        while (0, "803c40", True) not in keys.told:
            await here.rest()
            await asyncio.sleep(0.01)
        assert (0, "804040", True) not in keys.told
        keys.server.close()

    asyncio.run(scene())
