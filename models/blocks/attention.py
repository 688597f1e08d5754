"""Attention of every frame over the frames before it and itself, with what it knows of how long ago they were."""

from __future__ import annotations

import torch
from torch import Tensor, nn

State = tuple[Tensor, ...]
"""What a block keeps between frames, batch first. No step writes into it: copy it, rewind it, branch from it."""

CHUNK = 512
"""Queries of a long piece attended at once, so that memory grows with its length and not with the square."""
PAGE = 64
"""Frames of the cache that are kept apart until they are moved to the long past together."""


class RelativeAttention(nn.Module):
    """Causal self-attention whose every head has its own embedding of each distance.

    Scores are q (k + e[distance]) / sqrt(depth) + b[distance]: relative keys (Shaw et al. 2018, arXiv:1803.02155) with
    embeddings per head (Huang et al. 2018, arXiv:1809.04281), and a bias free of content (the last term of Dai et al.
    2019, arXiv:1901.02860). Distances from `near` on share one embedding. Only the last `span` frames are looked at,
    all of them where it is None.
    """

    def __init__(self, width: int, *, heads: int = 4, near: int = 256, span: int | None = None) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"{heads} heads do not share a width of {width} evenly")
        if span is not None and span < 1:
            raise ValueError("a span of no frames leaves nothing to look at")
        self.heads, self.near, self.span = heads, near, span
        self.depth: int = width // heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.distances = nn.Parameter(torch.randn(heads, near + 1, self.depth) * 0.02)
        self.bias = nn.Parameter(torch.zeros(heads, near + 1))
        self.out = nn.Linear(width, width)

    def forward(self, frames: Tensor) -> Tensor:
        """(batch, frame, width) to the same shape."""
        query, key, value = self._heads(frames)
        count, parts = frames.shape[1], []
        for first in range(0, count, CHUNK):
            last = min(first + CHUNK, count)
            since = 0 if self.span is None else max(0, first - self.span + 1)
            at = torch.arange(first, last, device=frames.device)[:, None]
            distance = at - torch.arange(since, last, device=frames.device)[None]  # (T, S)
            seen = key[:, :, since:last]
            asked = query[:, :, first:last]
            scores = asked @ seen.transpose(2, 3) / self.depth**0.5 + self._relative(asked, distance)
            hidden = distance < 0 if self.span is None else (distance < 0) | (distance >= self.span)
            weights = scores.masked_fill(hidden, float("-inf")).softmax(-1)
            parts.append(weights @ value[:, :, since:last])
        return self._joined(torch.cat(parts, 2))

    def start(self, batch: int, device: torch.device | str = "cpu") -> State:
        """Before the first frame: keys and values of the long past, then of the open page, (batch, head, 0, depth)."""
        nothing = torch.zeros(batch, self.heads, 0, self.depth, device=device, dtype=self.out.weight.dtype)
        return nothing, nothing, nothing, nothing

    def step(self, frame: Tensor, state: State) -> tuple[Tensor, State]:
        """Advance one frame, (batch, width); gives what `forward` gives at that frame.

        Each step copies the open page only; a full page is added to the long past at once.
        """
        query, key, value = self._heads(frame[:, None])
        old_keys, old_values = state[:2]
        page_keys, page_values = torch.cat([state[2], key], 2), torch.cat([state[3], value], 2)  # (B, H, <= PAGE, D)
        page = page_keys.shape[2]
        if self.span is not None:
            first = max(0, old_keys.shape[2] - (self.span - page))
            old_keys, old_values = old_keys[:, :, first:], old_values[:, :, first:]
        old = old_keys.shape[2]
        distance = torch.arange(old + page - 1, -1, -1, device=frame.device)[None]  # (1, S)
        seen = torch.cat([query @ old_keys.transpose(2, 3), query @ page_keys.transpose(2, 3)], -1)  # (B, H, 1, S)
        weights = (seen / self.depth**0.5 + self._relative(query, distance)).softmax(-1)
        out = weights[..., :old] @ old_values + weights[..., old:] @ page_values
        if page == min(PAGE, self.span or PAGE):
            old_keys, old_values = torch.cat([old_keys, page_keys], 2), torch.cat([old_values, page_values], 2)
            page_keys, page_values = key[:, :, :0], value[:, :, :0]
        return self._joined(out)[:, 0], (old_keys, old_values, page_keys, page_values)

    def _heads(self, frames: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        all_three: Tensor = self.query_key_value(frames)
        split = all_three.view(*frames.shape[:2], 3, self.heads, self.depth)  # (B, T, 3, H, D)
        query, key, value = split.permute(2, 0, 3, 1, 4)  # (B, H, T, D) each
        return query, key, value

    def _relative(self, query: Tensor, distance: Tensor) -> Tensor:
        """What each query adds for how long ago a key is: (batch, head, T, S) from distances (T, S)."""
        by_distance = (
            query @ self.distances.transpose(1, 2) / self.depth**0.5 + self.bias[:, None]
        )  # (B, H, T, near + 1)
        index = distance.clamp(0, self.near).expand(*query.shape[:3], -1)
        relative: Tensor = by_distance.gather(-1, index)
        return relative

    def _joined(self, heads: Tensor) -> Tensor:
        out: Tensor = self.out(heads.transpose(1, 2).flatten(2))
        return out
