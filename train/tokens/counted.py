"""What a note costs those who only count: unigrams, bigrams, and a Markov chain of variable order.

The chain takes what was counted in the corpus, by intervals and so in every key, and over it what is
counted in the piece while it goes on, by pitches, each with back-off from long contexts to short ones (after Pearce
2005, "The construction and evaluation of statistical models of melodic structure", who calls them long- and short-term
models; the back-off is Witten and Bell's, 1991).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from music.tokens import FIELDS, LENGTH, LONGEST_WAIT, NOTHING, PHASE, PITCH, VELOCITY, WAIT, Rows

NAMES = {WAIT: "wait", PITCH: "pitch", VELOCITY: "velocity", LENGTH: "length"}

Note = tuple[int, ...]
Context = tuple[Hashable, ...]
Figures = dict[str, float]
Floats = NDArray[np.float64]


class Counts:
    """What followed contexts, and how likely that makes what follows one."""

    def __init__(self) -> None:
        self._counts: dict[Context, Counter[int]] = {}

    def learn(self, contexts: Sequence[Context], token: int) -> None:
        """Count a token after contexts."""
        for context in contexts:
            self._counts.setdefault(context, Counter())[token] += 1

    def chance(self, contexts: Sequence[Context], token: int, base: float) -> float:
        """The probability of a token after contexts, the shortest first, where it would be `base` without them."""
        for context in contexts:
            found = self._counts.get(context)
            if found is None:
                return base
            kinds, total = len(found), found.total()
            base = (found[token] + kinds * base) / (total + kinds)
        return base

    def chances(self, contexts: Sequence[Context], base: Floats, shift: int = 0) -> Floats:
        """The probabilities of all tokens after contexts; what was counted is so much less than the tokens."""
        for context in contexts:
            found = self._counts.get(context)
            if found is None:
                return base
            whole = found.total() + len(found)
            base = base * (len(found) / whole)
            for token, count in found.items():
                if 0 <= token + shift < len(base):
                    base[token + shift] += count / whole
        return base


class Chain:
    """A Markov chain over notes; its order 0 is unigrams, 1 bigrams."""

    def __init__(self, order: int, piece_order: int | None = None) -> None:
        self._order, self._piece_order = order, piece_order
        self._corpus = Counts()

    def learn(self, rows: Rows) -> None:
        """Count a piece of the corpus."""
        notes = rows.tolist()
        for number in range(1, len(notes)):
            for field, shift in self._fields(notes, number):
                contexts = self._contexts(notes, number, field, self._order, moved=shift)
                self._corpus.learn(contexts, notes[number][field] - shift)

    def nats(self, rows: Rows) -> Figures:
        """Nats of the notes of a piece by field, all but the first."""
        notes, piece = rows.tolist(), Counts()
        sums = dict.fromkeys(NAMES.values(), 0.0)
        for number in range(1, len(notes)):
            for field, shift in self._fields(notes, number):
                token = notes[number][field]
                contexts = self._contexts(notes, number, field, self._order, moved=shift)
                chance = self._corpus.chance(contexts, token - shift, 1 / FIELDS[field].size)
                if self._piece_order is not None:
                    own = self._contexts(notes, number, field, self._piece_order, moved=0)
                    chance = piece.chance(own, token, chance)
                    piece.learn(own, token)
                sums[NAMES[field]] -= log(chance)
        return sums

    def chances(self, notes: Sequence[Note], field: int, piece: Counts | None = None) -> Floats:
        """The probabilities of a field of the last of some notes, (token,)."""
        number, size = len(notes) - 1, FIELDS[field].size
        relative = field == PITCH and self._order > 0 and number > 0 and notes[number - 1][PITCH] != NOTHING
        shift = notes[number - 1][PITCH] if relative else 0
        contexts = self._contexts(notes, number, field, self._order, moved=shift)
        chances = self._corpus.chances(contexts, np.full(size, 1 / size), shift)
        if piece is None or self._piece_order is None:
            return chances
        return piece.chances(self._contexts(notes, number, field, self._piece_order, moved=0), chances)

    def learn_own(self, piece: Counts, notes: Sequence[Note], field: int) -> None:
        """Count a field of the last of some notes of a piece."""
        if self._piece_order is not None:
            number = len(notes) - 1
            piece.learn(self._contexts(notes, number, field, self._piece_order, moved=0), notes[number][field])

    def _fields(self, notes: Sequence[Note], number: int) -> Iterator[tuple[int, int]]:
        """What is to be decided of a note, and from where its pitch is counted: bigrams and more count intervals."""
        note, before = notes[number], notes[number - 1]
        yield WAIT, 0
        if note[WAIT] == LONGEST_WAIT or note[PITCH] != NOTHING:
            relative = self._order > 0 and NOTHING not in (note[PITCH], before[PITCH])
            yield PITCH, before[PITCH] if relative else 0
        if note[PITCH] != NOTHING:
            yield VELOCITY, 0
            yield LENGTH, 0

    def _contexts(self, notes: Sequence[Note], number: int, field: int, order: int, *, moved: int) -> list[Context]:
        """What a field hangs on, from nothing at all up to so many notes before it."""
        note = notes[number]
        known: Context = (field, bool(moved))
        if order:  # what of the note itself is decided, and the beat
            told = {WAIT: (), PITCH: (note[WAIT] == 0,), VELOCITY: (note[WAIT] == 0,), LENGTH: (note[WAIT] == 0,)}
            known += told[field]
        found = [known]
        symbols: list[Hashable] = []
        for back in range(1, min(order, number) + 1):
            symbols.append(_symbol(notes, number - back, field, moved))
            found.append((*known, *symbols))
        return found


def _symbol(notes: Sequence[Note], number: int, field: int, moved: int) -> Hashable:
    """A note as contexts of a field see it."""
    note = notes[number]
    if field == PITCH:
        return (note[PITCH] - moved, note[WAIT] == 0)
    if field == WAIT:
        return (note[WAIT], note[PHASE])
    return note[field]
