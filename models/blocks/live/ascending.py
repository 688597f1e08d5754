"""Keys drawn one after the other, each knowing what was decided before it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from models.blocks.live.picking import NEVER, Bools, Floats, Ints, deepened, dot, normalised, picked


class Weights(NamedTuple):
    """Of an `Ascending` sampler; inputs come first."""

    decided: Floats
    """((state - 1) * reach, channel)."""
    counts: Floats
    """(state - 1, channel)."""
    deeper: Floats
    """(channel, channel)."""
    deeper_bias: Floats
    out: Floats
    """(state, channel)."""
    out_bias: Floats


class Heard(NamedTuple):
    """What is known of the open frame, its keys in the order in which they are decided."""

    context: Floats
    """(key, channel)."""
    sounded: Bools
    """(key,): in the frame before."""
    known: Ints
    """(key,): the state, -1 where the key is free."""
    banned: Bools
    """(key,)."""
    lean: Floats
    """(key,): what is added to the scores of sounding."""


@njit(cache=True)
def draw(heard: Heard, weights: Weights, goes_on: int, temperature: float, top_p: float, chances: Floats) -> Ints:  # noqa: PLR0913, PLR0917
    """The state of each key. ValueError where one has no possible outcome.

    `goes_on` is the state that needs a key to have sounded before, 0 where there is none.
    """
    keys, states = len(heard.known), len(weights.out)
    frame = np.zeros(keys, np.int64)
    scores = np.empty(states, np.float32)
    for key in range(keys):
        if heard.known[key] >= 0:
            frame[key] = heard.known[key]
        elif not heard.banned[key]:
            score(heard, weights, frame, key, scores)
            for state in range(1, states):
                scores[state] += heard.lean[key]
            if goes_on and not heard.sounded[key]:
                scores[goes_on] = NEVER
            if not normalised(scores):
                raise ValueError("no outcome is possible")
            frame[key] = picked(scores, temperature, top_p, chances[key])
    return frame


@njit(cache=True)
def score(heard: Heard, weights: Weights, frame: Ints, key: int, scores: Floats) -> None:
    """Scores of the states of a key, (state,), when all before it are decided."""
    reach = len(weights.decided) // len(weights.counts)
    x = heard.context[key].copy()
    for other in range(key):
        plane = frame[other] - 1
        if plane >= 0:
            x += weights.counts[plane]
            if key - other <= reach:
                x += weights.decided[plane * reach + other - key + reach]
    for i in range(len(x)):
        x[i] = max(x[i], np.float32(0))
    deepened(x, weights.deeper, weights.deeper_bias, np.empty_like(x))
    for state in range(len(scores)):
        scores[state] = dot(x, weights.out[state]) + weights.out_bias[state]
