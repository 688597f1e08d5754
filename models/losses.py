"""What training descends: nats of each frame, summed over its keys, nothing where the frame is not scored.

Every loss takes logits, target and the mask of a batch, and gives (batch, frame). What lies in a frame that is not
scored (padding, or no number at all) reaches neither the loss nor the gradient. `mean` makes one figure of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

OCTAVE = 12

LossName = Literal["nll", "focal", "soft", "distance"]
"""What a sampler can be trained with: focal for independent keys, distance for voices, soft labels for both."""


def key_nats(logits: Tensor, target: Tensor) -> Tensor:
    """Nats of each key, logits and 0..1 of one shape: cross-entropy of a Bernoulli, from logits for its precision."""
    logits = logits.float()
    return functional.binary_cross_entropy_with_logits(logits, target.to(logits.dtype), reduction="none")


def mean(frames: Tensor, mask: Tensor) -> Tensor:
    """Nats per scored frame over the whole batch, (); 0 where no frame is scored."""
    return torch.where(mask, frames, 0.0).sum() / mask.sum().clamp(min=1)


def bce(logits: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Binary cross-entropy of (batch, frame, key): the exact nats of independent keys."""
    logits, target = _scored(logits, target, mask)
    return _frames(key_nats(logits, target), mask)


def focal(logits: Tensor, target: Tensor, mask: Tensor, gamma: float = 2.0, balance: float | None = None) -> Tensor:
    """Binary cross-entropy with what is predicted well made light, by (1 - p) ** gamma.

    Lin et al. 2017, arXiv:1708.02002, eq. 4 and 5; `balance` is their alpha, the weight of a key that sounds, 1 - alpha
    that of a silent one. No nats any more, unless gamma is 0.
    """
    logits, target = _scored(logits, target, mask)
    nats = key_nats(logits, target)
    miss = functional.logsigmoid(
        torch.where(target > 0, -logits, logits).float()
    )  # log (1 - p): a power has no slope at 0
    losses = (gamma * miss).exp() * nats
    if balance is not None:
        losses = losses * torch.where(target > 0, balance, 1 - balance)
    return _frames(losses, mask)


@dataclass(frozen=True, slots=True)
class Softness:
    """How much of a label goes to its neighbours: label smoothing by musical nearness.

    The target then says which mistakes are small ones; Szegedy et al. 2016, arXiv:1512.00567, smooth evenly.
    """

    share: float = 0.1
    """Of a label that goes to other pitches, 0 to 1."""
    decay: float = 0.5
    """What a pitch gets for each semitone that it is further away, relative to the one before."""
    octave: float = 1.0
    """What a pitch an octave away gets, relative to one a semitone away; two octaves: its square."""

    def kernel(self, keys: int) -> Tensor:
        """(key, key): row by row, where the label of a key goes; each row sums to 1."""
        distance = (torch.arange(keys)[:, None] - torch.arange(keys)[None]).abs()
        near = torch.pow(self.decay, distance - 1.0)
        octaves = torch.where(distance % OCTAVE == 0, torch.pow(self.octave, distance / OCTAVE), 0.0)
        others = torch.maximum(near, octaves).fill_diagonal_(0)
        others = others / others.sum(1, keepdim=True).clamp(min=1e-12)
        if keys == 1 or self.share == 0:
            return torch.eye(keys)
        return (1 - self.share) * torch.eye(keys) + self.share * others


def soft_bce(logits: Tensor, target: Tensor, mask: Tensor, kernel: Tensor) -> Tensor:
    """Binary cross-entropy of (batch, frame, key) with labels that reach into their neighbours (`Softness.kernel`)."""
    logits, target = _scored(logits, target, mask)
    soft = (target.float() @ kernel.to(logits.device)).clamp(max=1)
    return _frames(key_nats(logits, soft), mask)


def soft_cross_entropy(logits: Tensor, target: Tensor, mask: Tensor, kernel: Tensor) -> Tensor:
    """Cross-entropy of one key per voice with labels that reach into their neighbours, by `Softness.kernel`.

    Logits (batch, frame, voice, outcome), target long (batch, frame, voice). Outcomes beyond the kernel (a rest) are
    what they are.
    """
    logits, target = _scored(logits, target, mask)
    outcomes, keys = logits.shape[-1], len(kernel)
    whole = torch.eye(outcomes, device=logits.device)
    whole[:keys, :keys] = kernel.to(logits.device)
    return _frames(-(whole[target] * logits.float().log_softmax(-1)).sum(-1), mask)


def distance_cross_entropy(
    logits: Tensor, target: Tensor, mask: Tensor, weight: float = 1.0, rest: float = 12.0
) -> Tensor:
    """Cross-entropy of one key per voice, and `weight` for each octave by which the outcome is expected to miss.

    Logits (batch, frame, voice, key + 1), target long (batch, frame, voice), where the last outcome is a rest, `rest`
    semitones from every key. For a certain target the expected distance is the earth mover's distance (cf. Hou et al.
    2016, arXiv:1611.05916). Nats only where the weight is 0.
    """
    logits, target = _scored(logits, target, mask)
    outcomes = logits.shape[-1]
    at = torch.arange(outcomes, device=logits.device)
    distance = (at[:, None] - at[None]).abs().float()
    distance[-1, :-1] = distance[:-1, -1] = rest
    chances = logits.float().log_softmax(-1)
    nats = -chances.gather(-1, target[..., None])[..., 0]
    missed = (chances.exp() * distance[target]).sum(-1) / OCTAVE
    return _frames(nats + weight * missed, mask)


def _scored(logits: Tensor, target: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Both, with zeros where the frame is not scored.

    Before the loss and not after it: a loss that is no number has no gradient, even where it is masked.
    """
    hidden = ~mask.view(*mask.shape, *[1] * (target.dim() - 2))
    behind = hidden.view(*hidden.shape, *[1] * (logits.dim() - target.dim()))
    return logits.masked_fill(behind, 0), target.masked_fill(hidden, 0)


def _frames(losses: Tensor, mask: Tensor) -> Tensor:
    return torch.where(mask, losses.flatten(2).sum(-1), 0.0)
