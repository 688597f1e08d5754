"""The whole of what is played as one vector, for those who have it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.ensemble.config import KEYS

STRETCHES = 64
"""Into which a piece is cut, however long it is."""


class Summary(nn.Module):
    """Convolutions over the stretches of a piece, then their mean; a vector of its own where the piece is not known."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(KEYS, width, 5, stride=2, padding=2), nn.GELU(),
            nn.Conv1d(width, width, 5, stride=2, padding=2), nn.GELU(),
        )  # fmt: skip
        self.unknown = nn.Parameter(torch.zeros(width))

    def forward(self, whole: Tensor | None, like: Tensor) -> Tensor:
        """(batch, stretch, key), or nothing, to (batch, 1, width); a piece all of -1 is not known."""
        if whole is None:
            return self.unknown.expand(len(like), 1, -1)
        seen = self.layers(whole.clamp(min=0).transpose(1, 2)).mean(2)
        known = (whole >= 0).all(2).all(1)[:, None]
        return torch.where(known, seen, self.unknown)[:, None]
