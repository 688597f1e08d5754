"""The pitch of the newest stretch of a sound, by YIN (de Cheveigné and Kawahara, JASA 111(4), 2002)."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Samples = NDArray[np.float32]

DIP = 0.15
"""The first lag whose normalised difference falls below this is the period (step 4; the paper has 0.1)."""
SHARE, SHARE_TIMES = 0.25, 2.5
"""Half or a third of a period that is nearly as good, if neither is very good, is the period: so strings begin."""


def hz(pitch: float) -> float:
    """The frequency of a pitch, 69 = 440 Hz."""
    return float(440 * 2 ** ((pitch - 69) / 12))


class Yin:
    """Finds pitches between two others. Any thread, one at a time.

    The newest samples are compared with older ones, so that a high note is found sooner after its onset than a low one:
    as soon as `span` samples and one period of it are there.
    """

    def __init__(self, rate_hz: float, lowest: float, highest: float) -> None:
        self._rate_hz = rate_hz
        self._longest = math.ceil(rate_hz / hz(lowest - 0.5))
        self._shortest = max(2, math.floor(rate_hz / hz(highest + 0.5)))
        self.span = self._longest
        """How many samples are compared: less than a period of the lowest pitch would do for part of a period only."""
        self.window = self.span + self._longest + 1
        """How many samples it looks at."""
        self._difference = np.zeros(self._longest + 2)

    def pitch(self, window: Samples) -> tuple[float, float]:
        """(pitch, 69 = 440 Hz; how far from periodic the sound is, 0 = not at all, noise about 1) of `window` samples.

        The pitch is 0 where there is silence.
        """
        lag, aperiodicity = _period(window, self.span, self._shortest, self._longest, self._difference)
        return (69 + 12 * math.log2(self._rate_hz / lag / 440) if lag else 0.0), aperiodicity


@njit(cache=True, nogil=True, fastmath=True)
def _period(
    window: Samples, span: int, shortest: int, longest: int, difference: NDArray[np.float64]
) -> tuple[float, float]:
    """(period in samples, its normalised difference); `difference` is scratch. (0, 1) for silence."""
    end = len(window)
    total, found, least = 0.0, 0, 2.0
    for lag in range(1, longest + 2):
        summed = np.float32(0)
        for i in range(end - span, end):
            step = window[i] - window[i - lag]
            summed += step * step
        difference[lag] = summed
        total += float(summed)
        if total <= 1e-12:  # nothing but zeros so far
            continue
        normal = float(summed) * lag / total
        if shortest <= lag <= longest and normal < least:
            found, least = lag, normal
        elif least < DIP and (normal > DIP or normal > 2 * least + 0.02):
            break  # the first dip is behind us
    if not found:
        return 0.0, 1.0
    found, least = _share(difference, found, least, shortest)
    before, at, after = difference[found - 1], difference[found], difference[found + 1]
    bend = before - 2 * at + after  # step 5: a parabola through the least difference and its neighbours
    shift = 0.5 * (before - after) / bend if bend > 0 else 0.0
    return found + min(max(shift, -0.5), 0.5), least


@njit(cache=True, nogil=True)
def _share(difference: NDArray[np.float64], lag: int, least: float, shortest: int) -> tuple[int, float]:
    """(half or third of a period, its normalised difference) where that will do; else what was given."""
    for parts in (3, 2):
        middle = lag // parts
        if middle - 2 < shortest:
            continue
        total = np.sum(difference[1 : middle - 2])
        best, best_normal = 0, 2.0
        for one in range(middle - 2, middle + 4):
            total += difference[one]
            normal = difference[one] * one / total
            if normal < best_normal:
                best, best_normal = one, normal
        if best_normal < SHARE and best_normal < SHARE_TIMES * least:
            return best, best_normal
    return lag, least


def warm() -> None:
    """Compile the kernel, or load it from numba's cache."""
    yin = Yin(8000, 60, 72)
    yin.pitch(np.zeros(yin.window, np.float32))
