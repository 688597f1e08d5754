"""What ensemble models are trained on: windows of pieces in event time, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

import torch
from torch import Tensor

ELAPSED = 16
"""Kinds of distance from the event before, on a logarithmic scale."""
SHORTEST, LONGEST = 1 / 64, 64.0
"""Beats that are told apart."""


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Windows of training, or one whole piece with batch = 1."""

    given: Tensor
    """float (batch, event, key, plane): what is played at each event."""
    target: Tensor
    """long (batch, event, slot): the key of each slot, `REST` where it is silent."""
    elapsed: Tensor
    """long (batch, event): the kind of time since the event before, see `kind_of`."""
    mask: Tensor
    """bool (batch, event): where the event is scored."""
    present: Tensor
    """bool (batch, group): who plays in the piece at all."""
    before: Tensor
    """long (batch, past, slot): what sounded before the first event, -1 where that is not known."""
    whole: Tensor | None = None
    """float (batch, stretch, key): the whole piece in a few stretches, how much of each a key sounds."""

    def to(self, device: torch.device | str) -> EventBatch:
        """The same on another device."""
        moved = {
            name: value.to(device, non_blocking=True)
            for name in self.__slots__
            if (value := getattr(self, name)) is not None
        }
        return EventBatch(**moved)

    def __len__(self) -> int:
        return int(self.target.shape[0])


def kind_of(beats: Tensor, kinds: int = ELAPSED) -> Tensor:
    """Times since the event before as kinds on a logarithmic scale, from 1/32 beat up to 64 beats."""
    kind = (beats.clamp(min=SHORTEST).log2() + 6) * (kinds - 1) / 12
    return kind.round().clamp(0, kinds - 1).long()


def kind_since(before: float | None, now: float) -> int:
    """The kind of one time, in beats; long ago where there was no event before."""
    since = LONGEST if before is None else now - before
    return min(max(round((log2(max(since, SHORTEST)) + 6) * (ELAPSED - 1) / 12), 0), ELAPSED - 1)
