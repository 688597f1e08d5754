"""The piano's part of a score that has none.

It stands in for the rules of a reduction (`reduce_events`); this file is the one place to change.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOWEST, KEYS = 21, 88
_INNER = 4


def piano_of(slots: NDArray[np.uint8], struck: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """(event, key) from A0 up, 0 silent, 1 held, 2 struck: the orchestra's melody, its bass and a chord between.

    Of each pitch class that neither of them has the highest pitch is kept, at most four, the highest. A key that goes
    down though the orchestra only holds the note is struck.

    Args:
        slots: uint8 (event, slot) of pitches, 0 for a rest, all within the piano's range.
        struck: bool (event, slot), what began with the event.
    """
    sounding = np.zeros((len(slots), 128), bool)
    began = np.zeros_like(sounding)
    rows = np.arange(len(slots))
    for slot in range(slots.shape[1]):
        sounding[rows, slots[:, slot]] = True
        began[rows[struck[:, slot]], slots[struck[:, slot], slot]] = True
    sounding[:, 0] = False
    down = _chosen(sounding)[:, LOWEST : LOWEST + KEYS]
    began = began[:, LOWEST : LOWEST + KEYS]
    before = np.zeros_like(down)
    before[1:] = down[:-1]
    return down.astype(np.uint8) + (down & (began | ~before))


def _chosen(sounding: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(event, pitch): melody, bass and inner pitches."""
    events, pitches = sounding.shape
    rows = np.arange(events)
    melody, bass = pitches - 1 - sounding[:, ::-1].argmax(1), sounding.argmax(1)
    inner = np.zeros((events, pitches), bool)
    for pitch_class in range(12):
        own = sounding[:, pitch_class::12]
        highest = pitch_class + 12 * (own.shape[1] - 1 - own[:, ::-1].argmax(1))
        fits = own.any(1) & (melody % 12 != pitch_class) & (bass % 12 != pitch_class)
        inner[rows[fits], highest[fits]] = True
    rank = np.cumsum(inner[:, ::-1], 1)[:, ::-1]
    chosen: NDArray[np.bool_] = inner & (rank <= _INNER)
    chosen[rows, melody] = chosen[rows, bass] = True
    return chosen & sounding
