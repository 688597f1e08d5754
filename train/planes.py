"""Rolls of a corpus: pieces drawn on the frame grid, one after the other in memory-mapped arrays. Any thread.

A folder of rolls has `onset.npy` and `held.npy` (uint8 (frame, part, key), the two planes of `music.roll`, keys from
the task's lowest pitch up), `phase.npy` (uint8 (frame,)), `index.json` (which frames are which piece) and `report.json`
(what was dropped, and why).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from music import files
from music.errors import FileError
from train.corpora import benchmark
from train.mapped import INDEX
from train.reading import VERSION
from train.roles import LAYOUTS, Layout

Plane = NDArray[np.uint8]

PLANES = ("onset", "held", "phase")


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a piece lies."""

    title: str
    work: str
    split: str
    corpus: str
    licence: str
    first: int
    """Its first frame."""
    frames: int


class Index(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What index.json says."""

    task: str
    version: int
    pieces: tuple[Entry, ...]


class Rolls(msgspec.Struct, frozen=True, eq=False):
    """The pieces of a corpus; the planes may be memory-mapped and read-only."""

    task: str
    onset: Plane
    """(frame, part, key): the velocity where a note begins."""
    held: Plane
    """(frame, part, key): the velocity while it sounds."""
    phase: Plane
    """(frame,): 0 where the bar is not known, else 1 + frames since the barline, `MAX_PHASE` at most."""
    index: tuple[Entry, ...]
    folder: Path | None = None
    """Where they lie, if they do."""

    def __reduce__(self) -> tuple[Any, ...]:
        # A worker process opens the folder again: the arrays themselves would be copied into each.
        if self.folder is not None:
            return load, (self.folder,)
        return Rolls, (self.task, self.onset, self.held, self.phase, self.index)

    @property
    def layout(self) -> Layout:
        """Parts and keys."""
        return LAYOUTS[self.task]

    def of(self, split: str) -> list[Entry]:
        """The pieces of a split."""
        return [entry for entry in self.index if entry.split == split]

    def frames(self, split: str) -> int:
        """How many frames a split has."""
        return sum(entry.frames for entry in self.of(split))


def from_benchmark(*paths: Path) -> Rolls:
    """The pieces of benchmark files, for the task "keys".

    They carry no velocities and no onsets: what sounds has velocity 1, and what did not sound before begins.
    """
    pieces = [
        (f"{path.stem}/{split}/{i}", split, path.stem, piece)
        for path in paths
        for split, found in benchmark(path).items()
        for i, piece in enumerate(found)
    ]
    held = np.concatenate([piece for *_, piece in pieces]).view(np.uint8)[:, None]  # (F, 1, 88)
    onset = held.copy()
    onset[1:] &= ~held[:-1]
    index = []
    for first, (title, split, name, piece) in zip(_firsts([len(piece) for *_, piece in pieces]), pieces, strict=True):
        onset[first] = held[first]
        index.append(Entry(title, title, split, name, "figures only", first, len(piece)))
    return Rolls("keys", onset, held, np.zeros(len(held), np.uint8), tuple(index))


def _firsts(lengths: list[int]) -> Iterator[int]:
    first = 0
    for length in lengths:
        yield first
        first += length


def load(folder: Path) -> Rolls:
    """The rolls in a folder, memory-mapped; FileError where they are not whole."""
    hint = "Delete the folder and prepare it again"
    try:
        index = msgspec.json.decode(files.read(folder / INDEX), type=Index)
        planes = [np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in PLANES]
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise FileError(f"{folder}: these rolls cannot be read ({error})", hint) from error
    if (
        index.version != VERSION
        or index.task not in LAYOUTS
        or [plane.shape for plane in planes] != shapes(index.task, index.pieces)
    ):
        raise FileError(f"{folder}: these rolls are of another version or not whole", hint)
    return Rolls(index.task, planes[0], planes[1], planes[2], index.pieces, folder)


def shapes(task: str, index: Sequence[Entry]) -> list[tuple[int, ...]]:
    """The shapes of the planes of these pieces."""
    frames, layout = sum(entry.frames for entry in index), LAYOUTS[task]
    return [(frames, len(layout.parts), layout.keys)] * 2 + [(frames,)]
