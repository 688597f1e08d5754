"""Voices drawn one after the other, or the likeliest of all together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from models.blocks.live.consensus import consensus, widened
from models.blocks.live.picking import NEVER, Bools, Floats, Ints, deepened, dot, normalised, picked

FIFTH, OCTAVE = 7, 12


class Weights(NamedTuple):
    """Of a `Voices` sampler."""

    voice: Floats
    """(voice, channel)."""
    intervals: Floats
    """(voice * (voice + 1) * 2 keys, channel)."""
    deeper: Floats
    """(channel, channel), inputs first."""
    deeper_bias: Floats
    out: Floats
    """(voice, channel)."""
    out_bias: Floats
    rest: Floats
    rest_bias: Floats
    listeners: Floats
    """(listener,): how much each has to say."""


class Heard(NamedTuple):
    """What is known of the open frame."""

    context: Floats
    """(listener, key, channel)."""
    before: Ints
    """(listener, voice): the keys of the frame before, or their number for a rest."""
    banned: Bools
    """(voice, key + 1), the rest last."""
    order: Ints
    """Voices in the order in which they are decided."""


@njit(cache=True)
def draw(  # noqa: PLR0913, PLR0917 - plain arguments are what numba compiles to
    heard: Heard, weights: Weights, known: Ints, strict: bool, temperature: float, top_p: float, chances: Floats
) -> Ints:
    """The key of each voice, or the number of keys for a rest.

    At temperature 0 it is, of the likeliest frames, the one that agrees most with them. ValueError where a voice has no
    possible outcome.
    """
    keys = heard.context.shape[1]
    frames, nats = known.copy().reshape(1, -1), np.zeros(1, np.float32)
    for turn in range(len(known)):
        voice = heard.order[turn]
        if known[voice] >= 0:
            continue
        outcomes = np.empty((len(frames), keys + 1), np.float32)
        for i in range(len(frames)):
            score(heard, weights, turn, frames[i], strict, outcomes[i])
            if not normalised(outcomes[i]):
                raise ValueError("no outcome is possible")
        if temperature > 0:
            frames[0, voice] = picked(outcomes[0], temperature, top_p, chances[turn])
            continue
        nats, parents, picks = widened(nats, outcomes)
        frames = frames[parents]
        for i in range(len(frames)):
            frames[i, voice] = picks[i]
    classes = np.zeros(len(frames), np.int64)
    for i in range(len(frames)):
        for key in frames[i]:
            classes[i] |= 0 if key == keys else 1 << (key % OCTAVE)
    best: Ints = frames[consensus(classes, nats)]
    return best


@njit(cache=True)
def score(heard: Heard, weights: Weights, turn: int, frame: Ints, strict: bool, scores: Floats) -> None:  # noqa: PLR0913, PLR0917
    """Scores of each key and the rest, (key + 1,), for the voice whose turn it is; what is forbidden has none."""
    voice, keys = heard.order[turn], heard.context.shape[1]
    forbidden = heard.banned[voice].copy()
    if strict:
        for key in range(keys):
            forbidden[key] |= faulty(heard, turn, frame, key)
        if forbidden.all():
            forbidden = heard.banned[voice].copy()
    channels = weights.voice.shape[1]
    x, hidden, mean = np.empty(channels, np.float32), np.empty(channels, np.float32), np.empty(channels, np.float32)
    scores.fill(0)
    for listener in range(len(heard.context)):
        mean.fill(0)
        for key in range(keys):
            if forbidden[key] and forbidden[keys]:
                continue
            _joined(heard, weights, turn, frame, listener, key, x)
            deepened(x, weights.deeper, weights.deeper_bias, hidden)
            scores[key] += weights.listeners[listener] * (dot(x, weights.out[voice]) + weights.out_bias[voice])
            for i in range(channels):
                mean[i] += x[i] / np.float32(keys)
        scores[keys] += weights.listeners[listener] * (dot(mean, weights.rest[voice]) + weights.rest_bias[voice])
    for outcome in range(keys + 1):
        if forbidden[outcome]:
            scores[outcome] = NEVER


@njit(cache=True)
def _joined(  # noqa: PLR0913, PLR0917
    heard: Heard, weights: Weights, turn: int, frame: Ints, listener: int, key: int, x: Floats
) -> None:
    """What a key is to a voice: its own features, and its intervals to the voice's last key and to the other voices."""
    voice, voices, keys = heard.order[turn], len(heard.order), heard.context.shape[1]
    for c in range(len(x)):
        x[c] = heard.context[listener, key, c] + weights.voice[voice, c]
    for i in range(turn + 1):
        other = heard.order[i] if i < turn else voices
        seen = frame[other] if i < turn else heard.before[listener, voice]
        step = 2 * keys - 1 if seen == keys else key - seen + keys - 1
        row = (voice * (voices + 1) + other) * 2 * keys + step
        for c in range(len(x)):
            x[c] += weights.intervals[row, c]
    for c in range(len(x)):
        x[c] = max(x[c], np.float32(0))


@njit(cache=True)
def faulty(heard: Heard, turn: int, frame: Ints, key: int) -> bool:
    """Whether a voice with this key would cross one already decided, or follow it in fifths or octaves."""
    voice, keys = heard.order[turn], heard.context.shape[1]
    last = heard.before[0, voice]
    for i in range(turn):
        other = heard.order[i]
        up = 1 if other < voice else -1  # voices are numbered from the top
        was, now = heard.before[0, other], frame[other]
        if now == keys:
            continue
        if up * key > up * now:
            return True
        together = now != was and key != last and (now > was) == (key > last)
        if together and was < keys and last < keys:
            interval = up * (was - last) % OCTAVE
            if interval in (0, FIFTH) and up * (now - key) % OCTAVE == interval:
                return True
    return False
