"""What moves on a controller that moves parameters: the last value of each knob, a hundred times a second at most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bridge.knobs import NEVER
from bridge.messages import headers
from music.events import Program
from music.wire import CONTROL

EVERY_NS = 10_000_000
"""A knob sends hundreds of messages a second, and each change of a setting asks the players anew."""

Move = tuple[int, int, int, int, int, int]
"""Port, channel (from 1), controller, where it stands, and how low and how high it was since it was last told of."""


class Moves:
    """Gathers moves until they are to be told. The thread of the engine owns it."""

    def __init__(self) -> None:
        self._knobs: list[frozenset[bytes]] = []
        self._learning: frozenset[int] = frozenset()
        self._newest: dict[tuple[int, bytes], tuple[int, int, int]] = {}
        self._told_ns = -EVERY_NS
        self._chosen: tuple[int, int] | None = None
        self._told_choice_ns = -EVERY_NS

    def watch(self, knobs: Sequence[Iterable[tuple[int, int]]], learning: Iterable[int]) -> None:
        """Whose moves count: of each port (channel, controller); of those where a knob is to be learnt, everybody's."""
        self._knobs = [headers(port) for port in knobs]
        self._learning = frozenset(learning)

    def hear(self, port: int, data: bytes) -> bool:
        """Take in a whole message; True where it is a knob's, and no music."""
        is_knob = port < len(self._knobs) and data[:2] in self._knobs[port]
        learnt = port in self._learning and data[0] & 0xF0 == CONTROL and data[1] not in NEVER
        if is_knob or learnt:
            stands = data[2]
            _, low, high = self._newest.get((port, data[:2]), (stands, stands, stands))
            self._newest[port, data[:2]] = stands, min(low, stands), max(high, stands)
        return is_knob

    def due(self, now_ns: int) -> list[Move]:
        """What has moved, if it is time to tell, who moved first before the others."""
        if not self._newest or now_ns - self._told_ns < EVERY_NS:
            return []
        self._told_ns = now_ns
        moved = [(port, (head[0] & 0x0F) + 1, head[1], *been) for (port, head), been in self._newest.items()]
        self._newest.clear()
        return moved

    def choose(self, program: Program) -> None:
        """Take in a program change, which may choose a scene."""
        self._chosen = program.channel + 1, program.program + 1

    def choice(self, now_ns: int) -> tuple[int, int] | None:
        """Channel and number, from 1, of the newest program change, if it is time to tell of it."""
        if self._chosen is None or now_ns - self._told_choice_ns < EVERY_NS:
            return None
        self._told_choice_ns = now_ns
        chosen, self._chosen = self._chosen, None
        return chosen

    def next_wake_ns(self) -> int | None:
        """When `due` or `choice` has something to tell; None where nothing has moved."""
        wakes = [self._told_ns + EVERY_NS] if self._newest else []
        wakes += [self._told_choice_ns + EVERY_NS] if self._chosen else []
        return min(wakes, default=None)
