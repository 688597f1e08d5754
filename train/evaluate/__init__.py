"""How good a learned player is, on pieces it has not seen, beside players that learned nothing.

`evaluate` gives everything, `score` the quick part that training looks at. Protocols, by task: A (keys), B (voices), D
(lead) of the benchmarks that others publish, the left hand (hands), and a whole piano (solo).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from torch import nn

from models.frames import Batch
from music.errors import ContinuoError
from train.config import Config
from train.evaluate import hands, keys, lead, solo, voices
from train.evaluate.pieces import Piece, spread
from train.evaluate.probes import probed
from train.evaluate.report import Report
from train.evaluate.stream import Model, ms_per_step
from train.rolls import Rolls, open_rolls
from train.windows import whole

__all__ = ["Report", "evaluate", "score"]

CACHE = Path("runs") / "cache"
COUNTED_FRAMES = 300_000
"""Of the train split, for the baselines."""
SCORED_PIECES = 32
SCORED_FRAMES = {"keys": 64, "voices": 128, "hands": 96, "lead": 256, "solo": 64}
"""How much of a piece training looks at."""

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class _Protocol:
    """What is measured in a task."""

    metrics: Callable[[Model, Sequence[Piece]], Figures]
    baselines: Callable[[Sequence[Piece], Sequence[Piece]], dict[str, Figures]]
    quick: Callable[[Model, Sequence[Piece]], Figures]
    remark: str = ""


_PROTOCOLS = {
    "keys": _Protocol(keys.metrics, keys.baselines, keys.foretold, keys.REMARK),
    "voices": _Protocol(voices.metrics, voices.baselines, voices.quick, voices.REMARK),
    "hands": _Protocol(hands.metrics, hands.baselines, hands.foretold, hands.REMARK),
    "solo": _Protocol(solo.metrics, solo.baselines, solo.foretold, solo.REMARK),
    "lead": _Protocol(lead.metrics, lead.baselines, lead.quick, lead.REMARK),
}


def evaluate(model: Model, data: Path, config: Config, split: str, cache: Path = CACHE) -> Report:
    """All figures of a model on a split, and those of the trivial players.

    Args:
        model: a frame model, on whichever device.
        data: a benchmark file, a folder with `manifest.csv`, or the folder in which the config's corpora lie.
        config: says the task and the corpora; its `leave_out` counts for training only.
        split: train, valid or test; ContinuoError where there is no piece of it.
        cache: folder of ours for pieces that are prepared once.
    """
    settings = msgspec.structs.replace(config.data, leave_out={})
    rolls = open_rolls(data, settings, cache)
    pieces = list(_pieces(rolls, split, settings.advice))
    if not pieces:
        raise ContinuoError(f"{data}: there is no piece of the split {split!r} in it", f"It has: {_splits(rolls)}")
    train = list(_pieces(_counted(rolls), "train", advice=False))
    protocol = _PROTOCOLS[config.data.task]
    with _judged(model):
        metrics = protocol.metrics(model, pieces) | probed(model, pieces, config.data.task)
        pace = ms_per_step(model, max(pieces, key=len))
    return Report(
        task=config.data.task,
        split=split,
        metrics=metrics,
        baselines=protocol.baselines(pieces, train),
        pieces=len(pieces),
        frames=sum(map(len, pieces)),
        ms_per_step=pace,
        remarks=tuple(_remarks(protocol, train, split)),
    )


def score(model: Model, batches: Iterable[Batch]) -> Figures:
    """The quick musical figures of held-out pieces, each a batch of one: for early stopping."""
    pieces = spread([Piece(str(number), batch.to("cpu")) for number, batch in enumerate(batches)], SCORED_PIECES)
    if not pieces:
        return {}
    task = task_of(model, pieces[0].batch)
    some = [piece.cut(SCORED_FRAMES[task]) for piece in pieces]
    with _judged(model):
        return _PROTOCOLS[task].quick(model, some)


def task_of(model: Model, batch: Batch) -> str:
    """What a model decides: as its config says; of a count table, as the shapes do."""
    config = getattr(model, "config", None)
    if config is not None:
        return str(config.task)
    cells, planes = batch.target.shape[-1], batch.given.shape[-1]
    return {4: "voices", 12: "lead"}.get(cells, "hands" if planes else "keys")


def _pieces(rolls: Rolls, split: str, advice: bool) -> Iterator[Piece]:
    return (Piece(title, batch) for title, batch in whole(rolls, split, advice))


def _counted(rolls: Rolls) -> Rolls:
    """The rolls with no more of the train split than changes what is counted, evenly from all of it."""
    share = COUNTED_FRAMES / max(COUNTED_FRAMES, rolls.frames("train"))
    entries = rolls.of("train")
    return msgspec.structs.replace(rolls, index=tuple(spread(entries, round(share * len(entries)))))


def _splits(rolls: Rolls) -> str:
    found = dict.fromkeys(entry.split for entry in rolls.index)
    return ", ".join(found) or "nothing"


def _remarks(protocol: _Protocol, train: Sequence[Piece], split: str) -> Iterator[str]:
    yield protocol.remark
    if not train:
        yield "There is no train split here: baselines that count are left out"
    elif split == "train":
        yield "The baselines were counted on the very pieces they are measured on"


@contextmanager
def _judged(model: Model) -> Iterator[None]:
    """The model as it plays, not as it learns."""
    learns = isinstance(model, nn.Module) and model.training
    if isinstance(model, nn.Module):
        model.eval()
    try:
        yield
    finally:
        if isinstance(model, nn.Module):
            model.train(learns)
