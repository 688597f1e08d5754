"""Moments of a recording as beats, and the tempos that a file of them has. No clock, no I/O."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from bridge.control.recorder import beat_of
from bridge.messages import Beats
from music.beat import DEFAULT_US_PER_BEAT, Meter, Tempo

MOST_US_PER_BEAT = 2**24 - 1
"""A file has three bytes for it (Standard MIDI Files 1.0, "Set Tempo")."""
HALF_A_TICK = 0.0005
"""In beats: a song that is this far before a barline stands on it."""


class Beatline:
    """Beats by the marks of the brain: evenly from mark to mark, so that real time and the song's beats both hold."""

    def __init__(self, marks: Iterable[Beats]) -> None:
        self._marks: list[Beats] = []
        for mark in marks:
            if not self._marks or (mark.time_ns > self._marks[-1].time_ns and mark.beat > self._marks[-1].beat):
                self._marks.append(mark)
        if not self._marks:
            self._marks = [Beats(0, 0.0, DEFAULT_US_PER_BEAT * 1e3, 4, 4, None)]
        self._paces = [
            (later.time_ns - mark.time_ns) / (later.beat - mark.beat)
            for mark, later in zip(self._marks, self._marks[1:], strict=False)
        ] + [self._marks[-1].ns_per_beat]

    def beat_at(self, ns: int) -> float:
        """The beat at a moment; before the first mark and after the last one it goes on as between them."""
        i = self._at(ns)
        return beat_of(self._marks[i]._replace(ns_per_beat=self._paces[i]), ns)

    def origin(self, first_ns: int, end_ns: int) -> float:
        """Where a file begins whose first note is this one: at its bar, where a song was known, else at its beat."""
        beat = self.beat_at(first_ns)
        song = self._song(first_ns, end_ns)
        bar = self.meter.numerator * 4 / self.meter.denominator if song else 1.0
        into = (beat + ((song.ahead or 0) if song else 0)) % bar
        return beat - (into if bar - into > HALF_A_TICK else into - bar)

    @property
    def meter(self) -> Meter:
        """The meter at the end; 4/4 where it is none that a file can have."""
        _, _, _, numerator, denominator, _ = self._marks[-1]
        if not 0 < numerator < 256 or denominator not in (1, 2, 4, 8, 16, 32, 64):
            return Meter(0, 4, 4)
        return Meter(0, numerator, denominator)

    def tempos(self, origin: float, end_ns: int, ticks_per_beat: int) -> Iterator[Tempo]:
        """The tempos of a file that begins at a beat, each where it changes."""
        before = None
        for i, mark in enumerate(self._marks):
            tick = round((mark.beat - origin) * ticks_per_beat)
            over = i + 1 < len(self._marks) and self._marks[i + 1].beat <= origin
            if over or (mark.time_ns > end_ns and before):
                continue
            us = min(max(round(self._paces[i] / 1e3), 1), MOST_US_PER_BEAT)
            if us != before:
                yield Tempo(max(tick, 0) if before else 0, us)
            before = us

    def _at(self, ns: int) -> int:
        return max(0, bisect_right(self._marks, ns, key=lambda mark: mark.time_ns) - 1)

    def _song(self, first_ns: int, end_ns: int) -> Beats | None:
        """The newest mark of a known song that held at some time between."""
        held = self._marks[self._at(first_ns) : self._at(end_ns) + 1]
        return next((mark for mark in reversed(held) if mark.ahead is not None), None)
