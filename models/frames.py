"""What frame models are trained on: windows of pieces on the frame grid, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

MAX_PHASE = 63
"""Frames since the barline are told apart up to here."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows of training, or one whole piece with batch = 1."""

    target: Tensor
    """long: what the model decides. (batch, frame, key) with a state per key, or (batch, frame, voice) with a key."""
    given: Tensor
    """(batch, frame, key, plane): what the musician does in the same frame; there may be no planes."""
    phase: Tensor
    """long (batch, frame): 0 where the bar is not known, else 1 + frames since the barline."""
    mask: Tensor
    """bool (batch, frame): where the frame is scored."""

    def to(self, device: torch.device | str) -> Batch:
        """The same on another device."""
        return Batch(
            self.target.to(device, non_blocking=True),
            self.given.to(device, non_blocking=True),
            self.phase.to(device, non_blocking=True),
            self.mask.to(device, non_blocking=True),
        )

    def __len__(self) -> int:
        return int(self.target.shape[0])


@dataclass(frozen=True, slots=True)
class Choice:
    """How an outcome is taken from its probabilities."""

    temperature: float = 1.0
    """Standard meaning: logits are divided by it; 0 = the likeliest outcome.

    Of voices and chords at 0: of the likeliest ones, that which agrees most with them all.
    """
    top_p: float = 1.0
    """Only the likeliest outcomes that together have this probability (nucleus; Holtzman et al. 2020)."""
    generator: torch.Generator | None = None
    lean: NDArray[np.float32] | None = None
    """(key,), of keys that are decided from the lowest up: what another player thinks of their sounding, in nats.

    The draw is from the product of both (Hinton 2002, "Training Products of Experts").
    """

    def pick(self, logits: Tensor) -> Tensor:
        """The index of one outcome along the last dimension; banned outcomes are at -inf.

        ValueError where no outcome is left or the logits are no numbers.
        """
        best = logits.amax(-1)
        if not bool(torch.isfinite(best).all()):
            raise ValueError("no outcome is possible")
        if self.temperature <= 0:
            return logits.argmax(-1)
        chances = (logits / self.temperature).softmax(-1)
        if self.top_p < 1:
            chances = _nucleus(chances, self.top_p)
        flat = chances.reshape(-1, chances.shape[-1])
        where = self.generator.device if self.generator else flat.device  # the same dice wherever the model is
        picked = torch.multinomial(flat.to(where), 1, generator=self.generator).to(flat.device)
        return picked.view(chances.shape[:-1])


Choices = Choice | Sequence[Choice]
"""One for all pieces of a batch, which then throw the same dice one after the other, or one for each."""


def each(choice: Choices, rows: int) -> Sequence[Choice]:
    """The choice of each piece."""
    return [choice] * rows if isinstance(choice, Choice) else choice


def _nucleus(chances: Tensor, top_p: float) -> Tensor:
    ordered, order = chances.sort(-1, descending=True)
    kept = ordered.cumsum(-1) - ordered < top_p  # the first one always is
    return torch.zeros_like(chances).scatter(-1, order, ordered * kept)


def blended(logits: Tensor, rows: int, weight: float) -> Tensor:
    """(rows, outcome) of what one listener or two, one after the other, make of the same moments.

    A weighted product of the two distributions; an outcome that either has banned stays so.
    """
    if len(logits) == rows:
        return logits
    one, other = logits.log_softmax(-1).chunk(2)
    return (1 - weight) * one + weight * other
