"""All slots of an event at once, as tokens that see each other, what is played, and what they have sounded."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.ensemble.attend import Attend
from models.ensemble.config import EnsembleConfig


class View(NamedTuple):
    """Who looks at what in which relation; the same for all layers."""

    slots: Tensor | None
    """long (slot, slot)."""
    blocks: Tensor | None
    """long (slot, past * slot): block-relative."""
    events: Tensor | None
    """long (event * slot, event'): how long ago, shifted so that what is furthest ahead is 0."""
    unseen: Tensor
    """bool, as `events`, or (batch, 1, event * slot, event'): events that lie too far back or ahead."""


class Told(NamedTuple):
    """What one layer is told, made once for all passes."""

    played: Tensor | None
    """Keys and values of the encoded events, (2, batch, head, event', depth)."""
    own: Tensor | None
    """Keys and values of what the slots sounded, (2, batch * event, head, past * slot, depth)."""
    film: Tensor | None
    """(batch, event, 1, 2 * width): scale and shift."""


class Layer(nn.Module):
    """Slots look at each other, at what they all have sounded, at what is played; then each thinks for itself."""

    def __init__(self, config: EnsembleConfig, slots: int, source: int) -> None:
        super().__init__()
        width, heads = config.width, config.heads
        related = slots * slots if config.relative else 0
        reach = config.context + config.ahead + 1 if config.relative else 0
        self.among = Attend(width, heads=heads, relations=related)
        self.past = Attend(width, heads=heads, relations=related * config.past) if config.past else None
        looks = config.condition != "film"
        self.played = Attend(width, heads=heads, relations=reach, source=source) if looks else None
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(4))
        self.think = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.drop = nn.Dropout(config.dropout)

    def tell(self, encoded: Tensor, own: Tensor | None, film: Tensor | None) -> Told:
        """What this layer makes of encoded events (batch, event', source) and of the slots before (N, M * S, width)."""
        played = self.played.keys(encoded) if self.played is not None else None
        return Told(played, self.past.keys(own) if self.past is not None and own is not None else None, film)

    def forward(self, x: Tensor, told: Told, view: View) -> Tensor:
        """(batch, event, slot, width) to the same."""
        batch, events, slots, width = x.shape
        if told.film is not None:
            scale, shift = told.film.chunk(2, -1)
            x = x * (1 + scale) + shift
        x = x.view(batch * events, slots, width)
        asking = self.norms[0](x)
        x = x + self.drop(self.among(asking, self.among.keys(asking), view.slots))
        if self.past is not None and told.own is not None:
            x = x + self.drop(self.past(self.norms[1](x), told.own, view.blocks))
        if self.played is not None and told.played is not None:
            asking = self.norms[2](x).view(batch, events * slots, width)
            heard = self.played(asking, told.played, view.events, view.unseen)
            x = x + self.drop(heard.view(batch * events, slots, width))
        x = x + self.drop(self.think(self.norms[3](x)))
        return x.view(batch, events, slots, width)


def block_relations(slots: int, past: int) -> tuple[Tensor, Tensor]:
    """Relations of slots to slots, (slot, slot), and to the slots of each event before, (slot, past * slot)."""
    among = torch.arange(slots * slots).view(slots, slots)
    blocks = torch.cat([among + event * slots * slots for event in range(past)], 1) if past else among[:, :0]
    return among, blocks
