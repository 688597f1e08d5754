"""What was played where the music was as it is now: frames of the past, looked up by what led to each of them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.blocks.attention import CHUNK, PAGE, State

STATES = 5
"""Tensors that it keeps between frames."""


class Recall(nn.Module):
    """Attention over the history whose values are the frames themselves, so that what was heard can be played again.

    The query is the memory before the open frame, the keys are the memories before each past one: where they are alike,
    the frame that followed then is pointed at, key by key (pointers: Vinyals et al. 2015, arXiv:1506.03134; with a
    place to point at nothing: Merity et al. 2016, arXiv:1609.07843). Distances from `near` on share one bias.
    """

    def __init__(self, whole: int, *, heads: int, depth: int = 32, near: int = 256, span: int = 2048) -> None:
        super().__init__()
        self.heads, self.depth, self.near, self.span = heads, depth, near, span
        self.query = nn.Linear(whole, heads * depth)
        self.key = nn.Linear(whole, heads * depth, bias=False)
        self.nothing = nn.Parameter(torch.zeros(heads, depth))
        self.bias = nn.Parameter(torch.zeros(heads, near + 1))

    def forward(self, whole: Tensor, past: Tensor) -> Tensor:
        """Memories (batch, frame, whole) and the frame before each (batch, frame, key, plane): (B, T, K, H * P)."""
        query, key = self._heads(self.query(whole)), self._heads(self.key(whole))  # (B, H, T, D)
        key = torch.cat((torch.zeros_like(key[:, :, :1]), key[:, :, :-1]), 2)  # of what led to the frame before
        values, count, parts = past.flatten(2)[:, None], past.shape[1], []
        for first in range(0, count, CHUNK):
            last = min(first + CHUNK, count)
            since = max(0, first - self.span + 1)
            distance = torch.arange(first, last, device=past.device)[:, None] - torch.arange(
                since, last, device=past.device
            )
            asked = query[:, :, first:last]
            scores = asked @ key[:, :, since:last].transpose(2, 3) / self.depth**0.5 + self._bias(distance)
            scores = scores.masked_fill((distance < 0) | (distance >= self.span), float("-inf"))
            parts.append(self._shares(asked, scores) @ values[:, :, since:last])
        return self._by_keys(torch.cat(parts, 2), past.shape[2])

    def start(self, batch: int, values: int, device: torch.device | str = "cpu") -> State:
        """Before the first frame: keys and values of the long past, then of the open page, then the next key."""
        keys = torch.zeros(batch, self.heads, 0, self.depth, device=device)
        frames = torch.zeros(batch, 1, 0, values, device=device)
        return keys, frames, keys, frames, torch.zeros(batch, self.heads, 1, self.depth, device=device)

    def step(self, whole: Tensor, past: Tensor, state: State) -> tuple[Tensor, State]:
        """Advance one frame, (batch, whole) and (batch, 1, key, plane); gives what `forward` gives at that frame."""
        query, after = self._heads(self.query(whole)[:, None]), self._heads(self.key(whole)[:, None])
        page_keys, page = torch.cat([state[2], state[4]], 2), torch.cat([state[3], past.flatten(2)[:, None]], 2)
        first = max(0, state[0].shape[2] + page.shape[2] - self.span)
        old_keys, old = state[0][:, :, first:], state[1][:, :, first:]
        distance = torch.arange(old.shape[2] + page.shape[2] - 1, -1, -1, device=past.device)[None]
        scores = torch.cat([query @ old_keys.transpose(2, 3), query @ page_keys.transpose(2, 3)], -1)
        shares = self._shares(query, scores / self.depth**0.5 + self._bias(distance))  # (B, H, 1, S)
        out = shares[..., : old.shape[2]] @ old + shares[..., old.shape[2] :] @ page
        if page.shape[2] == min(PAGE, self.span):
            old_keys, old = torch.cat([old_keys, page_keys], 2), torch.cat([old, page], 2)
            page_keys, page = page_keys[:, :, :0], page[:, :, :0]
        return self._by_keys(out, past.shape[2]), (old_keys, old, page_keys, page, after)

    def _heads(self, rows: Tensor) -> Tensor:
        return rows.view(*rows.shape[:2], self.heads, self.depth).transpose(1, 2)

    def _bias(self, distance: Tensor) -> Tensor:
        """(head, T, S)."""
        return self.bias[:, distance.clamp(0, self.near)]

    def _shares(self, query: Tensor, scores: Tensor) -> Tensor:
        """How much each frame counts, (B, H, T, S); what is left of 1 points at nothing."""
        nothing = (query * self.nothing[:, None]).sum(-1, keepdim=True) / self.depth**0.5
        return torch.cat((nothing, scores), -1).softmax(-1)[..., 1:]

    def _by_keys(self, frames: Tensor, keys: int) -> Tensor:
        """(B, H, T, K * P) to (B, T, K, H * P)."""
        batch, heads, count, _ = frames.shape
        return frames.view(batch, heads, count, keys, -1).permute(0, 2, 3, 1, 4).flatten(3)
