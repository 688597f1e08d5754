"""Runs of notes that a model learned from: it does not play seventeen in a row of them, unless it has just heard them.

A Bloom filter (Bloom 1970, "Space/time trade-offs in hash coding with allowable errors") of short runs that begin at
every eighth note of a piece: whatever has seventeen notes in a row of it has one of these whole. Some pitches are shut
out by chance, one in a hundred.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from models.tokens.live import Row
from music.tokens import NOTHING, PITCH, WAIT, Rows

RUN, STEP = 10, 8
"""Notes of a run, and from one to the next: RUN + STEP - 1 in a row have one whole."""
BITS, PLACES = 10, 5
"""Of the filter for each run, and how many of them a run sets."""
REMEMBERED = 65_536
"""Runs that were heard; the oldest go first."""

_PITCHES = np.arange(NOTHING + 1, dtype=np.uint64)
_PRIME, _MIXER, _MASK = 0x100000001B3, 0xBF58476D1CE4E5B9, (1 << 64) - 1


class Known:
    """A filter of runs. Any thread."""

    def __init__(self, bits: NDArray[np.uint8]) -> None:
        """Take (byte,) of a filter."""
        self.bits = bits

    @classmethod
    def of(cls, pieces: Iterable[Rows]) -> Known:
        """All runs of some pieces, (row, field) each."""
        sums = [_sums(piece) for piece in pieces]
        known = cls(np.zeros(max(1, sum(map(len, sums)) * BITS // 8), np.uint8))
        for one in sums:
            places = known._places(one).ravel()
            np.bitwise_or.at(known.bits, places >> 3, (1 << (places & 7)).astype(np.uint8))
        return known

    def ends(self, words: tuple[int, ...], wait: int) -> NDArray[np.bool_]:
        """(pitch,) whether it would be the last note of a known run, so long after the words before it."""
        total = 0
        for word in words:
            total = (total ^ word) * _PRIME & _MASK
        sums = _step(np.full(len(_PITCHES), total, np.uint64), np.uint64(wait << 8) | _PITCHES)
        places = self._places(sums)
        return np.asarray((self.bits[places >> 3] >> (places & 7) & 1).all(1), np.bool_)

    def _places(self, sums: NDArray[np.uint64]) -> NDArray[np.int64]:
        """(run, place) bits of the filter, two sums making all (Kirsch and Mitzenmacher 2006)."""
        mixed = (sums ^ (sums >> np.uint64(29))) * np.uint64(_MIXER)
        mixed ^= mixed >> np.uint64(32)
        first, second = mixed >> np.uint64(32), (mixed & np.uint64(0xFFFFFFFF)) | np.uint64(1)
        found = first[:, None] + second[:, None] * np.arange(PLACES, dtype=np.uint64)
        return (found % np.uint64(8 * len(self.bits))).astype(np.int64)


def _sums(piece: Rows) -> NDArray[np.uint64]:
    """(run,) of a piece."""
    words = piece[:, WAIT].astype(np.uint64) << np.uint64(8) | piece[:, PITCH].astype(np.uint64)
    starts = np.arange(0, max(0, len(words) - RUN + 1), STEP)
    sums = np.zeros(len(starts), np.uint64)
    for note in range(RUN):
        sums = _step(sums, words[starts + note])
    return sums


def _step(sums: NDArray[np.uint64], words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (sums ^ words) * np.uint64(_PRIME)


@dataclass(frozen=True, slots=True)
class Guard:
    """What must not come next; it goes with the notes."""

    known: Known | None = None
    heard: dict[tuple[int, ...], None] = field(default_factory=dict)
    """Runs of the musician's own, oldest first; it grows in place."""
    words: tuple[int, ...] = ()
    """The newest notes, one fewer than a run."""

    def hear(self, row: Row) -> Guard:
        """The musician has played a note: its run is free."""
        if self.known and len(self.words) == RUN - 1:
            self.heard[*self.words, _word(row)] = None
            if len(self.heard) > REMEMBERED:
                del self.heard[next(iter(self.heard))]
        return self.play(row)

    def play(self, row: Row) -> Guard:
        """A note more."""
        return replace(self, words=(*self.words, _word(row))[1 - RUN :]) if self.known else self

    def shut(self, wait: int) -> NDArray[np.bool_] | None:
        """(pitch,) what would make a known run that was not heard, so long after the newest note; None: nothing."""
        if self.known is None or len(self.words) < RUN - 1:
            return None
        found = self.known.ends(self.words, wait)
        for pitch in found.nonzero()[0].tolist():
            found[pitch] = (*self.words, wait << 8 | pitch) not in self.heard
        return found


def _word(row: Row) -> int:
    return row[WAIT] << 8 | row[PITCH]
