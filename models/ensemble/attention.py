"""The layers of one event, compiled: matrices so small that calling NumPy for each costs more than they do. Any thread.

Sums may be taken in another order than they are written: see `models.blocks.live.dense`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from models.blocks.live.dense import QUICK, Floats, add, affine, normed

Six = tuple[Floats, Floats, Floats, Floats, Floats, Floats]
"""Weight and bias of a norm and of two linear layers, (in, out). No named tuple: numba takes long to recognise one."""


@njit(cache=True, nogil=True, fastmath=QUICK)
def _scale(x: Floats, film: Floats) -> None:
    for row in range(x.shape[0]):
        for i in range(x.shape[1]):
            x[row, i] += x[row, i] * film[0, i] + film[1, i]


@njit(cache=True, nogil=True, fastmath=QUICK)
def _lay(parts: Floats, row: int, column: int, told: Floats, into: Floats) -> None:
    """Columns (depth) of all that is looked at: the tokens' own from (row, column) on, then what they are told."""
    depth, many = told.shape
    tokens = into.shape[1] - many
    for i in range(depth):
        for token in range(tokens):
            into[i, token] = parts[row + token, column + i]
        for key in range(many):
            into[i, tokens + key] = told[i, key]


@njit(cache=True, nogil=True, fastmath=QUICK)
def _joined(old: Floats, parts: Floats, column: int) -> Floats:
    """What is remembered, (head, event, depth), with the new events that stand in columns from one on."""
    many, before, depth = old.shape
    found = np.empty((many, before + len(parts), depth), np.float32)
    for head in range(many):
        for i in range(depth):
            for event in range(before):
                found[head, event, i] = old[head, event, i]
            for event in range(len(parts)):
                found[head, before + event, i] = parts[event, column + head * depth + i]
    return found


@njit(cache=True, nogil=True, fastmath=QUICK)
def think(x: Floats, thought: Six) -> None:
    """Add f(norm(x)), f with one hidden layer of ReLU, (row, width), in place."""
    norm, shift, first, first_bias, last, last_bias = thought
    hidden = affine(normed(x, norm, shift), first, first_bias)
    for row in range(hidden.shape[0]):
        for i in range(hidden.shape[1]):
            hidden[row, i] = max(hidden[row, i], np.float32(0))
    add(x, affine(hidden, last, last_bias))


@njit(cache=True, nogil=True, fastmath=QUICK)
def _soften(scores: Floats) -> None:
    """Scores (key,) become their softmax."""
    highest, total = scores[0], np.float32(0)
    for key in range(len(scores)):
        highest = max(highest, scores[key])
    for key in range(len(scores)):
        scores[key] = np.float32(math.exp(scores[key] - highest))
    for key in range(len(scores)):
        total += scores[key]
    for key in range(len(scores)):
        scores[key] /= total


@njit(cache=True, nogil=True, fastmath=QUICK)
def _look(queries: Floats, keys: Floats, values: Floats, bias: Floats, mixed: Floats) -> None:
    """What each token finds: (token, depth), (depth, key), (depth, key), (token, key) to (token, depth)."""
    tokens, depth = queries.shape
    scores, scale = np.empty(keys.shape[1], np.float32), np.float32(depth**-0.5)
    for token in range(tokens):
        for key in range(len(scores)):
            scores[key] = bias[token, key]
        for i in range(depth):
            query = queries[token, i] * scale
            for key in range(len(scores)):
                scores[key] += query * keys[i, key]
        _soften(scores)
        for i in range(depth):
            found = np.float32(0)
            for key in range(len(scores)):
                found += scores[key] * values[i, key]
            mixed[token, i] = found


@njit(cache=True, nogil=True, fastmath=QUICK)
def decoded(  # noqa: PLR0913, PLR0917 - a layer and all it is told
    x: Floats, film: Floats, looking: Six, thought: Six, keys: Floats, values: Floats, bias: Floats
) -> Floats:
    """One layer of the decoder.

    Args:
        x: (listener, token, width).
        film: (2, width): scale and shift; (0, width): none.
        looking: norm, then queries, keys and values of all heads, and what is made of what they found.
        thought: what follows, see `think`.
        keys: (listener, head, depth, key) of what is looked at besides the tokens themselves.
        values: the same.
        bias: (head, token, token + key).

    Returns:
        (listener, token, width).
    """
    listeners, tokens, width = x.shape
    many, depth, told = keys.shape[1:]
    norm, shift, own, own_bias, out, out_bias = looking
    rows = x.copy().reshape(listeners * tokens, width)
    if len(film):
        _scale(rows, film)
    parts, mixed = affine(normed(rows, norm, shift), own, own_bias), np.empty_like(rows)
    seen = np.empty((2, depth, tokens + told), np.float32)
    for listener in range(listeners):
        first = listener * tokens
        mine, found = parts[first : first + tokens], mixed[first : first + tokens]
        for head in range(many):
            at = head * depth
            _lay(parts, first, width + at, keys[listener, head], seen[0])
            _lay(parts, first, 2 * width + at, values[listener, head], seen[1])
            _look(mine[:, at : at + depth], seen[0], seen[1], bias[head], found[:, at : at + depth])
    add(rows, affine(mixed, out, out_bias))
    think(rows, thought)
    return rows.reshape(listeners, tokens, width)


@njit(cache=True, nogil=True, fastmath=QUICK)
def looked_back(  # noqa: PLR0913, PLR0917 - a layer and all it remembers
    x: Floats, looking: Six, thought: Six, distances: Floats, bias: Floats, keys: Floats, values: Floats, span: int
) -> tuple[Floats, Floats, Floats]:
    """One layer of the encoder, for some events one after the other.

    Args:
        x: (event, width).
        looking: norm, then queries, keys and values of all heads, and what is made of what they found.
        thought: what follows, see `think`.
        distances: (head, near + 1, depth), of how long ago; all that is further is alike.
        bias: (head, near + 1).
        keys: (head, event before, depth).
        values: the same.
        span: how many events are looked at, the newest one included.

    Returns:
        x of the layer, keys and values with those of the new events.
    """
    events, width = x.shape
    many, before, depth = keys.shape
    norm, shift, own, own_bias, out, out_bias = looking
    parts = affine(normed(x, norm, shift), own, own_bias)
    all_keys, all_values = _joined(keys, parts, width), _joined(values, parts, 2 * width)
    scale = np.float32(depth**-0.5)
    mixed = np.empty_like(x)
    for head in range(many):
        first = head * depth
        for event in range(events):
            end = before + event + 1
            start = max(0, end - span)
            scores = np.empty(end - start, np.float32)
            for key in range(start, end):
                near = min(end - 1 - key, distances.shape[1] - 1)
                score = np.float32(0)
                for i in range(depth):
                    score += parts[event, first + i] * (all_keys[head, key, i] + distances[head, near, i])
                scores[key - start] = score * scale + bias[head, near]
            _soften(scores)
            for i in range(depth):
                found = np.float32(0)
                for key in range(start, end):
                    found += scores[key - start] * all_values[head, key, i]
                mixed[event, first + i] = found
    looked = affine(mixed, out, out_bias)
    add(looked, x)
    think(looked, thought)
    return looked, all_keys, all_values
