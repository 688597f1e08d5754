"""The layers of an ensemble model in NumPy, for one event at a time. Any thread."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from torch import nn

from models.blocks.attention import RelativeAttention
from models.blocks.live.dense import Floats, array, linear, norm
from models.ensemble.attention import Six, decoded, looked_back
from models.ensemble.decoder import Layer
from models.ensemble.encoder import Attentive, Remembering
from models.ensemble.kernels import Ints

Memory = tuple[Floats, Floats]
"""Of one layer of the encoder: keys and values (head, event, depth), or hidden state and cell (width,)."""


class Heard(NamedTuple):
    """What one layer of the decoder is told by each listener, for all passes."""

    keys: Floats
    """(listener, head, depth, key)."""
    values: Floats
    """The same."""
    bias: Floats
    """(head, token, token + key)."""
    film: Floats
    """(2, width): scale and shift; (0, width): none."""


class Decoding:
    """A layer of the decoder, see `decoder.Layer`."""

    def __init__(self, layer: Layer, *, relative: bool) -> None:
        attend = layer.attend
        self.heads, self.depth = attend.heads, attend.depth
        self.past = linear(attend.past) if attend.past is not None else None
        self.played = linear(attend.played) if attend.played is not None else None
        self.blocks = array(attend.blocks) * relative
        self.ago = None if attend.ago is None else array(attend.ago) * relative
        self.looking = six(layer.norms[0], attend.query_key_value, attend.out)
        self.thought = six(layer.norms[1], layer.think[0], layer.think[2])

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
        both = np.concatenate((nothing, *sources), 1).reshape(len(own), -1, 2, self.heads, self.depth)
        keys, values = np.ascontiguousarray(both.transpose(2, 0, 3, 4, 1))
        no_film = np.zeros((0, own.shape[-1]), np.float32)
        return Heard(keys, values, np.concatenate(bias, 2), no_film if film is None else film)

    def __call__(self, x: Floats, heard: Heard) -> Floats:
        """(listener, token, width) to the same."""
        found: Floats = decoded(x, heard.film, self.looking, self.thought, heard.keys, heard.values, heard.bias)
        return found


class LookingBack:
    """A layer of the encoder that looks back."""

    def __init__(self, layer: Attentive) -> None:
        time: RelativeAttention = layer.time
        self.heads, self.depth, self.span = time.heads, time.depth, time.span or 0
        self.distances, self.bias = array(time.distances), array(time.bias)
        self.looking = six(layer.norms[0], time.query_key_value, time.out)
        self.thought = six(layer.norms[1], layer.think[0], layer.think[2])

    def start(self) -> Memory:
        """Before the first event."""
        nothing = np.zeros((self.heads, 0, self.depth), np.float32)
        return nothing, nothing

    def steps(self, x: Floats, memory: Memory) -> tuple[Floats, Memory]:
        """Some events, (event, width), one after the other."""
        seen, keys, values = looked_back(x, self.looking, self.thought, self.distances, self.bias, *memory, self.span)
        return seen, (keys[:, -self.span :].copy(), values[:, -self.span :].copy())


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


def _sigmoid(x: Floats) -> Floats:
    found: Floats = np.float32(1) / (np.float32(1) + np.exp(-x))
    return found


def six(first: nn.Module, second: nn.Module, third: nn.Module) -> Six:
    """The weights of a layer norm and of two linear layers."""
    return (*norm(first), *linear(second), *linear(third))
