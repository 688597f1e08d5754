"""What all live draws have in common: a hidden layer, probabilities, a pick, and the weights as arrays."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import Tensor, nn

from models.frames import Choice

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NEVER = np.float32(-np.inf)


def array(tensor: Tensor) -> Floats:
    """Weights or features; of those on the CPU no copy is made."""
    return tensor.detach().float().cpu().numpy()


def by_input(layer: nn.Linear) -> Floats:
    """(input, output) weights: what one input adds to all outputs lies together."""
    return np.ascontiguousarray(array(layer.weight).T)


def uniform(count: int, choice: Choice) -> Floats:
    """Numbers from 0 to 1 for as many picks, the same for the same generator; at temperature 0 noughts."""
    if choice.temperature <= 0:
        return np.zeros(count, np.float32)
    device = choice.generator.device if choice.generator else "cpu"
    return array(torch.rand(count, generator=choice.generator, device=device))


def abreast(frames: Iterable[Ints], device: torch.device) -> Tensor:
    """Frames of several pieces, as models take them: long (batch, 1, ...)."""
    return torch.from_numpy(np.stack(list(frames))).to(device)[:, None]


def shares(blend: float) -> Floats:
    """How much each listener has to say, (listener,)."""
    return np.array([1 - blend, blend] if blend else [1], np.float32)


@njit(cache=True, fastmath={"contract", "reassoc"})
def deepened(x: Floats, weights: Floats, bias: Floats, hidden: Floats) -> None:
    """Add to `x`, (feature,), what a rectified layer makes of it; `weights` are (input, output)."""
    for o in range(len(hidden)):  # a loop compiles in a tenth of the time of an assignment
        hidden[o] = bias[o]
    for i in range(len(x)):
        value = x[i]
        if value != 0:
            for o in range(len(hidden)):
                hidden[o] += value * weights[i, o]
    for o in range(len(hidden)):
        x[o] += max(hidden[o], np.float32(0))


@njit(cache=True, fastmath={"contract", "reassoc"})
def dot(x: Floats, weights: Floats) -> float:
    """The sum of products."""
    total = np.float32(0)
    for i in range(len(x)):
        total += x[i] * weights[i]
    return float(total)


@njit(cache=True)
def normalised(scores: Floats) -> bool:
    """Make log-probabilities of scores, in place; False where no outcome is possible or one is no number."""
    best = NEVER
    for score in scores:
        if np.isnan(score):
            return False
        best = max(best, score)
    if not np.isfinite(best):
        return False
    total = np.float32(0)
    for score in scores:
        total += np.exp(score - best)
    log_total = np.float32(np.log(total))
    for i in range(len(scores)):
        scores[i] -= best + log_total
    return True


@njit(cache=True)
def picked(nats: Floats, temperature: float, top_p: float, chance: float) -> int:
    """An outcome of log-probabilities, as `Choice.pick` takes it, by one number from 0 to 1."""
    if temperature <= 0:
        return int(np.argmax(nats))
    best = np.float32(nats.max())
    chances = np.exp((nats - best) / np.float32(temperature))
    total = chances.sum()
    if top_p < 1:
        for outcome in range(len(chances)):
            likelier = np.float32(0)
            for other in range(len(chances)):
                if nats[other] > nats[outcome] or (nats[other] == nats[outcome] and other < outcome):
                    likelier += np.exp((nats[other] - best) / np.float32(temperature))
            if likelier >= top_p * total:
                chances[outcome] = 0
    limit, sofar, last = chance * chances.sum(), np.float32(0), int(np.argmax(nats))
    for outcome in range(len(chances)):
        if chances[outcome] > 0:
            sofar += chances[outcome]
            last = outcome
            if limit < sofar:
                break
    return last
