"""`continuo train`, `evaluate`, `prepare`, `sweep`: how players learn. Found by `continuo` through entry points.

Only click is imported before a command runs: `continuo --help` lists these too.
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from music.errors import ContinuoError

_PATH = click.Path(path_type=Path)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
_OUT = click.option("--out", type=_PATH, default=Path("runs"), show_default=True, help="Folder of the runs.")
_DATA = click.option("--data", type=_PATH, default=Path(), help="Folder of the corpora; default: this folder.")
_PREPARED = ["keys", "voices", "hands", "lead", "solo", "orchestra"]
_DEVICES = click.Choice(["auto", "cpu", "cuda", "mps"])
_DEVICE = click.option("--device", type=_DEVICES, default="auto", show_default=True, help="Where it computes.")
_EPOCHS = click.option("--epochs", type=click.IntRange(1), help="Other than the config's.")
_CACHE = click.option(
    "--cache", type=_PATH, default=Path("runs/cache"), show_default=True, help="Folder of prepared pieces."
)
_JOBS = click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Files at a time.")


@click.command(short_help="Train a model from a config; weights with their card come out.")
@click.argument("config")
@_DATA
@_OUT
@_CACHE
@_DEVICE
@click.option("--devices", type=click.IntRange(1), default=1, show_default=True, help="How many, side by side.")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint.")
@_EPOCHS
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Other than the config's; the run is NAME-seedN.")
@click.option("--wandb", is_flag=True, help="Log to Weights & Biases too; offline where you are not logged in.")
@_JSON
def train(
    config: str, data: Path, out: Path, device: str, devices: int, resume: bool, epochs: int | None, seed: int | None,
    cache: Path, wandb: bool, as_json: bool,
) -> None:  # fmt: skip
    """Train a model as CONFIG says, a TOML file or the name of a bundled one.

    The run lies in runs/NAME: curves for TensorBoard in tb, checkpoints, and at the end model.safetensors with its
    card.json. Ctrl-C ends it so that --resume goes on exactly from there.
    """
    _needs_lightning()
    from train import config as configs
    from train.export import export
    from train.fit import Options, fit
    from train.watch import Console

    experiment = configs.load(config)
    changes: dict[str, Any] = {"train.epochs": epochs} if epochs else {}
    if seed is not None and seed != experiment.train.seed:
        changes |= {"train.seed": seed, "name": f"{experiment.name}-seed{seed}"}
    experiment = configs.changed(experiment, changes)
    options = Options(data, out, cache=cache, device=device, devices=devices, resume=resume, wandb=wandb)
    try:
        with Console(experiment) as watch:
            run = fit(experiment, options, watch)
            if run is None:
                return
            watch.tell("Evaluating what is exported")
            card = export(experiment, run, data, cache)
    except KeyboardInterrupt:
        _tell("Stopped. What was read is kept: the same command goes on (with --resume, where training had begun)")
        sys.exit(130)
    if as_json:
        click.echo(json.dumps(run.json() | {"figures": card.figures, "baselines": card.baselines}, ensure_ascii=False))
        return
    click.echo(run.folder / "model.safetensors")
    minutes = f"{run.wall_s / 60:.1f} min, best after {run.best_wall_s / 60:.1f}"
    _tell(f"{run.steps} steps, {minutes}, {run.frames_per_second:.0f} frames/s on {run.device}")
    _tell(f"Figures with baselines: {run.folder / 'card.json'}")


@click.command(short_help="Evaluate a model on held-out pieces, baselines beside.")
@click.argument("model", metavar="MODEL|CONFIG")
@click.option("--data", type=_PATH, required=True, help="Folder of the corpora, or one of them; an .npz file.")
@click.option(
    "--split", default="valid", show_default=True, type=click.Choice(["train", "valid", "test"]), help="Which."
)
@_OUT
@_CACHE
@_JSON
def evaluate(model: str, data: Path, split: str, out: Path, cache: Path, as_json: bool) -> None:
    """Evaluate MODEL, a file of weights or a card, or a bundled name; of a CONFIG what was trained from it."""
    from models import checkpoint
    from train import config as configs
    from train.examine import evaluate as evaluated
    from train.run import trained
    from train.table import figures

    path = trained(model, out)
    player, card = checkpoint.load(path)
    settings = {key: value for key, value in card.train.items() if key != "cost"}
    report = evaluated(player, data, configs.parse(settings), split, cache)
    if as_json:
        click.echo(json.dumps(report.json(), ensure_ascii=False))
        return
    figures(card.name, report)


@click.command(short_help="Read a folder of music for training, and say what cannot be used.")
@click.argument("folder", metavar="DIR", type=_PATH)
@click.option("--task", type=click.Choice(_PREPARED), default="keys", show_default=True)
@click.option("--out", type=_PATH, help="Folder of rolls to write; default: one in the cache, where training looks.")
@_CACHE
@_JOBS
@_JSON
def prepare(folder: Path, task: str, out: Path | None, cache: Path, jobs: int, as_json: bool) -> None:
    """Read the MIDI files in DIR for a task.

    Tasks: keys, voices (SATB), hands (piano), lead (melody and chords), orchestra (with a piano, or reduced to one).

    Training does this by itself; this shows what would be dropped and why, and does it with more processes.
    """
    from train.prepare import prepared

    target, report = prepared(folder, task, out, cache, jobs)
    if as_json:
        click.echo(json.dumps({"folder": str(target)} | report, ensure_ascii=False))
        return
    for dropped in report["dropped"]:
        _tell(f"{dropped['corpus']}/{dropped['title']}: {dropped['reason']} {dropped['detail']}".rstrip())
    splits = ", ".join(f"{count} {split}" for split, count in report["splits"].items())
    unit = "frames" if "frames" in report else "events"
    _tell(f"{report['pieces']} pieces ({splits}), {report[unit]} {unit}; {len(report['dropped'])} not used")
    click.echo(target)


@click.command(short_help="Train over a grid of settings, or at random within it.")
@click.argument("config")
@click.option("--grid", multiple=True, required=True, metavar="KEY=V1,V2", help="Such as train.lr=0.001,0.002.")
@click.option("--trials", type=click.IntRange(1), help="So many at random; default: the whole grid.")
@_DATA
@_OUT
@_CACHE
@_DEVICE
@_EPOCHS
@_JSON
def sweep(
    config: str, grid: tuple[str, ...], trials: int | None, data: Path, out: Path, cache: Path, device: str,
    epochs: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Train CONFIG with each combination of the values, one after the other; a table comes out, the best first.

    What is done stays done: the same command goes on where it was stopped. The table is runs/NAME-sweep/results.csv.
    """
    _needs_lightning()
    from train import config as configs
    from train import sweep as sweeping
    from train.fit import Options
    from train.table import trials as table

    experiment = configs.load(config)
    experiment = configs.changed(experiment, {"train.epochs": epochs} if epochs else {})
    rows = sweeping.sweep(
        experiment, sweeping.grid(grid), trials, Options(data, out, cache=cache, device=device), _tell
    )
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
    else:
        table(rows)


def _needs_lightning() -> None:
    if find_spec("lightning") is None:
        raise ContinuoError("training needs Lightning, which is not installed", 'pip install "continuo[train]"')


def _tell(text: str) -> None:
    click.echo(text, err=True)
