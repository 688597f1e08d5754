"""An encoder of what is played and a decoder of all slots at once, which may be told any of them beforehand.

After Crestel, "Neural networks for automatic musical projective orchestration" (2018), whose decoder needs a whole pass
for every instrument; here all groups of an event are masked tokens of one pass, in any order (Uria et al. 2014,
arXiv:1310.1757; Huang et al. 2017, arXiv:1903.07227). Of a group's token each of its slots points at a key: what it is
meets what the key is, seen from where the key stands, with weights that all keys share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.blocks.tied import Surroundings
from models.ensemble.attend import Told
from models.ensemble.config import KEYS, LOWEST, EnsembleConfig
from models.ensemble.decoder import Layer, View
from models.ensemble.encoder import Encoder
from models.ensemble.legal import UNKNOWN, Legal
from models.ensemble.summary import Summary

HIDDEN, TOKENS = KEYS + 1, KEYS + 2
"""The token of a slot that is not known; and how many there are."""
NEVER = float("-inf")


class Scene(NamedTuple):
    """All that is certain of some events before their slots are decided: every pass then costs the decoder alone."""

    told: tuple[Told, ...]
    """One for each layer."""
    films: tuple[Tensor | None, ...]
    keys: Tensor
    """Features of each key, (batch, event, key, width)."""
    before: Tensor
    """What each group sounded in the event before, (batch, event, group, width)."""


class Mix(NamedTuple):
    """Each of a batch with a share of another: mixup (Zhang et al. 2018, arXiv:1710.09412) of what is embedded."""

    other: Tensor | None = None
    """long (batch,): with whom."""
    share: float = 1.0
    """Of its own."""

    def __call__(self, x: Tensor) -> Tensor:
        """Mixed values."""
        return x if self.other is None else self.share * x + (1 - self.share) * x[self.other]

    def either(self, x: Tensor) -> Tensor:
        """What holds for one of the two."""
        return x if self.other is None else x | x[self.other]


PURE = Mix()


class Network(nn.Module):
    """Scores every outcome of every slot at once, given those that are known."""

    member: Tensor
    rank: Tensor
    seat: Tensor

    def __init__(self, config: EnsembleConfig) -> None:
        super().__init__()
        self.config = config
        width, groups = config.width, config.groups
        owner = torch.tensor([number for number, group in enumerate(groups) for _ in range(group.slots)])
        rank = torch.tensor([rank for group in groups for rank in range(group.slots)])
        ranks = int(rank.max()) + 1
        self.slots = len(owner)
        self.legal = Legal(groups)
        slices = config.decoder_layers if config.condition == "slices" else 1
        self.encoder = Encoder(config, slices * width)
        self.layers: Sequence[Layer] = nn.ModuleList(  # type: ignore[assignment]
            Layer(config) for _ in range(config.decoder_layers)
        )
        self.group = nn.Parameter(torch.randn(len(groups), width) * 0.05)
        self.now = nn.Embedding(ranks * TOKENS, width)
        self.before = nn.Embedding(ranks * TOKENS, width)
        self.films = nn.ModuleDict(_films(config))
        self.summary = Summary(width) if config.summary else None
        planes = config.given + len(groups)
        self.around = Surroundings(planes, config.key_width, keys=KEYS, lowest=LOWEST, reach=config.reach)
        self.place = nn.Parameter(torch.zeros(KEYS, config.key_width))
        self.heard = nn.Linear(slices * width, config.key_width)
        self.deeper = nn.Linear(config.key_width, config.key_width)
        self.norm = nn.LayerNorm(width)
        self.point = nn.Linear(width, ranks * config.key_width)
        self.rest = nn.Linear(width, ranks)
        self.range = nn.Parameter(torch.zeros(self.slots, KEYS))
        self.drop = nn.Dropout(config.embedding_dropout)
        self.register_buffer("member", functional.one_hot(owner, len(groups)).float(), persistent=False)  # (S, G)
        self.register_buffer("rank", rank * TOKENS, persistent=False)
        self.register_buffer("seat", owner * ranks + rank, persistent=False)

    def encode(self, given: Tensor, elapsed: Tensor) -> Tensor:
        """Every event as a vector that knows those before it; see `Encoder.forward`."""
        encoded: Tensor = self.encoder(given, elapsed)
        return encoded

    def scene(  # noqa: PLR0913 - all that is certain
        self,
        encoded: Tensor,
        given: Tensor,
        past: Tensor,
        present: Tensor,
        first: int = 0,
        *,
        whole: Tensor | None = None,
        ahead: Tensor | int = 0,
        mix: Mix = PURE,
    ) -> Scene:
        """What is certain of some events.

        Args:
            encoded: (batch, event', width) of all events that may be looked at.
            given: (batch, event, key, plane) of the events to be decided.
            past: long (batch, event, past, slot), at least one: what sounded before each, newest first; -1 unknown.
            present: bool (batch, group).
            first: which of the encoded events is the first of those to be decided.
            whole: as in `EventBatch`.
            ahead: how many events may be looked ahead at, one number or one for each of the batch.
            mix: by which in training each of the batch is mixed with another; `encoded` and `given` are mixed already.
        """
        events = given.shape[1]
        tokens = torch.where(past == UNKNOWN, HIDDEN, past)
        sounded = self._grouped(self.before, tokens)  # (B, T, P, G, W)
        own = None
        if self.config.past:
            own = mix(self.drop(sounded[:, :, : self.config.past] + self.group)).flatten(2, 3)
        current = encoded[:, first : first + events]
        slices = encoded.chunk(len(self.layers), -1) if self.config.condition == "slices" else None
        view = self._view(encoded.shape[1], first, events, ahead)
        told = tuple(layer.tell(slices[i] if slices else encoded, own, view) for i, layer in enumerate(self.layers))
        last = functional.one_hot(tokens[:, :, 0], TOKENS)[..., :KEYS].to(given.dtype).transpose(-1, -2)  # (B, T, K, S)
        planes = torch.cat((given, mix((last @ self.member).clamp(max=1))), -1)
        return Scene(told, self._films(current, present, whole), self._keys(current, planes), sounded[:, :, 0])

    def logits(self, scene: Scene, known: Tensor, mix: Mix = PURE) -> Tensor:
        """Scores of all outcomes of all slots, (batch, event, slot, key + 1), given those known (-1: not yet)."""
        now = self._grouped(self.now, torch.where(known == UNKNOWN, HIDDEN, known))
        x = (self.drop(mix(now + scene.before)) + self.group).flatten(0, 1)
        for layer, told, film in zip(self.layers, scene.told, scene.films, strict=True):
            x = layer(x, told, film)
        x = self.norm(x).view(*known.shape[:2], len(self.group), -1)
        pointers = self.point(x).view(*known.shape[:2], -1, self.config.key_width)[:, :, self.seat]
        keys = pointers @ scene.keys.transpose(-1, -2) / self.config.key_width**0.5 + self.range
        rests = self.rest(x).flatten(2)[:, :, self.seat, None]
        return torch.cat((keys, rests), -1).masked_fill(~mix.either(self.legal(known)), NEVER)

    def _grouped(self, table: nn.Embedding, tokens: Tensor) -> Tensor:
        """Tokens (..., slot) as vectors (..., group, width): of each group the sum of its slots'."""
        summed: Tensor = self.member.T @ table(tokens + self.rank)
        return summed

    def _keys(self, current: Tensor, planes: Tensor) -> Tensor:
        """Features of each key: what is played and what the ensemble sounds around it, and all that was heard."""
        seen = self.around(planes) + self.place + self.heard(current)[:, :, None]
        features = functional.relu(seen)
        deeper: Tensor = features + functional.relu(self.deeper(features))
        return deeper

    def _films(self, current: Tensor, present: Tensor, whole: Tensor | None) -> tuple[Tensor | None, ...]:
        """Scale and shift of each layer, (batch * event, 1, 2 width), of all stacks together."""
        total: Tensor | None = None
        inputs = {"played": current, "presence": present.to(current.dtype)[:, None]}
        if self.summary is not None:
            inputs["summary"] = self.summary(whole, current)
        for name, stack in self.films.items():
            film = stack(inputs[name])
            total = film if total is None else total + film
        if total is None:
            return (None,) * len(self.layers)
        films = total.expand(-1, current.shape[1], -1).reshape(-1, 1, total.shape[-1])
        return films.chunk(len(self.layers), -1)

    def _view(self, heard: int, first: int, events: int, ahead: Tensor | int) -> View:
        """Who sees what; events further back than the context and further ahead than is known are hidden."""
        device = self.range.device
        at = torch.arange(first, first + events, device=device)
        distance = at[:, None] - torch.arange(heard, device=device)  # (T, T')
        relation = (distance + self.config.ahead).clamp(0, self.config.context + self.config.ahead)
        hidden = (distance >= self.config.context)[None]
        if isinstance(ahead, int):
            return View(relation, hidden | (distance < -ahead))
        return View(relation, hidden | (distance < -ahead.view(-1, 1, 1)))


def _films(config: EnsembleConfig) -> dict[str, nn.Module]:
    """The stacks by which layers are scaled and shifted (Perez et al. 2018, arXiv:1709.07871)."""
    sources = {"presence": len(config.groups)} if config.presence else {}
    if config.condition == "film":
        sources["played"] = config.width
    if config.summary:
        sources["summary"] = config.width
    return {name: _film(source, config) for name, source in sources.items()}


def _film(source: int, config: EnsembleConfig) -> nn.Module:
    last = nn.Linear(config.width, config.decoder_layers * 2 * config.width)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(source, config.width), nn.ReLU(), last)
