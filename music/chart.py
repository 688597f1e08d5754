"""What is known to come, as pitch classes over time: the changes of a song, or its melody."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import inf

Classes = frozenset[int]
"""Pitch classes that sound together; none: nothing is known."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Pitch classes by when they begin; after the end it begins again."""

    starts: tuple[float, ...]
    """In bars or in beats, ascending from 0."""
    classes: tuple[Classes, ...]
    """Of each of them."""
    length: float
    """Of all, in the same."""
    in_bars: bool = True

    def at(self, beats: float, bar: float) -> Classes:
        """What sounds so many beats after the beginning, where a bar has so many; before it: what begins it."""
        place, _ = self._place(beats, bar)
        return self.classes[place]

    def change(self, beats: float, bar: float) -> tuple[float, Classes]:
        """In how many beats something else sounds, and what; never: inf."""
        place, within = self._place(beats, bar)
        unit = bar if self.in_bars else 1.0
        ends = (*self.starts[1:], self.length)
        for further in range(len(self.classes)):
            following = (place + further + 1) % len(self.classes)
            if self.classes[following] != self.classes[place]:
                rounds = (place + further) // len(self.classes)
                end = ends[(place + further) % len(self.classes)] + rounds * self.length
                return (end - within) * unit, self.classes[following]
        return inf, self.classes[place]

    def _place(self, beats: float, bar: float) -> tuple[int, float]:
        """Which of them sounds, and when that is within the chart."""
        within = max(beats, 0.0) / (bar if self.in_bars else 1.0) % self.length
        return max(bisect_right(self.starts, within + 1e-6) - 1, 0), within
