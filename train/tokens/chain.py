"""A counted Markov chain in the place of a model that learned: the same player plays by it, for comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from models.blocks.live.dense import Floats
from models.tokens.live import Heard, Row
from music.tokens import FIELDS, LENGTH, LONGEST_WAIT, NOTHING, PHASE, PITCH, VELOCITY, WAIT
from train.tokens.counted import Chain, Counts

KEPT = 8
"""Notes that are looked at."""


class ChainState(NamedTuple):
    """Where a piece stands."""

    notes: tuple[Row, ...] = ()
    """The newest, the newest last."""
    phase: int = 0
    """Of the next one."""
    rows: int = 0


class Remembered(NamedTuple):
    """What was counted in the piece: the same for every field, as `models.tokens.live.Recalls` has them."""

    pitch: Counts
    velocity: Counts
    length: Counts
    wait: Counts


class ChainOdds:
    """The odds of a chain where `models.tokens.live.Live` has those of a model."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self.velocity, self.length = self._of(VELOCITY), self._of(LENGTH)

    def start(self) -> ChainState:
        """Before the first note."""
        return ChainState()

    def recalls(self) -> Remembered:
        """Nothing is counted yet."""
        counts = Counts()
        return Remembered(counts, counts, counts, counts)

    def hear(self, state: ChainState, row: Row, wait: int, phase: int) -> ChainState:  # noqa: ARG002 - as `Live` has it
        """A note, and when the next one comes."""
        return ChainState((*state.notes, row)[-KEPT:], phase, state.rows + 1)

    def remember(self, recalls: Remembered, before: Heard, now: Heard, *, ended: bool) -> None:  # noqa: ARG002 - as `Live` has it
        """Count what was decided of a row."""
        notes = (*now.state.notes, now.row)
        for field in (WAIT, PITCH, VELOCITY, LENGTH):
            if (field == LENGTH and not ended) or (now.row[PITCH] == NOTHING and field in (VELOCITY, LENGTH)):
                continue
            self._chain.learn_own(recalls.pitch, notes, field)

    def wait(self, state: ChainState, row: Row, recall: Counts | None = None) -> Floats:
        """Log odds of the ticks from a row to the next one."""
        return self._odds((*state.notes, row, (0,) * len(FIELDS)), WAIT, recall)

    def pitch(self, state: ChainState, before: Row, wait: int, recall: Counts | None = None) -> Floats:
        """Log odds of the pitch so long after a note."""
        note = [0] * len(FIELDS)
        note[WAIT], note[PHASE] = wait, state.phase
        odds = self._odds((*state.notes, tuple(note)), PITCH, recall)
        if wait == 0:
            odds[: before[PITCH] + 1] = -np.inf
        if wait != LONGEST_WAIT:
            odds[NOTHING] = -np.inf
        return odds

    def _of(self, field: int) -> Callable[..., Floats]:
        def odds(state: ChainState, row: Row, recall: Counts | None = None) -> Floats:
            return self._odds((*state.notes, row), field, recall)

        return odds

    def _odds(self, notes: tuple[Row, ...], field: int, counts: Counts | None) -> Floats:
        chances = self._chain.chances(notes, field, counts)
        return np.log(np.maximum(chances, 1e-30)).astype(np.float32)
