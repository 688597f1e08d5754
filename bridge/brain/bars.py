"""Where the barlines of a file fall, in frames."""

from __future__ import annotations

from bisect import bisect_right
from math import floor

from bridge.brain.grid import COMMON_BEATS
from models.player import FRAMES_PER_BEAT
from music.midifile import Score


class Bars:
    """Frames since the barline, for each frame of a piece. A bar cut short by a new meter ends there."""

    def __init__(self, score: Score) -> None:
        meters = {meter.tick: 4 * meter.numerator / meter.denominator for meter in score.meters}
        bars = sorted(({0: COMMON_BEATS} | meters).items())
        self._starts = [tick / score.ticks_per_beat for tick, _ in bars]
        self._lengths = [beats for _, beats in bars]

    def __call__(self, frame: int) -> int:
        """How many frames after its barline a frame begins."""
        beat = frame / FRAMES_PER_BEAT
        place = max(0, bisect_right(self._starts, beat + 1e-9) - 1)
        frames = (beat - self._starts[place]) * FRAMES_PER_BEAT + 1e-6
        return floor(frames % (self._lengths[place] * FRAMES_PER_BEAT))
