"""The past of a piece as features of every key: what each key has seen from where it stands, and the frame as a whole.

The recurrence of the keys is shared by all of them and so knows intervals; the memory of whole frames beside it knows
what is absolute: register, tonality, form.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.blocks.attention import State
from models.blocks.embed import EMBEDS, EmbedName
from models.blocks.recall import STATES, Recall
from models.blocks.tied import KeyRecurrence, Surroundings
from models.blocks.time import CausalWindow, HistoryAttention, Recurrent, Time
from models.frames import MAX_PHASE

SPAN = 2048
"""Frames that attention looks back: all of a piece of 128 bars, and a night on stage takes no more memory."""


class TrunkState(NamedTuple):
    """Where the memories stand after the last closed frame. Batch first, so that states can be put side by side."""

    keys: Tensor
    """(batch, layer, key, width)."""
    whole: State
    """Of the block that remembers, then of the one that looks up, where there is one."""


class TiedTrunk(nn.Module):
    """Features of every key from all frames before; `forward` over a piece and `step` by step give the same."""

    def __init__(  # noqa: PLR0913 - each is a field of a config
        self, planes: int, *, keys: int, lowest: int, width: int, whole: int, reach: int, dropout: float,
        layers: int = 2, circular: bool = False, embed: EmbedName = "linear", time: str = "lstm", recall: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.keys, self.width, self.whole, self.dropout = keys, width, whole, dropout
        self.surroundings = Surroundings(planes, width, keys=keys, lowest=lowest, reach=reach, circular=circular)
        self.place = None if circular else nn.Parameter(torch.zeros(keys, width))
        self.phase = nn.Embedding(MAX_PHASE + 1, width)
        nn.init.normal_(self.phase.weight, std=0.02)
        self.layers = nn.ModuleList(KeyRecurrence(width) for _ in range(layers))
        self.embed = EMBEDS[embed](planes, whole, keys=keys, lowest=lowest)
        self.time = memory(time, whole)
        self.spread = nn.Linear(whole, width, bias=False)
        self.recall = Recall(whole, heads=recall, span=SPAN) if recall else None
        self.recalled = nn.Linear(recall * planes, width, bias=False) if recall else None
        self.planes = planes

    def start(self, batch: int, device: torch.device | str = "cpu") -> TrunkState:
        """Before the first frame."""
        keys = torch.zeros(batch, len(self.layers), self.keys, self.width, device=device)
        recall = self.recall.start(batch, self.keys * self.planes, device) if self.recall else ()
        return TrunkState(keys, (*self.time.start(batch, device), *recall))

    def forward(self, past: Tensor, phase: Tensor) -> Tensor:
        """(batch, frame, key, plane) of the frames before and the phase of each frame itself: (B, T, K, W)."""
        whole = self.time(self._drop(functional.relu(self.embed(past))))  # (B, T, G)
        first = self.start(len(past), past.device).keys.to(whole.dtype)
        shared = self._shared(whole, phase)[:, :, None]
        if self.recall is not None and self.recalled is not None:
            shared = shared + self.recalled(self.recall(whole, past))
        return self._by_keys(past, shared, first)[0]

    def step(self, past: Tensor, phase: Tensor, state: TrunkState) -> tuple[Tensor, TrunkState]:
        """(batch, 1, key, plane) of the frame that has closed and the phase of the one that opens: (B, 1, K, W)."""
        looked_up = len(state.whole) - (STATES if self.recall else 0)
        whole, memory = self.time.step(functional.relu(self.embed(past))[:, 0], state.whole[:looked_up])
        shared = self._shared(whole[:, None], phase)[:, :, None]
        if self.recall is not None and self.recalled is not None:
            found, looked = self.recall.step(whole, past, state.whole[looked_up:])
            shared, memory = shared + self.recalled(found), (*memory, *looked)
        features, keys = self._by_keys(past, shared, state.keys)
        return features, TrunkState(keys, memory)

    def _shared(self, whole: Tensor, phase: Tensor) -> Tensor:
        """What every key is told alike, (batch, frame, width)."""
        shared: Tensor = self.spread(self._drop(whole)) + self.phase(phase)
        return shared

    def _by_keys(self, past: Tensor, told: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        batch, frames, keys, _ = past.shape
        seen = self.surroundings(past) + told
        if self.place is not None:
            seen = seen + self.place
        rows = functional.relu(seen).transpose(0, 1).reshape(frames, batch * keys, -1)  # (T, B * K, W)
        states = []
        for i, layer in enumerate(self.layers):
            rows, after = layer(self._drop(rows, batch), before[:, i].reshape(batch * keys, -1))
            states.append(after.view(batch, keys, -1))
        return rows.view(frames, batch, keys, -1).transpose(0, 1), torch.stack(states, 1)

    def _drop(self, x: Tensor, batch: int = 0) -> Tensor:
        """Dropout with one mask for all frames and keys of a piece (Gal and Ghahramani 2016, arXiv:1512.05287).

        `x` is (batch, frame, width), or (frame, batch * key, width) where `batch` is given.
        """
        if not self.training or self.dropout == 0:
            return x
        mask = x.new_empty(batch or len(x), x.shape[-1]).bernoulli_(1 - self.dropout) / (1 - self.dropout)
        return x * (mask.repeat_interleave(x.shape[1] // batch, 0) if batch else mask[:, None])


def memory(name: str, width: int) -> Time:
    """The block that remembers whole frames: rnn, gru, lstm, window or attention; KeyError for another name."""
    match name:
        case "rnn" | "gru" | "lstm":
            return Recurrent(width, width, kind=name)
        case "window":
            return CausalWindow(width, width)
        case "attention":
            return HistoryAttention(width, width, span=SPAN)
    raise KeyError(name)
