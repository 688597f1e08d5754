"""A frame of a roll as one vector: four embeddings with the same seam.

Each takes (batch, frame, key, plane) and gives (batch, frame, width), keeps nothing between calls, and is built from
the same arguments, so that a config picks one by its name in `EMBEDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

EmbedName = Literal["linear", "class-octave", "shared-octave", "bag"]
OCTAVE = 12


class LinearRoll(nn.Module):
    """The roll itself, every key and plane with weights of its own."""

    def __init__(self, planes: int, width: int, *, keys: int, lowest: int) -> None:  # noqa: ARG002 - one seam for all
        super().__init__()
        self.linear = nn.Linear(keys * planes, width)

    def forward(self, roll: Tensor) -> Tensor:
        """(batch, frame, key, plane) to (batch, frame, width)."""
        out: Tensor = self.linear(roll.flatten(2))
        return out


class PitchClassOctave(nn.Module):
    """How much of each pitch class and how much in each octave: the harmony and the register, without the voicing."""

    classes: Tensor
    octaves: Tensor

    def __init__(self, planes: int, width: int, *, keys: int, lowest: int) -> None:
        super().__init__()
        pitch = lowest + torch.arange(keys)
        octave = pitch // OCTAVE - lowest // OCTAVE
        self.register_buffer("classes", functional.one_hot(pitch % OCTAVE, OCTAVE).float(), persistent=False)  # (K, 12)
        self.register_buffer("octaves", functional.one_hot(octave).float(), persistent=False)  # (K, O)
        self.linear = nn.Linear(planes * (OCTAVE + self.octaves.shape[1]), width)

    def forward(self, roll: Tensor) -> Tensor:
        """(batch, frame, key, plane) to (batch, frame, width)."""
        planes = roll.transpose(2, 3)  # (B, T, P, K)
        both = torch.cat([planes @ self.classes, planes @ self.octaves], -1)  # (B, T, P, 12 + O)
        out: Tensor = self.linear(both.flatten(2))
        return out


class SharedOctave(nn.Module):
    """Each octave (from C) through the same small layer, then all of them together: a chord is learned once.

    The weights that are shared over octaves know which pitch class a note is; where it lies, only the second layer
    knows.
    """

    def __init__(self, planes: int, width: int, *, keys: int, lowest: int) -> None:
        super().__init__()
        self.below = lowest % OCTAVE
        self.above = -(self.below + keys) % OCTAVE
        octaves = (self.below + keys + self.above) // OCTAVE
        compressed = max(4, width // 8)
        self.octave = nn.Linear(OCTAVE * planes, compressed)
        self.together = nn.Linear(octaves * compressed, width)

    def forward(self, roll: Tensor) -> Tensor:
        """(batch, frame, key, plane) to (batch, frame, width)."""
        whole = functional.pad(roll, (0, 0, self.below, self.above))  # (B, T, 12 O, P)
        octaves = whole.view(*whole.shape[:2], whole.shape[2] // OCTAVE, -1)  # (B, T, O, 12 P)
        out: Tensor = self.together(functional.gelu(self.octave(octaves)).flatten(2))
        return out


class Bag(nn.Module):
    """The sounding notes as an unordered bag: the sum and the mean of what is learned for each of them.

    The sum tells how many there are, the mean which chord it is however many double it. A note may sound by degrees
    (a velocity): it then weighs as much, and counts as one.
    """

    def __init__(self, planes: int, width: int, *, keys: int, lowest: int) -> None:  # noqa: ARG002 - one seam for all
        super().__init__()
        self.notes = nn.Parameter(torch.randn(keys * planes, width) / width**0.5)
        self.both = nn.Linear(2 * width, width)

    def forward(self, roll: Tensor) -> Tensor:
        """(batch, frame, key, plane) to (batch, frame, width)."""
        sounding = roll.flatten(2)  # (B, T, K P)
        total = sounding @ self.notes  # (B, T, W)
        count = (sounding != 0).sum(-1, keepdim=True).clamp(min=1)
        out: Tensor = self.both(torch.cat([total, total / count], -1))
        return out


EMBEDS: Mapping[EmbedName, Callable[..., LinearRoll | PitchClassOctave | SharedOctave | Bag]] = MappingProxyType(
    {"linear": LinearRoll, "class-octave": PitchClassOctave, "shared-octave": SharedOctave, "bag": Bag}
)
"""By the name that a config uses; each is built as `(planes, width, keys=, lowest=)`."""
