"""Every key on its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.blocks.samplers.evidence import bernoulli, settled
from models.frames import Choice
from models.losses import key_nats


class Independent(nn.Module):
    """Whether each key sounds, given the past but not the other keys of its frame. Exact likelihood.

    The logits are linear: bounded by tanh, a key could not be told to be silent with more than 73 % certainty.
    What is known of some keys says nothing of the others here, so evidence is honoured exactly.
    """

    def __init__(self, width: int, *, keys: int) -> None:
        super().__init__()
        self.keys = keys
        self.out = nn.Linear(width, 1)

    def logits(self, features: Tensor) -> Tensor:
        """(batch, frame, key)."""
        out: Tensor = self.out(features)
        return out[..., 0]

    def nll(self, features: Tensor, target: Tensor) -> Tensor:
        """(batch, frame) nats, exact."""
        return key_nats(self.logits(features), target).sum(-1)

    def planes(self, target: Tensor) -> Tensor:
        """(batch, frame, key) as planes of a roll, (batch, frame, key, 1)."""
        return target[..., None].float()

    def draw(self, features: Tensor, known: Tensor, banned: Tensor, choice: Choice) -> Tensor:
        """The open frame, long (batch, 1, key)."""
        decided, value = settled(known, banned)
        return torch.where(decided, value, bernoulli(self.logits(features).float(), choice))
