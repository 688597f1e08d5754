"""All figures of a choir's model: how it fills the voices that are not given, beside the rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from models.ensemble import passes
from models.ensemble.batch import EventBatch
from models.ensemble.config import LOWEST, REST
from models.ensemble.legal import UNKNOWN
from models.ensemble.model import EnsembleModel
from models.player import FRAMES_PER_BEAT, Frame, Moment, Sound, Wish
from models.rules.filling import RuleFiller
from models.rules.score import SILENT, Lines
from music.errors import ContinuoError
from train.config import Config
from train.ensembles import judge
from train.ensembles.choir import GRIDS, OUTER, SOPRANO, ChoirPart, Sung, moments, subset, sung
from train.ensembles.report import ms_per_event
from train.evaluate.agreement import agreement, of_lines
from train.evaluate.pieces import spread
from train.evaluate.report import Report
from train.evaluate.voices import part_writing
from train.harmony_table import keys_of
from train.readings import Progress
from train.rolls import Rolls, open_rolls

Flags = NDArray[np.bool_]
Figures = dict[str, float]

PIECES, FRAMES = 80, 512
"""How many pieces are looked at, evenly from all of them, and how much of each."""
QUICK_PIECES, QUICK_FRAMES = 24, 128
"""The same while it is trained."""
WISH = Wish(((59, 81), (53, 74), (48, 69), (36, 62)))
"""The ranges of the preset `choir`."""
MIDDLE_VELOCITY = 80
REMARK = (
    "With the soprano, soprano and bass (outer_...), or any voices (any_...) given: the others at the onsets of what "
    "is given and on beats, teacher-forced and (free_...) free-running, the likeliest outcome each time. Accuracy is "
    "the share of the asked voices that are right; agreement on beats as in the task voices."
)

_GIVEN: dict[str, Callable[[int], Flags]] = {
    "soprano_": lambda _: SOPRANO,
    "outer_": lambda _: OUTER,
    "any_": lambda number: subset(np.random.default_rng(number)),
}
"""Which voices of the piece of some number are given."""


def pieces(rolls: Rolls, split: str, most: int = PIECES, frames: int = FRAMES) -> list[Sung]:
    """Pieces of a split, evenly from all of it, each no longer than that."""
    return [sung(rolls, entry).cut(frames) for entry in spread(rolls.of(split), most)]


def open_voices(config: Config, data: Path, cache: Path, progress: Progress | None = None) -> Rolls:
    """The rolls of a config's corpora, as the task "voices" has them."""
    return open_rolls(data, msgspec.structs.replace(config.data, task="voices"), cache, progress=progress)


def quick(model: EnsembleModel, some: Sequence[Sung]) -> Figures:
    """What training looks at: teacher-forced, with the soprano given and with any voices."""
    found = forced(model, some, "soprano_")
    found |= forced(model, some, "any_")
    return {"nats": (found["soprano_nats_per_voice"] + found["any_nats_per_voice"]) / 2} | found


def evaluate(model: EnsembleModel, data: Path, config: Config, split: str, cache: Path) -> Report:
    """All figures of a model on a split; the arguments are those of `train.evaluate.evaluate`."""
    whole = msgspec.structs.replace(config, data=msgspec.structs.replace(config.data, leave_out={}))
    some = pieces(open_voices(whole, data, cache), split)
    if not some:
        raise ContinuoError(f"{data}: there is no piece of the split {split!r} in it", "Take another split")
    model.eval()
    figures = Figures()
    for name in _GIVEN:
        figures |= forced(model, some, name) | free(model, some, name)
    figures |= {f"shuffled_{name}": value for name, value in forced(model, some, "soprano_", shuffled=True).items()}
    first = _batch(model, some[0], SOPRANO)[0]
    return Report(
        task=config.data.task,
        split=split,
        metrics=figures,
        baselines=baselines(some),
        pieces=len(some),
        frames=sum(map(len, some)),
        ms_per_step=ms_per_event(model, first),
        remarks=(REMARK,),
    )


def forced(model: EnsembleModel, some: Sequence[Sung], name: str, *, shuffled: bool = False) -> Figures:
    """Nats and accuracy with the written voices before each event; shuffled: what is given is another piece's."""
    nats = asked = right = changing = changed = 0.0
    for number, piece in enumerate(some):
        given = _GIVEN[name](number)
        batch, known, _ = _batch(model, piece, given)
        if shuffled:
            batch, known = _other(model, batch, known, some[number - 1], given)
        found = judge.forced(model, batch, known=known).cpu().numpy()[:, ~given]
        target = batch.target[0].cpu().numpy()[:, ~given]
        moves = np.concatenate((np.zeros_like(target[:1], bool), target[1:] != target[:-1]))
        nats += _nats(model, batch, known)
        asked, right = asked + target.size, right + int((found == target).sum())
        changing, changed = changing + int(moves.sum()), changed + int((moves & (found == target)).sum())
    return {
        f"{name}nats_per_voice": nats / max(1, asked),
        f"{name}accuracy": right / max(1, asked),
        f"{name}accuracy_at_changes": changed / max(1, changing),
    }


