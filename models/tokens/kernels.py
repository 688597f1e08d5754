"""One note more through all layers, compiled. Any thread; the interpreter is let go of meanwhile."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

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


@njit(cache=True, nogil=True, fastmath=QUICK)
def direction(moment: Floats, centre: Floats) -> Floats:
    """A moment (width,) from the mean of all, of length 1."""
    out = moment - centre
    total = np.float32(0)
    for i in range(len(out)):
        total += out[i] * out[i]
    scale = np.float32(1) / np.float32(math.sqrt(total) + 1e-12)
    for i in range(len(out)):
        out[i] *= scale
    return out


@njit(cache=True, nogil=True, fastmath=QUICK)
def likeness(one: Floats, others: Floats) -> Floats:
    """Of a moment (width,) to others (row, width), (row,)."""
    out = np.zeros(len(others), np.float32)
    for row in range(len(others)):
        total = np.float32(0)
        for i in range(len(one)):
            total += one[i] * others[row, i]
        out[row] = total
    return out


@njit(cache=True, nogil=True)
def leaned(  # noqa: PLR0913, PLR0917, D417 - what is asked, what is remembered, and how much that counts
    moment: Floats, moments: Floats, tokens: NDArray[np.int64], logits: Floats, sharpness: float, most: float,
    reliance: float,
) -> Floats:  # fmt: skip
    """Log odds (token,) of logits and of what was remembered, see `Recall.lean`.

    Args:
        moments: (row, width).
        tokens: (row,), what was decided then.
    """
    out: Floats = logits - logits.max()
    out -= np.float32(math.log(np.exp(out).sum()))
    like = likeness(moment, moments)
    alike = like.max() if len(like) else np.float32(0)
    said, total = np.zeros(len(out), np.float32), np.float32(0)
    for row in range(len(like)):
        if np.isfinite(out[tokens[row]]):
            weight = np.float32(math.exp(sharpness * (like[row] - alike)))
            said[tokens[row]] += weight
            total += weight
    if alike <= 0 or total < np.float32(1e-6):  # nothing alike, or nothing that is possible here
        return out
    share = most * alike**reliance
    for token in range(len(out)):
        chance = (1 - share) * math.exp(out[token]) + share * said[token] / total
        out[token] = np.float32(math.log(chance)) if chance > 0 else -np.inf
    return out
