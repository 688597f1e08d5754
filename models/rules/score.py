"""How good a harmonisation is: agreement with another one, and faults of part writing.

Lines are arrays of pitches of shape (moment, line) from the top line down, `SILENT` where a line rests. A fault is
what a harmony textbook marks (Aldwell and Schachter, "Harmony and Voice Leading", ch. 5-8), whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from music.pitch import QUALITIES, Chord

Lines = NDArray[np.int64]

SILENT = -1

FAULTS = ("parallels", "crossings", "overlaps", "out of range", "leading tones", "leaps")
"""Kinds of fault, as `faults` names them."""


def changes(lines: Lines) -> NDArray[np.intp]:
    """The moments at which any line has another pitch than before, the first one included."""
    moved = np.any(lines[1:] != lines[:-1], axis=1)
    return np.flatnonzero(np.concatenate(([True], moved)))


def faults(lines: Lines, ranges: Sequence[tuple[int, int]], tonics: Sequence[int]) -> dict[str, int]:
    """How often each kind of fault occurs among the lines under the melody (line 0, which is given).

    Args:
        lines: one row per change of any line.
        ranges: lowest and highest pitch of each line but the first.
        tonics: the tonic's pitch class at each moment.
    """
    rows = lines.tolist()
    count = dict.fromkeys(FAULTS, 0)
    for row in rows:
        sounding = [pitch for pitch in row if pitch != SILENT]
        count["crossings"] += sum(upper < lower for upper, lower in pairwise(sounding))
        for pitch, (low, high) in zip(row[1:], ranges, strict=True):
            count["out of range"] += pitch != SILENT and not low <= pitch <= high
    for (before, now), tonic in zip(pairwise(rows), tonics, strict=False):
        for upper, lower in combinations(range(len(now)), 2):
            if SILENT in (before[upper], before[lower], now[upper], now[lower]):
                continue
            count["parallels"] += parallel((before[upper], before[lower]), (now[upper], now[lower]))
            if lower == upper + 1:
                count["overlaps"] += now[upper] < before[lower] or now[lower] > before[upper]
        count["leading tones"] += _unresolved(before, now, tonic)
        count["leaps"] += _leaps(before, now)
    return count


def parallel(before: tuple[int, int], now: tuple[int, int]) -> bool:
    """Whether two lines move the same way from one fifth, octave or unison to the next."""
    (upper_before, lower_before), (upper, lower) = before, now
    if upper == upper_before or lower == lower_before or (upper > upper_before) != (lower > lower_before):
        return False
    interval = (upper - lower) % 12
    return interval in (0, 7) and interval == (upper_before - lower_before) % 12


def _unresolved(before: Sequence[int], now: Sequence[int], tonic: int) -> int:
    """Voices that leave the leading tone of a dominant elsewhere than upwards to the tonic."""
    tones = {pitch % 12 for pitch in now if pitch != SILENT}
    tones_before = {pitch % 12 for pitch in before if pitch != SILENT}
    leading = (tonic - 1) % 12
    dominant = (tonic + 7) % 12 in tones_before or {(tonic + 2) % 12, (tonic + 5) % 12} <= tones_before
    if not dominant or tonic not in tones or leading in tones:
        return 0
    return sum(old % 12 == leading and new != old + 1 for old, new in zip(before[1:], now[1:], strict=True))


def _leaps(before: Sequence[int], now: Sequence[int]) -> int:
    """Inner voices that leap by more than a fifth or a tritone; a bass by a tritone, a seventh, beyond an octave."""
    leaps = 0
    for line in range(1, len(now)):
        if SILENT in (before[line], now[line]):
            continue
        leap = abs(now[line] - before[line])
        bass = line == len(now) - 1
        leaps += leap in (6, 10, 11) or leap > 12 if bass else leap == 6 or leap > 7
    return leaps


def overlap(ours: frozenset[int], theirs: frozenset[int]) -> float:
    """What two sets have in common among what either has (Jaccard index), 0 to 1."""
    return len(ours & theirs) / len(ours | theirs) if ours or theirs else 1.0


@cache
def nearest_chord(tones: frozenset[int], lowest: int, without: frozenset[int] = frozenset()) -> Chord:
    """The chord that explains sounding pitch classes best; the lowest one is its root in case of doubt.

    None that has a tone of `without`, unless all have.
    """

    def distance(chord: Chord) -> float:
        chord_tones = set(chord.pitch_classes)
        missing = 0.7 * len(chord_tones - tones) + len(tones - chord_tones) + 0.4 * (chord.root not in tones)
        return missing + 0.05 * (chord.root != lowest) + 0.3 * (chord.quality in ("dim7", "sus4", "aug"))

    chords = [Chord((lowest + step) % 12, quality) for quality in QUALITIES for step in range(12)]
    allowed = [chord for chord in chords if not without & set(chord.pitch_classes)]
    return min(allowed or chords, key=distance)
