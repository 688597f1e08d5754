"""What is played, event by event, as vectors that know all events before them; live one step at a time."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from models.blocks.attention import RelativeAttention, State
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

    def start(self, batch: int, device: torch.device | str = "cpu") -> tuple[State, ...]:
        """Before the first event."""
        return tuple(layer.start(batch, device) for layer in self.layers)

    def step(self, given: Tensor, elapsed: Tensor, states: Sequence[State]) -> tuple[Tensor, tuple[State, ...]]:
        """One event, (batch, 1, key, plane); gives what `forward` gives there, (batch, 1, out)."""
        x = (self.embed(given) + self.elapsed(elapsed))[:, 0]
        after = []
        for layer, before in zip(self.layers, states, strict=True):
            x, state = layer.step(x, before)
            after.append(state)
        return self.out(x)[:, None], tuple(after)


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

    def start(self, batch: int, device: torch.device | str) -> State:
        """Before the first event."""
        return self.time.start(batch, device)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """One event, (batch, width); gives what `forward` gives there."""
        seen, state = self.time.step(self.norms[0](x), state)
        x = x + seen
        return x + self.think(self.norms[1](x)), state


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

    def start(self, batch: int, device: torch.device | str) -> State:
        """Before the first event."""
        return self.time.start(batch, device)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """One event, (batch, width); gives what `forward` gives there."""
        seen, state = self.time.step(self.norm(x), state)
        return x + seen, state
