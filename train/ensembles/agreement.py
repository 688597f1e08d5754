"""Where a piano and an orchestra play the same music, and whether they do. Any thread."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from music.errors import FileError

Notes = NDArray[np.void]
Bools = NDArray[np.bool_]

FRAMES_PER_BEAT = 4
BLOCK_BEATS = 8
"""Agreement is judged in blocks of so many beats."""
LEAST_OF_PAIR = 0.5
"""Overlap below which a pair is none; 97 aligned pairs have 0.52 to 1.00, shifted by some beats 0.19 to 0.50."""
LEAST_OF_BLOCK = 0.5
"""The same of a block."""
LEAST_PACE = 0.5
"""Orchestra ticks for a piano tick between anchors, below which the piano has bars that the orchestra lacks."""
LAG_BEATS = 8
"""A pair that overlaps more when shifted by so much or less is misaligned."""


@dataclass(frozen=True, slots=True)
class Anchors:
    """Moments of a piano's file that are moments of an orchestra's: in ticks of each, neither ever falling."""

    piano: NDArray[np.float64]
    orchestra: NDArray[np.float64]

    def __call__(self, tick: NDArray[np.int64]) -> NDArray[np.int64]:
        """The orchestra's ticks: in a straight line between anchors, at the piano's own pace outside of them."""
        inside = np.interp(tick, self.piano, self.orchestra)
        early = np.minimum(tick - self.piano[0], 0)
        late = np.maximum(tick - self.piano[-1], 0)
        found: NDArray[np.int64] = np.rint(inside + early + late).astype(np.int64)
        return found

    def shared(self, tick: NDArray[np.int64]) -> Bools:
        """Whether the orchestra has the piano's music there: it goes on by at least half as much until the next one."""
        step = np.concatenate(([1.0], np.diff(self.piano), [1.0]))
        pace = np.concatenate(([1.0], np.diff(self.orchestra), [1.0])) / np.maximum(step, 1)
        found: Bools = pace[np.searchsorted(self.piano, tick, "right")] >= LEAST_PACE
        return found


def read_anchors(path: Path) -> Anchors:
    """The anchors in a table with the columns piano_tick and orchestra_tick; FileError where they are none."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = [(float(row["piano_tick"]), float(row["orchestra_tick"])) for row in csv.DictReader(stream)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileError(f"{path}: these are no anchors ({error})", "It needs piano_tick and orchestra_tick") from error
    table = np.array(rows, np.float64).reshape(-1, 2)
    if len(table) == 0 or (np.diff(table, axis=0) < 0).any():
        raise FileError(f"{path}: these are no anchors (they fall)", "Both columns must rise")
    return Anchors(table[:, 0], table[:, 1])


def moved(notes: Notes, anchors: Anchors) -> Notes:
    """The piano's notes at the orchestra's ticks, without those that begin in music that the orchestra has not."""
    notes = notes[anchors.shared(notes["onset"])]
    found = notes.copy()
    found["onset"] = anchors(notes["onset"])
    ends = anchors(notes["onset"] + notes["length"])
    found["length"] = np.maximum(ends - found["onset"], 1)
    return found[np.argsort(found["onset"], kind="stable")]


def classes(notes: Notes, ticks_per_beat: int, frames: int) -> Bools:
    """(frame, 12): which pitch classes sound."""
    onset = np.rint(notes["onset"] * FRAMES_PER_BEAT / ticks_per_beat).astype(np.int64)
    end = np.rint((notes["onset"] + notes["length"]) * FRAMES_PER_BEAT / ticks_per_beat).astype(np.int64)
    steps = np.zeros((frames + 1, 12), np.int32)
    np.add.at(steps, (np.clip(onset, 0, frames), notes["pitch"] % 12), 1)
    np.add.at(steps, (np.clip(np.maximum(end, onset + 1), 0, frames), notes["pitch"] % 12), -1)
    return np.cumsum(steps[:-1], 0) > 0


def overlap(piano: Bools, orchestra: Bools) -> float:
    """Mean over the frames in which both sound: pitch classes of both, of those of either (Jaccard). 0 without any."""
    both = piano.any(1) & orchestra.any(1)
    shared = (piano & orchestra)[both].sum(1)
    either = (piano | orchestra)[both].sum(1)
    return float((shared / either).mean()) if both.any() else 0.0


def best_lag(piano: Bools, orchestra: Bools) -> int:
    """The shift of the piano, in frames up to `LAG_BEATS`, with which it overlaps most; 0 where none is better."""
    most = LAG_BEATS * FRAMES_PER_BEAT
    lags = sorted(range(-most, most + 1), key=abs)
    end = len(piano)
    found = [
        overlap(piano[max(0, -lag) : end - max(0, lag)], orchestra[max(0, lag) : end - max(0, -lag)]) for lag in lags
    ]
    return lags[int(np.argmax(found))]


def agreeing(piano: Bools, orchestra: Bools) -> Bools:
    """(block of `BLOCK_BEATS`,): whether both play the same there: the pitch classes of both, of those of either."""
    block = BLOCK_BEATS * FRAMES_PER_BEAT
    starts = np.arange(0, len(piano), block)
    shared = np.add.reduceat((piano & orchestra).sum(1), starts)
    either = np.add.reduceat((piano | orchestra).sum(1), starts)
    found: Bools = shared >= LEAST_OF_BLOCK * np.maximum(either, 1)
    return found


def resting(notes: Notes, tick: NDArray[np.int64], together: float) -> Bools:
    """(event,): whether none of these notes begins there or sounds on."""
    first = np.searchsorted(tick, notes["onset"] - together)
    after = np.searchsorted(tick, notes["onset"] + notes["length"] - together)
    steps = np.zeros(len(tick) + 1, np.int64)
    np.add.at(steps, first, 1)
    np.add.at(steps, np.maximum(after, np.minimum(first + 1, len(tick))), -1)
    found: Bools = np.cumsum(steps[:-1]) == 0
    return found


def stretches(usable: Bools, tick: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    """(stretch, 2): first event and the one after the last of each run of usable events at least so many ticks long."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], usable, [False])).astype(np.int8)))
    runs = edges.reshape(-1, 2)
    long = tick[runs[:, 1] - 1] - tick[runs[:, 0]] >= least
    return runs[long]
