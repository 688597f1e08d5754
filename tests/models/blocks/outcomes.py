"""Small frames of which every outcome can be listed, and samplers with weights large enough to have opinions."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import torch
from torch import Tensor, nn

from models.blocks.samplers import Masked, Sampler
from models.frames import Choice

WIDTH = 8
FREE = -1
DRAWS = 8000

Module = TypeVar("Module", bound=nn.Module)


def opinionated(sampler: Module, scale: float = 2.0, seed: int = 0) -> Module:
    """The same in evaluation, its weights enlarged until its keys depend on each other."""
    generator = torch.Generator().manual_seed(seed)
    for weights in sampler.parameters():
        spread = scale / max(1, weights[0].numel()) ** 0.5
        weights.data = torch.randn(weights.shape, generator=generator) * spread
    return sampler.eval()


@torch.no_grad()
def undecided(sampler: Masked, scale: float = 1.5) -> Masked:
    """The same with opinions of the others, but leaning neither way while nothing is known."""
    sampler = opinionated(sampler, scale)
    free = torch.zeros(1, 1, sampler.keys, dtype=torch.bool)
    sampler.out.bias.data -= sampler._logits(sampler._base(features(sampler.keys)), free, free).mean()
    return sampler


def features(keys: int, seed: int = 1) -> Tensor:
    """Of one frame, (1, 1, key, WIDTH)."""
    return torch.randn(1, 1, keys, WIDTH, generator=torch.Generator().manual_seed(seed))


def every(keys: int) -> Tensor:
    """Each outcome once, as a batch (2 ** keys, 1, key)."""
    return torch.tensor(list(product((0, 1), repeat=keys)))[:, None]


@torch.no_grad()
def chances(sampler: Sampler, seen: Tensor) -> Tensor:
    """P of every outcome, by `nll`."""
    outcomes = every(seen.shape[2])
    return (-sampler.nll(seen.expand(len(outcomes), -1, -1, -1), outcomes))[:, 0].exp().double()


@dataclass(frozen=True)
class Told:
    """Evidence: what is known key by key (none: nothing), and which keys are banned."""

    known: tuple[int, ...] = ()
    banned: tuple[int, ...] = ()


@torch.no_grad()
def drawn(
    sampler: Sampler,
    seen: Tensor,
    choice: Choice,
    told: Told = Told(),
    count: int = DRAWS,
) -> Tensor:
    """How often each outcome was drawn, as shares of all draws."""
    keys = seen.shape[2]
    evidence = torch.tensor(told.known or (FREE,) * keys).expand(count, 1, keys)
    bans = torch.zeros(count, 1, keys, dtype=torch.bool)
    bans[..., list(told.banned)] = True
    frames = sampler.draw(seen.expand(count, -1, -1, -1), evidence, bans, choice)
    assert frames.shape == (count, 1, keys) and frames.dtype == torch.long
    place = (frames[:, 0] * 2 ** torch.arange(keys - 1, -1, -1)).sum(-1)
    return torch.bincount(place, minlength=2**keys).double() / count


def conditional(whole: Tensor, told: Told) -> Tensor:
    """The same probabilities given what is known and banned, by Bayes' rule."""
    outcomes = every(len(told.known))[:, 0]
    facts = torch.tensor([0 if key in told.banned and fact == FREE else fact for key, fact in enumerate(told.known)])
    possible = ((facts == FREE) | (outcomes == facts)).all(-1)
    return whole * possible / whole[possible].sum()


def tempered(whole: Tensor, temperature: float) -> Tensor:
    """The same probabilities at another temperature: P ** (1 / temperature)."""
    chances = whole ** (1 / temperature)
    return chances / chances.sum()


def agree(shares: Tensor, expected: Tensor, count: int = DRAWS) -> bool:
    """Whether draws fit what was expected: chi-squared at six standard deviations, rare outcomes together."""
    assert shares[expected == 0].sum() == 0
    often = expected * count >= 5
    seen = torch.cat([shares[often], shares[~often].sum()[None]])
    wanted = torch.cat([expected[often], expected[~often].sum()[None]]).clamp(min=1e-9)
    free = max(1, len(wanted) - 1)
    squared = count * ((seen - wanted) ** 2 / wanted.clamp(min=0.5 / count)).sum()
    return bool(squared < free + 6 * (2 * free) ** 0.5)


def entropy(shares: Tensor) -> float:
    """In nats."""
    return float(-(shares * shares.clamp(min=1e-12).log()).sum())


def chooser(temperature: float = 1.0, top_p: float = 1.0, seed: int = 3) -> Choice:
    return Choice(temperature, top_p, torch.Generator().manual_seed(seed))


def slots(batch: int, keys: int, seed: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Random features, evidence and bans, endlessly."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        seen = torch.randn(batch, 1, keys, WIDTH, generator=generator) * 2
        known = torch.randint(-1, 2, (batch, 1, keys), generator=generator)
        yield seen, known, torch.rand(batch, 1, keys, generator=generator) < 0.3
