"""One note more through all layers, compiled. Any thread; the interpreter is let go of meanwhile."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from models.blocks.live.dense import QUICK, Floats, add, affine, normed

ROOT_HALF = math.sqrt(0.5)
OCTAVE = 12
NEGLIGIBLE = 1e-4
"""What was played so long ago changes nothing."""


@njit(cache=True, nogil=True)
def curve(x: Floats) -> None:
    """GELU, in place."""
    for i in range(len(x)):
        x[i] *= np.float32(0.5 * (1 + math.erf(x[i] * ROOT_HALF)))


@njit(cache=True, nogil=True)
def turn(x: Floats, cos: Floats, sin: Floats) -> None:
    """Pairs of features turned, in place."""
    pairs = len(cos)
    for i in range(pairs):
        one, other = x[i], x[pairs + i]
        x[i] = one * cos[i] - other * sin[i]
        x[pairs + i] = one * sin[i] + other * cos[i]


@njit(cache=True, nogil=True, fastmath=QUICK)
def looked(query: Floats, keys: Floats, values: Floats, out: Floats) -> None:
    """What one head sees at keys and values (row, depth), into `out` (depth,)."""
    rows, depth = keys.shape
    weights = np.empty(rows, np.float32)
    highest = np.float32(-np.inf)
    for row in range(rows):
        score = np.float32(0)
        for i in range(depth):
            score += query[i] * keys[row, i]
        weights[row] = score / np.float32(math.sqrt(depth))
        highest = max(highest, weights[row])
    total = np.float32(0)
    for i in range(depth):
        out[i] = 0
    for row in range(rows):
        weight = np.float32(math.exp(weights[row] - highest))
        total += weight
        for i in range(depth):
            out[i] += weight * values[row, i]
    for i in range(depth):
        out[i] /= total


@njit(cache=True, nogil=True, fastmath=QUICK)
def add_times(out: Floats, value: float, weights: Floats) -> None:
    """Add a value times weights."""
    for i in range(len(out)):
        out[i] += value * weights[i]


@njit(cache=True, nogil=True, fastmath=QUICK)
def near_scores(  # noqa: PLR0913, PLR0917 - all weights of it
    near: Floats, told: Floats, around: Floats, classes: Floats, out: Floats, scores: Floats
) -> None:
    """What `Near` adds to the scores of keys, in place.

    Args:
        near: (kind, key).
        told: (feature,), with the bias of the convolution.
        around: (kind, distance, feature).
        classes: (kind, interval, feature).
        out: (feature,).
        scores: (key,).
    """
    kinds, keys = near.shape
    reach, features = (around.shape[1] - 1) // 2, around.shape[2]
    folded = np.zeros((OCTAVE, features), np.float32)
    x = np.zeros((keys, features), np.float32)
    for kind in range(kinds):
        for key in range(keys):
            value = near[kind, key]
            if value < NEGLIGIBLE:
                continue
            for other in range(max(0, key - reach), min(keys, key + reach + 1)):
                add_times(x[other], value, around[kind, key - other + reach])
            for other in range(OCTAVE):
                add_times(folded[other], value, classes[kind, (key - other) % OCTAVE])
    for key in range(keys):
        score = np.float32(0)
        for i in range(features):
            score += max(x[key, i] + folded[key % OCTAVE, i] + told[i], np.float32(0)) * out[i]
        scores[key] += score


@njit(cache=True, nogil=True)
def step(  # noqa: PLR0913, PLR0917, D417 - the weights of all layers, each kind in one array
    x: Floats, cos: Floats, sin: Floats, norms: Floats, split: Floats, split_bias: Floats, joined: Floats,
    joined_bias: Floats, up: Floats, up_bias: Floats, down: Floats, down_bias: Floats, keys: Floats, values: Floats,
    since: int, at: int,
) -> Floats:  # fmt: skip
    """What is known after one row more.

    Args:
        x: (width,), the row embedded.
        cos: (pair,), of where it is; sin likewise.
        norms: (layer, 4, width), scale and bias before attention, then before the step.
        split: (layer, width, 3 * width), its bias (layer, 3 * width); so all the others.
        keys: (layer, head, row, depth): row `at` is written; values likewise.
        since: the first row that is looked at, `at` the last.
    """
    heads, depth = keys.shape[1], keys.shape[3]
    width = len(x)
    x = x.copy().reshape(1, width)
    seen = np.empty((1, width), np.float32)
    for layer in range(len(split)):
        parts = affine(normed(x, norms[layer, 0], norms[layer, 1]), split[layer], split_bias[layer])[0]
        for head in range(heads):
            first = head * depth
            query, key = parts[first : first + depth], parts[width + first : width + first + depth]
            turn(query, cos, sin)
            turn(key, cos, sin)
            for i in range(depth):
                keys[layer, head, at, i] = key[i]
                values[layer, head, at, i] = parts[2 * width + first + i]
            here = slice(since, at + 1)
            looked(query, keys[layer, head, here], values[layer, head, here], seen[0, first : first + depth])
        add(x, affine(seen, joined[layer], joined_bias[layer]))
        inner = affine(normed(x, norms[layer, 2], norms[layer, 3]), up[layer], up_bias[layer])
        curve(inner[0])
        add(x, affine(inner, down[layer], down_bias[layer]))
    found: Floats = x[0]
    return found
