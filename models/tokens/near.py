"""What a pitch is to the notes around it that were played just now and a while ago: weights shared by all pitches."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from music.tokens import NOTHING

OCTAVE = 12
LOWEST, KEYS = 21, 88
"""The pitches that are looked at: what lies beyond a piano has no neighbours."""
SLOWEST_TICKS, KINDS = 384.0, 4
HALF_LIVES_TICKS = tuple(SLOWEST_TICKS / 4**kind for kind in range(KINDS))
"""After which what was played counts half: four bars, a bar, a beat, a sixteenth."""
REACH = 12
"""How many pitches up and down are looked at; what is farther away counts by its pitch class."""


class Near(nn.Module):
    """Scores of pitches by intervals to what was played: what is learned in one key is known in all."""

    def __init__(self, width: int, features: int) -> None:
        super().__init__()
        self.around = nn.Conv1d(KINDS, features, 2 * REACH + 1, padding=REACH)
        self.classes = nn.Parameter(torch.randn(features, KINDS, OCTAVE) * 0.1)
        self.told = nn.Linear(width, features)
        self.out = nn.Linear(features, 1, bias=False)

    def forward(self, seen: Tensor, pitches: Tensor, ticks: Tensor, next_ticks: Tensor) -> Tensor:
        """What is added to the logits of pitches, (batch, row, pitch).

        Args:
            seen: (batch, row, width), what is known of the next note of each row.
            pitches: long (batch, row), of the rows.
            ticks: (batch, row), when they were.
            next_ticks: (batch, row), when the next ones are.
        """
        near = played(pitches, ticks, next_ticks).to(seen.dtype)  # (B, T, K, key)
        x = self.around(near.flatten(0, 1)).view(*near.shape[:2], -1, KEYS)
        folded = functional.pad(near, (0, -KEYS % OCTAVE)).view(*near.shape[:3], -1, OCTAVE).sum(-2)
        classes = torch.einsum("btkc,fkco->btfo", folded, self._by_class())
        octaves = -(-KEYS // OCTAVE)
        x = x + classes.repeat(1, 1, 1, octaves)[..., :KEYS] + self.told(seen)[..., None]
        scores: Tensor = self.out.weight @ functional.relu(x)  # (B, T, 1, key)
        return functional.pad(scores[..., 0, :], (LOWEST, NOTHING + 1 - LOWEST - KEYS))

    def _by_class(self) -> Tensor:
        """(feature, kind, class played, class asked): by the interval between them."""
        place = torch.arange(OCTAVE, device=self.classes.device)
        return self.classes[:, :, (place[:, None] - place) % OCTAVE]


def played(pitches: Tensor, ticks: Tensor, next_ticks: Tensor) -> Tensor:
    """What was played before each row's next note, (batch, row, kind, key): the less the longer ago."""
    notes = functional.one_hot(pitches, NOTHING + 1)[..., LOWEST : LOWEST + KEYS].float()
    since = (next_ticks[:, :, None] - ticks[:, None]).float()  # (B, next, row)
    weight = torch.exp2(since.clamp_min(0) / -SLOWEST_TICKS)
    before = torch.ones_like(since[0]).tril()
    kinds = []
    for _ in range(KINDS):
        kinds.append((weight * before) @ notes)
        weight = weight**4
    return torch.stack(kinds, 2)
