"""Where the beats fall on stage: an internal clock whose tempo can change under way."""

from __future__ import annotations


class Transport:
    """A `music.beat.Timeline` of one tempo, anchored where it was last set. The thread of the engine owns it."""

    def __init__(self, start_ns: int, bpm: float = 120.0) -> None:
        self._anchor_ns = start_ns
        self._anchor_beat = 0.0
        self.bpm = bpm

    def set_tempo(self, bpm: float, now_ns: int) -> None:
        """Change the tempo; the beat position goes on without a jump."""
        self._anchor_beat = self.beat_at(now_ns)
        self._anchor_ns = now_ns
        self.bpm = bpm

    def beat_at(self, ns: int) -> float:
        """The beat position at a moment."""
        return self._anchor_beat + (ns - self._anchor_ns) * self.bpm / 60e9

    def ns_at(self, beat: float) -> int:
        """The moment of a beat position."""
        return self._anchor_ns + round((beat - self._anchor_beat) * 60e9 / self.bpm)
