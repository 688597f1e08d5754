"""One attention of tokens to each other and to what they are told; each head knows what they are to each other."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Told(NamedTuple):
    """What tokens are told before any of them is decided, made once for all passes."""

    keys: Tensor
    """(batch, head, depth, key): of what they sounded, then of what is played."""
    values: Tensor
    """(batch, head, key, depth)."""
    bias: Tensor
    """(batch or 1, head, token, token + key): what each is to each, the tokens themselves first."""


class Attend(nn.Module):
    """Tokens look at each other, at all tokens of some events before, and at what is played.

    Scores are q k / sqrt(depth) + b[head, relation] (Raffel et al. 2020, arXiv:1910.10683, for distances). A relation
    is
    how long ago an event is, or which token looks at which token of how many events before: block-relative.
    """

    def __init__(  # noqa: PLR0913 - all there is to look at
        self, width: int, *, heads: int, tokens: int, past: int, played: int, reach: int
    ) -> None:
        """Say what there is to look at.

        Args:
            width: of tokens.
            heads: that share it.
            tokens: of an event.
            past: events before whose tokens are looked at.
            played: width of an event of what is played; 0: nothing is looked at.
            reach: how many distances of those are told apart.
        """
        super().__init__()
        if width % heads:
            raise ValueError(f"{heads} heads do not share a width of {width} evenly")
        self.heads, self.depth, self.past_events = heads, width // heads, past
        self.query_key_value = nn.Linear(width, 3 * width)
        self.past = nn.Linear(width, 2 * width) if past else None
        self.played = nn.Linear(played, 2 * width) if played else None
        self.out = nn.Linear(width, width)
        self.blocks = nn.Parameter(torch.zeros(heads, tokens, (1 + past) * tokens))
        self.ago = nn.Parameter(torch.zeros(heads, reach)) if played else None

    def tell(self, past: Tensor | None, played: Tensor, relation: Tensor, unseen: Tensor, *, relative: bool) -> Told:
        """What there is to look at.

        Args:
            past: (batch, event, past * token, width), newest event first.
            played: (batch, event', width).
            relation: long (event, event'): which distance.
            unseen: bool (batch or 1, event, event'): what is not looked at.
            relative: whether biases count.
        """
        batch, events = unseen.shape[1] * len(played), unseen.shape[1]
        sources = []
        if self.past is not None and past is not None:
            sources.append(self._split(self.past(past.flatten(0, 1))))  # (2, N, H, M, D)
        blocks = self.blocks if relative else torch.zeros_like(self.blocks)
        bias = blocks[None]
        if self.played is not None and self.ago is not None:
            heard = self._split(self.played(played))[:, :, None]  # (2, B, 1, H, T', D)
            sources.append(heard.expand(-1, -1, events, -1, -1, -1).flatten(1, 2))
            ago = self.ago[:, relation] if relative else self.ago.new_zeros(self.heads, *relation.shape)
            far = torch.where(unseen[:, None], float("-inf"), ago).transpose(1, 2).flatten(0, 1)  # (N, H, T')
            far = far[:, :, None].expand(-1, -1, blocks.shape[1], -1)
            bias = torch.cat((bias.expand(len(far), -1, -1, -1), far), -1)
            if len(bias) < batch:
                bias = bias.repeat(len(played), 1, 1, 1)
        if not sources:
            nothing = played.new_zeros(batch, self.heads, 0, self.depth)
            return Told(nothing.transpose(2, 3), nothing, bias)
        keys, values = torch.cat(sources, 3) if len(sources) > 1 else sources[0]
        return Told(keys.transpose(2, 3), values, bias)

    def forward(self, x: Tensor, told: Told) -> Tensor:
        """(batch, token, width) to the same."""
        query, key, value = self._split(self.query_key_value(x), 3)
        keys = torch.cat((key.transpose(2, 3), told.keys), 3).flatten(0, 1)  # (N H, D, K)
        values = torch.cat((value, told.values), 2).flatten(0, 1)
        bias = told.bias.expand(len(x), -1, -1, -1).reshape(-1, *told.bias.shape[2:])
        scores = torch.baddbmm(bias, query.flatten(0, 1), keys, alpha=self.depth**-0.5)
        mixed = (scores.softmax(-1) @ values).view(len(x), self.heads, -1, self.depth)
        out: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return out

    def _split(self, x: Tensor, parts: int = 2) -> Tensor:
        """(batch, token, parts * width) by heads: (part, batch, head, token, depth)."""
        return x.view(*x.shape[:2], parts, self.heads, self.depth).permute(2, 0, 3, 1, 4)
