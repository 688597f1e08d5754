"""How well an ensemble model foretells held-out pieces, and what it plays along them when it hears itself alone."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.ensemble import passes
from models.ensemble.batch import EventBatch
from models.ensemble.config import LOWEST, REST, EnsembleConfig
from models.ensemble.live import Live
from models.ensemble.model import EnsembleModel
from models.frames import Choice
from music.errors import ContinuoError
from music.orchestra import REST as NOBODY
from train.config import Config
from train.ensembles.arrays import Ensembles
from train.ensembles.windows import Part, Windowed
from train.evaluate import orchestra
from train.evaluate.pieces import spread

LIKELIEST = Choice(0.0)
EXCERPTS, EVENTS = 40, 160
"""How many pieces training looks at, and how much of each."""


def config_of(config: Config) -> EnsembleConfig:
    """The model's part of an experiment's config; ContinuoError where it is of another kind."""
    if config.model.get("kind") != "ensemble":
        raise ContinuoError(f'{config.name}: the task {config.data.task!r} needs model.kind = "ensemble"', "Set it")
    return msgspec.convert(config.model, EnsembleConfig)


def excerpts(ensembles: Ensembles, config: EnsembleConfig, split: str = "valid") -> list[EventBatch]:
    """The middle of some pieces of a split, evenly from all of it."""
    return middles(Part(ensembles.piece(entry), config) for entry in spread(ensembles.of(split), EXCERPTS))


def middles(pieces: Iterable[Windowed]) -> list[EventBatch]:
    """The middle of each piece."""
    found = []
    for piece in pieces:
        events = min(EVENTS, len(piece))
        found.append(piece.window((len(piece) - events) // 2, events, 0))
    return found


@torch.inference_mode()
def quick(model: EnsembleModel, some: Iterable[EventBatch]) -> dict[str, float]:
    """Teacher-forced figures: nats of an event, accuracy where the orchestra changes, F1 of what begins."""
    device = model.range.device
    total = events = 0.0
    accuracy: list[float] = []
    hits = drawn = true = 0
    for batch in (one.to(device) for one in some):
        total += float(passes.scored(model, batch).sum())
        events += batch.target.shape[1]
        found, written = orchestra.units(pitches(forced(model, batch))), orchestra.units(pitches(batch.target[0]))
        before = orchestra.before(written)
        changes = (written != before).any(1)
        changes[0] = False  # what sounded before an excerpt is not known
        both, either = (found & written).sum(1), (found | written).sum(1)
        accuracy += (both[changes] / np.maximum(either[changes], 1)).tolist()
        begins, begun = found[1:] & ~before[1:], written[1:] & ~before[1:]
        hits, drawn, true = hits + int((begins & begun).sum()), drawn + int(begins.sum()), true + int(begun.sum())
    return {
        "nats": total / max(1.0, events),
        "accuracy_at_changes": float(np.mean(accuracy)) if accuracy else 0.0,
        "begins_f1": 2 * hits / max(1, drawn + true),
    }


@torch.inference_mode()
def forced(model: EnsembleModel, batch: EventBatch, ahead: int = 0, known: Tensor | None = None) -> Tensor:
    """The likeliest slots of each event with the written ones before it, long (event, slot).

    `known` is what is told of the events beforehand, long (1, event, slot), -1 where nothing is.
    """
    past = passes.past_of(model, batch.target, batch.before)
    encoded = model.encode(batch.given, batch.elapsed)
    whole = batch.whole if ahead else None
    scene = model.scene(encoded, batch.given, past, batch.present, whole=whole, ahead=ahead)
    if known is None:
        known = passes.evidence(model, batch.present, tuple(batch.target.shape))
    return passes.draw(model, scene, known, LIKELIEST, model.config.passes)[0]


def pitches(slots: Tensor) -> NDArray[np.uint8]:
    """Keys, (event, slot), as pitches: 0 where nobody plays."""
    found: NDArray[np.uint8] = torch.where(slots == REST, NOBODY, slots + LOWEST).cpu().numpy().astype(np.uint8)
    return found


def free(
    model: EnsembleModel,
    batch: EventBatch,
    ahead: int = 0,
    choice: np.random.Generator | None = None,
    known: Tensor | None = None,
) -> Tensor:
    """What the model plays along a piece when it hears only itself, long (event, slot): the likeliest, or by chance.

    `known` as in `forced`.
    """
    live = Live(model)
    with torch.inference_mode():
        encoded = model.encode(batch.given, batch.elapsed)[0].cpu().numpy()
        told = passes.evidence(model, batch.present, tuple(batch.target.shape)) if known is None else known
    summary = None if batch.whole is None or not ahead else live.summed(batch.whole[0].cpu().numpy())
    given, present, beforehand = batch.given[0].cpu().numpy(), batch.present[0].cpu().numpy(), told[0].cpu().numpy()
    past = batch.before[0].cpu().numpy()
    found = np.empty((len(given), live.slots), np.int64)
    for event in range(len(given)):
        certain = live.event(encoded, event, given[event], past, present, ahead=ahead, summary=summary, free=True)
        found[event] = live.draw(
            certain, beforehand[event], temperature=float(choice is not None), dice=choice, lean=live.eager
        )
        past = np.concatenate((found[event][None], past))[: max(1, model.config.past)]
    return torch.from_numpy(found)
