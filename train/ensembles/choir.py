"""Four voices of which some are given, event by event, as the choir's model learns them.

An event is a moment at which a given voice strikes a note, or one on a grid of beats or parts of them: the times at
which one is asked, live and on paper. Which voices are given, and the grid, are drawn for each window. What is given
is told by planes of each voice and not only as known slots: these are of the one event, and the past must be heard too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from models.ensemble.batch import EventBatch, kind_of
from models.ensemble.config import KEYS, LOWEST, REST, EnsembleConfig
from models.ensemble.legal import UNKNOWN
from models.player import FRAMES_PER_BEAT
from train.ensembles.windows import beside
from train.planes import Entry, Rolls

VOICES = 4
GRIDS = (FRAMES_PER_BEAT, FRAMES_PER_BEAT // 2)
"""Frames between two events at most: beats, as one is asked live, and half beats."""

SOPRANO = np.array((True, False, False, False))
OUTER = np.array((True, False, False, True))

_OCTAVE = 12


@dataclass(frozen=True, slots=True, eq=False)
class Sung:
    """A piece for four voices on the frame grid."""

    title: str
    keys: NDArray[np.int64]
    """(frame, voice): the key that sounds, counted from A0, `REST` where none."""
    struck: NDArray[np.bool_]
    """(frame, voice): whether it begins in the frame."""

    def __len__(self) -> int:
        return len(self.keys)

    def cut(self, frames: int) -> Sung:
        """Its first frames."""
        return Sung(self.title, self.keys[:frames], self.struck[:frames])


def sung(rolls: Rolls, entry: Entry) -> Sung:
    """One piece of rolls of the task "voices"; of several keys of a voice the highest counts."""
    rows = slice(entry.first, entry.first + entry.frames)
    held, onset = np.asarray(rolls.held[rows])[:, :, ::-1] > 0, np.asarray(rolls.onset[rows]) > 0
    highest = rolls.layout.keys - 1 - held.argmax(2)
    sounding = held.any(2)
    struck = np.take_along_axis(onset, highest[:, :, None], 2)[:, :, 0] & sounding
    return Sung(entry.title, np.where(sounding, highest + rolls.layout.lowest - LOWEST, REST), struck)


def moments(piece: Sung, given: NDArray[np.bool_], grid: int) -> NDArray[np.int64]:
    """The frames of a piece's events, where these voices (voice,) are given."""
    on_grid = np.arange(len(piece)) % grid == 0
    return np.flatnonzero(on_grid | piece.struck[:, given].any(1))


def subset(dice: np.random.Generator) -> NDArray[np.bool_]:
    """Some voices, never none and never all: most often the soprano alone."""
    kind = dice.random()
    if kind < 0.35:
        return SOPRANO
    if kind < 0.5:
        return OUTER
    number = int(dice.integers(1, 2**VOICES - 1))
    return np.array([bool(number >> voice & 1) for voice in range(VOICES)])


class ChoirPart:
    """A piece as its model hears it."""

    def __init__(self, piece: Sung, config: EnsembleConfig) -> None:
        self.piece = piece
        self._past = max(1, config.past)
        self._low = np.array([group.low for group in config.groups])
        self._high = np.array([group.high for group in config.groups])
        keys = piece.keys
        down = (self._low - np.where(keys == REST, self._high, keys).min(0)).max()
        up = (self._high - np.where(keys == REST, self._low, keys).max(0)).min()
        self._room = int(down), int(up)

    def shifts(self, lowest: int, highest: int) -> range:
        """The transpositions between two bounds under which every voice stays within its range; at least none."""
        return range(max(lowest, self._room[0]), min(highest, self._room[1]) + 1) or range(1)

    def window(
        self, rows: NDArray[np.int64], first: int, events: int, given: NDArray[np.bool_], shift: int
    ) -> EventBatch:
        """Some events from the one in place `first` on, with these voices given, so many semitones higher.

        A note outside of its voice's range is an octave nearer. The events after the end are not scored.
        """
        at = rows[first : first + events]
        there = len(at)
        target = np.full((events, VOICES), REST, np.int64)
        target[:there] = self._moved(self.piece.keys[at], shift)
        beats = np.zeros(events, np.float32)
        beats[:there] = np.diff(at, prepend=rows[max(0, first - 1)]) / FRAMES_PER_BEAT
        before = np.full((self._past, VOICES), UNKNOWN, np.int64)
        earlier = self._moved(self.piece.keys[rows[max(0, first - self._past) : first]], shift)[::-1]
        before[: len(earlier)] = earlier
        struck = np.zeros((events, VOICES), bool)
        struck[:there] = self.piece.struck[at]
        return EventBatch(
            given=torch.from_numpy(planes(target, struck, given))[None],
            target=torch.from_numpy(target)[None],
            elapsed=kind_of(torch.from_numpy(beats))[None],
            mask=(torch.arange(events) < there)[None],
            present=torch.ones(1, VOICES, dtype=torch.bool),
            before=torch.from_numpy(before)[None],
        )

    def _moved(self, keys: NDArray[np.int64], shift: int) -> NDArray[np.int64]:
        moved = keys + shift
        moved = np.where(moved < self._low, moved + _OCTAVE, np.where(moved > self._high, moved - _OCTAVE, moved))
        outside = (keys == REST) | (moved < self._low) | (moved > self._high)
        return np.where(outside, REST, moved)


def planes(keys: NDArray[np.int64], struck: NDArray[np.bool_], given: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(event, key, plane): held and struck of each voice from the soprano down, empty where it is not given."""
    found = np.zeros((len(keys), KEYS, 2 * VOICES), np.float32)
    event, voice = np.nonzero((keys != REST) & given)
    key = keys[event, voice]
    found[event, key, 2 * voice] = 1
    found[event, key, 2 * voice + 1] = struck[event, voice]
    return found


class ChoirWindows:
    """The windows of pieces, for training: `len` of them, `batch` makes some side by side."""

    def __init__(
        self, pieces: Sequence[ChoirPart], *, window: int, seed: int = 0, transpose: tuple[int, int] = (0, 0)
    ) -> None:
        self._pieces = pieces
        frames = window * GRIDS[0] // 2  # about what a window holds
        self._places = [
            (number, first)
            for number, part in enumerate(pieces)
            for first in range(0, max(1, len(part.piece) - frames // 2), frames)
        ]
        self._window, self._frames, self._seed, self._transpose = window, frames, seed, transpose

    def __len__(self) -> int:
        return len(self._places)

    def batch(self, epoch: int, indices: Sequence[int]) -> EventBatch:
        """These windows as they are shown in this epoch: near their place, in some key, with some voices given."""
        found = []
        for index in indices:
            dice = np.random.default_rng((self._seed, epoch, index))
            number, frame = self._places[index]
            part, given, grid = self._pieces[number], subset(dice), int(dice.choice(GRIDS))
            rows = moments(part.piece, given, grid)
            first = int(np.searchsorted(rows, frame + dice.integers(0, self._frames)))
            first = max(0, min(first, len(rows) - self._window))
            shifts = part.shifts(*self._transpose)
            found.append(part.window(rows, first, self._window, given, shifts[int(dice.integers(len(shifts)))]))
        return beside(found)
