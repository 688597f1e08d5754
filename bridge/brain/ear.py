"""What a musician plays, as onsets with the lengths that its notes turn out to have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from music.phrase import TOGETHER_BEATS, Onset, Tone

LONGEST_BEATS = 16.0
"""A key that is held for longer is not waited for."""


@dataclass(slots=True)
class _Struck:
    pitch: int
    velocity: int
    beat: float
    beats: float | None = None
    """How long it sounded; None: it does."""


class Ear:
    """Gathers keys into onsets, and hands them on in order when all their notes have ended."""

    def __init__(self) -> None:
        self._waiting: list[list[_Struck]] = []  # onsets, each of what began together

    @property
    def open(self) -> set[int]:
        """The pitches that sound."""
        return {one.pitch for onset in self._waiting for one in onset if one.beats is None}

    def press(self, pitch: int, velocity: int, beat: float) -> None:
        """A key goes down."""
        self.lift([pitch], beat)
        struck = _Struck(pitch, velocity, beat)
        newest = self._waiting[-1] if self._waiting else None
        if newest and beat - newest[0].beat < TOGETHER_BEATS and all(one.pitch != pitch for one in newest):
            newest.append(struck)
        else:
            self._waiting.append([struck])

    def lift(self, pitches: Iterable[int], beat: float) -> None:
        """What sounded of them ends."""
        ended = set(pitches)
        for onset in self._waiting:
            for one in onset:
                if one.beats is None and one.pitch in ended:
                    one.beats = max(beat - one.beat, 0.0)

    def heard(self, beat: float, *, all_of_it: bool = False) -> list[Onset]:
        """What is complete, and was not handed on before; `all_of_it`: what sounds still, as long as it is by now."""
        found: list[Onset] = []
        while self._waiting:
            first = self._waiting[0]
            old = beat - first[0].beat > LONGEST_BEATS
            if not (all_of_it or old or all(one.beats is not None for one in first)):
                break
            tones = sorted(
                (one.pitch, one.velocity, _length(one, beat), one.beats is None) for one in self._waiting.pop(0)
            )
            found.append(Onset(first[0].beat, tuple(Tone(*tone) for tone in tones)))
        return found


def _length(one: _Struck, beat: float) -> float:
    return max(beat - one.beat if one.beats is None else one.beats, SHORTEST_BEATS)


SHORTEST_BEATS = 1 / 24
