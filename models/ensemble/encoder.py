"""What is played, event by event, as vectors that know all events before them."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from models.blocks.attention import RelativeAttention
from models.blocks.embed import EMBEDS
from models.blocks.time import Recurrent
from models.ensemble.batch import ELAPSED
from models.ensemble.config import KEYS, LOWEST, EnsembleConfig


class Encoder(nn.Module):
    """Chords as bags of notes (or as configured), then attention or a recurrent memory over the events."""

    def __init__(self, config: EnsembleConfig, out: int) -> None:
        super().__init__()
        width = config.width
        self.width = out
        """Of what it gives."""
        self.embed = EMBEDS[config.embed](config.given, width, keys=KEYS, lowest=LOWEST)
        self.elapsed = nn.Embedding(ELAPSED, width)
        self.layers: Sequence[Attentive | Remembering] = nn.ModuleList(  # type: ignore[assignment]
            _block(config) for _ in range(config.encoder_layers)
        )
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, out))
        self.drop = nn.Dropout(config.dropout)

    def forward(self, given: Tensor, elapsed: Tensor) -> Tensor:
        """(batch, event, key, plane), and the kind of time since the event before, to (batch, event, out)."""
        x = self.drop(self.embed(given) + self.elapsed(elapsed))
        for layer in self.layers:
            x = layer(x)
        encoded: Tensor = self.out(x)
        return encoded


def _block(config: EnsembleConfig) -> Attentive | Remembering:
    return Attentive(config) if config.encoder == "attention" else Remembering(config.width, config.dropout)


class Attentive(nn.Module):
    """Looks back at the events before, then thinks."""

    def __init__(self, config: EnsembleConfig) -> None:
        super().__init__()
        width = config.width
        near = config.context if config.relative else 0
        self.time = RelativeAttention(width, heads=config.heads, near=near, span=config.context)
        self.norms = nn.ModuleList((nn.LayerNorm(width), nn.LayerNorm(width)))
        self.think = nn.Sequential(nn.Linear(width, 4 * width), nn.ReLU(), nn.Linear(4 * width, width))
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, event, width) to the same."""
        x = x + self.drop(self.time(self.norms[0](x)))
        thought: Tensor = x + self.drop(self.think(self.norms[1](x)))
        return thought


class Remembering(nn.Module):
    """Carries what it was told in the cells of an LSTM."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.time = Recurrent(width, width, kind="lstm")
        self.norm = nn.LayerNorm(width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, event, width) to the same."""
        seen: Tensor = x + self.drop(self.time(self.norm(x)))
        return seen
