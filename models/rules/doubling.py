"""More voices than one can lead by the book: six are led, the others double them at the octave.

Under a melody those led are the top five and the bass, with the doublings between; above a melody the six next to it,
with the doublings on top. No two voices share a pitch: where the ranges hold fewer tones than voices, voices rest.
Doubled lines move in octaves by nature (Adler, "The Study of Orchestration", on tutti doubling), so parallels count
among the led voices only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from models.rules.voicing import (
    BASS,
    FIFTH,
    LEADING,
    MELODY,
    NEVER,
    OPEN,
    REST,
    RULES,
    SEVENTH,
    THIRD,
    Ints,
    alone,
    muddy,
    search,
    spacing,
)

# numba's cache on disk looks at the file of a kernel only: after a change in `voicing`, change this one too.

LED = 6
"""Voices that are led by the book."""
TOP = 128
"""Above every pitch."""


@njit
def _twice(tone: int, roles: Ints, rule: Ints) -> int:
    """How unwelcome one more of a chord tone is."""
    role = roles[tone]
    cost = 60 if role == SEVENTH else 10 if role == THIRD else 3 if role == FIFTH else 0
    return cost + (80 if tone == rule[LEADING] else 0)


@njit
def _free(roles: Ints, held: Ints) -> Ints:
    """The pitches that a voice may take, and what is above them all, from the lowest up."""
    free = np.zeros(TOP + 1, np.bool_)
    for pitch in range(TOP):
        free[pitch] = roles[pitch % 12] > 0
    free[held] = False
    free[TOP] = True
    return np.flatnonzero(free)


@njit
def _spread(lines: Ints, roles: Ints, held: Ints, rule: Ints, ends: tuple[int, int, int]) -> Ints:
    """The cheapest pitches of lines from the top down (-1: rest) between two pitches, by dynamic programming.

    No other way of laying them out has fewer rests. Ends: what is above the lines, what is below them, the melody.
    """
    count, (above, below, melody) = len(lines), ends
    free = _free(roles, held)
    start = int(np.searchsorted(free, above))
    cost = np.full((count + 1, len(free)), NEVER, np.int64)  # of the lines so far, by the lowest pitch among them
    came = np.full((count + 1, len(free)), -1, np.int64)  # the lowest pitch before
    cost[0, start] = 0
    for i in range(count):
        bass = rule[BASS] == 1 and below < 0 and i == count - 1
        for same in range(start + 1):
            cost[i + 1, same], came[i + 1, same] = min(NEVER, cost[i, same] + REST), same
        for at in range(start):
            pitch = free[at]
            if not max(lines[i, 0], below + 1) <= pitch <= lines[i, 1]:
                continue
            own = alone(pitch, lines[i], roles[pitch % 12], bass, rule) + _twice(pitch % 12, roles, rule)
            own = min(own, REST // 2)  # no pitch is so bad that its voice had better rest
            for up in range(at + 1, start + 1):
                if cost[i, up] >= NEVER:
                    continue
                upper = above if up == start else free[up]
                apart = 0 if upper == TOP else spacing(upper - pitch, rule[OPEN], muddy(pitch, melody))
                total = cost[i, up] + own + min(apart, REST // 4)
                if total < cost[i + 1, at]:
                    cost[i + 1, at], came[i + 1, at] = total, up
    found = np.full(count, -1, np.int64)
    at = int(np.argmin(cost[count]))
    for i in range(count - 1, -1, -1):
        before = int(came[i + 1, at])
        if before != at:
            found[i] = free[at]
        at = before
    return found


@njit
def _led(lines: Ints, rule: Ints) -> Ints:
    """Which lines are led: places from the top down, the melody's among them."""
    count, below = len(lines), rule[MELODY] == 0
    led = np.zeros(count, np.bool_)
    led[rule[MELODY]] = True
    left = LED
    if below:
        led[count - 1] = True
        left -= 1
    for step in range(1, count):
        i = step if below else count - 1 - step
        if left > 0 and not led[i] and lines[i, 0] <= lines[i, 1]:
            led[i] = True
            left -= 1
    return np.flatnonzero(led)


@njit
def _between(found: Ints, rule: Ints) -> tuple[int, int]:
    """Above what and below what the doublings go."""
    if rule[MELODY] != 0:
        return TOP, int(found.max())
    bass = int(found[-1])
    upper = found[:-1]
    return int(upper[upper >= 0].min()), bass


@njit(cache=True)
def ensemble(lines: Ints, roles: Ints, held: Ints, rule: Ints) -> Ints:
    """The pitches of many lines from the top down (-1: rest), then what the led ones cost; as `search` has them."""
    count, melody = len(lines), int(lines[rule[MELODY], 0])
    places = _led(lines, rule)
    of_led = rule.copy()
    of_led[MELODY] = 0 if rule[MELODY] == 0 else len(places) - 1
    led = search(lines[places], roles, held, of_led)
    best = np.full(count + 1, -1, np.int64)
    best[count] = led[-1]
    others = np.ones(count, np.bool_)
    for k in range(len(places)):
        best[places[k]] = led[k]
        others[places[k]] = False
    above, below = _between(led[:-1], rule)
    doubling = lines[others]
    if rule[MELODY] == 0:
        lowest = below if below >= 0 else max(0, int(lines[count - 1, 0]))
        step = (above - lowest) // (len(doubling) + 1)  # what does not come out even is left above the bass
        for k in range(len(doubling)):
            doubling[k, 3] = above - step * (k + 1)
    best[:count][others] = _spread(doubling, roles, held, rule, (above, below, melody))
    if best[:count].min() >= 0:
        return best
    voices = lines[1:] if rule[MELODY] == 0 else lines[:-1]
    ends = (melody, -1, melody) if rule[MELODY] == 0 else (TOP, melody, melody)
    full = _spread(voices, roles, held, rule, ends)
    if (full >= 0).sum() > (best[:count] >= 0).sum() - 1:
        if rule[MELODY] == 0:
            best[1:count] = full
        else:
            best[: count - 1] = full
    return best


def warm() -> None:
    """Compile the layout, or load it from the cache on disk."""
    lines: Any = np.array([(60, 60, -1, 60), *((0, 59, -1, 50) for _ in range(LED + 1))], np.int64)
    ensemble(lines, np.zeros(12, np.int64), np.array([60], np.int64), np.zeros(RULES, np.int64))
