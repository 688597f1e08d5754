"""All figures of an ensemble model, by protocol C, and of the orchestras that only count."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.ensemble import passes
from models.ensemble.batch import EventBatch
from models.ensemble.config import REST, EnsembleConfig
from models.ensemble.kernels import UNKNOWN
from models.ensemble.live import Live
from models.ensemble.model import EnsembleModel
from music.errors import ContinuoError
from train.config import Config
from train.ensembles import judge
from train.ensembles.prepare import find, open_ensembles
from train.ensembles.windows import Part
from train.evaluate import orchestra
from train.evaluate.orchestra_tables import COUNTED_PIECES, baselines
from train.evaluate.report import Report

MEASURED_PIECES = 40
"""Of the split, evenly from all of it."""
TIMED = 40
"""Events drawn to tell how long one takes."""
CHUNK = 256
"""Events of a piece that are scored at once."""
REMARK = (
    "Protocol C, teacher-forced and (free_...) free-running, the likeliest outcome each time. Nats are of whole events "
    "with as many passes as are played; the model knows which sections a piece has."
)


class Player:
    """A model as protocol C takes it."""

    def __init__(self, model: EnsembleModel, ahead: int = 0) -> None:
        self._model, self._ahead = model, ahead

    def foretell(self, piece: orchestra.Piece) -> tuple[orchestra.State, NDArray[np.float64]]:
        """What it would play after the written orchestra, and the nats of what was written."""
        found, nats = [], []
        for batch in self._chunks(piece):
            with torch.inference_mode():
                nats.append(passes.scored(self._model, batch, ahead=self._ahead)[0].double().cpu().numpy())
            found.append(judge.pitches(judge.forced(self._model, batch, self._ahead)))
        skip = [0, *[self._model.config.context] * (len(found) - 1)]
        slots = np.concatenate([part[first:] for part, first in zip(found, skip, strict=True)])
        return orchestra.units(slots), np.concatenate([part[first:] for part, first in zip(nats, skip, strict=True)])

    def play(self, piece: orchestra.Piece) -> orchestra.State:
        """What it plays when it hears only itself."""
        return orchestra.units(judge.pitches(judge.free(self._model, _whole(piece, self._model.config), self._ahead)))

    def _chunks(self, piece: orchestra.Piece) -> Iterator[EventBatch]:
        """The piece in parts that overlap by the context, so that a long one needs no more memory than a short one."""
        config = self._model.config
        part = Part(piece.arrays, config)
        step = CHUNK - config.context
        for first in range(0, max(1, len(part) - config.context), step):
            yield part.window(first, min(CHUNK, len(part) - first), 0)


def _whole(piece: orchestra.Piece, config: EnsembleConfig) -> EventBatch:
    part = Part(piece.arrays, config)
    return part.window(0, len(part), 0)


def evaluate(model: EnsembleModel, data: Path, config: Config, split: str, cache: Path) -> Report:
    """All figures of a model on a split; the arguments are those of `train.evaluate.evaluate`."""
    ensembles = open_ensembles(find(data, config.data.corpora, {}), cache)
    some = orchestra.pieces(ensembles, split, most=MEASURED_PIECES)
    if not some:
        raise ContinuoError(f"{data}: there is no piece of the split {split!r} in it", "Take another split")
    train = orchestra.pieces(ensembles, "train", most=COUNTED_PIECES)
    model.eval()
    figures = orchestra.metrics(Player(model), some)
    figures |= {f"shuffled_{name}": value for name, value in _shuffled(model, some).items()}
    if model.config.ahead:
        figures |= {f"ahead_{n}": v for n, v in orchestra.metrics(Player(model, model.config.ahead), some).items()}
    return Report(
        task=config.data.task,
        split=split,
        metrics=figures,
        baselines=baselines(some, train),
        pieces=len(some),
        frames=sum(map(len, some)),
        ms_per_step=ms_per_event(model, _whole(some[0], model.config)),
        remarks=(REMARK,),
    )


def _shuffled(model: EnsembleModel, some: list[orchestra.Piece]) -> dict[str, float]:
    """What is left where the piano is that of another piece: it must fall."""
    player, names = Player(model), ("nats_per_piano_event", "accuracy_at_changes")
    found = orchestra.forced_metrics(player, orchestra.shuffled(some))
    return {name: found[name] for name in names}


def ms_per_event(model: EnsembleModel, batch: EventBatch) -> float:
    """Median of one event of a piece decided live: encoded, drawn."""
    live = Live(model)
    given, elapsed = batch.given[0].cpu().numpy(), batch.elapsed[0].tolist()
    past, present = batch.before[0].cpu().numpy(), batch.present[0].cpu().numpy()
    known = np.where(present[live.owner], UNKNOWN, REST)
    taken = []
    memories, heard = live.start(), np.zeros((0, live.width), np.float32)
    for event in range(min(TIMED, batch.target.shape[1])):
        start = time.perf_counter()
        new, memories = live.steps(given[event][None], [elapsed[event]], memories)
        heard = np.concatenate((heard, new))[-model.config.context :]
        live.draw(live.event(heard, len(heard) - 1, given[event], past, present, free=True), known)
        taken.append((time.perf_counter() - start) * 1000)
    return float(np.median(taken))
