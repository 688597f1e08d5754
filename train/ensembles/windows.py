"""Windows of ensembles as models take them: transposed, with who plays in the piece and a summary of its piano.

Nothing here is kept between calls: what a window shows in an epoch hangs on seed, epoch and its number alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from models.ensemble.batch import EventBatch, kind_of
from models.ensemble.config import KEYS, LOWEST, REST, EnsembleConfig
from models.ensemble.legal import UNKNOWN
from models.ensemble.summary import STRETCHES
from music.orchestra import FIRST_SLOT, SECTIONS
from music.orchestra import REST as NOBODY
from train.ensembles.arrays import Ensembles

HELD, STRUCK = 1, 2
_LOW = np.array([section.instrument.extreme[0] for section in SECTIONS])
_HIGH = np.array([section.instrument.extreme[1] for section in SECTIONS])


class Windowed(Protocol):
    """A piece in event time that windows are cut from."""

    def __len__(self) -> int:
        """Events."""
        ...

    def window(self, first: int, events: int, shift: int) -> EventBatch:
        """Some events, so many semitones higher; the events after the end of the piece are not scored."""
        ...


class EventWindows:
    """The windows of pieces, for training: `len` of them, `batch` makes some side by side."""

    def __init__(
        self, pieces: Sequence[Windowed], *, window: int, seed: int = 0, transpose: tuple[int, int] = (0, 0)
    ) -> None:
        self._pieces = pieces
        self._places = [
            (number, first)
            for number, piece in enumerate(self._pieces)
            for first in range(0, max(1, len(piece) - window // 2), window)
        ]
        self._window, self._seed, self._transpose = window, seed, transpose

    def __len__(self) -> int:
        return len(self._places)

    @property
    def events(self) -> int:
        """How many there are in all."""
        return sum(map(len, self._pieces))

    def batch(self, epoch: int, indices: Sequence[int]) -> EventBatch:
        """These windows as they are shown in this epoch: somewhere near their place, in some key."""
        found = []
        for index in indices:
            dice = np.random.default_rng((self._seed, epoch, index))
            number, first = self._places[index]
            piece = self._pieces[number]
            first = max(0, min(first + int(dice.integers(0, self._window)), len(piece) - self._window))
            shift = int(dice.integers(self._transpose[0], self._transpose[1] + 1))
            found.append(piece.window(first, self._window, shift))
        return beside(found)


class Part:
    """A piano piece with its orchestra as the orchestra's model hears it."""

    def __init__(self, arrays: Ensembles, config: EnsembleConfig) -> None:
        """Take the arrays of one piece, see `Ensembles.piece`."""
        self._arrays, self._past = arrays, max(1, config.past)
        slots = np.asarray(arrays.slots)
        self.present = np.array([bool((slots[:, first] != NOBODY).any()) for first in FIRST_SLOT])
        self._whole = summary(np.asarray(arrays.piano)) if config.summary else None

    def __len__(self) -> int:
        return len(self._arrays.piano)

    def window(self, first: int, events: int, shift: int) -> EventBatch:
        """Some events, so many semitones higher; what lies outside of a range then is an octave nearer.

        Where a piece is shorter than the window, the events after its end are not scored.
        """
        arrays, rows = self._arrays, slice(first, first + events)
        there = len(arrays.beat[rows])
        piano = np.zeros((events, KEYS), np.uint8)
        piano[:there] = moved(arrays.piano[rows], shift)
        slots = np.full((events, arrays.slots.shape[1]), REST, np.int64)
        slots[:there] = self._keys(arrays.slots[rows], shift)
        beats = np.zeros(events, np.float32)
        beats[:there] = np.diff(arrays.beat[rows], prepend=arrays.beat[max(0, first - 1)])
        earlier = self._keys(arrays.slots[max(0, first - self._past) : first], shift)[::-1]
        before = np.full((self._past, slots.shape[1]), UNKNOWN, np.int64)
        before[: len(earlier)] = earlier
        return EventBatch(
            given=torch.from_numpy(np.stack((piano > 0, piano == STRUCK), -1)).float()[None],
            target=torch.from_numpy(slots)[None],
            elapsed=kind_of(torch.from_numpy(beats))[None],
            mask=(torch.arange(events) < there)[None],
            present=torch.from_numpy(self.present)[None],
            before=torch.from_numpy(before)[None],
            whole=None if self._whole is None else torch.from_numpy(moved(self._whole, shift))[None],
        )

    @staticmethod
    def _keys(slots: NDArray[np.uint8], shift: int) -> NDArray[np.int64]:
        """Pitches as keys, transposed, each section within its range and from the top down."""
        found = np.full(slots.shape, REST, np.int64)
        for section, first in enumerate(FIRST_SLOT):
            mine = slice(first, first + SECTIONS[section].desks)
            pitch = slots[:, mine].astype(np.int64)
            silent = pitch == NOBODY
            pitch = pitch + shift
            pitch = np.where(pitch < _LOW[section], pitch + 12, np.where(pitch > _HIGH[section], pitch - 12, pitch))
            outside = silent | (pitch < max(_LOW[section], LOWEST)) | (pitch > min(_HIGH[section], LOWEST + KEYS - 1))
            height = -np.sort(-np.where(outside, -1, pitch - LOWEST), 1)
            height[:, 1:][height[:, 1:] == height[:, :-1]] = -1
            height = -np.sort(-height, 1)
            found[:, mine] = np.where(height < 0, REST, height)
        return found


def moved(roll: NDArray[np.generic], shift: int) -> NDArray[np.generic]:
    """A roll (..., key) so many keys higher; what leaves the keyboard is lost."""
    found = np.zeros_like(roll)
    if shift >= 0:
        found[..., shift:] = roll[..., : roll.shape[-1] - shift]
    else:
        found[..., :shift] = roll[..., -shift:]
    return found


def summary(piano: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(stretch, key): how much of each stretch of a piece (event, key) a key sounds."""
    edges = np.linspace(0, len(piano), STRETCHES + 1).astype(int)
    rows = [
        (piano[a : max(a + 1, b)] > 0).mean(0) if a < len(piano) else np.zeros(KEYS)
        for a, b in itertools.pairwise(edges)
    ]
    return np.stack(rows).astype(np.float32)


def beside(batches: Sequence[EventBatch]) -> EventBatch:
    """Batches as one."""
    names = [name for name in EventBatch.__slots__ if getattr(batches[0], name) is not None]
    return EventBatch(**{name: torch.cat([getattr(batch, name) for batch in batches]) for name in names})
