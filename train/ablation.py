"""What each part of an ensemble model does to its figures: the same experiment with one of them changed at a time.

`python -m train.ablation CONFIG --data DATA`, a table; a run that is done is not repeated.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import safetensors.torch

from models import checkpoint
from models.assemble import build
from models.ensemble.batch import EventBatch
from models.ensemble.kernels import UNKNOWN
from models.ensemble.model import EnsembleModel
from music import files
from train.config import Config, changed, load
from train.ensembles import judge
from train.evaluate import orchestra
from train.fit import Options, fit
from train.material import performed
from train.watch import Console

CHANGES: dict[str, dict[str, Any]] = {
    "as configured": {},
    "a slice of the encoding per layer": {"model.condition": "slices"},
    "FiLM by the newest event": {"model.condition": "film", "model.ahead": 0},
    "no presence stack": {"model.presence": False},
    "no summary": {"model.summary": False},
    "no look-ahead": {"model.ahead": 0},
    "roll for bag": {"model.embed": "linear"},
    "no relations": {"model.relative": False},
    "no embedding dropout": {"model.embedding_dropout": 0.0},
    "no token dropout": {"model.token_dropout": 0.0},
    "soft labels": {"model.soft": 0.1},
    "mixup": {"model.mixup": 0.2},
    "8 events of piano": {"model.context": 8},
    "no past of its own": {"model.past": 0},
    "4 events of its own": {"model.past": 4},
    "LSTM encoder": {"model.encoder": "lstm"},
    "one pass": {"model.passes": 1},
    "four passes": {"model.passes": 4},
}
"""By what is said of it; those of `passes` alone need no training of their own."""


@click.command()
@click.argument("config")
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/ablation"), show_default=True)
@click.option("--cache", type=click.Path(path_type=Path), default=Path("runs/cache"), show_default=True)
@click.option("--epochs", type=click.IntRange(min=1), default=1, show_default=True, help="Of each.")
@click.option("--only", multiple=True, help="Only these.")
def table(config: str, data: Path, out: Path, cache: Path, epochs: int, only: tuple[str, ...]) -> None:  # noqa: PLR0913, PLR0917
    """Train CONFIG, and CONFIG with one thing changed, each for as long; print a table."""
    base = changed(load(config), {"train.epochs": epochs})
    rows = {}
    for name, settings in CHANGES.items():
        if not only or name in only:
            rows[name] = _row(changed(base, settings), name, Options(data=data, out=out, cache=cache, resume=True))
    figures = dict.fromkeys(figure for row in rows.values() for figure in row)
    click.echo("| changed | " + " | ".join(figures) + " |\n|" + "---|" * (len(figures) + 1))
    for name, row in rows.items():
        click.echo(f"| {name} | " + " | ".join(f"{row[one]:.3f}" if one in row else "" for one in figures) + " |")


def _row(config: Config, name: str, options: Options) -> dict[str, float]:
    """The figures of a run, trained where it is not yet."""
    words = name.replace(" ", "-")
    done = options.out / f"{words}.json"
    if not done.exists():
        passes = config.model.get("passes")
        trained = changed(config, {"name": "as-configured" if passes else words})
        if not passes:
            with Console(trained) as watch:
                fit(trained, options, watch)
        row = _figures(config, options, options.folder(trained.name) / "best.safetensors")
        files.write(done, json.dumps(row).encode())
    found: dict[str, float] = json.loads(files.read(done))
    return found


def _figures(config: Config, options: Options, weights: Path) -> dict[str, float]:
    model = build(config.model)
    checkpoint.fill(model, safetensors.torch.load(files.read(weights)), str(weights))
    assert isinstance(model, EnsembleModel)  # noqa: S101 - the config says so
    model.eval()
    some = judge.excerpts(performed(config, options.data, options.cache), model.config)
    row = judge.quick(model, some) | {"free": _free(model, some, 0)}
    if model.config.ahead:
        row |= {"free, with look-ahead": _free(model, some, model.config.ahead)}
    return row


def _free(model: EnsembleModel, some: list[EventBatch], ahead: int) -> float:
    """Accuracy, free-running, where the orchestra changes."""
    found: list[float] = []
    for batch in some:
        written = orchestra.units(judge.pitches(batch.target[0]))
        played = orchestra.units(judge.pitches(judge.free(model, _as_begun(batch), ahead)))
        changes = (written != orchestra.before(written)).any(1)
        changes[0] = False  # what sounded before an excerpt is not known
        both, either = (played & written).sum(1), (played | written).sum(1)
        found += (both[changes] / np.maximum(either[changes], 1)).tolist()
    return float(np.mean(found))


def _as_begun(batch: EventBatch) -> EventBatch:
    """The excerpt as if the piece began with it."""
    return replace(batch, before=batch.before.new_full(batch.before.shape, UNKNOWN))


if __name__ == "__main__":
    table()
