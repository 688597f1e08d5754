"""Other versions of a window of music: in another key, at another tempo, thinner. Pure functions; any thread."""

# mypy: disallow-untyped-decorators=False
# (numba's decorators carry no types)

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.frames import MAX_PHASE

Plane = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Excerpt:
    """Consecutive frames of a piece."""

    onset: Plane
    """(frame, part, key)."""
    held: Plane
    """(frame, part, key); a note that began before the excerpt is held without an onset."""
    phase: Plane
    """(frame,)."""

    def __len__(self) -> int:
        return len(self.phase)

    def cut(self, frames: int) -> Excerpt:
        """A view of the first frames."""
        return Excerpt(self.onset[:frames], self.held[:frames], self.phase[:frames])


def shifts(excerpt: Excerpt, lowest: int, highest: int) -> range:
    """The transpositions in semitones between two bounds under which no note leaves the keys."""
    used = np.flatnonzero(excerpt.held.any(axis=(0, 1)))
    if not used.size:
        return range(min(lowest, 0), max(highest, 0) + 1)
    down, up = -int(used[0]), excerpt.held.shape[2] - 1 - int(used[-1])
    return range(max(lowest, down), min(highest, up) + 1)


def transpose(excerpt: Excerpt, semitones: int) -> Excerpt | None:
    """The excerpt in another key, or None where a note would leave the keys."""
    if semitones == 0:
        return excerpt
    if semitones not in shifts(excerpt, semitones, semitones):
        return None
    return Excerpt(np.roll(excerpt.onset, semitones, 2), np.roll(excerpt.held, semitones, 2), excerpt.phase)


def stretch(excerpt: Excerpt, factor: Fraction, single: bool = False) -> Excerpt | None:
    """The excerpt with durations times `factor`, or None where two onsets of one key would fall into one frame.

    A frame t goes to the frame in which t * factor lies, onsets and releases alike, so what was legato stays so; a note
    lasts one frame at least. No onset is lost or doubled.

    Args:
        excerpt: what is stretched; the result has its length times the factor, rounded up.
        factor: above 0.
        single: whether two onsets of one part in one frame are refused too.
    """
    if factor == 1:
        return excerpt
    up, down = factor.numerator, factor.denominator
    frames = -(-len(excerpt) * up // down)
    shape = (frames, *excerpt.held.shape[1:])
    onset, held, phase = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8), np.zeros(frames, np.uint8)
    planes = (np.ascontiguousarray(excerpt.onset), np.ascontiguousarray(excerpt.held))
    if not _stretch(*planes, (up, down), (onset, held), single):
        return None
    _stretch_phase(np.ascontiguousarray(excerpt.phase), (up, down), phase)
    return Excerpt(onset, held, phase)


@njit(cache=True)
def _stretch(onset: Plane, held: Plane, factor: Any, to: Any, single: bool) -> bool:
    up, down = factor
    to_onset, to_held = to
    frames, parts, keys = held.shape
    last = np.full(parts, -1, np.int64)  # the frame of a part's latest onset
    for frame in range(frames):
        for part in range(parts):
            for key in range(keys):
                velocity = held[frame, part, key]
                struck = onset[frame, part, key] > 0
                if velocity == 0 or not (struck or frame == 0):
                    continue
                start, end = frame * up // down, frame + 1
                if struck and (to_onset[start, part, key] > 0 or (single and last[part] == start)):
                    return False
                while end < frames and held[end, part, key] > 0 and onset[end, part, key] == 0:
                    end += 1
                if struck:
                    to_onset[start, part, key] = onset[frame, part, key]
                    last[part] = start
                stop = max(end * up // down, start + 1)
                if end == frames:
                    stop = to_held.shape[0]  # the end of the excerpt is no release
                to_held[start:stop, part, key] = velocity
    return True


@njit(cache=True)
def _stretch_phase(phase: Plane, factor: Any, to: Plane) -> None:
    up, down = factor
    for frame in range(phase.shape[0]):
        if phase[frame] == 1:
            to[frame * up // down] = 1
    since = 0
    for frame in range(to.shape[0]):
        before = phase[frame * down // up]
        if before == 0:
            since = 0
        elif to[frame] == 1:
            since = 1
        elif since == 0:
            since = 1 + (int(before) - 1) * up // down
        else:
            since += 1
        to[frame] = min(since, MAX_PHASE)


def thin(excerpt: Excerpt, part: int, share: float, random: np.random.Generator) -> Excerpt:
    """The excerpt with that share of a part's inner notes left out: those with notes of the part above and below."""
    if share <= 0:
        return excerpt
    onset, held = excerpt.onset.copy(), excerpt.held.copy()
    chances = random.random(int(np.count_nonzero(onset[:, part])))
    _thin(onset[:, part], held[:, part], chances, share)
    return Excerpt(onset, held, excerpt.phase)


@njit(cache=True)
def _thin(onset: Plane, held: Plane, chances: Any, share: float) -> None:
    source = held.copy()
    frames, keys = held.shape
    i = 0
    for frame in range(frames):
        low, high = -1, -1
        for key in range(keys):
            if source[frame, key] > 0:
                low = key if low < 0 else low
                high = key
        for key in range(keys):
            if onset[frame, key] == 0:
                continue
            if low < key < high and chances[i] < share:
                velocity, end = onset[frame, key], frame
                onset[frame, key] = 0
                while end < frames and held[end, key] == velocity and (end == frame or onset[end, key] == 0):
                    held[end, key] = 0
                    end += 1
            i += 1


def warm() -> None:
    """Compile the kernels, or load them from numba's cache."""
    cells = np.ones((4, 1, 3), np.uint8)
    excerpt = Excerpt(cells.copy(), cells, np.ones(4, np.uint8))
    stretch(excerpt, Fraction(2))
    thin(excerpt, 0, 0.5, np.random.default_rng(0))
