"""How what is played is spread, beside how what was heard is: what has come too seldom becomes likelier.

A model that draws note by note drifts: thicker, thinner, louder, to fewer pitches. This is the feedback that keeps it
where the musician was.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import log2
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.continuation import OCTAVE
from models.tokens.live import Row
from music.beat import CLOCKS_PER_BEAT
from music.tokens import FIELDS, LENGTH, NOTHING, PITCH, VELOCITY, WAIT

Counts = NDArray[np.float64]
"""(class of all kinds,): how many notes, the newest counting most."""

HEARD, PLAYED = 512.0, 64.0
"""Notes after which one that was heard counts half, and one that was played."""
WEIGHT, LEAST = 32.0, 0.5
"""As how many notes each spread is compared, and what every class has beside them."""
MOST = 3.0
"""Nats that a kind moves a decision at most."""


class Kind(NamedTuple):
    """A way to sort notes by one of their fields."""

    field: int
    classes: NDArray[np.int64]
    """(token,)"""
    strength: float
    """How much of what the spreads differ by is made up for, as a logarithm."""


def _kind(field: int, strength: float, classes: list[int]) -> Kind:
    return Kind(field, np.array(classes), strength)


KINDS = (
    _kind(PITCH, 1.0, [pitch % OCTAVE for pitch in range(NOTHING)] + [OCTAVE]),
    _kind(PITCH, 1.5, [pitch // 4 for pitch in range(NOTHING + 1)]),
    _kind(WAIT, 4.0, [int(ticks == 0) for ticks in range(FIELDS[WAIT].size)]),
    _kind(LENGTH, 2.0, [round(2 * log2(32 * (token + 1) / CLOCKS_PER_BEAT)) for token in range(FIELDS[LENGTH].size)]),
    _kind(VELOCITY, 3.0, [velocity // 8 for velocity in range(FIELDS[VELOCITY].size)]),
)
"""Pitch class, place, whether it begins with the note before, half octaves of lengths, and touch."""
_SIZES = [int(kind.classes.max()) + 1 for kind in KINDS]
_FIRST = np.cumsum([0, *_SIZES[:-1]])


def counted(counts: Counts, row: Row, half_life: float) -> Counts:
    """Counts and a note more."""
    if row[PITCH] == NOTHING:
        return counts
    found: Counts = counts * 0.5 ** (1 / half_life)
    for kind, first in zip(KINDS, _FIRST, strict=True):
        found[first + kind.classes[row[kind.field]]] += 1
    return found


@dataclass(frozen=True, slots=True)
class Spread:
    """Of what was heard, and of what is played."""

    heard: Counts = field(default_factory=lambda: np.zeros(sum(_SIZES)))
    played: Counts = field(default_factory=lambda: np.zeros(sum(_SIZES)))
    pitches: tuple[int, int] | None = None
    """The lowest and the highest that were heard."""
    thickest: int = 0
    """Notes of the largest chord that was heard."""
    together: int = 0
    """Notes of the newest one."""

    def hear(self, row: Row) -> Spread:
        """A note more was heard; what is played is to be as all of that."""
        if row[PITCH] == NOTHING:
            return self
        heard = counted(self.heard, row, HEARD)
        lowest, highest = self.pitches or (row[PITCH], row[PITCH])
        together = 1 if row[WAIT] else self.together + 1
        return Spread(
            heard,
            heard * (PLAYED / max(_notes(heard), PLAYED)),
            (min(lowest, row[PITCH]), max(highest, row[PITCH])),
            max(self.thickest, together),
            together,
        )

    def play(self, row: Row) -> Spread:
        """A note more was played."""
        return replace(self, played=counted(self.played, row, PLAYED))

    def lean(self, of: int) -> NDArray[np.float64]:
        """(token,) nats of the tokens of a field, the more the rarer their like was played than heard."""
        nats, sure = np.zeros(FIELDS[of].size), min(_notes(self.heard) / WEIGHT, 1.0)
        for kind, first, size in zip(KINDS, _FIRST, _SIZES, strict=True):
            if kind.field == of and sure:
                more, less = (
                    one[first : first + size] / _notes(one) * WEIGHT + LEAST for one in (self.heard, self.played)
                )
                nats += sure * np.clip(kind.strength * np.log(more / less), -MOST, MOST)[kind.classes]
        return nats


def _notes(counts: Counts) -> float:
    return float(counts[: _SIZES[0]].sum())
