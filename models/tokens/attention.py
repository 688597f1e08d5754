"""Attention that knows how long ago something was, in beats and in notes."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

TURNS_TICKS = (6.0, 12.0, 24.0, 36.0, 48.0, 72.0, 96.0, 144.0, 192.0, 384.0, 1536.0)
"""How many ticks each rotating pair of features takes for a turn: what lies so far apart looks alike to it."""
TURNS_ROWS = (4.0, 16.0, 64.0, 256.0, 1024.0)
"""And rows."""
TURNS = len(TURNS_TICKS) + len(TURNS_ROWS)


Turns = tuple[Tensor, Tensor]
"""Cosines and sines, (batch, 1, row, pair) each."""


def turns(ticks: Tensor, rows: Tensor) -> Turns:
    """How far features are turned that lie there: (batch, row) both, when and the how manyth."""
    angles = torch.cat([_angles(ticks, TURNS_TICKS), _angles(rows, TURNS_ROWS)], -1)[:, None]
    return angles.cos(), angles.sin()


def turned(features: Tensor, by: Turns) -> Tensor:
    """Features (batch, head, row, depth) turned by where they are (Su et al. 2021, arXiv:2104.09864)."""
    cos, sin = by
    pairs = cos.shape[-1]
    one, other = features[..., :pairs], features[..., pairs : 2 * pairs]
    return torch.cat([one * cos - other * sin, one * sin + other * cos, features[..., 2 * pairs :]], -1)


def _angles(places: Tensor, periods: tuple[float, ...]) -> Tensor:
    period = torch.tensor(periods, device=places.device)
    return places[..., None].remainder(period) * (2 * math.pi / period)


class Layer(nn.Module):
    """Attention, then a step by itself; each adds to what goes through."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.before_attention, self.before_step = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor, by: Turns) -> Tensor:
        """(batch, row, width) to the same shape."""
        query, key, value = self._split(x)
        query, key = turned(query, by), turned(key, by)
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self._added(x, seen)

    def _split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        batch, count, width = x.shape
        parts: Tensor = self.query_key_value(self.before_attention(x))
        query, key, value = parts.view(batch, count, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        return query, key, value

    def _added(self, x: Tensor, seen: Tensor) -> Tensor:
        x = x + self._dropped(self.out(seen.transpose(1, 2).flatten(2)))
        step: Tensor = self.down(functional.gelu(self.up(self.before_step(x))))
        return x + self._dropped(step)

    def _dropped(self, x: Tensor) -> Tensor:
        return functional.dropout(x, self.dropout, self.training)
