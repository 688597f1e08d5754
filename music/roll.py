"""Rolls: notes drawn into frames and traced back. Any thread.

A roll has two planes of shape (frame, part, pitch): `onset` is the velocity where a note begins and 0 elsewhere,
`held` is the velocity while it sounds. So a repeated note is told from a long one, and nothing is lost on the way
notes -> roll -> notes but what two notes of one pitch do to each other (see `draw`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
PITCHES = 128
SPAN = np.dtype([("onset", "i8"), ("length", "i8"), ("part", "i8"), ("pitch", "u1"), ("velocity", "u1")])
"""A note of a part; onset and length in frames, or in ticks where a scale is given."""


@dataclass(frozen=True, slots=True, eq=False)
class Roll:
    """Onset plane and held plane, both uint8 (frame, part, pitch)."""

    onset: Plane
    held: Plane

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Roll)
            and np.array_equal(self.onset, other.onset)
            and np.array_equal(self.held, other.held)
        )

    __hash__ = None  # type: ignore[assignment]


def spans(parts: Sequence[NDArray[np.void]]) -> NDArray[np.void]:
    """The notes of several parts (dtype NOTE of `music.midifile`) as one array of dtype SPAN, by onset and part."""
    result = np.empty(sum(len(notes) for notes in parts), SPAN)
    start = 0
    for part, notes in enumerate(parts):
        rows = result[start : start + len(notes)]
        rows["part"] = part
        for name in ("onset", "length", "pitch", "velocity"):
            rows[name] = notes[name]
        start += len(notes)
    return result[np.argsort(result["onset"], kind="stable")]


def in_frames(notes: NDArray[np.void], scale: tuple[int, int]) -> NDArray[np.void]:
    """Notes in ticks as notes in frames; the scale is (frames per beat, ticks per beat).

    A note begins in the frame its onset falls into (live, nobody knows the next one) and ends at the frame edge nearest
    to its release, but lasts at least one frame: a note shorter than a frame is there once.
    """
    frames, ticks = scale
    result = notes.copy()
    result["onset"] = notes["onset"] * frames // ticks
    release = (2 * (notes["onset"] + notes["length"]) * frames + ticks) // (2 * ticks)
    result["length"] = np.maximum(release - result["onset"], 1)
    return result


def draw(notes: NDArray[np.void], parts: int, frames: int | None = None, scale: tuple[int, int] = (1, 1)) -> Roll:
    """The roll of notes of dtype SPAN in any order, silence before the first one included.

    `frames` is the length of the roll, by default up to the last release. What lies outside is cut off: a note that
    began before frame 0 is held there without an onset. Notes of one part and pitch share their cells:
    - onsets in one frame become one onset, as loud as the loudest;
    - an onset while the pitch sounds is a new onset, and its velocity holds from there on;
    - a pitch sounds until the last of its notes ends, as in `music.held`.
    ValueError for a part or pitch that does not exist.
    """
    notes = in_frames(notes, scale)
    notes = notes[np.argsort(notes["onset"], kind="stable")]
    known = (notes["part"] >= 0) & (notes["part"] < parts) & (notes["pitch"] < PITCHES)
    if not known.all():
        raise ValueError(f"a note lies outside {parts} parts and {PITCHES} pitches")
    if frames is None:
        frames = max(0, int((notes["onset"] + notes["length"]).max())) if notes.size else 0
    roll = Roll(np.zeros((frames, parts, PITCHES), np.uint8), np.zeros((frames, parts, PITCHES), np.uint8))
    rows = np.stack([notes[name].astype(np.int64) for name in SPAN.names or ()], axis=1)  # (N, 5)
    _draw(rows, roll.onset, roll.held)
    return roll


@njit(cache=True)
def _draw(rows: Any, onset_plane: Plane, held_plane: Plane) -> None:
    frames, parts, pitches = onset_plane.shape
    ends = np.zeros((parts, pitches), np.int64)
    for i in range(rows.shape[0]):
        start, length, part, pitch, velocity = rows[i]
        end = max(start + length, ends[part, pitch])
        ends[part, pitch] = end
        if 0 <= start < frames:
            velocity = max(velocity, np.int64(onset_plane[start, part, pitch]))
            onset_plane[start, part, pitch] = velocity
        for frame in range(max(start, 0), min(end, frames)):
            held_plane[frame, part, pitch] = velocity


def trace(roll: Roll) -> NDArray[np.void]:
    """The notes of a roll as dtype SPAN, by onset, part and pitch; the inverse of `draw`.

    A note lasts from its onset while the pitch is held and not struck again, at least one frame. What is held without
    an onset (a note cut off by the left edge) is no note.
    """
    rows = np.empty(int(np.count_nonzero(roll.onset)), SPAN)
    found = np.empty((rows.size, 4), np.int64)
    _trace(np.ascontiguousarray(roll.onset), np.ascontiguousarray(roll.held), found)
    for column, name in enumerate(("onset", "length", "part", "pitch")):
        rows[name] = found[:, column]
    rows["velocity"] = roll.onset[found[:, 0], found[:, 2], found[:, 3]]
    return rows


@njit(cache=True)
def _trace(onset_plane: Plane, held_plane: Plane, found: Any) -> None:
    frames, parts, pitches = onset_plane.shape
    i = 0
    for frame in range(frames):
        for part in range(parts):
            for pitch in range(pitches):
                if onset_plane[frame, part, pitch] > 0:
                    end = frame + 1
                    while end < frames and held_plane[end, part, pitch] > 0 and onset_plane[end, part, pitch] == 0:
                        end += 1
                    found[i, 0] = frame
                    found[i, 1] = end - frame
                    found[i, 2] = part
                    found[i, 3] = pitch
                    i += 1


def warm() -> None:
    """Compile the kernels, or load them from numba's cache; call it at boot, not on the first note."""
    trace(draw(np.array([(0, 1, 0, 60, 64)], SPAN), parts=1))
