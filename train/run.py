"""What a run came to, and where what was trained lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models import checkpoint
from music.errors import ContinuoError
from train import config as configs
from train.ensembles import arrays
from train.planes import Entry
from train.tokens import corpus

Listed = Entry | arrays.Entry | corpus.Entry
"""A piece that was learned from."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has ended."""

    folder: Path
    device: str
    entries: Sequence[Listed]
    """The pieces it learned from."""
    steps: int
    epochs: int
    """Epochs that were begun."""
    best: float
    """The figure that was monitored, at its best."""
    best_step: int
    frames_per_second: float
    """Of training, validation left out."""
    step_ms: float
    """Of a training step."""
    wall_s: float
    """All of it, over every time it was resumed."""
    best_wall_s: float
    """Until the best figure."""

    def cost(self) -> dict[str, Any]:
        """What it took, as plain values."""
        return {
            "device": self.device,
            "steps": self.steps,
            "epochs": self.epochs,
            "wall_s": round(self.wall_s, 1),
            "best_step": self.best_step,
            "best_wall_s": round(self.best_wall_s, 1),
            "frames_per_second": round(self.frames_per_second, 1),
            "train_step_ms": round(self.step_ms, 3),
        }

    def json(self) -> dict[str, Any]:
        """As plain values."""
        return {"folder": str(self.folder), "best": self.best} | self.cost()


def trained(name: str, out: Path) -> Path | str:
    """What `models.checkpoint.load` takes for a model, or for what was trained from a config."""
    if Path(name).suffix in {".safetensors", ".json"} or (Path(name) / "card.json").exists():
        return Path(name)
    if name in checkpoint.shelf():
        return name
    if not name.endswith(".toml") and (out / name / "card.json").exists():
        return out / name
    try:
        folder = out / configs.load(name).name
    except configs.ConfigError as error:
        raise ContinuoError(f"there is no model and no config {name!r}", error.hint) from error
    if not (folder / "card.json").exists():
        raise ContinuoError(f"{folder}: nothing was trained from {name} yet", f"continuo train {name}")
    return folder
