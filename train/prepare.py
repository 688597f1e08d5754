"""A folder of music made ready for training, with a bar meanwhile."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import Progress as Bar

from music import files
from music.errors import ContinuoError
from train import rolls
from train.config import Data
from train.corpora import survey
from train.ensembles import prepare as ensembles
from train.readings import Progress


def prepared(folder: Path, task: str, out: Path | None, cache: Path, jobs: int) -> tuple[Path, dict[str, Any]]:
    """Where the rolls of a folder are, and the report of what is in them and what was dropped.

    Args:
        folder: of MIDI files, with or without a manifest.
        task: which parts are read.
        out: where to write; None: into the cache, if they are not there yet.
        cache: the folder of prepared pieces.
        jobs: processes.
    """
    with Bar(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task_id = bar.add_task("Reading", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task_id, completed=done, total=total)

        if out is not None:
            return out, _written(folder, task, out, jobs, progress)
        target = _opened(folder, task, cache, jobs, progress)
    if target is None:
        raise ContinuoError(f"{folder}: there is nothing to prepare in a benchmark file", "Train on it as it is")
    report: dict[str, Any] = msgspec.json.decode(files.read(target / "report.json"))
    return target, report


def _written(folder: Path, task: str, out: Path, jobs: int, progress: Progress) -> dict[str, Any]:
    if task == ensembles.TASK:
        report: Any = ensembles.prepare(ensembles.find(folder, ["."], {}), out, jobs, progress)
    else:
        report = rolls.prepare(survey(folder, ["."], {}), out, task, jobs, progress)
    found: dict[str, Any] = msgspec.to_builtins(report)
    return found


def _opened(folder: Path, task: str, cache: Path, jobs: int, progress: Progress) -> Path | None:
    if task == ensembles.TASK:
        return ensembles.open_ensembles(ensembles.find(folder, ["."], {}), cache, jobs, progress).folder
    settings = msgspec.convert({"task": task, "corpora": ["."]}, Data)
    return rolls.open_rolls(folder, settings, cache, jobs, progress).folder
