"""Musical time: ticks of a file <-> nanoseconds <-> beats, exact in integers so that nothing drifts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

CLOCKS_PER_BEAT = 24
"""MIDI clock ticks in a beat (a quarter note)."""

DEFAULT_US_PER_BEAT = 500_000
"""120 bpm, what a MIDI file without a tempo means (Standard MIDI Files 1.0, "Set Tempo")."""


class Timeline(Protocol):
    """Where the beats fall: a tempo map in a file, the transport on stage."""

    def beat_at(self, ns: int) -> float:
        """The beat position at a moment."""
        ...

    def ns_at(self, beat: float) -> int:
        """The moment of a beat position, in ns."""
        ...


@dataclass(frozen=True, slots=True)
class Tempo:
    """From `tick` on, a beat lasts `us_per_beat` microseconds."""

    tick: int
    us_per_beat: int


@dataclass(frozen=True, slots=True)
class Meter:
    """From `tick` on, a bar has `numerator` notes of 1/`denominator`."""

    tick: int
    numerator: int
    denominator: int


class TempoMap:
    """Ticks <-> ns <-> beats under a list of tempo changes (120 bpm before the first). Any thread.

    Each change's start is kept as the exact integer ns * ticks_per_beat, so a tick's time is rounded once,
    from the whole past, and never from the sum of rounded steps.
    """

    def __init__(self, ticks_per_beat: int, tempos: Sequence[Tempo] = ()) -> None:
        if ticks_per_beat < 1:
            raise ValueError(f"ticks per beat {ticks_per_beat} is not positive")
        self.ticks_per_beat = ticks_per_beat
        latest = {0: DEFAULT_US_PER_BEAT} | {tempo.tick: max(1, tempo.us_per_beat) for tempo in tempos}
        self._ticks = sorted(latest)
        self._ns_per_beat = [latest[tick] * 1000 for tick in self._ticks]
        self._scaled = [0]  # ns * ticks_per_beat at each change
        for i in range(1, len(self._ticks)):
            span = self._ticks[i] - self._ticks[i - 1]
            self._scaled.append(self._scaled[-1] + span * self._ns_per_beat[i - 1])

    def ns(self, tick: int) -> int:
        """The moment of a tick, rounded to the nearest ns."""
        i = max(0, bisect_right(self._ticks, tick) - 1)
        scaled = self._scaled[i] + (tick - self._ticks[i]) * self._ns_per_beat[i]
        return (2 * scaled + self.ticks_per_beat) // (2 * self.ticks_per_beat)

    def tick(self, ns: int) -> int:
        """The tick nearest to a moment; gives back the tick of `ns` for any tempo of at least 1 ns a tick."""
        scaled = ns * self.ticks_per_beat
        i = max(0, bisect_right(self._scaled, scaled) - 1)
        rate = self._ns_per_beat[i]
        return self._ticks[i] + (2 * (scaled - self._scaled[i]) + rate) // (2 * rate)

    def beat_at(self, ns: int) -> float:
        """The beat position at a moment."""
        scaled = ns * self.ticks_per_beat
        i = max(0, bisect_right(self._scaled, scaled) - 1)
        return (self._ticks[i] + (scaled - self._scaled[i]) / self._ns_per_beat[i]) / self.ticks_per_beat

    def ns_at(self, beat: float) -> int:
        """The moment of a beat position."""
        tick = beat * self.ticks_per_beat
        i = max(0, bisect_right(self._ticks, tick) - 1)
        return round((self._scaled[i] + (tick - self._ticks[i]) * self._ns_per_beat[i]) / self.ticks_per_beat)
