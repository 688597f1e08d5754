"""The pitches of a chord for each voice: branch and bound over the rules of part writing.

A line is a voice or the musician's own melody note, which is given. Lines are ordered from the top down and never
cross. The costs are in tenths of a step's worth of discomfort: small integers, so that every machine finds the same.
The rules are those of any harmony textbook (Aldwell and Schachter, "Harmony and Voice Leading", ch. 5-8).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]

ROOT, THIRD, FIFTH, SEVENTH = 1, 2, 3, 4
"""What a pitch class is to the chord; 0 = not in it."""

RULES = 12
MELODY, BASS, OPEN, LEADING, OLD_LEADING, OLD_SEVENTH, *_ = range(RULES)
*_, LOW_THIRD, LOW_FIFTH, LOW_SEVENTH, LOW_ROOT, HEARD, SPARE = range(RULES)
"""Places in the `rule` of a search: index of the melody's line, whether the last line is a real bass,
whether open spacing is wanted, the pitch class of the leading tone, those of the leading tone and the seventh that
want to resolve from the chord before (-1: none), the costs of inversions, a mask of pitch classes sounding anyway, and
the semitones that other voices will fill above the bass.
"""

MOST = 10
"""Candidates per line: the best ones when heard alone."""

DEEP = 24
"""So far below the melody, close intervals are muddy."""
EASY = 7
"""A gap that costs nothing anywhere."""

REST = 2000
"""The cost of a voice that rests: more than any pitch it could take."""
NEVER = 1 << 40
PARALLEL = 600
NODES = 1500
"""Partial voicings looked at before the best one so far is taken."""


@njit
def _motion(step: int, bass: bool) -> int:
    """How uneasy a leap of `step` semitones is."""
    if bass:
        leaps = (4, 3, 3, 10, 12, 6, 60, 9, 30, 32, 60, 70, 18)
        return leaps[step] if step <= 12 else 90 + 10 * (step - 12)
    leaps = (0, 3, 4, 10, 14, 26, 60, 40, 55, 60, 80, 90, 70)
    return leaps[step] if step <= 12 else 90 + 10 * (step - 12)


@njit
def alone(pitch: int, line: Ints, role: int, bass: bool, rule: Ints) -> int:
    """The cost of a pitch in its line, whatever the others do."""
    before, wanted = int(line[2]), int(line[3])
    away = abs(pitch - wanted)
    if before < 0:
        cost = away if bass else 4 * away
    else:
        cost = _motion(abs(pitch - before), bass) + 2 * max(0, away - 4)
        old = before % 12
        if old == rule[OLD_LEADING] and pitch != before + 1:
            cost += 45
        if old == rule[OLD_SEVENTH] and (pitch > before or pitch < before - 2):
            cost += 40
    if bass:
        place = (
            LOW_ROOT if role == ROOT else LOW_THIRD if role == THIRD else LOW_FIFTH if role == FIFTH else LOW_SEVENTH
        )
        cost += int(rule[place])
    return cost


@njit
def _parallel(upper: int, upper_before: int, lower: int, lower_before: int) -> int:
    """The cost of two lines moving into or between perfect consonances."""
    if upper_before < 0 or lower_before < 0 or upper == upper_before or lower == lower_before:
        return 0
    now, before = (upper - lower) % 12, (upper_before - lower_before) % 12
    if now not in (0, 7) or now != before:
        return 0
    return PARALLEL if (upper > upper_before) == (lower > lower_before) else PARALLEL // 3


@njit
def _overlap(upper: int, upper_before: int, lower: int, lower_before: int) -> int:
    """The cost of a line moving beyond where its neighbour was."""
    cost = 40 if lower_before >= 0 and upper < lower_before else 0
    return cost + (40 if upper_before >= 0 and lower > upper_before else 0)


@njit
def muddy(pitch: int, melody: int) -> bool:
    """Whether close intervals are muddy here."""
    return pitch < melody - DEEP


@njit
def spacing(gap: int, shape: int, deep: bool) -> int:
    """The cost of `gap` semitones between neighbouring lines. Shape: 0 close, 1 open, 2 upon a bass."""
    cost = 24 // gap if gap <= 2 else 0
    if deep:
        cost += 4 * max(0, 7 - gap)
    if shape == 2:
        cost += 4 * max(0, gap - 19)
    elif shape == 1:
        cost += 4 * max(0, 6 - gap) + (40 + 6 * (gap - 12) if gap > 12 else 0)
    else:
        cost += 3 * max(0, gap - 7) + (40 + 6 * (gap - 12) if gap > 12 else 0)
    return cost


@njit
def _whole(chosen: Ints, roles: Ints, rule: Ints) -> int:
    """The cost of what the voices make of the chord together: tones missing and doubled."""
    count = np.zeros(12, np.int64)
    for pitch in chosen:
        if pitch >= 0:
            count[pitch % 12] += 1
    cost = 0
    for tone in range(12):
        role = roles[tone]
        if role == 0:
            continue
        if count[tone] == 0 and not (rule[HEARD] >> tone) & 1:
            cost += 60 if role == ROOT else 70 if role == THIRD else 12 if role == FIFTH else 90
        elif count[tone] > 1:
            twice = count[tone] - 1
            cost += twice * (0 if role == ROOT else 10 if role == THIRD else 3 if role == FIFTH else 60)
            if tone == rule[LEADING]:
                cost += 80 * twice
    return cost


@njit
def _among(pitch: int, pitches: Ints) -> bool:
    for other in pitches:  # noqa: SIM110, numba knows no any() of a generator
        if other == pitch:
            return True
    return False


@njit
def _candidates(lines: Ints, roles: Ints, held: Ints, rule: Ints) -> tuple[Ints, Ints]:
    """Each line's candidates and their costs, cheapest first; a voice can always rest, at a price."""
    count = len(lines)
    pitches = np.full((count, MOST + 1), -1, np.int64)
    costs = np.full((count, MOST + 1), NEVER, np.int64)
    for i in range(count):
        if i == rule[MELODY]:
            pitches[i, 0], costs[i, 0] = lines[i, 0], 0
            continue
        bass, filled = rule[BASS] == 1 and i == count - 1, 0
        for pitch in range(lines[i, 0], lines[i, 1] + 1):
            role = roles[pitch % 12]
            if role == 0 or _among(pitch, held):
                continue
            cost = min(REST - 1, alone(pitch, lines[i], role, bass, rule))
            at = filled
            while at > 0 and costs[i, at - 1] > cost:
                at -= 1
            if at == MOST:
                continue
            for k in range(min(filled, MOST - 1), at, -1):
                pitches[i, k], costs[i, k] = pitches[i, k - 1], costs[i, k - 1]
            pitches[i, at], costs[i, at] = pitch, cost
            filled = min(filled + 1, MOST)
        pitches[i, filled], costs[i, filled] = -1, REST
    return pitches, costs


