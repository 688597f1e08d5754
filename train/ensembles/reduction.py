"""The piano's part of a score that has none: what two hands would play of it, by rules."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.rules.reduction import reduce_events
from music.orchestra import REST

LOWEST, KEYS = 21, 88


def piano_of(slots: NDArray[np.uint8], struck: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """(event, key) from A0 up, 0 silent, 1 held, 2 struck: `models.rules.reduction` of an orchestra.

    Args:
        slots: uint8 (event, slot) of pitches, 0 for a rest, all within the piano's range.
        struck: bool (event, slot), what began with the event.
    """
    found = reduce_events(slots, struck)
    keys = np.zeros((len(slots), KEYS), np.uint8)
    for pitches, fresh in ((found.right, found.right_struck), (found.left, found.left_struck)):
        events, fingers = np.nonzero(pitches != REST)
        places = pitches[events, fingers].astype(np.int64) - LOWEST
        np.maximum.at(keys, (events, places), (1 + fresh[events, fingers]).astype(np.uint8))
    return keys
