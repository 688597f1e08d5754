"""What is known of a frame before anything is drawn, and the draw of keys that are independent of each other."""

from __future__ import annotations

import torch
from torch import Tensor

from models.frames import Choice


def settled(known: Tensor, banned: Tensor) -> tuple[Tensor, Tensor]:
    """Which keys are not free, and what they are (0 where they are free); what is known goes before a ban."""
    return (known >= 0) | banned, known.clamp(min=0)


def bernoulli(logits: Tensor, choice: Choice) -> Tensor:
    """Each key on its own, 0 or 1. The nucleus of `top_p` is that of each key's two outcomes, not of the chord."""
    return choice.pick(torch.stack([torch.zeros_like(logits), logits], -1))
