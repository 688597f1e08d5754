"""A stream of notes as onsets: what begins together, how long each of it sounds, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

TOGETHER_BEATS = 1 / 16
"""What begins so soon after the first note of a chord belongs to it."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A note of an onset."""

    pitch: int
    velocity: int
    beats: float
    """How long it sounds."""
    lasts: bool = False
    """Whether it sounds still, and longer than that."""


@dataclass(frozen=True, slots=True)
class Onset:
    """Notes that begin together."""

    beat: float
    """When, in beats since the transport started."""
    tones: tuple[Tone, ...]
    """From the lowest up; never none."""

    @property
    def top(self) -> int:
        """The highest pitch."""
        return self.tones[-1].pitch

    @property
    def bottom(self) -> int:
        """The lowest pitch."""
        return self.tones[0].pitch


def onsets(notes: Iterable[tuple[float, float, int, int]]) -> list[Onset]:
    """Notes (beat, length in beats, pitch, velocity), in any order, as onsets; of a pitch twice the first one."""
    found: list[Onset] = []
    for beat, length, pitch, velocity in sorted(notes):
        tone = Tone(pitch, velocity, length)
        if found and beat - found[-1].beat < TOGETHER_BEATS:
            found[-1] = joined(found[-1], tone)
        else:
            found.append(Onset(beat, (tone,)))
    return found


def joined(onset: Onset, tone: Tone) -> Onset:
    """An onset with one more note, unless its pitch is there already."""
    pitches = {one.pitch: one for one in (tone, *onset.tones)}
    return Onset(onset.beat, tuple(pitches[pitch] for pitch in sorted(pitches)))
