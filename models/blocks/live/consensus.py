"""Which of the likeliest frames to play: the one that agrees most with them all."""

from __future__ import annotations

import numpy as np
from numba import njit

from models.blocks.live.picking import NEVER, Floats, Ints

BEAM = 8
"""Frames that are kept while they are decided voice by voice. More make nothing better (measured: 2026-11-26)."""
SAME = 0.5
"""What it counts that two frames have just the same pitch classes, beside the share that they have in common."""
_TIE = 1e-3
_OCTAVE = 12
_SIZE = np.array([mask.bit_count() for mask in range(1 << _OCTAVE)])


@njit(cache=True)
def consensus(classes: Ints, nats: Floats) -> int:
    """The frame whose pitch classes are expected to have most in common with what else could be played.

    The likeliest frame of all may be an odd one, with little chance: what it shares with others counts here (minimum
    Bayes risk; Kumar and Byrne 2004, "Minimum Bayes-Risk Decoding for Statistical Machine Translation").

    Args:
        classes: (frame,) the pitch classes of each as bits.
        nats: (frame,) log-probabilities, -inf for what is impossible.
    """
    chances = np.exp(nats - nats.max())
    chances /= chances.sum()
    best, most = 0, -np.inf
    for i in range(len(classes)):
        expected = _TIE * max(nats[i], -1e3)
        for j in range(len(classes)):
            either = _SIZE[classes[i] | classes[j]]
            shared = _SIZE[classes[i] & classes[j]] / either if either else 1.0
            expected += chances[j] * (shared + (SAME if classes[i] == classes[j] else 0.0))
        if nats[i] > NEVER and expected > most:
            best, most = i, expected
    return best


@njit(cache=True)
def widened(nats: Floats, outcomes: Floats) -> tuple[Floats, Ints, Ints]:
    """The likeliest continuations of several frames: their log-probabilities, the parent and the outcome of each.

    Args:
        nats: (frame,) so far.
        outcomes: (frame, outcome) log-probabilities of what may follow.
    """
    most = min(BEAM, outcomes.size)
    best, parent, outcome = np.full(most, NEVER), np.zeros(most, np.int64), np.zeros(most, np.int64)
    count = 0
    for i in range(len(nats)):
        for k in range(outcomes.shape[1]):
            total = nats[i] + outcomes[i, k]
            if total == NEVER or (count == most and total <= best[count - 1]):
                continue
            at = min(count, most - 1)
            while at > 0 and best[at - 1] < total:
                best[at], parent[at], outcome[at] = best[at - 1], parent[at - 1], outcome[at - 1]
                at -= 1
            best[at], parent[at], outcome[at] = total, i, k
            count = min(count + 1, most)
    return best[:count], parent[:count], outcome[:count]