@njit
def _joining(i: int, pitch: int, chosen: Ints, lines: Ints, rule: Ints) -> int:
    """The cost of `pitch` in line `i` under the lines chosen above it; -1 where they would cross."""
    if pitch < 0:
        return 0
    cost = 0
    bass = rule[BASS] == 1 and i == len(lines) - 1
    neighbour = True
    for above in range(i - 1, -1, -1):
        upper = chosen[above]
        if upper < 0:
            continue
        if upper <= pitch:
            return -1
        cost += _parallel(upper, lines[above, 2], pitch, lines[i, 2])
        if neighbour:
            shape, deep, gap = 2 if bass else rule[OPEN], muddy(pitch, lines[rule[MELODY], 0]), upper - pitch
            if bass and rule[SPARE]:
                gap = max(EASY, gap - rule[SPARE])
            cost += _overlap(upper, lines[above, 2], pitch, lines[i, 2]) + spacing(gap, shape, deep)
            neighbour = False
    return cost


@njit(cache=True)
def search(lines: Ints, roles: Ints, held: Ints, rule: Ints) -> Ints:
    """The cheapest pitches of all lines from the top down (-1: rest), then their cost.

    Args:
        lines: per line its lowest and highest pitch, its pitch before and the pitch it would like to be near
            (-1: none); the melody's lowest and highest are its pitch.
        roles: what each of the 12 pitch classes is to the chord.
        held: pitches no voice may take.
        rule: the rest of the circumstances, by the names above.
    """
    count = len(lines)
    pitches, costs = _candidates(lines, roles, held, rule)
    rest_of = np.zeros(count + 1, np.int64)  # the least that the lines from here on can cost
    for i in range(count - 1, -1, -1):
        rest_of[i] = rest_of[i + 1] + costs[i, 0]
    best = np.full(count + 1, -1, np.int64)
    best[count] = NEVER
    chosen = np.full(count, -1, np.int64)
    spent = np.zeros(count + 1, np.int64)
    turn = np.zeros(count, np.int64)
    i, nodes = 0, 0
    while i >= 0:
        if nodes > NODES and best[count] < NEVER:
            break
        at = turn[i]
        if at > MOST or spent[i] + costs[i, at] + rest_of[i + 1] >= best[count]:
            turn[i] = 0
            i -= 1
            continue
        turn[i] = at + 1
        nodes += 1
        join = _joining(i, pitches[i, at], chosen, lines, rule)
        if join < 0:
            continue
        total = spent[i] + costs[i, at] + join
        if total + rest_of[i + 1] >= best[count]:
            continue
        chosen[i] = pitches[i, at]
        if i < count - 1:
            spent[i + 1] = total
            i += 1
            continue
        total += _whole(chosen, roles, rule)
        if total < best[count]:
            best[count] = total
            for line in range(count):
                best[line] = chosen[line]
    return best


def warm() -> None:
    """Compile the search, or load it from the cache on disk."""
    lines: Any = np.array([(60, 60, -1, 60), (40, 59, -1, 50)], np.int64)
    rule = np.zeros(RULES, np.int64)
    search(lines, np.zeros(12, np.int64), np.array([60], np.int64), rule)
