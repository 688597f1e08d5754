"""A restricted Boltzmann machine over one frame: its energy, its walks and its partition function. Needs no weights."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import log

import torch
from torch import Tensor
from torch.nn import functional

from models.blocks.samplers.evidence import bernoulli
from models.frames import Choice

FRAMES_AT_ONCE = 32
"""Frames whose outcomes are listed, or whose chains are annealed, together: bounds the memory."""


@dataclass(frozen=True, slots=True)
class Energy:
    """P(keys) is in proportion to exp(-free(keys)), for each of several frames (Smolensky 1986)."""

    visible: Tensor
    """(frame, key)"""
    hidden: Tensor
    """(frame, unit)"""
    weights: Tensor
    """(key, unit)"""

    def free(self, keys: Tensor) -> Tensor:
        """Free energy, the hidden units summed over, (..., frame) of 0/1 floats (..., frame, key)."""
        return -(keys * self.visible).sum(-1) - functional.softplus(self.hidden + keys @ self.weights).sum(-1)

    def repeated(self, times: int) -> Energy:
        """The same frames several times over, one block after the other."""
        return Energy(self.visible.repeat(times, 1), self.hidden.repeat(times, 1), self.weights)

    def gibbs(self, keys: Tensor, fixed: Tensor, sweeps: int, generator: torch.Generator | None = None) -> Tensor:
        """Keys after so many sweeps from these, hidden and visible units in turn; `fixed` keys stay as they are."""
        for _ in range(sweeps):
            units = torch.bernoulli((self.hidden + keys @ self.weights).sigmoid(), generator=generator)
            drawn = torch.bernoulli((self.visible + units @ self.weights.T).sigmoid(), generator=generator)
            keys = torch.where(fixed, keys, drawn)
        return keys

    def one_by_one(self, keys: Tensor, fixed: Tensor, choice: Choice) -> Tensor:
        """Keys after one sweep that draws each in turn given all others.

        The hidden units are summed over, so a temperature acts on the chord itself: P(keys) ** (1 / temperature).
        """
        keys = keys.clone()
        reached = self.hidden + keys @ self.weights  # (N, U)
        for key in range(keys.shape[1]):
            row = self.weights[key]
            without = reached - keys[:, key, None] * row
            gain = self.visible[:, key] + (functional.softplus(without + row) - functional.softplus(without)).sum(-1)
            drawn = torch.where(fixed[:, key], keys[:, key], bernoulli(gain, choice).to(keys.dtype))
            reached = without + drawn[:, None] * row
            keys[:, key] = drawn
        return keys

    def log_z(self) -> Tensor:
        """(frame,) exact logarithm of the partition function, every chord listed: for few keys only."""
        count = self.visible.shape[1]
        chords = torch.cartesian_prod(*[torch.arange(2, device=self.visible.device)] * count).view(-1, 1, count)
        chords = chords.to(self.visible.dtype)  # (2 ** K, 1, K)
        return torch.cat([(-part.free(chords)).logsumexp(0) for part in self._parts()])

    def annealed_log_z(self, steps: int, chains: int, generator: torch.Generator | None = None) -> Tensor:
        """(frame,) estimate of the same by annealed importance sampling.

        Neal 1998, arXiv:physics/9803008; for this machine Salakhutdinov and Murray 2008. Z itself is estimated without
        bias, so its logarithm is too low on average (Jensen): what is gained from it flatters the model.
        """
        return torch.cat([_annealed(part, steps, chains, generator) for part in self._parts()])

    def _parts(self) -> list[Energy]:
        rows = zip(torch.split(self.visible, FRAMES_AT_ONCE), torch.split(self.hidden, FRAMES_AT_ONCE), strict=True)
        return [Energy(visible, hidden, self.weights) for visible, hidden in rows]


def _annealed(energy: Energy, steps: int, chains: int, generator: torch.Generator | None) -> Tensor:
    shape = (chains, *energy.visible.shape)
    keys = torch.bernoulli(energy.visible.sigmoid().expand(shape), generator=generator)  # (C, N, K)
    gained = torch.zeros(shape[:2], device=keys.device, dtype=keys.dtype)
    betas = torch.linspace(0, 1, steps + 1).tolist()
    for before, beta in pairwise(betas):
        reached = energy.hidden + keys @ energy.weights
        gained += (functional.softplus(beta * reached) - functional.softplus(before * reached)).sum(-1)
        units = torch.bernoulli((beta * reached).sigmoid(), generator=generator)
        keys = torch.bernoulli((energy.visible + beta * (units @ energy.weights.T)).sigmoid(), generator=generator)
    base = functional.softplus(energy.visible).sum(-1) + energy.hidden.shape[1] * log(2)
    return base + gained.logsumexp(0) - log(chains)
