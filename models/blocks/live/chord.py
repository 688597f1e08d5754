"""Chords drawn class by class; and all that have a name, over the likeliest basses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from models.blocks.live.picking import NEVER, Bools, Floats, Ints, deepened, dot, normalised, picked
from models.blocks.live.vocabulary import OCTAVE, Names

SOUNDS, BASS = 1, 2
PLANES = 3
"""Of what is decided: sounds, is the bass, is the newest."""


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


class Heard(NamedTuple):
    """What is known of the open frame."""

    context: Floats
    """(listener, 12, channel)."""
    known: Bools
    """(12,): classes that sound."""
    banned: Bools
    """(13,): classes that do not, then silence altogether."""


@njit(cache=True)
def draw(heard: Heard, weights: Weights, temperature: float, top_p: float, chances: Floats) -> Ints:
    """The state of each class, class by class from the bass up. ValueError where there is no possible outcome."""
    chord, last = np.zeros(OCTAVE, np.int64), -1
    scores = np.empty(2 * OCTAVE, np.float32)
    for turn in range(OCTAVE):
        score(heard, weights, chord, last, scores)
        if not normalised(scores):
            raise ValueError("no outcome is possible")
        outcome = picked(scores, temperature, top_p, chances[turn])
        if outcome >= OCTAVE:
            break
        chord[outcome] = BASS if last < 0 else SOUNDS
        last = outcome
        if above_bass(chord, last) == OCTAVE - 1:
            break
    return chord


@njit(cache=True)
def above_bass(chord: Ints, tone: int) -> int:
    """Steps from the bass up to a class."""
    for bass in range(OCTAVE):
        if chord[bass] == BASS:
            return (tone - bass) % OCTAVE
    return 0


@njit(cache=True)
def score(heard: Heard, weights: Weights, chord: Ints, last: int, scores: Floats) -> None:
    """Scores of the 24 outcomes after a chord so far, its newest class `last` (-1: none); the impossible have none."""
    scores.fill(NEVER)
    reached = above_bass(chord, last) if last >= 0 else -1
    missed = OCTAVE  # the lowest class that sounds for certain and is not there yet
    for tone in range(OCTAVE):
        if heard.known[tone] and chord[tone] == 0:
            missed = min(missed, above_bass(chord, tone))
    x, hidden = np.empty(heard.context.shape[2], np.float32), np.empty(heard.context.shape[2], np.float32)
    for tone in range(OCTAVE):
        step = above_bass(chord, tone) if last >= 0 else 0
        sounds = (last < 0 or reached < step <= missed) and not heard.banned[tone]
        ends = missed == OCTAVE and (step == reached + 1 if last >= 0 else not heard.banned[OCTAVE])
        if not (sounds or ends):
            continue
        scores[tone], scores[OCTAVE + tone] = 0 if sounds else NEVER, 0 if ends else NEVER
        for listener in range(len(heard.context)):
            _joined(heard, weights, chord, last, listener, tone, x)
            deepened(x, weights.deeper, weights.deeper_bias, hidden)
            share = weights.listeners[listener]
            scores[tone] += share * (dot(x, weights.out[0]) + weights.out_bias[0])
            scores[OCTAVE + tone] += share * (dot(x, weights.out[1]) + weights.out_bias[1])


@njit(cache=True)
def _joined(heard: Heard, weights: Weights, chord: Ints, last: int, listener: int, tone: int, x: Floats) -> None:  # noqa: PLR0913, PLR0917
    """What a class is to the chord: its own features, and how far it is from what is decided."""
    across = len(weights.decided) // PLANES
    for c in range(len(x)):
        x[c] = heard.context[listener, tone, c] + weights.decided_bias[c]
    for other in range(OCTAVE):
        for plane in range(PLANES):
            if chord[other] == 0 or (plane == 1 and chord[other] != BASS) or (plane == 2 and other != last):
                continue
            for distance in range((other - tone + across // 2) % OCTAVE, across, OCTAVE):
                for c in range(len(x)):
                    x[c] += weights.decided[plane * across + distance, c]
    for c in range(len(x)):
        x[c] = max(x[c], np.float32(0))


@njit(cache=True)
def basses(heard: Heard, weights: Weights, most: int) -> tuple[Ints, Floats]:
    """The likeliest basses, at most so many, and their log-probabilities, silence being one of the outcomes."""
    scores = np.empty(2 * OCTAVE, np.float32)
    score(heard, weights, np.zeros(OCTAVE, np.int64), -1, scores)
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
