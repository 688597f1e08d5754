"""Trainings that take a second: a corpus of small songs, a small model, and somebody who watches."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from tests.train.pieces import corpus, song
from train import config
from train.config import Config
from train.fit import Options, fit
from train.run import Run

SMALL = """
format = 1
name = "small"

[data]
task = "keys"
corpora = ["songs"]
window = 16
transpose = [-5, 6]

[model]
sampler = "ascending"
width = 8
whole = 8
channels = 8
layers = 1
reach = 4

[train]
epochs = 3
batch = 4
warmup = 4
ema = 0.9
threads = 1
"""


def songs(folder: Path) -> Path:
    """A data folder with one corpus: eight pieces to learn from, four held out."""
    corpus(folder / "songs", {f"song {number}": song(number, beats=8) for number in range(12)})
    return folder


def small(**changes: Any) -> Config:
    """The config, with other values at keys such as train_lr."""
    import tomllib

    keys = {key.replace("_", ".", 1): value for key, value in changes.items()}
    return config.changed(config.parse(tomllib.loads(SMALL)), keys)


def written(path: Path, *changes: tuple[str, str]) -> Path:
    """The config as a file, with pieces of its text replaced."""
    text = SMALL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


class Witness:
    """Remembers what it is told, and may do something at a step."""

    def __init__(self, at: int = -1, act: Callable[[], None] = lambda: None) -> None:
        self.at, self.act = at, act
        self.steps: list[int] = []
        self.validations: list[dict[str, float]] = []
        self.said: list[str] = []

    def prepared(self, done: int, total: int) -> None:
        pass

    def step(self, step: int, total: int, loss: float) -> None:  # noqa: ARG002
        self.steps.append(step)
        if step == self.at:
            self.act()

    def validated(self, epoch: int, figures: dict[str, float], best: bool) -> None:  # noqa: ARG002
        self.validations.append(figures)

    def tell(self, text: str) -> None:
        self.said.append(text)


def trained(found: Config, data: Path, out: Path, watch: Witness | None = None, resume: bool = False) -> Run:
    options = Options(data, out, cache=data / "cache", device="cpu", resume=resume)
    run = fit(found, options, watch or Witness())
    assert run is not None
    return run


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return safetensors.torch.load((folder / "best.safetensors").read_bytes())


def last(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = torch.load(folder / "last.ckpt", weights_only=True)
    return found


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def continuo(*arguments: object, before: str = "") -> subprocess.CompletedProcess[str]:
    """The command in a process of its own; `before` is Python that runs in it first."""
    program = f"{before}\nfrom bridge.cli import main\nmain(prog_name='continuo')"
    start = ["-c", program] if before else ["-m", "bridge.cli"]  # with -c, it could not start helpers
    return subprocess.run(
        [sys.executable, *start, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
