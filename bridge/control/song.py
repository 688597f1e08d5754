"""Our own song: taps, start and stop, where nobody else leads."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from bridge.addresses import ROOT
from bridge.control.osc import OscServer
from bridge.control.state import Desk
from bridge.daemon_addresses import CLOCK
from bridge.errors import ValueRefused

MAX_BAR = 9999


class Song:
    """What is wanted of the song. The event loop of control owns it."""

    def __init__(
        self,
        desk: Desk,
        osc: OscServer,
        say: Callable[[dict[str, Any]], None],
        changed: Callable[[int | None], None],
    ) -> None:
        """`say` tells the brain."""
        self._desk = desk
        self._osc = osc
        self._say = say
        self._changed = changed

    def do(self, command: str, values: Sequence[object]) -> None:
        """A tap, a start at a bar, a stop; ValueRefused where somebody else leads, or there is no such bar."""
        if command == "tap":
            self._say({"tap": time.monotonic_ns()})
        else:
            self._lead({"play": _bar(values)} if command == "play" else {"stop": True})

    def tapped(self, bpm: float) -> None:
        """Taps have made a tempo: it is the daemon's."""
        parameter = next(one for one in CLOCK if one.name == "tempo")
        self._desk.daemon["tempo"] = min(max(bpm, parameter.low), parameter.high)
        self._osc.publish(f"{ROOT}/tempo", self._desk.daemon["tempo"])
        self._changed(None)

    def _lead(self, command: dict[str, Any]) -> None:
        leader = self._desk.shown[f"{ROOT}/leader"]
        if leader != "internal":
            raise ValueRefused(f"{leader} leads: start and stop there, or set clock to internal", 422)
        self._say(command)


def _bar(values: Sequence[object]) -> int:
    bar = values[0] if values else 1
    if isinstance(bar, bool) or not isinstance(bar, int | float) or not 1 <= bar <= MAX_BAR or bar != int(bar):
        raise ValueRefused(f"play takes a bar, 1 to {MAX_BAR}, not {bar!r}", 400)
    return int(bar)
