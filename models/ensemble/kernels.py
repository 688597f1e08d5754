"""The inner loops of one event decided live, compiled. Any thread.

Loops where NumPy has expressions: those take numba seconds each to compile, before the first note of a new machine.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.ensemble.config import KEYS, REST

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

UNKNOWN = -1
OCTAVE = 12


@njit(cache=True, nogil=True)
def around(planes: Floats, near: Floats, classes: Floats, start: Floats, lowest: int) -> Floats:
    """What `Surroundings` makes of planes (key, plane), added to `start` (key, width).

    `near` is (plane, distance, width), `classes` (plane, pitch class seen from the key's own, width).
    """
    keys, many = planes.shape
    distances, width = near.shape[1], near.shape[2]
    reach = (distances - 1) // 2
    folded = np.zeros((OCTAVE, width), np.float32)
    out = start.copy()
    for plane in range(many):
        for key in range(keys):
            value = planes[key, plane]
            if value == 0:
                continue
            for other in range(max(0, key - reach), min(keys, key + reach + 1)):
                distance = key - other + reach
                for i in range(width):
                    out[other, i] += value * near[plane, distance, i]
            for own in range(OCTAVE):
                seen = (key + lowest - own) % OCTAVE
                for i in range(width):
                    folded[own, i] += value * classes[plane, seen, i]
    for key in range(keys):
        for i in range(width):
            out[key, i] += folded[(key + lowest) % OCTAVE, i]
    return out


@njit(cache=True, nogil=True)
def _bounds(slot: int, known: Ints, owner: Ints) -> tuple[int, int]:
    """The highest key above which, and the lowest below which, what is known of the group lets no slot go."""
    upper, lower = KEYS, -1
    for other in range(len(known)):
        if owner[other] == owner[slot] and known[other] != UNKNOWN:
            height = -1 if known[other] == REST else known[other]
            if other < slot:
                upper = min(upper, height)
            elif other > slot:
                lower = max(lower, height)
    return upper, lower


@njit(cache=True, nogil=True)
def _allow(  # noqa: PLR0913, PLR0917 - all that forbids
    logits: Floats, slot: int, known: Ints, owner: Ints, ranges: Bools, banned: Bools
) -> None:
    """What a slot may not take is put to -inf, as `Legal` and `passes.draw` have it."""
    upper, lower = _bounds(slot, known, owner)
    fits = left = False
    for key in range(KEYS):
        if not ranges[slot, key] or key >= upper or key <= lower:
            logits[key] = -np.inf
        else:
            fits = True
            if banned[slot, key]:
                logits[key] = -np.inf
            else:
                left = True
    if fits and lower >= 0 and left:
        logits[REST] = -np.inf


@njit(cache=True, nogil=True)
def _outcome(logits: Floats, temperature: float, dice: float) -> tuple[int, float]:
    """One outcome, the likeliest at temperature 0, and the entropy in nats; -1 where the logits are no numbers."""
    best = 0
    for key in range(len(logits)):
        if math.isnan(logits[key]) or logits[key] == np.inf:
            return -1, 0.0
        if logits[key] > logits[best]:
            best = key
    highest = logits[best]
    total = weighted = hot = 0.0
    for key in range(len(logits)):
        above = logits[key] - highest
        chance = math.exp(above)
        total += chance
        if chance > 0:
            weighted += chance * above
        if temperature > 0:
            hot += math.exp(above / temperature)
    entropy = math.log(total) - weighted / total
    if temperature <= 0:
        return best, entropy
    still = dice * hot
    for key in range(len(logits)):
        still -= math.exp((logits[key] - highest) / temperature)
        if still < 0:
            return key, entropy
    return best, entropy


@njit(cache=True, nogil=True)
def decide(  # noqa: PLR0913, PLR0917 - one pass: all that is wanted and forbidden
    scores: Floats, known: Ints, owner: Ints, ranges: Bools, banned: Bools, temperature: float, dice: Floats, left: int
) -> bool:
    """The surest of the unknown slots are decided, in `known`, so that all are in so many passes.

    Args:
        scores: (slot, key + 1), of all outcomes.
        known: (slot,), -1 where it is to be decided.
        owner: (slot,), whose it is.
        ranges: (slot, key).
        banned: (slot, key + 1).
        temperature: 0 takes the likeliest outcome.
        dice: (slot,), from 0 to 1.
        left: passes, this one included.

    Returns:
        False where the scores are no numbers.
    """
    slots = len(known)
    picked, doubt = np.full(slots, -1), np.full(slots, np.inf)
    free = 0
    for slot in range(slots):
        if known[slot] != UNKNOWN:
            continue
        free += 1
        logits = scores[slot].copy()
        _allow(logits, slot, known, owner, ranges, banned)
        picked[slot], doubt[slot] = _outcome(logits, temperature, dice[slot])
        if picked[slot] < 0:
            return False
    for _ in range(free if left <= 1 else -(-free // left)):
        surest = -1
        for slot in range(slots):
            if picked[slot] >= 0 and (surest < 0 or doubt[slot] < doubt[surest]):
                surest = slot
        known[surest] = picked[surest]
        picked[surest] = -1
    return True


@njit(cache=True, nogil=True)
def tidy(decided: Ints, given: Ints, owner: Ints) -> None:
    """Each group from the top down, no note twice; what was given stays where it was."""
    slots = len(decided)
    first = 0
    while first < slots:
        last = first
        while last < slots and owner[last] == owner[first]:
            last += 1
        heights = np.sort(np.where(decided[first:last] == REST, -1, decided[first:last]))[::-1]
        place, before = first, KEYS
        for i in range(len(heights)):
            if heights[i] >= 0 and heights[i] != before:
                if given[place] == UNKNOWN:
                    decided[place] = heights[i]
                before = heights[i]
                place += 1
        for rest in range(place, last):
            if given[rest] == UNKNOWN:
                decided[rest] = REST
        first = last
