"""Attention with known relations: each head knows, for each pair, what the one is to the other."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Attend(nn.Module):
    """Queries look at keys of another sequence, or of their own; each relation of a pair has a bias in every head.

    Scores are q k / sqrt(depth) + b[head, relation] (Raffel et al. 2020, arXiv:1910.10683, for distances), here for
    relations of any kind: how long ago an event is, which slot looks at which, or both at once (block-relative: slot by
    slot and event by event).
    """

    def __init__(self, width: int, *, heads: int, relations: int, source: int | None = None) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"{heads} heads do not share a width of {width} evenly")
        self.heads, self.depth = heads, width // heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(source or width, 2 * width)
        self.out = nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros(heads, relations)) if relations else None

    def keys(self, seen: Tensor) -> Tensor:
        """What is looked at, (batch, key, source), as keys and values: (2, batch, head, key, depth)."""
        both: Tensor = self.key_value(seen)
        return both.view(*seen.shape[:2], 2, self.heads, self.depth).permute(2, 0, 3, 1, 4)

    def forward(self, asking: Tensor, keys: Tensor, relation: Tensor | None, hidden: Tensor | None = None) -> Tensor:
        """(batch, query, width) that look at `keys`.

        Args:
            asking: (batch, query, width).
            keys: from `keys`.
            relation: long (query, key); None where there are none.
            hidden: bool (query, key) or (batch, 1, query, key): pairs that do not see each other.
        """
        query = self.query(asking).view(*asking.shape[:2], self.heads, self.depth).transpose(1, 2)  # (B, H, Q, D)
        bias = None
        if self.bias is not None and relation is not None:
            bias = self.bias[:, relation]  # (H, Q, K)
        if hidden is not None:
            never = torch.zeros(hidden.shape, device=asking.device).masked_fill(hidden, float("-inf"))
            bias = never if bias is None else bias + never
        mixed = functional.scaled_dot_product_attention(query, keys[0], keys[1], bias)
        out: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return out
