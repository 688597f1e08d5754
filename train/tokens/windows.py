"""Windows of pieces note by note, in another key, louder or softer, and as played without a clock."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from models.tokens.batch import TokenBatch
from music.errors import ContinuoError
from music.tokens import (
    FIELDS,
    LENGTH,
    LONGEST,
    LONGEST_WAIT,
    NO_CLOCK,
    NOTHING,
    PHASE,
    PITCH,
    VELOCITY,
    WAIT,
    Rows,
)
from train.tokens.corpus import Tokens

LOWEST, HIGHEST = 21, 108
FREE = 0.2
"""Share of windows that are shown as somebody plays who hears no clock."""
TEMPO = 0.4
"""Their tempo differs from what is written by so much at most, as a logarithm."""
UNSTEADY_TICKS, UNEVEN = 0.8, 5.0
"""Standard deviations of when a note of theirs begins, and of how loud it is."""
LOUDER = 20
"""By how much a window is louder or softer at most."""


class TokenWindows:
    """The windows of a split, drawn from (seed, epoch, index): a run that goes on sees what it would have seen."""

    def __init__(self, tokens: Tokens, split: str, *, window: int, transpose: tuple[int, int], seed: int) -> None:
        self._tokens, self._window, self._transpose, self._seed = tokens, window, transpose, seed
        self._places = [
            (entry, start) for entry in tokens.of(split) for start in range(0, max(1, entry.rows - window // 2), window)
        ]
        if not self._places:
            raise ContinuoError(f"the corpus has no piece in the split {split!r}", "Add pieces, or another corpus")

    def __len__(self) -> int:
        return len(self._places)

    def batch(self, epoch: int, indices: Sequence[int]) -> TokenBatch:
        """These windows side by side, as they are shown in an epoch."""
        return collate([self._row(epoch, index) for index in indices], self._window)

    def _row(self, epoch: int, index: int) -> Rows:
        entry, start = self._places[index]
        random = np.random.default_rng((self._seed, epoch, index))
        start = max(0, min(start + int(random.integers(self._window)), entry.rows - self._window - 1))
        rows = self._tokens.piece(entry)[start : start + self._window + 1].copy()
        rows = transposed(rows, self._transpose, random)
        rows = louder(rows, int(random.integers(-LOUDER, LOUDER + 1)))
        return free(rows, random) if random.random() < FREE else rows


def collate(windows: Sequence[Rows], window: int) -> TokenBatch:
    """Windows side by side; what is shorter than the longest is not scored beyond its end."""
    rows = np.zeros((len(windows), window + 1, len(FIELDS)), np.int64)
    mask = np.zeros((len(windows), window), bool)
    for number, one in enumerate(windows):
        rows[number, : len(one)] = one
        mask[number, : len(one) - 1] = True
    return TokenBatch(torch.from_numpy(rows), torch.from_numpy(mask))


def transposed(rows: Rows, by: tuple[int, int], random: np.random.Generator) -> Rows:
    """In some other key in which every note is there."""
    sounds = rows[:, PITCH] != NOTHING
    pitches = rows[sounds, PITCH]
    if not len(pitches):
        return rows
    low, high = max(by[0], LOWEST - int(pitches.min())), min(by[1], HIGHEST - int(pitches.max()))
    if low <= high:
        rows[sounds, PITCH] += random.integers(low, high + 1)
    return rows


def louder(rows: Rows, by: int) -> Rows:
    """Louder by so much, or softer."""
    sounds = rows[:, PITCH] != NOTHING
    rows[sounds, VELOCITY] = np.clip(rows[sounds, VELOCITY] + by, 1, 127)
    return rows


def free(rows: Rows, random: np.random.Generator) -> Rows:
    """As somebody plays it who hears no clock: at some tempo, unsteady and uneven, chords together."""
    factor = float(np.exp(random.uniform(-TEMPO, TEMPO)))
    begins = rows[:, WAIT] != 0
    begins[0] = True
    ticks = np.cumsum(rows[:, WAIT].astype(np.int64))[begins] * factor
    ticks = np.maximum.accumulate(np.round(ticks + random.normal(0, UNSTEADY_TICKS, len(ticks))))
    waits = np.diff(ticks, prepend=ticks[0])
    waits[1:] = np.clip(waits[1:], 1, LONGEST_WAIT)
    rows[begins, WAIT] = waits
    nothing: NDArray[np.bool_] = rows[:, PITCH] == NOTHING
    rows[nothing, WAIT] = LONGEST_WAIT
    lengths = (rows[:, LENGTH] + 1) * factor * random.uniform(0.8, 1.05, len(rows))
    rows[:, LENGTH] = np.where(nothing, 0, np.clip(np.round(lengths), 1, LONGEST) - 1)
    velocities = rows[:, VELOCITY] + random.normal(0, UNEVEN, len(rows))
    rows[:, VELOCITY] = np.where(nothing, 0, np.clip(np.round(velocities), 1, 127))
    rows[:, PHASE] = NO_CLOCK
    return rows
