"""All of an ensemble at once, a token each: they see each other, what they have sounded, and what is played."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from models.ensemble.attend import Attend, Told
from models.ensemble.config import EnsembleConfig


class View(NamedTuple):
    """Which event looks at which; the same for all layers."""

    relation: Tensor
    """long (event, event'): how long ago, shifted so that what is furthest ahead is 0."""
    unseen: Tensor
    """bool (batch or 1, event, event'): events that lie too far back or ahead."""


class Layer(nn.Module):
    """Tokens look around, then each thinks for itself."""

    def __init__(self, config: EnsembleConfig) -> None:
        super().__init__()
        width = config.width
        self.attend = Attend(
            width, heads=config.heads, tokens=len(config.groups), past=config.past,
            played=0 if config.condition == "film" else width, reach=config.context + config.ahead + 1,
        )  # fmt: skip
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.think = nn.Sequential(nn.Linear(width, 4 * width), nn.ReLU(), nn.Linear(4 * width, width))
        self.drop = nn.Dropout(config.dropout)
        self._relative = config.relative

    def tell(self, encoded: Tensor, past: Tensor | None, view: View) -> Told:
        """What this layer makes of encoded events (batch, event', width) and of the tokens before."""
        return self.attend.tell(past, encoded, view.relation, view.unseen, relative=self._relative)

    def forward(self, x: Tensor, told: Told, film: Tensor | None) -> Tensor:
        """(batch * event, token, width) to the same; film, (batch * event, 1, 2 * width), scales and shifts first."""
        if film is not None:
            scale, shift = film.chunk(2, -1)
            x = x + x * scale + shift
        x = x + self.drop(self.attend(self.norms[0](x), told))
        thought: Tensor = x + self.drop(self.think(self.norms[1](x)))
        return thought