def free(model: EnsembleModel, some: Sequence[Sung], name: str) -> Figures:
    """Accuracy, agreement and faults of what it sings when it hears only itself and what is given."""
    answers = []
    for number, piece in enumerate(some):
        batch, known, rows = _batch(model, piece, _GIVEN[name](number))
        drawn = judge.free(model, batch, known=known).cpu().numpy()
        answers.append(_lines(drawn[np.searchsorted(rows, np.arange(len(piece)), "right") - 1]))
    return {f"free_{name}{key}": value for key, value in sung_figures(answers, some, name).items()}


def sung_figures(answers: Sequence[Lines], some: Sequence[Sung], name: str) -> Figures:
    """Of lines (frame, voice), held against the written ones; accuracy is of the asked voices in each frame."""
    right = asked = 0
    truth = [_lines(piece.keys) for piece in some]
    for number, (answer, lines) in enumerate(zip(answers, truth, strict=True)):
        missing = ~_GIVEN[name](number)
        same = answer[:, missing] == lines[:, missing]
        right, asked = right + int(same.sum()), asked + same.size
    figures = {"accuracy": right / max(1, asked)}
    figures |= agreement((of_lines(answer), of_lines(lines)) for answer, lines in zip(answers, truth, strict=True))
    faults = part_writing(answers, [keys_of(lines) for lines in truth])
    return figures | {"faults_per_100_changes": faults["faults_per_100_changes"]}


def baselines(some: Sequence[Sung]) -> dict[str, Figures]:
    """The rules, who goes on with the voices before, and `data`: the faults of what is written."""
    written = sung_figures([_lines(piece.keys) for piece in some], some, "soprano_")
    rules = Figures()
    for name, given in _GIVEN.items():
        sung_by_rules = [by_rules(piece, given(number)) for number, piece in enumerate(some)]
        rules |= {f"free_{name}{key}": value for key, value in sung_figures(sung_by_rules, some, name).items()}
    return {
        "data": {f"free_soprano_{name}": written[name] for name in ("faults_per_100_changes",)},
        "rules": rules,
        "repeat": {f"{name}accuracy": _repeated(some, name) for name in _GIVEN},
    }


def by_rules(piece: Sung, given: Flags) -> Lines:
    """The lines (frame, voice) of the rules that fill voices, asked when the model is."""
    player = RuleFiller()
    state, last, last_beat = player.start(), None, 0.0
    lines, asked = _lines(piece.keys), set(moments(piece, given, GRIDS[0]).tolist())
    found = np.where(given, lines, SILENT)
    for frame, row in enumerate(lines):
        beat = frame / FRAMES_PER_BEAT
        sounds = {voice: Sound(int(row[voice]), MIDDLE_VELOCITY) for voice in np.flatnonzero(given & (row != SILENT))}
        held = tuple(sounds.values())
        onsets = tuple(sound for voice, sound in sounds.items() if piece.struck[frame, voice])
        if frame in asked:
            moment = Moment(beat, WISH, last, last_beat, onsets, move=not onsets)
            last, last_beat = player.answer(state, held, moment), beat
        if last:
            sung = np.array([SILENT if pitch is None else pitch for pitch in last.pitches])
            found[frame] = np.where(given, row, sung)
        state = player.hear(state, Frame(onsets, held, last, beat=beat))
    return found


def _repeated(some: Sequence[Sung], name: str) -> float:
    """The share of the asked voices that go on as they were at the event before."""
    right = asked = 0
    for number, piece in enumerate(some):
        given = _GIVEN[name](number)
        keys = piece.keys[moments(piece, given, GRIDS[0])][:, ~given]
        right, asked = right + int((keys[1:] == keys[:-1]).sum()), asked + keys.size
    return right / max(1, asked)


def _batch(model: EnsembleModel, piece: Sung, given: Flags) -> tuple[EventBatch, torch.Tensor, NDArray[np.int64]]:
    """A piece with these voices given, what is known of its events beforehand, and their frames."""
    part, rows = ChoirPart(piece, model.config), moments(piece, given, GRIDS[0])
    batch = part.window(rows, 0, len(rows), given, 0).to(model.range.device)
    return batch, _known(batch.target, given), rows


def _known(target: torch.Tensor, given: Flags) -> torch.Tensor:
    return torch.where(torch.from_numpy(given).to(target.device), target, UNKNOWN)


def _other(
    model: EnsembleModel, batch: EventBatch, known: torch.Tensor, piece: Sung, given: Flags
) -> tuple[EventBatch, torch.Tensor]:
    """The same events with what is given taken from another piece, repeated or cut."""
    theirs, told, _ = _batch(model, piece, given)
    rows = torch.arange(known.shape[1], device=known.device) % told.shape[1]
    moved = replace(batch, given=theirs.given[:, rows])
    return moved, told[:, rows]


@torch.inference_mode()
def _nats(model: EnsembleModel, batch: EventBatch, known: torch.Tensor) -> float:
    """Nats of the voices that are not known, all events together."""
    scene = model.scene(
        model.encode(batch.given, batch.elapsed), batch.given,
        passes.past_of(model, batch.target, batch.before), batch.present,
    )  # fmt: skip
    return float(passes.nll(model, scene, batch.target, known, model.config.passes).sum())


def _lines(keys: NDArray[np.int64]) -> Lines:
    """Keys as pitches."""
    return np.where(keys == REST, SILENT, keys + LOWEST)
