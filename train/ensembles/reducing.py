"""All figures of a learned reducer, beside the rules and simpler ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.ensemble import passes
from models.ensemble.batch import EventBatch
from models.ensemble.model import EnsembleModel
from models.ensemble.reach import within_reach
from models.rules.reduction import SPAN
from music.errors import ContinuoError
from train.config import Config
from train.ensembles import judge
from train.ensembles.arrays import Ensembles
from train.ensembles.piano import PianoPart, Reduced, reduced
from train.ensembles.prepare import find, open_ensembles
from train.ensembles.report import CHUNK, ms_per_event
from train.evaluate import reduction
from train.evaluate.pieces import spread
from train.evaluate.report import Report

MADE_PIECES, MADE_EVENTS = 30, 300
"""How many pieces with hands made by rule are looked at, and how much of each."""
TRIP_EVENTS = 300
"""How much of a piano piece goes through an orchestra and back."""
REMARK = (
    "Teacher-forced and (free_...) free-running, the likeliest outcome each time, at the events at which the orchestra "
    "strikes something: against piano parts that somebody wrote, and (made_...) those that the rules make. rule_f1: "
    "against the rules. Free-running, hands let go of what they do not reach. Nats are of both hands; round_trip_f1: "
    "a piano orchestrated by the rules and reduced again."
)


class Player:
    """A model as `train.evaluate.reduction` takes it."""

    def __init__(self, model: EnsembleModel, ahead: int = 0) -> None:
        self._model, self._ahead = model, ahead

    def foretell(self, piece: Reduced) -> tuple[reduction.Keys, NDArray[np.float64]]:
        """What it would play after the written hands, and the nats of what was written."""
        found, nats, skip = [], [], 0
        for batch in self._chunks(piece):
            with torch.inference_mode():
                nats.append(passes.scored(self._model, batch, ahead=self._ahead)[0].double().cpu().numpy()[skip:])
            found.append(judge.pitches(judge.forced(self._model, batch, self._ahead))[skip:])
            skip = self._model.config.context
        return reduction.keys_of(np.concatenate(found)), np.concatenate(nats)

    def play(self, piece: Reduced) -> reduction.Keys:
        """What it plays when it hears only the orchestra and itself, as far as hands reach."""
        batch = PianoPart(piece, self._model.config).window(0, len(piece), 0)
        drawn = within_reach(judge.free(self._model, batch, self._ahead).cpu().numpy(), SPAN)
        return reduction.keys_of(judge.pitches(torch.from_numpy(drawn)))

    def _chunks(self, piece: Reduced) -> Iterator[EventBatch]:
        """The piece in parts that overlap by the context."""
        part, context = PianoPart(piece, self._model.config), self._model.config.context
        for first in range(0, max(1, len(part) - context), CHUNK - context):
            yield part.window(first, min(CHUNK, len(part) - first), 0)


def evaluate(model: EnsembleModel, data: Path, config: Config, split: str, cache: Path) -> Report:
    """All figures of a model on a split; the arguments are those of `train.evaluate.evaluate`."""
    ensembles = open_ensembles(find(data, config.data.corpora, {}), cache)
    written, made = _pieces(ensembles, split, "pair"), _pieces(ensembles, split, "reduction")
    if not written and not made:
        raise ContinuoError(f"{data}: there is no piece of the split {split!r} in it", "Take another split")
    model.eval()
    player = Player(model)
    figures, baselines = reduction.Figures(), dict[str, reduction.Figures]()
    for name, some in (("", written), ("made_", made)):
        if some:
            _add(figures, name, reduction.metrics(player, some))
            for who, row in reduction.baselines(some).items():
                _add(baselines.setdefault(who, {}), name, row)
            _add(figures, f"{name}shuffled_", _shuffled(player, some))
    if model.config.ahead:
        _add(figures, "ahead_", reduction.metrics(Player(model, model.config.ahead), written or made))
    for who, row in round_trip(player, _pianos(ensembles, split)).items():
        _add(figures if who == "model" else baselines.setdefault(who, {}), "", row)
    some = [*written, *made]
    return Report(
        task=config.data.task,
        split=split,
        metrics=figures,
        baselines=baselines,
        pieces=len(some),
        frames=sum(map(len, some)),
        ms_per_step=ms_per_event(model, PianoPart(some[0], model.config).window(0, len(some[0]), 0)),
        remarks=(REMARK,),
    )


def quick(model: EnsembleModel, some: Iterable[EventBatch]) -> dict[str, float]:
    """Teacher-forced figures that training looks at."""
    total = events = 0.0
    hits = drawn = true = 0
    device = model.range.device
    for batch in (one.to(device) for one in some):
        with torch.inference_mode():
            total += float(passes.scored(model, batch).sum())
        events += batch.target.shape[1]
        found = reduction.keys_of(judge.pitches(judge.forced(model, batch)))
        written = reduction.keys_of(judge.pitches(batch.target[0]))
        hits, drawn, true = hits + int((found & written).sum()), drawn + int(found.sum()), true + int(written.sum())
    return {"nats": total / max(1.0, events), "sounding_f1": 2 * hits / max(1, drawn + true)}


def _pieces(ensembles: Ensembles, split: str, kind: str) -> list[Reduced]:
    """Of pieces with written hands all, of the others some, evenly from all of them."""
    entries = [entry for entry in ensembles.of(split) if entry.kind == kind]
    if kind == "pair":
        return [reduced(ensembles.piece(entry)) for entry in entries]
    return [reduced(ensembles.piece(entry)).cut(MADE_EVENTS) for entry in spread(entries, MADE_PIECES)]


def _pianos(ensembles: Ensembles, split: str) -> list[tuple[Reduced, reduction.Keys]]:
    """Piano parts that somebody wrote, as the rules orchestrate them, and what they sound."""
    found = []
    for entry in ensembles.of(split):
        if entry.kind == "pair":
            arrays = ensembles.piece(entry)
            found.append((reduction.orchestrated(arrays, TRIP_EVENTS), arrays.piano[:TRIP_EVENTS] > 0))
    return found


def round_trip(player: Player, pianos: Sequence[tuple[Reduced, reduction.Keys]]) -> dict[str, reduction.Figures]:
    """By who reduces, how much of piano pieces comes back from an orchestra of the rules."""
    if not pianos:
        return {}
    who: dict[str, Callable[[Reduced], reduction.Keys]] = {"model": player.play}
    for name, play in reduction.SIMPLE.items():
        who[name] = lambda piece, play=play: play(piece.slots, piece.struck)  # type: ignore[misc]
    keys = [piano for _, piano in pianos]
    return {
        name: {"round_trip_f1": reduction.returned([play(piece) for piece, _ in pianos], keys)}
        for name, play in who.items()
    }


def _shuffled(player: Player, some: Sequence[Reduced]) -> reduction.Figures:
    """What is left where the orchestra is that of another piece: it must fall."""
    found = reduction.forced_metrics(player, reduction.shuffled(some))
    return {name: found[name] for name in ("nats_per_event", "sounding_f1")}


def _add(figures: reduction.Figures, prefix: str, more: reduction.Figures) -> None:
    figures.update({f"{prefix}{name}": value for name, value in more.items()})
