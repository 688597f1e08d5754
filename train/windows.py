"""Windows: what a frame model is shown, cut from rolls; training windows are other ones in every epoch.

How rolls become decisions, by task:
- keys: target is which keys sound; nothing is given; a window's first frame is not scored (of a whole piece: frame 0).
- voices: target is the key of each voice, or the number of keys for a rest; nothing is given but advice.
- hands: target is the left hand (0 silent, 1 goes on, 2 struck), given is the right hand (sounds, struck).
- solo: target is each key (0 silent, 1 goes on, 2 struck); nothing is given, and of the bar only the place in the beat.
- lead: target is which pitch classes the chords sound (2: the bass), given are the melody's (sounds, struck).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from models.frames import Batch
from models.player import FRAMES_PER_BEAT
from music.errors import ContinuoError
from train.advice import advice, line, on_keys, soprano
from train.augment import Excerpt, shifts, stretch, thin, transpose, warm
from train.config import Data
from train.planes import Entry, Plane, Rolls
from train.roles import LAYOUTS

_OCTAVE = 12


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One window as arrays, of the shapes of `Batch` without the first dimension."""

    target: NDArray[np.int64]
    given: NDArray[np.uint8]
    phase: NDArray[np.int64]
    mask: NDArray[np.bool_]


class Windows(Dataset[Row]):
    """The windows of a split, drawn from (seed, epoch, index): a run that goes on sees what it would have seen."""

    def __init__(self, rolls: Rolls, split: str, data: Data, seed: int = 0) -> None:
        """Cut the pieces of a split.

        Args:
            rolls: of the task that `data` names.
            split: train, valid or test; ContinuoError where it has no piece.
            data: how windows are cut and changed. Without choice there all epochs are the same.
            seed: of the choices.
        """
        self._rolls, self._data, self._seed = rolls, data, seed
        self._epoch = 0
        self._advice: dict[int, NDArray[np.uint8]] = {}
        warm()
        self._factors = tuple(Fraction(factor).limit_denominator(8) for factor in data.stretch)
        hop = max(1, round(data.window * (1 - data.overlap)))
        self._places = [
            (entry, start) for entry in rolls.of(split) for start in _starts(entry.frames, data.window, hop)
        ]
        if not self._places:
            raise ContinuoError(f"the corpus has no piece in the split {split!r}", "Add pieces, or another corpus")

    def set_epoch(self, epoch: int) -> None:
        """From now on the windows are those of this epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Row:
        return self.at(self._epoch, index)

    def batch(self, epoch: int, indices: Sequence[int]) -> Batch:
        """These windows side by side, as they are in an epoch."""
        return collate([self.at(epoch, index) for index in indices])

    def at(self, epoch: int, index: int) -> Row:
        """A window as it is in an epoch."""
        entry, start = self._places[index]
        random = np.random.default_rng((self._seed, epoch, index))
        excerpt, factor = self._at_some_tempo(entry, start, random)
        if self._data.thin and self._rolls.task in {"hands", "lead"}:
            excerpt = thin(excerpt, 0, self._data.thin, random)
        if random.random() < self._data.phase_drop:
            excerpt = Excerpt(excerpt.onset, excerpt.held, np.zeros_like(excerpt.phase))
        low, high = self._data.transpose
        if self._rolls.task == "lead":  # pitch classes have no range to leave
            by = int(random.integers(low, high + 1))
            row = _rotated(decide("lead", excerpt), by)
        else:
            allowed = shifts(excerpt, low, high) or range(1)
            by = allowed[int(random.integers(len(allowed)))]
            row = decide(self._rolls.task, transpose(excerpt, by) or excerpt)
        if not self._data.advice:
            return row
        after = np.arange(1, len(row.mask) + 1) * factor.denominator  # of several frames in one, the last says most
        frames = start + (after - 1) // factor.numerator
        told = self._advice_of(entry)
        return _told(row, self._rolls.task, np.roll(told[np.minimum(frames, len(told) - 1)], by, 1))

    def _advice_of(self, entry: Entry) -> NDArray[np.uint8]:
        """What the rules say in a piece as written: asked once, it is the same in all keys and at all tempos."""
        if entry.first not in self._advice:
            row = decide(self._rolls.task, _cut(self._rolls, entry, 0, entry.frames))
            self._advice[entry.first] = _advice(row, self._rolls.task)
        return self._advice[entry.first]

    def _at_some_tempo(self, entry: Entry, start: int, random: np.random.Generator) -> tuple[Excerpt, Fraction]:
        """The window at the tempo that is drawn, or as written where that would lose an onset; the tempo's factor."""
        window = self._data.window
        factor = self._factors[int(random.integers(len(self._factors)))]
        if factor != 1:
            source = -(-window * factor.denominator // factor.numerator)
            found = stretch(_cut(self._rolls, entry, start, source), factor, single=self._rolls.task == "voices")
            if found is not None:
                return found.cut(window), factor
        return _cut(self._rolls, entry, start, window), Fraction(1)


def _starts(frames: int, window: int, hop: int) -> Iterator[int]:
    """Where the windows of a piece begin; the last one ends with the piece."""
    last = max(0, frames - window)
    yield from range(0, last, hop)
    yield last


def _cut(rolls: Rolls, entry: Entry, start: int, frames: int) -> Excerpt:
    """Frames of a piece from `start` on, fewer where it ends before; copies."""
    first = entry.first + start
    after = entry.first + min(start + frames, entry.frames)
    return Excerpt(*(np.array(plane[first:after]) for plane in (rolls.onset, rolls.held, rolls.phase)))


def _rotated(row: Row, semitones: int) -> Row:
    return Row(np.roll(row.target, semitones, 1), np.roll(row.given, semitones, 1), row.phase, row.mask)


def decide(task: str, excerpt: Excerpt) -> Row:
    """The decisions of a task in an excerpt, and what is given with them."""
    target, given = _DECISIONS[task](excerpt.onset, excerpt.held)
    mask, phase = np.ones(len(excerpt), bool), excerpt.phase.astype(np.int64)
    if task == "keys":
        mask[:1] = False
    if task == "solo":
        phase = np.where(phase > 0, 1 + (phase - 1) % FRAMES_PER_BEAT, 0)
    return Row(target.astype(np.int64), given, phase, mask)


def _advice(row: Row, task: str) -> NDArray[np.uint8]:
    """(frame, 12, plane) of what the rules say to the melody of a piece."""
    return advice(soprano(row.target) if task == "voices" else line(row.given))


def _told(row: Row, task: str, said: NDArray[np.uint8]) -> Row:
    """With what the rules say behind what is given."""
    return replace(row, given=np.concatenate((row.given, on_keys(said) if task == "voices" else said), -1))


def _keys(_: Plane, held: Plane) -> tuple[Plane, Plane]:
    sounding: NDArray[np.bool_] = np.any(held > 0, axis=1)
    return sounding.view(np.uint8), np.zeros((len(held), held.shape[2], 0), np.uint8)


def _voices(_: Plane, held: Plane) -> tuple[Plane, Plane]:
    """The highest key that sounds in each voice, else the number of keys."""
    keys = held.shape[2]
    sounding = held[:, :, ::-1] > 0
    target = np.where(sounding.any(2), keys - 1 - sounding.argmax(2), keys)
    return target.astype(np.uint8), np.zeros((len(held), keys, 0), np.uint8)


def _hands(onset: Plane, held: Plane) -> tuple[Plane, Plane]:
    struck, sounding = (onset > 0).view(np.uint8), (held > 0).view(np.uint8)
    return sounding[:, 1] + struck[:, 1], np.stack([sounding[:, 0], struck[:, 0]], -1)


def _solo(onset: Plane, held: Plane) -> tuple[Plane, Plane]:
    struck, sounding = (onset > 0).view(np.uint8), (held > 0).view(np.uint8)
    return sounding[:, 0] + struck[:, 0], np.zeros((len(held), held.shape[2], 0), np.uint8)


def _lead(onset: Plane, held: Plane) -> tuple[Plane, Plane]:
    chords = held[:, 1] > 0
    target = _classes(chords)
    sounding = np.flatnonzero(chords.any(1))
    target[sounding, (LAYOUTS["lead"].lowest + chords[sounding].argmax(1)) % _OCTAVE] = 2
    return target, np.stack([_classes(held[:, 0] > 0), _classes(onset[:, 0] > 0)], -1)


def _classes(keys: NDArray[np.bool_]) -> Plane:
    """Which pitch classes are among the keys: (frame, key) to (frame, 12) from C on."""
    padded = np.zeros((len(keys), 10 * _OCTAVE), bool)
    lowest = LAYOUTS["lead"].lowest
    padded[:, lowest : lowest + keys.shape[1]] = keys
    folded: NDArray[np.bool_] = np.any(padded.reshape(len(keys), 10, _OCTAVE), axis=1)
    return folded.view(np.uint8)


_DECISIONS = {"keys": _keys, "voices": _voices, "hands": _hands, "lead": _lead, "solo": _solo}


def collate(rows: Sequence[Row]) -> Batch:
    """The rows side by side, as long as the longest; what is added behind the others is silent and not scored."""
    frames = max(len(row.mask) for row in rows)
    return Batch(*(_padded([getattr(row, name) for row in rows], frames) for name in _FIELDS))


_FIELDS = ("target", "given", "phase", "mask")


def _padded(arrays: Sequence[NDArray[Any]], frames: int) -> torch.Tensor:
    result = np.zeros((len(arrays), frames, *arrays[0].shape[1:]), arrays[0].dtype)
    for row, array in zip(result, arrays, strict=True):
        row[: len(array)] = array
    return torch.from_numpy(result)


def whole(rolls: Rolls, split: str, told: bool = False) -> Iterator[tuple[str, Batch]]:
    """The pieces of a split from their first frame to the last, as written, with advice if wanted: (title, batch)."""
    for entry in rolls.of(split):
        row = decide(rolls.task, _cut(rolls, entry, 0, entry.frames))
        yield entry.title, collate([_told(row, rolls.task, _advice(row, rolls.task)) if told else row])
