"""Keys that surfaces play into an insert: as if its input had brought them, and never held by who is gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from bridge.addresses import ROOT
from bridge.control.inbox import Address
from bridge.control.state import Desk
from bridge.errors import ValueRefused
from bridge.parameters import Parameter
from music.wire import NOTE_OFF, NOTE_ON

LIFE_S = 3.0
"""A surface that says nothing for so long is gone: its keys go up."""
LOOK_S = 0.5
VALUES = (
    Parameter("pitch", ("pitch",), "pitch", 60, "Key", 0, 127),
    Parameter("velocity", ("velocity",), "int", 0, "How hard it is struck, 0 = let go", 0, 127),
    Parameter("channel", ("channel",), "int", 1, "Channel it is played on", 1, 16),
)

Key = tuple[int, int, int]
"""Insert, channel (0-based), pitch."""


class Keyboard:
    """The keys that are down, and who holds each. The event loop of control owns it."""

    def __init__(self, desk: Desk, say: Callable[[dict[str, Any]], None]) -> None:
        self._desk = desk
        self._say = say
        self._held: dict[Key, Address] = {}
        self._seen_s: dict[Address, float] = {}

    def play(self, insert: int, values: Sequence[object], sender: Address) -> None:
        """Strike a key of an insert, or let it go; ValueRefused where the values will not do, or nobody would hear."""
        if not 2 <= len(values) <= len(VALUES):
            raise ValueRefused("note takes pitch and velocity, and maybe a channel", 400)
        pitch, velocity, *given = [one.check(value) for one, value in zip(VALUES, values, strict=False)]
        key = (insert, (given[0] if given else self._channel(insert)) - 1, pitch)
        if not velocity:
            self._release(key)
            return
        if self._desk.shown[f"{ROOT}/brain"] != "ready":
            raise ValueRefused("nobody can answer a note now: the brain starts", 422)
        waits = bool(self._held)
        self._held[key] = sender
        self._seen_s[sender] = time.monotonic()
        self._tell(key, bytes((NOTE_ON | key[1], pitch, velocity)))
        if not waits:
            asyncio.get_running_loop().call_later(LOOK_S, self._look)

    def alive(self, sender: Address) -> None:
        """A surface has said something."""
        if sender in self._seen_s:
            self._seen_s[sender] = time.monotonic()

    def leave(self, sender: Address) -> None:
        """A surface is gone: what it holds is let go."""
        for key in [key for key, holder in self._held.items() if holder == sender]:
            self._release(key)

    def _look(self) -> None:
        """Let go what nobody holds any more."""
        gone_s = time.monotonic() - LIFE_S
        for key in [key for key, sender in self._held.items() if self._seen_s[sender] < gone_s]:
            self._release(key)
        self._seen_s = {sender: self._seen_s[sender] for sender in self._held.values()}
        if self._held:
            asyncio.get_running_loop().call_later(LOOK_S, self._look)

    def _release(self, key: Key) -> None:
        if self._held.pop(key, None):
            self._tell(key, bytes((NOTE_OFF | key[1], key[2], 64)))

    def _tell(self, key: Key, data: bytes) -> None:
        self._say({"key": [key[0], data.hex(), self._desk.inserts[key[0]]["input"]["thru"]]})

    def _channel(self, insert: int) -> int:
        """The first channel that the insert listens to."""
        heard = str(self._desk.inserts[insert]["input"]["channels"])
        return 1 if heard == "all" else int(heard.partition(",")[0])
