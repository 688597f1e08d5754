"""What a pitch is to the notes around it that were played just now and a while ago: weights shared by all pitches."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from music.tokens import NOTHING

OCTAVE = 12
HALF_LIVES_TICKS = (6.0, 24.0, 96.0, 384.0)
"""After which what was played counts half: a sixteenth, a beat, a bar, four bars."""
REACH = 24
"""How many pitches up and down are looked at."""
PLANES = 2 * len(HALF_LIVES_TICKS)
"""By pitch, and by pitch class."""


class Near(nn.Module):
    """Scores of pitches by intervals to what was played: what is learned in one key is known in all."""

    def __init__(self, width: int, features: int) -> None:
        super().__init__()
        self.around = nn.Conv1d(PLANES, features, 2 * REACH + 1, padding=REACH)
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
        played = functional.one_hot(pitches, NOTHING + 1)[..., :NOTHING].to(seen.dtype)
        since = (next_ticks[:, :, None] - ticks[:, None]).to(seen.dtype)  # (B, next, row)
        before = torch.ones_like(since[0]).tril()
        planes = [(0.5 ** (since.clamp_min(0) / half) * before) @ played for half in HALF_LIVES_TICKS]
        near = torch.stack(planes, 2)  # (B, T, K, pitch)
        x = self.around(with_classes(near).flatten(0, 1)).view(*near.shape[:2], -1, NOTHING)
        x = functional.gelu(x + self.told(seen)[..., None])
        scores: Tensor = functional.pad(torch.einsum("btfp,f->btp", x, self.out.weight[0]), (0, 1))
        return scores


def with_classes(near: Tensor) -> Tensor:
    """Planes (..., plane, pitch), and with them the sums of all octaves."""
    folded = functional.pad(near, (0, -NOTHING % OCTAVE))
    folded = folded.view(*folded.shape[:-1], -1, OCTAVE).sum(-2)
    octaves = -(-NOTHING // OCTAVE)
    spread = folded.repeat(*[1] * (near.ndim - 1), octaves)[..., :NOTHING]
    return torch.cat([near, spread], -2)
