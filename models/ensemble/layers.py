"""The layers of an ensemble model in NumPy, for one event at a time. Any thread."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from torch import nn

from models.blocks.attention import RelativeAttention
from models.ensemble import kernels
from models.ensemble.decoder import Layer
from models.ensemble.encoder import Attentive, Remembering
from models.ensemble.kernels import Floats, Ints

Memory = tuple[Floats, Floats]
"""Of one layer of the encoder: keys and values (head, event, depth), or hidden state and cell (width,)."""


class Linear(NamedTuple):
    """y = x W + b."""

    weight: Floats
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        """(..., in) to (..., out)."""
        found: Floats = x.reshape(-1, x.shape[-1]) @ self.weight  # NumPy is slow at stacks of small matrices
        found += self.bias
        return found.reshape(*x.shape[:-1], -1)


class Norm(NamedTuple):
    """Layer norm."""

    weight: Floats
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        """(..., width) to the same."""
        found: Floats = kernels.normed(np.ascontiguousarray(x).reshape(-1, x.shape[-1]), self.weight, self.bias)
        return found.reshape(x.shape)


class Heard(NamedTuple):
    """What one layer of the decoder is told by each listener, for all passes."""

    keys: Floats
    """(listener, head, depth, key)."""
    values: Floats
    """(listener, head, key, depth)."""
    bias: Floats
    """(head, token, token + key)."""
    film: Floats | None
    """(2, width): scale and shift."""


class Decoding:
    """A layer of the decoder, see `decoder.Layer`."""

    def __init__(self, layer: Layer, *, relative: bool) -> None:
        attend = layer.attend
        self.heads, self.depth = attend.heads, attend.depth
        self.own = linear(attend.query_key_value)
        self.past = linear(attend.past) if attend.past is not None else None
        self.played = linear(attend.played) if attend.played is not None else None
        self.out = linear(attend.out)
        self.blocks = array(attend.blocks) * relative
        self.ago = None if attend.ago is None else array(attend.ago) * relative
        self.norms = [norm(one) for one in layer.norms]
        self.think = linear(layer.think[0]), linear(layer.think[2])

    def tell(self, own: Floats, seen: Floats, ago: Ints, film: Floats | None) -> Heard:
        """See `Attend.tell`: of one event, as some listeners hear it.

        Args:
            own: (listener, past * token, width).
            seen: (event, width).
            ago: (event,), how long ago each that is seen was, shifted as in `View`.
            film: (2, width).
        """
        sources, bias = [], [self.blocks]
        if self.past is not None:
            sources.append(self.past(own))
        if self.played is not None and self.ago is not None:
            played = self.played(seen)
            sources.append(np.broadcast_to(played, (len(own), *played.shape)))
            bias.append(np.broadcast_to(self.ago[:, None, ago], (self.heads, self.blocks.shape[1], len(ago))))
        nothing = np.zeros((len(own), 0, 2 * self.heads * self.depth), np.float32)
        both = np.concatenate((nothing, *sources), 1)
        keys, values = both.reshape(*both.shape[:2], 2, self.heads, self.depth).transpose(2, 0, 3, 1, 4)
        return Heard(keys.swapaxes(2, 3), values, np.concatenate(bias, 2), film)

    def __call__(self, x: Floats, heard: Heard) -> Floats:
        """(listener, token, width) to the same."""
        if heard.film is not None:
            x = x + x * heard.film[0] + heard.film[1]
        shape = (*x.shape[:2], 3, self.heads, self.depth)
        query, key, value = self.own(self.norms[0](x)).reshape(shape).transpose(2, 0, 3, 1, 4)  # (L, H, G, D) each
        scores = query @ np.concatenate((key.swapaxes(2, 3), heard.keys), 3)
        _soften(scores, heard.bias, self.depth**-0.5)
        mixed = scores @ np.concatenate((value, heard.values), 2)
        x = x + self.out(mixed.swapaxes(1, 2).reshape(x.shape))
        first, last = self.think
        thought: Floats = x + last(np.maximum(first(self.norms[1](x)), 0))
        return thought


class LookingBack:
    """A layer of the encoder that looks back."""

    def __init__(self, layer: Attentive) -> None:
        time: RelativeAttention = layer.time
        self.heads, self.depth, self.near, self.span = time.heads, time.depth, time.near, time.span or 0
        self.all_three, self.out = linear(time.query_key_value), linear(time.out)
        self.distances, self.bias = array(time.distances), array(time.bias)
        self.norms = [norm(one) for one in layer.norms]
        self.think = linear(layer.think[0]), linear(layer.think[2])

    def start(self) -> Memory:
        """Before the first event."""
        nothing = np.zeros((self.heads, 0, self.depth), np.float32)
        return nothing, nothing

    def steps(self, x: Floats, memory: Memory) -> tuple[Floats, Memory]:
        """Some events, (event, width), one after the other."""
        many = len(x)
        parts = self.all_three(self.norms[0](x)).reshape(many, 3, self.heads, self.depth).transpose(1, 2, 0, 3)
        query, *new = parts  # (H, T, D) each
        keys, values = (np.concatenate((old, one), 1) for old, one in zip(memory, new, strict=True))
        ago = np.arange(keys.shape[1] - many, keys.shape[1])[:, None] - np.arange(keys.shape[1])  # (T, T')
        scale = np.float32(self.depth**-0.5)
        by_distance = (query @ self.distances.transpose(0, 2, 1)) * scale + self.bias[:, None]  # (H, T, near + 1)
        rows = np.arange(many)[:, None]
        relative = by_distance[:, rows, ago.clip(0, self.near)]
        relative[:, (ago < 0) | (ago >= self.span)] = kernels.FAR
        scores = query @ keys.transpose(0, 2, 1)
        _soften(scores, relative, float(scale))
        mixed = (scores @ values).transpose(1, 0, 2).reshape(many, -1).astype(np.float32, copy=False)
        looked = self.out(mixed)
        looked += x
        first, last = self.think
        thought = last(np.maximum(first(self.norms[1](looked)), 0))
        thought += looked
        return thought, (keys[:, -self.span :], values[:, -self.span :])


class Remembered:
    """A layer of the encoder that is an LSTM."""

    def __init__(self, layer: Remembering) -> None:
        into, again, bias, bias_again = (array(one) for one in layer.time.cell.all_weights[0])
        self.into, self.again, self.bias = into.T.copy(), again.T.copy(), bias + bias_again
        self.norm = norm(layer.norm)

    def start(self) -> Memory:
        """Before the first event."""
        nothing = np.zeros(self.again.shape[0], np.float32)
        return nothing, nothing

    def steps(self, x: Floats, memory: Memory) -> tuple[Floats, Memory]:
        """Some events, (event, width), one after the other."""
        hidden, cell = memory
        seen = np.empty_like(x)
        for event, told in enumerate(self.norm(x) @ self.into + self.bias):
            take, forget, new, give = np.split(told + hidden @ self.again, 4)
            cell = _sigmoid(forget) * cell + _sigmoid(take) * np.tanh(new)
            hidden = _sigmoid(give) * np.tanh(cell)
            seen[event] = x[event] + hidden
        return seen, (hidden, cell)


def _soften(scores: Floats, bias: Floats, scale: float) -> None:
    """Scores (..., query, key) become the softmax of scale * scores + bias, in place."""
    scores *= np.float32(scale)
    scores += bias
    scores -= scores.max(-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(-1, keepdims=True)


def _sigmoid(x: Floats) -> Floats:
    found: Floats = np.float32(1) / (np.float32(1) + np.exp(-x))
    return found


def array(value: Any) -> Floats:
    """A tensor's values."""
    return np.ascontiguousarray(value.detach().cpu().float().numpy())


def linear(layer: nn.Module | None) -> Linear:
    """The weights of a linear layer."""
    assert layer is not None  # noqa: S101 - a layer of a network that was built
    weight = array(layer.weight).T.copy()
    bias = np.zeros(weight.shape[1], np.float32) if layer.bias is None else array(layer.bias)
    return Linear(weight, bias)


def norm(layer: nn.Module) -> Norm:
    """The weights of a layer norm."""
    return Norm(array(layer.weight), array(layer.bias))
