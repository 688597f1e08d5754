"""What a config learns from, opened: the windows to train on and the whole pieces to be judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from models.frame_model import FrameModel
from music import files
from music.errors import ContinuoError
from train.config import Config
from train.evaluate import score
from train.evaluate.pieces import Piece
from train.evaluate.stream import nats
from train.rolls import Entry, Report, open_rolls
from train.windows import Windows, whole


@dataclass(frozen=True, slots=True)
class Material:
    """Windows of the train split, whole pieces of the valid split."""

    windows: Windows
    pieces: tuple[Piece, ...]
    entries: Sequence[Entry]
    """The pieces that the windows are cut from."""
    remark: str = ""
    """What was not used, and why; empty where everything was."""

    def examine(self, model: FrameModel) -> dict[str, float]:
        """The held-out figures: "nats" per frame, and what the musical score says."""
        leaks = model.config.task == "voices"  # what is given would tell of the soprano, which is to be predicted
        held_out = nats(model, self.pieces, hidden=leaks)["nats_per_frame"]
        return {"nats": held_out} | score(model, [piece.batch for piece in self.pieces])


def gather(config: Config, data: Path, cache: Path, progress: Callable[[int, int], None] | None = None) -> Material:
    """Open what a config learns from; ContinuoError where there is nothing to learn from."""
    rolls = open_rolls(data, config.data, cache, 1, progress)
    pieces = tuple(Piece(title, batch) for title, batch in whole(rolls, "valid", config.data.advice))
    if not pieces:
        raise ContinuoError(
            f"{data}: there is no piece to be judged by, the split 'valid' is empty",
            "Add pieces: one in ten is held out",
        )
    windows = Windows(rolls, "train", config.data, config.train.seed)
    return Material(windows, pieces, rolls.of("train"), _remark(rolls.folder))


def _remark(folder: Path | None) -> str:
    if folder is None:
        return ""
    report = msgspec.json.decode(files.read(folder / "report.json"), type=Report)
    if not report.reasons:
        return ""
    reasons = ", ".join(f"{reason} ({count})" for reason, count in report.reasons.items())
    return f"{report.pieces} pieces are used; not used: {reasons}. Which ones: {folder / 'report.json'}"
