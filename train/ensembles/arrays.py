"""Ensembles of corpora: pieces in event time, one after the other in memory-mapped arrays. Any thread.

A folder of them has an array NAME.npy for each field of `Ensembles` that is one, `index.json` (which events are which
piece) and `report.json` (what was not used, and why).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from music import files
from music.errors import FileError
from music.orchestra import SLOTS
from train.ensembles.events import KEYS
from train.ensembles.reading import ARRAYS, VERSION
from train.mapped import INDEX, Shapes

Bytes = NDArray[np.uint8]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a piece lies, or a stretch of one."""

    title: str
    work: str
    split: str
    corpus: str
    licence: str
    kind: str
    """`pair`, or `reduction`: a rule made the piano's part."""
    first: int
    """Its first event."""
    events: int


class Index(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What index.json says."""

    version: int
    pieces: tuple[Entry, ...]


class Ensembles(msgspec.Struct, frozen=True, eq=False):
    """The pieces of corpora in event time; the arrays may be memory-mapped and read-only."""

    piano: Bytes
    """(event, 88) from A0 up: 0 silent, 1 held, 2 struck, right after the event."""
    piano_velocity: Bytes
    """(event,): mean velocity of what the piano strikes, 0 where it strikes nothing."""
    slots: Bytes
    """(event, slot): the pitch in each of `music.orchestra.SLOTS` right after the event, `REST` where none."""
    struck: NDArray[np.bool_]
    """(event, slot): whether it began with this event."""
    beat: NDArray[np.float32]
    """(event,): beats since the start of the score."""
    phase: Bytes
    """(event,): 0 where the bar is not known, else 1 + frames since the barline, `MAX_PHASE` at most."""
    at_piano: NDArray[np.bool_]
    """(event,): whether the piano strikes something."""
    index: tuple[Entry, ...]
    folder: Path | None = None
    """Where they lie, if they do."""

    def __reduce__(self) -> tuple[Any, ...]:
        # A worker process opens the folder again: the arrays themselves would be copied into each.
        if self.folder is not None:
            return load, (self.folder,)
        return Ensembles, (*(getattr(self, name) for name in ARRAYS), self.index)

    def of(self, split: str) -> list[Entry]:
        """The pieces of a split."""
        return [entry for entry in self.index if entry.split == split]

    def piece(self, entry: Entry) -> Ensembles:
        """One piece alone: views."""
        mine = slice(entry.first, entry.first + entry.events)
        arrays = {name: getattr(self, name)[mine] for name in ARRAYS}
        return Ensembles(**arrays, index=(msgspec.structs.replace(entry, first=0),))


def load(folder: Path) -> Ensembles:
    """The ensembles in a folder, memory-mapped; FileError where they are not whole."""
    hint = "Delete the folder and prepare it again"
    try:
        index = msgspec.json.decode(files.read(folder / INDEX), type=Index)
        arrays = [np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in ARRAYS]
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise FileError(f"{folder}: these ensembles cannot be read ({error})", hint) from error
    wanted = list(shapes(index.pieces).values())
    if index.version != VERSION or [(array.dtype, array.shape) for array in arrays] != wanted:
        raise FileError(f"{folder}: these ensembles are of another version or not whole", hint)
    return Ensembles(**dict(zip(ARRAYS, arrays, strict=True)), index=index.pieces, folder=folder)


def shapes(index: Sequence[Entry]) -> Shapes:
    """The arrays of these pieces."""
    events = sum(entry.events for entry in index)
    bytes_, flags = np.dtype(np.uint8), np.dtype(np.bool_)
    found: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {
        "piano": (bytes_, (events, KEYS)),
        "piano_velocity": (bytes_, (events,)),
        "slots": (bytes_, (events, len(SLOTS))),
        "struck": (flags, (events, len(SLOTS))),
        "beat": (np.dtype(np.float32), (events,)),
        "phase": (bytes_, (events,)),
        "at_piano": (flags, (events,)),
    }
    return {name: found[name] for name in ARRAYS}
