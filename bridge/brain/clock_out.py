"""The MIDI clock that Continuo sends, whoever leads (MIDI 1.0 Detailed Specification, "System Real Time")."""

from __future__ import annotations

from math import ceil, floor

from bridge.brain.transport import Transport
from music.beat import CLOCKS_PER_BEAT
from music.events import Clock, Continue, Event, SongPosition, Start, Stop

AHEAD_NS = 25_000_000
"""How far before its moment a tick is handed to the port."""
SIXTEENTHS_PER_BEAT = 4
CLOCKS_PER_SIXTEENTH = CLOCKS_PER_BEAT // SIXTEENTHS_PER_BEAT
LAST_SIXTEENTH = 16_383


class ClockOut:
    """Ticks ahead of time. A song that starts or is moved is told to go on from its next sixteenth."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._is_on = False
        self._next = 0  # tick of the transport's own beats
        self._ahead: int | None = None  # where the song was while it rolled
        self._newest_ns = 0  # the tick that was sent last, be it in the future

    def switch(self, *, on: bool, now_ns: int) -> list[tuple[int, Event]]:
        """Begin or end; gives what is to be sent, with its moment in ns."""
        stops, self._is_on = self._is_on and not on and self._ahead is not None, on
        if stops:
            self._ahead = None
        return [(max(now_ns, self._newest_ns), Stop())] if stops else []

    def due(self, now_ns: int, *, rolling: bool) -> list[tuple[int, Event]]:
        """What is to be sent by a little later than now, with its moment in ns."""
        if not self._is_on:
            return []
        until_ns = now_ns + AHEAD_NS
        found: list[tuple[int, Event]] = []
        ahead = self._transport.ahead if rolling else None
        if ahead != self._ahead:
            if self._ahead is not None:
                found.append((max(now_ns, self._newest_ns), Stop()))
            if ahead is not None:
                found += self._start(ahead, until_ns, max(now_ns, self._newest_ns))
            self._ahead = ahead
        here = floor(self._transport.beat_at(now_ns) * CLOCKS_PER_BEAT)
        if abs(self._next - here) > CLOCKS_PER_BEAT:  # just switched on, or a long way off: what is past is past
            self._next = here + 1
        while (tick_ns := self._transport.ns_at(self._next / CLOCKS_PER_BEAT)) < until_ns:
            found.append((tick_ns, Clock()))
            self._newest_ns = tick_ns
            self._next += 1
        return found

    def next_wake_ns(self) -> int | None:
        """When `due` has something."""
        return self._transport.ns_at(self._next / CLOCKS_PER_BEAT) - AHEAD_NS if self._is_on else None

    def _start(self, ahead: int, until_ns: int, now_ns: int) -> list[tuple[int, Event]]:
        """Have the song go on from the sixteenth that comes after `until_ns`, where the next tick will be sent."""
        sixteenth = ceil((self._transport.beat_at(until_ns) + ahead) * SIXTEENTHS_PER_BEAT)
        self._next = sixteenth * CLOCKS_PER_SIXTEENTH - ahead * CLOCKS_PER_BEAT
        if sixteenth == 0:
            return [(now_ns, Start())]
        return [(now_ns, SongPosition(min(max(sixteenth, 0), LAST_SIXTEENTH))), (now_ns, Continue())]
