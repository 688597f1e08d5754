"""A transformer that decides the next note by all before it: pitch, velocity, length, and how long until the next.

When the next note comes is decided with the note before it, so that whoever decides its pitch knows where in time it
lies. Attention turns with beats as well as with notes: "a bar ago" looks alike, whatever was played meanwhile.
"""

from __future__ import annotations

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.tokens.attention import Layer, turns
from models.tokens.batch import TokenBatch
from models.tokens.config import TokenConfig
from models.tokens.near import Near
from music.tokens import FIELDS, LENGTH, LONGEST_WAIT, NOTHING, PHASE, PITCH, VELOCITY, WAIT

DECIDED = (PITCH, VELOCITY, LENGTH)
"""The fields of a note, in the order in which they are decided; the wait for the next one comes after."""
NEVER = -1e9
CENTRING = 0.01
"""How much of the mean each batch renews."""


class Decision(nn.Module):
    """One field, by what the rows before say and by the fields of the note that are decided."""

    def __init__(self, width: int, field: int, known: tuple[int, ...]) -> None:
        super().__init__()
        self.known = known
        self.told = nn.ModuleList(_embedding(FIELDS[one].size, width) for one in known)
        self.inner, self.out = nn.Linear(width, width), nn.Linear(width, FIELDS[field].size)
        self.register_buffer("centre", torch.zeros(width))
        self.centre: Tensor
        """The mean of what `out` is asked with, in all music: see `models.tokens.recall`."""

    def forward(self, seen: Tensor, note: Tensor) -> Tensor:
        """(..., width) and the note's row (..., field): logits (..., token)."""
        x = self.inner(seen)
        for one, told in zip(self.known, self.told, strict=True):
            x = x + told(note[..., one])
        x = functional.gelu(x)
        if self.training:
            self.centre.lerp_(x.detach().flatten(0, -2).mean(0).float(), CENTRING)
        logits: Tensor = self.out(x)
        return logits


class TokenModel(nn.Module):
    """Nats of notes in windows; `models.tokens.live` decides them one by one."""

    def __init__(self, config: TokenConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.fields = nn.ModuleList(_embedding(field.size, width) for field in FIELDS)
        self.next_wait, self.next_phase = (_embedding(FIELDS[one].size, width) for one in (WAIT, PHASE))
        self.layers = nn.ModuleList(Layer(width, config.heads, config.dropout) for _ in range(config.layers))
        self.last = nn.LayerNorm(width)
        self.pitch = Decision(width, PITCH, ())
        self.near = Near(width, config.near) if config.near else None
        self.velocity = Decision(width, VELOCITY, (PITCH,))
        self.length = Decision(width, LENGTH, (PITCH, VELOCITY))
        self.wait = Decision(width, WAIT, (PITCH, VELOCITY, LENGTH))
        self.known: Tensor | None
        self.register_buffer("known", torch.zeros(config.known, dtype=torch.uint8) if config.known else None)

    def know(self, bits: NDArray[np.uint8]) -> None:
        """Take the filter of what it has learned from (`models.tokens.known`), (byte,)."""
        self.config = msgspec.structs.replace(self.config, known=len(bits))
        self.known = torch.from_numpy(bits)

    def nll(self, batch: TokenBatch) -> Tensor:
        """Nats of each row, (batch, row)."""
        return sum(self.nats(batch).values(), torch.zeros(()))

    def nats(self, batch: TokenBatch) -> dict[str, Tensor]:
        """Nats of each row by field, (batch, row) each."""
        rows = batch.rows
        ticks = rows[..., WAIT].cumsum(1)
        count = torch.arange(rows.shape[1] - 1, device=rows.device).expand(len(rows), -1)
        x = self._embedded(rows[:, :-1], rows[:, 1:])
        by = turns(ticks[:, 1:].float(), count.float())
        for layer in self.layers:
            x = layer(x, by)
        x, note = self.last(x), rows[:, 1:]
        nats = {
            "pitch": _nats(self._pitches(x, rows[:, :-1], ticks, note[..., WAIT]), note[..., PITCH]),
            "velocity": _nats(self.velocity(x, note), note[..., VELOCITY]),
            "length": _nats(self.length(x, note), note[..., LENGTH]),
        }
        # the wait for a row was decided with the row before it; of the first one that is not known
        waits = functional.pad(_nats(self.wait(x[:, :-1], note[:, :-1]), note[:, 1:, WAIT]), (1, 0))
        nothing = note[..., PITCH] == NOTHING  # which has no velocity and no length
        return {
            "wait": waits,
            "pitch": nats["pitch"],
            "velocity": nats["velocity"].masked_fill(nothing, 0.0),
            "length": nats["length"].masked_fill(nothing, 0.0),
        }

    def _embedded(self, rows: Tensor, after: Tensor) -> Tensor:
        x: Tensor = self.next_wait(after[..., WAIT]) + self.next_phase(after[..., PHASE])
        for number, field in enumerate(self.fields):
            x = x + field(rows[..., number])
        return x

    def _pitches(self, seen: Tensor, before: Tensor, ticks: Tensor, wait: Tensor) -> Tensor:
        """Logits of the pitch after the notes `before`; a chord is written from the lowest note up."""
        logits: Tensor = self.pitch(seen, before)
        if self.near is not None:
            logits = logits + self.near(seen, before[..., PITCH], ticks[:, :-1], ticks[:, 1:])
        pitches = torch.arange(NOTHING + 1, device=seen.device)
        below = (wait == 0)[..., None] & (pitches <= before[..., PITCH, None])
        early = (wait != LONGEST_WAIT)[..., None] & (pitches == NOTHING)
        return logits.masked_fill(below | early, NEVER)


def _embedding(size: int, width: int) -> nn.Embedding:
    found = nn.Embedding(size, width)
    nn.init.normal_(found.weight, std=0.02)
    return found


def _nats(logits: Tensor, target: Tensor) -> Tensor:
    return functional.cross_entropy(logits.flatten(0, -2), target.flatten(), reduction="none").view(target.shape)
