"""One event decided live: what `Network` computes, in NumPy and compiled loops; torch takes ten times as long for it.

Held to the network by tests, for all that a config can say.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import NamedTuple

import numpy as np
import torch

from models.blocks.live.dense import array, linear, norm
from models.ensemble import kernels
from models.ensemble.config import KEYS, LOWEST, REST
from models.ensemble.encoder import Attentive
from models.ensemble.kernels import OCTAVE, UNKNOWN, Bools, Floats, Ints
from models.ensemble.layers import Decoding, Heard, LookingBack, Memory, Remembered
from models.ensemble.network import HIDDEN, Network


class Event(NamedTuple):
    """All that is certain of an event before its slots are decided."""

    heard: tuple[Heard, ...]
    keys: Floats
    """(listener, key, width): features."""
    before: Floats
    """(listener, group, width)."""
    weights: Floats
    """(listener,)."""


class Live:
    """A network for one event at a time; keeps nothing between calls. Any thread."""

    def __init__(self, model: Network) -> None:
        model = deepcopy(model).cpu()
        self.config = model.config
        self.slots = model.slots
        self.width = model.encoder.width
        """Of an encoded event."""
        groups = model.config.groups
        self.owner = np.repeat(np.arange(len(groups)), [group.slots for group in groups]).astype(np.int64)
        keys = np.arange(KEYS)
        self.ranges = np.stack([(keys >= groups[i].low) & (keys <= groups[i].high) for i in self.owner])
        self.eager = np.zeros((self.slots, KEYS + 1), np.float32)
        """What is added to the scores when it plays freely."""
        self.eager[:, REST] = -model.config.eager
        self._model = model
        self._encoder = [
            LookingBack(one) if isinstance(one, Attentive) else Remembered(one) for one in model.encoder.layers
        ]
        self._elapsed = array(model.encoder.elapsed.weight)
        self._out = norm(model.encoder.out[0]), linear(model.encoder.out[1])
        self._layers = [Decoding(layer, relative=model.config.relative) for layer in model.layers]
        stacks = {name: tuple(stack.children()) for name, stack in model.films.items()}
        self._films = {name: (linear(layers[0]), linear(layers[2])) for name, layers in stacks.items()}
        self._unknown = self.summed(None)
        self._seat = model.seat.numpy()
        self._rank = model.rank.numpy()
        self._now, self._before = array(model.now.weight), array(model.before.weight)
        self._first = np.flatnonzero(np.diff(self.owner, prepend=-1))
        self._group, self._place = array(model.group), array(model.place)
        self._heard, self._deeper = linear(model.heard), linear(model.deeper)
        self._point, self._rest, self._norm = linear(model.point), linear(model.rest), norm(model.norm)
        self._range = array(model.range)
        planes = model.config.given + len(groups)
        near, classes = linear(model.around.near), linear(model.around.classes)
        self._near = np.ascontiguousarray(near.weight.reshape(planes, -1, near.weight.shape[1]))
        self._classes = np.ascontiguousarray(classes.weight.reshape(planes, OCTAVE, -1))
        self._place = self._place + near.bias

    def start(self) -> tuple[Memory, ...]:
        """Before the first event."""
        return tuple(layer.start() for layer in self._encoder)

    def steps(
        self, given: Floats, elapsed: Sequence[int], memories: Sequence[Memory]
    ) -> tuple[Floats, tuple[Memory, ...]]:
        """Some events, (event, key, plane), one after the other, each knowing those before it.

        Gives them encoded, (event, width), and the memories after them.
        """
        with torch.inference_mode():
            embedded = self._model.encoder.embed(torch.from_numpy(given)[None])
        x = embedded[0].numpy() + self._elapsed[list(elapsed)]
        after = []
        for layer, before in zip(self._encoder, memories, strict=True):
            x, memory = layer.steps(x, before)
            after.append(memory)
        norm, out = self._out
        return out(norm(x)), tuple(after)

    def summed(self, whole: Floats | None) -> Floats | None:
        """What the summary makes of a piece (stretch, key); None where the config has no summary."""
        if self._model.summary is None:
            return None
        with torch.inference_mode():
            piece = None if whole is None else torch.from_numpy(whole)[None]
            return array(self._model.summary(piece, torch.zeros(1, 1, 1))[0, 0])

    def event(  # noqa: PLR0913 - all that is certain
        self,
        encoded: Floats,
        at: int,
        given: Floats,
        past: Ints,
        present: Bools,
        *,
        ahead: int = 0,
        summary: Floats | None = None,
        free: bool = False,
    ) -> Event:
        """See `Network.scene`.

        Args:
            encoded: (event, width) of those that may be looked at, the `at`-th is the one to be decided.
            at: its place.
            given: (key, plane) of it.
            past: (past, slot), newest first, at least one; -1 unknown.
            present: (group,).
            ahead: how many events may be looked ahead at.
            summary: from `summed`.
            free: whether a listener that does not hear the past counts as `blend` says.
        """
        config = self.config
        first, last = max(0, at - config.context + 1), at + ahead + 1
        seen, current = encoded[first:last], encoded[at]
        ago = (at - np.arange(first, first + len(seen)) + config.ahead).clip(0, config.context + config.ahead)
        weights = np.array([1 - config.blend, config.blend] if free else [1.0, 0.0], np.float32)
        heard = np.stack((past, np.full_like(past, UNKNOWN)))[weights > 0]
        tokens = np.where(heard == UNKNOWN, HIDDEN, heard)
        sounded = self._grouped(self._before, tokens)  # (L, M, G, W)
        own = (sounded[:, : config.past] + self._group).reshape(len(heard), -1, config.width)
        slices = np.split(seen, len(self._layers), -1) if config.condition == "slices" else [seen] * len(self._layers)
        films = self._film(current, present, summary)
        told = tuple(
            layer.tell(own, part, ago, film) for layer, part, film in zip(self._layers, slices, films, strict=True)
        )
        keys = np.stack([self._keys(current, given, one[0]) for one in tokens])
        return Event(told, keys, sounded[:, 0], weights[weights > 0])

    def scores(self, event: Event, known: Ints) -> Floats:
        """Of all outcomes of all slots, (slot, key + 1), illegal ones among them; see `Network.logits`.

        Of several listeners a weighted product of what they expect.
        """
        x = self._grouped(self._now, np.where(known == UNKNOWN, HIDDEN, known)) + event.before + self._group
        for layer, heard in zip(self._layers, event.heard, strict=True):
            x = layer(x, heard)
        x = self._norm(x)
        width, listeners = self.config.key_width, len(x)
        pointers = self._point(x).reshape(listeners, -1, width)[:, self._seat]
        scores = np.empty((listeners, self.slots, KEYS + 1), np.float32)
        scores[..., :KEYS] = pointers @ event.keys.swapaxes(1, 2) * np.float32(width**-0.5) + self._range
        scores[..., KEYS] = self._rest(x).reshape(listeners, -1)[:, self._seat]
        found: Floats = scores[0] if listeners == 1 else np.tensordot(event.weights, scores, 1)
        return found

    def draw(  # noqa: PLR0913 - what is wanted and what is forbidden
        self,
        event: Event,
        known: Ints,
        *,
        passes: int = 0,
        temperature: float = 0.0,
        dice: np.random.Generator | None = None,
        lean: Floats | None = None,
        banned: Bools | None = None,
    ) -> Ints:
        """The slots (slot,), see `passes.draw`; ValueError where the model's numbers are none."""
        decided = known.astype(np.int64)
        forbidden = np.zeros((self.slots, KEYS + 1), bool) if banned is None else banned
        passes = passes or self.config.passes
        for left in range(passes, 0, -1):
            scores = self.scores(event, decided)
            if lean is not None:
                scores += lean
            rolled = np.zeros(self.slots, np.float32) if dice is None else dice.random(self.slots, np.float32)
            if not kernels.decide(scores, decided, self.owner, self.ranges, forbidden, temperature, rolled, left):
                raise ValueError("the model's scores are no numbers")
        kernels.tidy(decided, known.astype(np.int64), self.owner)
        return decided

    def _grouped(self, table: Floats, tokens: Ints) -> Floats:
        """Tokens (..., slot) as vectors (..., group, width): of each group the sum of its slots'."""
        found: Floats = np.add.reduceat(table[tokens + self._rank], self._first, axis=-2)
        return found

    def _keys(self, current: Floats, given: Floats, last: Ints) -> Floats:
        groups = len(self.config.groups)
        planes = np.zeros((KEYS, given.shape[1] + groups), np.float32)
        planes[:, : given.shape[1]] = given
        sounding = last < KEYS
        planes[last[sounding], given.shape[1] + self.owner[sounding]] = 1
        seen = kernels.around(planes, self._near, self._classes, self._place + self._heard(current), LOWEST)
        features = np.maximum(seen, 0)
        deeper: Floats = features + np.maximum(self._deeper(features), 0)
        return deeper

    def _film(self, current: Floats, present: Bools, summary: Floats | None) -> list[Floats | None]:
        whole = self._unknown if summary is None else summary
        inputs = {"played": current, "presence": present.astype(np.float32), "summary": whole}
        total: Floats | None = None
        for name, (first, last) in self._films.items():
            source = inputs[name]
            assert source is not None  # noqa: S101 - who has such a stack has a summary
            film = last(np.maximum(first(source), 0))
            total = film if total is None else total + film
        if total is None:
            return [None] * len(self._layers)
        return list(total.reshape(len(self._layers), 2, -1))
