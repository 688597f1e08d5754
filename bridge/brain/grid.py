"""The frames of a song: when they begin, and which of them begin a beat or a bar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor

from bridge.brain.settings import Entry
from models.player import FRAMES_PER_BEAT
from music.beat import Timeline

LONGEST_BAR = 32 * 4 * FRAMES_PER_BEAT
"""In frames: 32/1."""

COMMON_BEATS = 4.0
"""A bar where nobody knows of bars, or a file gives no meter (Standard MIDI Files 1.0, "Time Signature": 4/4)."""

Bars = Callable[[int], int | None]
"""How many frames after its barline a frame begins; None where nobody knows."""


def no_bars(_frame: int) -> None:
    """On stage, where no clock runs that knows of bars."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the beats and the barlines fall."""

    timeline: Timeline
    bars: Bars = no_bars
    lead_ns: int = 0
    """How far before a frame begins its answer is decided: a file has no need of that."""

    def frame_at(self, ns: int) -> int:
        """The frame that is open at a moment; at the very edge, the one that begins."""
        frame = floor(self.timeline.beat_at(ns) * FRAMES_PER_BEAT + 1e-6)
        return frame + (ns >= self.edge_ns(frame + 1))  # by the same rounding, or a wake at the edge would come again

    def edge_ns(self, frame: int) -> int:
        """When a frame begins."""
        return self.timeline.ns_at(frame / FRAMES_PER_BEAT)

    def barlines(self) -> tuple[int | None, int | None]:
        """What `bars` gives for the frame 0, and for the last one of the bar before it: it tells their length."""
        first = self.bars(0)
        return first, None if first is None else self.bars(-1 - first)

    def barline(self, beat: float, bars: int = 0) -> float:
        """The beat of the first barline from a beat on, or so many bars after it: of 4 beats where nobody knows."""
        first = ceil(beat * FRAMES_PER_BEAT - 1e-6)
        if self.bars(first) is None:
            return first / FRAMES_PER_BEAT + COMMON_BEATS * bars
        for _ in range(bars + 1):
            first = next(one for one in range(first, first + LONGEST_BAR + 1) if self.bars(one) == 0) + 1
        return (first - 1) / FRAMES_PER_BEAT

    def entry(self, frame: int, late: bool, entry: Entry) -> int:
        """Where an accompaniment joins in: at once, or with the next frame that begins a beat or a bar.

        Where nobody knows of bars, with a beat. The frame that is open will do unless it is `late` in it.
        """
        if entry == "now":
            return frame
        first = frame + late
        if entry == "bar" and self.bars(first) is not None:
            return next((one for one in range(first, first + LONGEST_BAR) if self.bars(one) == 0), first)
        return -(-first // FRAMES_PER_BEAT) * FRAMES_PER_BEAT
