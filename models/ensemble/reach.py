"""What a hand can hold of what a model draws for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.ensemble.config import ENSEMBLES, REST

RIGHT, LEFT = ENSEMBLES["piano"]


def within_reach(slots: NDArray[np.int64], span: int) -> NDArray[np.int64]:
    """The slots of two hands, (..., slot) of keys, without what lies too far: from melody down, and from the bass up.

    Args:
        slots: the right hand's, then the left one's, each from the top down; `REST` where silent.
        span: semitones from the lowest to the highest note of a hand, at most.
    """
    keys = np.where(slots == REST, -1, slots)
    right, left = keys[..., : RIGHT.slots], keys[..., RIGHT.slots :]
    top = right.max(-1, keepdims=True)
    bottom = np.where(left < 0, REST, left).min(-1, keepdims=True)
    kept = np.where(right < top - span, -1, right), -np.sort(-np.where(left > bottom + span, -1, left), -1)
    found = np.concatenate(kept, -1)
    return np.where(found < 0, REST, found)
