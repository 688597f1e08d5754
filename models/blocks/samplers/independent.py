"""Every key on its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.blocks.samplers.evidence import bernoulli, settled
from models.frames import Choice
from models.losses import LossName, Softness, focal, key_nats, soft_bce


class Independent(nn.Module):
    """Whether each key sounds, given the past but not the other keys of its frame. Exact likelihood.

    The logits are linear: bounded by tanh, a key could not be told to be silent with more than 73 % certainty.
    What is known of some keys says nothing of the others here, so evidence is honoured exactly.
    """

    kernel: Tensor

    def __init__(self, width: int, *, keys: int, loss: LossName = "nll") -> None:
        super().__init__()
        self.keys, self.loss = keys, loss
        self.register_buffer("kernel", Softness().kernel(keys), persistent=False)
        self.out = nn.Linear(width, 1)

    def logits(self, features: Tensor) -> Tensor:
        """(batch, frame, key)."""
        out: Tensor = self.out(features)
        return out[..., 0]

    def nll(self, features: Tensor, target: Tensor) -> Tensor:
        """(batch, frame) nats, exact; in training the loss that was asked for."""
        logits, all_frames = self.logits(features), torch.ones_like(target[..., 0], dtype=torch.bool)
        if self.training and self.loss == "focal":
            return focal(logits, target, all_frames)
        if self.training and self.loss == "soft":
            return soft_bce(logits, target, all_frames, self.kernel)
        return key_nats(logits, target).sum(-1)

    def planes(self, target: Tensor) -> Tensor:
        """(batch, frame, key) as planes of a roll, (batch, frame, key, 1)."""
        return target[..., None].float()

    def draw(self, features: Tensor, known: Tensor, banned: Tensor, choice: Choice) -> Tensor:
        """The open frame, long (batch, 1, key)."""
        decided, value = settled(known, banned)
        return torch.where(decided, value, bernoulli(self.logits(features).float(), choice))
