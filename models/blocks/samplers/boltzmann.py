"""All keys at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.blocks.samplers.energy import Energy
from models.blocks.samplers.evidence import settled
from models.frames import Choice

FEW = 12
"""Up to so many keys the likelihood is exact."""
FANTASIES = 1024
"""Chains that live on between the steps of training."""
RESTARTS = 8
"""Searches for the likeliest chord."""


class Boltzmann(nn.Module):
    """Which keys sound together, as a restricted Boltzmann machine whose biases follow the past.

    The frame of an RNN-RBM (Boulanger-Lewandowski et al. 2012, arXiv:1206.6392). Trained by contrastive divergence
    from the data in `steps` sweeps (CD-k; Hinton 2002), or from chains that live on (`persistent`; Tieleman 2008),
    which were left by other frames with other biases (for doubts about either see Mnih et al. 2011, arXiv:1202.3748).

    Likelihood: exact up to 12 keys, otherwise with log Z by annealed importance sampling, which errs in the model's
    favour: fewer nats than true, on average. Draws are Gibbs chains of `sweeps` sweeps in which what is known or
    banned is held fast, so that the free keys follow from it by Bayes' rule, as far as the chain mixes.
    """

    fantasies: Tensor

    def __init__(  # noqa: PLR0913 - each is a field of a config
        self, width: int, *, keys: int, units: int = 64, steps: int = 10, sweeps: int = 30, persistent: bool = False,
        annealing: int = 200, chains: int = 16,
    ) -> None:  # fmt: skip
        super().__init__()
        self.keys, self.steps, self.sweeps, self.persistent = keys, steps, sweeps, persistent
        self.annealing, self.chains = annealing, chains
        self.visible = nn.Linear(width, 1)
        self.key = nn.Parameter(torch.zeros(keys))
        self.hidden = nn.Linear(width, units)
        self.weights = nn.Parameter(torch.randn(keys, units) * 0.01)
        if persistent:
            self.register_buffer("fantasies", torch.zeros(FANTASIES, keys), persistent=False)

    def energy(self, features: Tensor) -> Energy:
        """The machine of each frame, batch and frames in one row."""
        visible = self.visible(features)[..., 0] + self.key  # (B, T, K)
        hidden = self.hidden(features.mean(2))  # (B, T, U)
        return Energy(visible.flatten(0, 1).float(), hidden.flatten(0, 1).float(), self.weights.float())

    def nll(self, features: Tensor, target: Tensor) -> Tensor:
        """(batch, frame) nats in evaluation; while training, what has the gradient of contrastive divergence."""
        energy, keys = self.energy(features), target.flatten(0, 1).float()
        if self.training:
            nats = energy.free(keys) - energy.free(self._fantasy(energy, keys))
        elif self.keys <= FEW:
            nats = energy.free(keys) + energy.log_z()
        else:
            nats = energy.free(keys) + self.estimated_log_z(energy)
        return nats.view(target.shape[:2])

    def estimated_log_z(self, energy: Energy) -> Tensor:
        """(frame,) the same at each call; too low on average."""
        generator = torch.Generator(energy.visible.device).manual_seed(0)
        return energy.annealed_log_z(self.annealing, self.chains, generator)

    def planes(self, target: Tensor) -> Tensor:
        """(batch, frame, key) as planes of a roll, (batch, frame, key, 1)."""
        return target[..., None].float()

    @torch.no_grad()
    def draw(self, features: Tensor, known: Tensor, banned: Tensor, choice: Choice) -> Tensor:
        """The open frame, long (batch, 1, key).

        With a temperature other than 1 or with `top_p`, key after key is drawn in each sweep, which takes longer. The
        nucleus is then that of each key given the others.
        """
        energy = self.energy(features)
        fixed, value = (part.flatten(0, 1) for part in settled(known, banned))
        start = torch.bernoulli(energy.visible.sigmoid(), generator=choice.generator)
        keys = torch.where(fixed, value.to(start.dtype), start)
        if choice.temperature <= 0:
            keys = self._likeliest(energy, keys, fixed, choice)
        elif choice.temperature == 1 and choice.top_p >= 1:
            keys = energy.gibbs(keys, fixed, self.sweeps, choice.generator)
        else:
            for _ in range(self.sweeps):
                keys = energy.one_by_one(keys, fixed, choice)
        return keys.long().view(known.shape)

    def _likeliest(self, energy: Energy, keys: Tensor, fixed: Tensor, choice: Choice) -> Tensor:
        """The chord with the least free energy that several cooling chains found; no proof that none has less."""
        many, keys, fixed = energy.repeated(RESTARTS), keys.repeat(RESTARTS, 1), fixed.repeat(RESTARTS, 1)
        for sweep in range(self.sweeps):
            keys = many.one_by_one(keys, fixed, Choice(1 - sweep / self.sweeps, generator=choice.generator))
        for _ in range(self.sweeps):
            before, keys = keys, many.one_by_one(keys, fixed, Choice(0.0))
            if torch.equal(before, keys):
                break
        found = keys.view(RESTARTS, -1, self.keys)  # (R, N, K)
        best = energy.free(found).argmin(0)  # (N,)
        return found[best, torch.arange(len(best), device=best.device)]

    @torch.no_grad()
    def _fantasy(self, energy: Energy, keys: Tensor) -> Tensor:
        """What the machine dreams up: chords to push away from."""
        free = torch.zeros_like(keys, dtype=torch.bool)
        if not self.persistent:
            return energy.gibbs(keys, free, self.steps)
        chains = torch.randint(len(self.fantasies), (len(keys),), device=keys.device)
        dreamt = energy.gibbs(self.fantasies[chains], free, self.steps)
        self.fantasies[chains] = dreamt
        return dreamt
