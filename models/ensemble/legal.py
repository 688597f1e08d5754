"""Which keys a slot may take: those of its range, in order with what is known of the other slots of its group."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.ensemble.config import KEYS, REST, Group

UNKNOWN = -1


class Legal(nn.Module):
    """Of several slots of one group the first has the highest note; a slot rests only if those below it do.

    So what sounds has one way of being written, and the probabilities of all slots are those of what sounds.
    """

    ranges: Tensor
    above: Tensor
    below: Tensor

    def __init__(self, groups: tuple[Group, ...]) -> None:
        super().__init__()
        owner = torch.tensor([number for number, group in enumerate(groups) for _ in range(group.slots)])
        keys = torch.arange(KEYS)
        inside = torch.stack([(keys >= group.low) & (keys <= group.high) for group in groups])[owner]
        order = torch.arange(len(owner))
        same = owner[:, None] == owner[None]
        self.register_buffer("ranges", inside, persistent=False)  # (slot, key)
        self.register_buffer("above", same & (order[None] < order[:, None]), persistent=False)  # (slot, other)
        self.register_buffer("below", same & (order[None] > order[:, None]), persistent=False)

    def forward(self, known: Tensor) -> Tensor:
        """Outcomes that are possible, bool (..., slot, key + 1), from known outcomes (..., slot), -1 where unknown."""
        height = torch.where(known == REST, -1, known)  # a rest is below every key
        there = known != UNKNOWN
        seen = height[..., None, :].expand(*known.shape, known.shape[-1])
        upper = torch.where(self.above & there[..., None, :], seen, KEYS).amin(-1, keepdim=True)
        lower = torch.where(self.below & there[..., None, :], seen, -1).amax(-1, keepdim=True)
        keys = torch.arange(KEYS, device=known.device)
        fits = self.ranges & (keys < upper) & (keys > lower)
        nothing = ~fits.any(
            -1, keepdim=True
        )  # between neighbours that were decided at once: they are put in order later
        return torch.cat((fits, (lower < 0) | nothing), -1)
