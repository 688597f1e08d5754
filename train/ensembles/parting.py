"""Which hand plays what of a piano part that was written without hands. Any thread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.rules.hands import AT_REST, FINGERS
from models.rules.reduction import SPAN
from music.orchestra import REST

LOWEST = 21
HANDS = 2

_TOO_WIDE, _TOO_MANY, _GIVEN_OVER, _AWAY = 4.0, 40.0, 14.0, 1.0
"""What a semitone beyond a hand's span costs, a note beyond its fingers, a held note that the other hand has to take
over, and a semitone that a hand has to go. Taste."""


def parted(keys: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(event, finger of two hands) of pitches, the right hand's first, each from the top down, `REST` where free.

    Of more notes than fingers the outer ones stay, and from the top down what is between.

    Args:
        keys: (event, key) from A0 up: 0 silent, 1 held, 2 struck.
    """
    found = np.full((len(keys), HANDS * FINGERS), REST, np.uint8)
    at = [float(pitch) for pitch in AT_REST]
    before: tuple[list[int], list[int]] = ([], [])
    for event, row in enumerate(keys):
        sounding = (np.flatnonzero(row)[::-1] + LOWEST).tolist()
        held = {pitch for pitch in sounding if row[pitch - LOWEST] == 1}
        hands = _split(sounding, held, before, at)
        for number, own in enumerate(hands):
            kept = own if len(own) <= FINGERS else [*own[: FINGERS - 1], own[-1]]
            found[event, number * FINGERS : number * FINGERS + len(kept)] = kept
            if own:
                at[number] = sum(own) / len(own)
        before = hands
    return found


def _split(
    sounding: list[int], held: set[int], before: tuple[list[int], list[int]], at: list[float]
) -> tuple[list[int], list[int]]:
    """The cheapest of all ways to part what sounds, from the top down, between the hands."""
    kept = tuple(held.intersection(own) for own in before)

    def cost(first: int) -> float:
        total = 0.0
        for number, own in enumerate((sounding[:first], sounding[first:])):
            if own:
                total += _TOO_WIDE * max(0, own[0] - own[-1] - SPAN) + _TOO_MANY * max(0, len(own) - FINGERS)
                total += _GIVEN_OVER * len(kept[1 - number].intersection(own))
                total += _AWAY * abs(sum(own) / len(own) - at[number])
        return total

    best = min(range(len(sounding) + 1), key=cost)
    return sounding[:best], sounding[best:]
