"""What token models are trained on: windows of pieces side by side."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """Windows of training, or one whole piece with batch = 1."""

    rows: Tensor
    """long (batch, row + 1, field): see `music.tokens`; each row is decided by those before it, the first is given."""
    mask: Tensor
    """bool (batch, row): where a row is scored."""

    def to(self, device: torch.device | str) -> TokenBatch:
        """The same on another device."""
        return TokenBatch(self.rows.to(device, non_blocking=True), self.mask.to(device, non_blocking=True))

    def __len__(self) -> int:
        return int(self.rows.shape[0])
