"""What a config learns from, opened: the windows to train on and the whole pieces to be judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from models.frame_model import FrameModel
from music import files
from music.errors import ContinuoError
from train.config import Config
from train.ensembles import judge, reducing, singing
from train.ensembles.arrays import Ensembles, Entry
from train.ensembles.choir import ChoirPart, ChoirWindows, sung
from train.ensembles.piano import PianoPart, reduced
from train.ensembles.prepare import find, open_ensembles
from train.ensembles.windows import EventWindows, Part, Windowed
from train.evaluate import score
from train.evaluate.pieces import Piece, spread
from train.evaluate.stream import nats
from train.feed import Source
from train.rolls import open_rolls
from train.run import Listed
from train.tokens import judge as notes
from train.tokens.corpus import open_tokens
from train.tokens.windows import TokenWindows
from train.windows import Windows, whole

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Material:
    """Windows of the train split, and who judges by the pieces of the valid split."""

    windows: Source
    examine: Callable[[Any], dict[str, float]]
    """The held-out figures of a model: "nats", and what the musical score says."""
    entries: Sequence[Listed]
    """The pieces that the windows are cut from."""
    remark: str = ""
    """What was not used, and why; empty where everything was."""


def gather(config: Config, data: Path, cache: Path, progress: Progress | None = None) -> Material:
    """Open what a config learns from; ContinuoError where there is nothing to learn from."""
    return _GATHERED.get(config.data.task, _framed)(config, data, cache, progress)


def _framed(config: Config, data: Path, cache: Path, progress: Progress | None) -> Material:
    rolls = open_rolls(data, config.data, cache, 1, progress)
    pieces = tuple(Piece(title, batch) for title, batch in whole(rolls, "valid", config.data.advice))
    _refuse_empty(data, pieces)

    def examine(model: FrameModel) -> dict[str, float]:
        leaks = model.config.task == "voices"  # what is given would tell of the soprano, which is to be predicted
        held_out = nats(model, pieces, hidden=leaks)["nats_per_frame"]
        return {"nats": held_out} | score(model, [piece.batch for piece in pieces])

    windows = Windows(rolls, "train", config.data, config.train.seed)
    return Material(windows, examine, rolls.of("train"), _remark(rolls.folder))


def _performed(config: Config, data: Path, cache: Path, progress: Progress | None) -> Material:
    ensembles = performed(config, data, cache, progress)
    _refuse_empty(data, ensembles.of("valid"))
    settings, reduces = judge.config_of(config), config.data.task == "reduce"

    def part(entry: Entry) -> Windowed:
        piece = ensembles.piece(entry)
        return PianoPart(reduced(piece), settings) if reduces else Part(piece, settings)

    some = judge.middles(map(part, spread(ensembles.of("valid"), judge.EXCERPTS)))
    windows = EventWindows(
        list(map(part, ensembles.of("train"))),
        window=config.data.window, seed=config.train.seed, transpose=config.data.transpose,
    )  # fmt: skip
    quick = reducing.quick if reduces else judge.quick
    return Material(windows, lambda model: quick(model, some), ensembles.of("train"), _remark(ensembles.folder))


def _sung(config: Config, data: Path, cache: Path, progress: Progress | None) -> Material:
    rolls = singing.open_voices(config, data, cache, progress)
    some = singing.pieces(rolls, "valid", singing.QUICK_PIECES, singing.QUICK_FRAMES)
    _refuse_empty(data, some)
    settings = judge.config_of(config)
    parts = [ChoirPart(sung(rolls, entry), settings) for entry in rolls.of("train")]
    windows = ChoirWindows(parts, window=config.data.window, seed=config.train.seed, transpose=config.data.transpose)
    return Material(windows, lambda model: singing.quick(model, some), rolls.of("train"), _remark(rolls.folder))


def _written(config: Config, data: Path, cache: Path, progress: Progress | None) -> Material:
    tokens = open_tokens(data, config.data.corpora, config.data.leave_out, cache, progress)
    _refuse_empty(data, tokens.of("valid"))
    window = config.data.window
    some = notes.excerpts(tokens, "valid", window)
    windows = TokenWindows(
        tokens, "train", window=window, transpose=config.data.transpose, seed=config.train.seed
    )  # fmt: skip
    return Material(windows, lambda model: notes.quick(model, some), tokens.of("train"), _remark(tokens.folder))


_GATHERED = {"orchestra": _performed, "reduce": _performed, "choir": _sung, "tokens": _written}
"""How the material is gathered that is no frames, by the task."""


def performed(config: Config, data: Path, cache: Path, progress: Progress | None = None) -> Ensembles:
    """The ensembles of a config's corpora."""
    return open_ensembles(find(data, config.data.corpora, config.data.leave_out), cache, progress=progress)


def _refuse_empty(data: Path, pieces: Sequence[object]) -> None:
    if not pieces:
        raise ContinuoError(
            f"{data}: there is no piece to be judged by, the split 'valid' is empty",
            "Add pieces: one in ten is held out",
        )


def _remark(folder: Path | None) -> str:
    if folder is None:
        return ""
    report = msgspec.json.decode(files.read(folder / "report.json"))
    if not report["reasons"]:
        return ""
    reasons = ", ".join(f"{reason} ({count})" for reason, count in report["reasons"].items())
    return f"{report['pieces']} pieces are used; not used: {reasons}. Which ones: {folder / 'report.json'}"
