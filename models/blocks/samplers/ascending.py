"""Key by key, each knowing what was decided before it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.blocks.live import ascending as live
from models.blocks.live.picking import Floats, Ints, abreast, array, by_input, uniform
from models.frames import Choice, Choices, each

GOES_ON = 1
"""Of three states, the one that needs the key to have been sounding."""
STRUCK = 2
"""Of three states, the one in which the key begins."""
RARE = -3.0
"""The first bias of everything but silence: most keys are silent."""


class Ascending(nn.Module):
    """The keys from the lowest up (or from the highest down) as a chain of conditionals, so the likelihood is exact.

    NADE (Larochelle and Murray 2011) with weights that all keys share: each sees what is decided from where it stands.
    States: 0 silent, 1 sounds; or 0 silent, 1 goes on, 2 struck.
    """

    def __init__(  # noqa: PLR0913 - each is a field of a config
        self, width: int, *, keys: int, states: int = 2, channels: int = 64, reach: int = 48, upwards: bool = True
    ) -> None:
        super().__init__()
        self.keys, self.states, self.upwards, self.reach = keys, states, upwards, min(reach, keys - 1)
        self.features = nn.Linear(width, channels)
        self.decided = nn.Linear((states - 1) * self.reach, channels, bias=False)
        self.count = nn.Linear(states - 1, channels, bias=False)
        self.deeper = nn.Linear(channels, channels)
        self.out = nn.Linear(channels, states)
        with torch.no_grad():
            self.out.bias[1:] = RARE

    def planes(self, target: Tensor) -> Tensor:
        """(..., key) of states as (..., key, states - 1)."""
        return functional.one_hot(target, self.states)[..., 1:].float()

    def logits(self, context: Tensor, target: Tensor, before: Tensor) -> Tensor:
        """(N, key, channels), (N, key) and the frame before to (N, key, state); no key sees itself or a later one."""
        planes = self.planes(target).to(context.dtype)
        if not self.upwards:
            context, planes = context.flip(1), planes.flip(1)
        seen = functional.pad(planes.transpose(1, 2), (self.reach, 0))[:, :, :-1].unfold(2, self.reach, 1)
        count = planes.cumsum(1) - planes
        seen = self.decided(seen.transpose(1, 2).flatten(2)) + self.count(count)  # (N, K, C)
        x = functional.relu(context + seen)
        logits: Tensor = self.out(x + functional.relu(self.deeper(x)))
        logits = logits if self.upwards else logits.flip(1)
        if self.states > 2:
            logits[..., GOES_ON] = logits[..., GOES_ON].masked_fill(before == 0, float("-inf"))
        return logits

    def nll(self, features: Tensor, target: Tensor, before: Tensor) -> Tensor:
        """(batch, frame) nats, exact. A key that goes on must have been sounding, or the frame is impossible."""
        context = self.features(features).flatten(0, 1)
        logits = self.logits(context, target.flatten(0, 1), before.flatten(0, 1))
        nats = functional.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="none")
        return nats.view(target.shape).sum(-1)

    def sketch(self, features: Tensor, target: Tensor, before: Tensor) -> Tensor:
        """Frames about as they would be drawn, all at once: every key given the true ones before it."""
        context = self.features(features).flatten(0, 1)
        logits = self.logits(context, target.flatten(0, 1), before.flatten(0, 1))
        return Choice().pick(logits).view(target.shape)

    def draw(self, features: Tensor, before: Tensor, known: Tensor, banned: Tensor, choice: Choices) -> Tensor:
        """The open frame, long (batch, 1, key); the arguments are those of `draws`."""
        return abreast(self.draws(features, before, known, banned, choice), features.device)

    def draws(self, features: Tensor, before: Tensor, known: Tensor, banned: Tensor, choice: Choices) -> Iterator[Ints]:
        """The open frame of each piece as soon as it is decided, (key,).

        Args:
            features: (batch, 1, key, width).
            before: the frame before, (batch, 1, key).
            known: states, -1 where free.
            banned: bool; such a key is silent.
            choice: how each key is taken.
        """
        order = slice(None) if self.upwards else slice(None, None, -1)
        context, sounded = array(self.features(features)[:, 0])[:, order], before[:, 0].cpu().numpy()[:, order] > 0
        certain, forbidden = known[:, 0].cpu().numpy()[:, order], banned[:, 0].cpu().numpy()[:, order]
        weights, goes_on = self._weights(), GOES_ON if self.states > 2 else 0
        for row, one in enumerate(each(choice, len(known))):
            lean = self._lean(one)[order]
            heard = live.Heard(context[row], sounded[row], certain[row], forbidden[row], lean)
            heat = float(one.temperature), float(one.top_p)
            yield live.draw(heard, weights, goes_on, *heat, uniform(self.keys, one))[order]

    def _lean(self, choice: Choice) -> Floats:
        return np.zeros(self.keys, np.float32) if choice.lean is None else choice.lean

    def _weights(self) -> live.Weights:
        return live.Weights(
            by_input(self.decided), by_input(self.count),
            by_input(self.deeper), array(self.deeper.bias), array(self.out.weight), array(self.out.bias),
        )  # fmt: skip
