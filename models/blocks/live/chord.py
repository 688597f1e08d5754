# mypy: disable-error-code="no-any-return, untyped-decorator"
# (numba's decorators carry no types)
"""All chords that have a name, over the likeliest basses, and the one that agrees most with them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from models.blocks.live.picking import NEVER, Bools, Floats, Ints, deepened, dot, normalised
from models.blocks.live.vocabulary import OCTAVE, Names


class Weights(NamedTuple):
    """Of a `SoundsOrSilent` sampler."""

    decided: Floats
    """(column, channel): what a class adds to another one, by plane and by how far it is."""
    decided_bias: Floats
    deeper: Floats
    """(channel, channel), inputs first."""
    deeper_bias: Floats
    out: Floats
    """(2, channel): sounds, and silent from here on."""
    out_bias: Floats
    listeners: Floats
    """(listener,): how much each has to say."""


@njit(cache=True)
def basses(context: Floats, weights: Weights, banned: Bools, most: int) -> tuple[Ints, Floats]:
    """The likeliest basses and their log-probabilities, silence being one of the outcomes.

    Args:
        context: (listener, 12, channel).
        weights: of the sampler.
        banned: (13,): the classes, then silence altogether.
        most: how many.
    """
    scores = np.zeros(2 * OCTAVE, np.float32)
    hidden = np.empty(context.shape[2], np.float32)
    for listener in range(len(context)):
        for tone in range(OCTAVE):
            x = np.maximum(context[listener, tone] + weights.decided_bias, np.float32(0))
            deepened(x, weights.deeper, weights.deeper_bias, hidden)
            for side in range(2):
                share = weights.listeners[listener] * (dot(x, weights.out[side]) + weights.out_bias[side])
                scores[side * OCTAVE + tone] += share
    for tone in range(OCTAVE):
        if banned[tone]:
            scores[tone] = NEVER
        if banned[OCTAVE]:
            scores[OCTAVE + tone] = NEVER
    if not normalised(scores):
        raise ValueError("no outcome is possible")
    bass = np.argsort(-scores[:OCTAVE])[:most]
    return bass, scores[bass]


@njit(cache=True)
def places(context: Floats, weights: Weights, names: Names, bass: Ints) -> Floats:
    """Each class that may follow in each node of the vocabulary: (listener, bass, pair, channel), rectified."""
    pairs, channels = len(names.legal), context.shape[2]
    decided = np.empty((pairs, channels), np.float32)
    for pair in range(pairs):
        for c in range(channels):
            decided[pair, c] = weights.decided_bias[c]
        for column in names.columns[pair]:
            if column >= 0:
                for c in range(channels):
                    decided[pair, c] += weights.decided[column, c]
    x = np.empty((len(context), len(bass), pairs, channels), np.float32)
    for listener in range(len(context)):
        for i in range(len(bass)):
            for pair in range(pairs):
                tone = (bass[i] + names.legal[pair, 1]) % OCTAVE
                for c in range(channels):
                    x[listener, i, pair, c] = max(context[listener, tone, c] + decided[pair, c], np.float32(0))
    return x


@njit(cache=True)
def looked_at(logits: Floats, weights: Weights, names: Names, bass: Ints, first: Floats) -> tuple[Floats, Ints]:
    """Log-probabilities (bass, chord) of all chords, and their classes as bits.

    Args:
        logits: (listener, bass, pair, 2) of what `places` gives.
        weights: of the sampler.
        names: the chords.
        bass: the basses that are looked at.
        first: the log-probability of each of them.
    """
    nats = np.empty((len(bass), len(names.places)), np.float32)
    masks = np.empty((len(bass), len(names.places)), np.int64)
    for i in range(len(bass)):
        scores = np.full((len(names.newest), 2 * OCTAVE), NEVER)
        for pair in range(len(names.legal)):
            node, step = names.legal[pair]
            sounds, ends = np.float32(0), np.float32(0)
            for listener in range(len(logits)):
                sounds += weights.listeners[listener] * logits[listener, i, pair, 0]
                ends += weights.listeners[listener] * logits[listener, i, pair, 1]
            scores[node, step] = sounds
            if step == names.newest[node] + 1:
                scores[node, OCTAVE + step] = ends
        for node in range(len(scores)):
            if not normalised(scores[node]):
                raise ValueError("no outcome is possible")
        for chord in range(len(names.places)):
            nats[i, chord] = first[i]
            for turn in range(names.places.shape[1]):
                if names.places[chord, turn] >= 0:
                    nats[i, chord] += scores[names.places[chord, turn], names.outcomes[chord, turn]]
            low = names.masks[chord] << bass[i]
            masks[i, chord] = (low | low >> OCTAVE) & 0xFFF
    return nats, masks
