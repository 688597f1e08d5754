"""Models at work frame by frame: what they play when they hear the truth, or only themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from time import perf_counter
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.frame_model import Evidence, FrameModel
from models.frames import Batch, Choice
from train.evaluate.pieces import Piece, exchanged, groups, pad

GREEDY = Choice(temperature=0.0)
MOST_PLAYED_FRAMES = 64 * 2048
"""Padded frames of pieces that are played side by side."""


class Model(Protocol):
    """What is asked of a frame model; a count table will do."""

    def nll(self, batch: Batch, *, hidden: bool = False) -> Tensor:
        """(batch, frame) nats of each frame, from all earlier ones and, if not hidden, the condition in it."""
        ...

    def start(self, batch: int = 1, phase: Tensor | None = None) -> Any:
        """The state before the first frame, whose phase (batch, 1) is told."""
        ...

    def step(self, state: Any, target: Tensor, given: Tensor, phase: Tensor) -> Any:
        """The state when a frame has closed, (batch, 1, ...); `phase` (batch, 1) is that of the frame which opens."""
        ...

    def draw(self, state: Any, given: Tensor | None, evidence: Evidence, choice: Any) -> Tensor:
        """The open frame, (batch, 1, cell); None: what is given in it is not known.

        There is one choice for all, or for a frame model one for each piece.
        """
        ...

    def free(self, batch: int = 1) -> Evidence:
        """Evidence of nothing."""
        ...


def device_of(model: Model) -> torch.device:
    """Where the model's weights are; count tables have none."""
    weights = next(model.parameters(), None) if isinstance(model, nn.Module) else None
    return torch.device("cpu") if weights is None else weights.device


def sampling(model: Model, temperature: float = 1.0, seed: int = 7) -> Choice:
    """Drawn by chance, the same each time."""
    return Choice(temperature, generator=torch.Generator(device_of(model)).manual_seed(seed))


@dataclass(frozen=True, slots=True)
class Manner:
    """How a model goes through pieces."""

    choice: Choice = field(default=GREEDY)
    warm_up: int | None = 0
    """Frames after which it hears its own answers instead of the truth; None: it hears the truth throughout."""
    known: tuple[int, ...] = ()
    """Cells of the target that are told in the same frame, and honoured."""
    late: bool = False
    """Whether the condition of a frame is told only when that frame has closed."""
    leans: Callable[[Batch], NDArray[np.float32]] | None = None
    """(batch, frame, key): `Choice.lean` of each frame; a count table has no use for it."""
    asked: Callable[[Batch], Tensor] | None = None
    """bool (batch, frame): when it is asked at all, as on stage; in between its last answer stands. None: always."""


@torch.inference_mode()
def play(model: Model, batch: Batch, manner: Manner) -> Tensor:
    """What the model decides for each frame, as the target has it; on the CPU, wherever the model is."""
    batch = batch.to(device_of(model))
    frames = batch.target.shape[1]
    state = model.start(len(batch), batch.phase[:, :1])
    free = model.free(len(batch))
    played = torch.empty_like(batch.target)
    asked = manner.asked(batch) if manner.asked else None
    leans = manner.leans(batch) if manner.leans and isinstance(model, FrameModel) else None
    drawn = torch.zeros_like(batch.target[:, :1])
    for t in range(frames):
        now = slice(t, t + 1)
        given, truth = batch.given[:, now], batch.target[:, now]
        known = free.known.clone()
        for cell in manner.known:
            known[:, :, cell] = truth[:, :, cell]
        evidence = Evidence(known, free.banned)
        before = torch.where(known < 0, drawn, known)
        if asked is None or bool(asked[:, t].any()):
            choice = manner.choice if leans is None else [replace(manner.choice, lean=lean) for lean in leans[:, t]]
            drawn = model.draw(state, None if manner.late else given, evidence, choice)
        if asked is not None:
            drawn = torch.where(asked[:, t].view(-1, 1, 1), drawn, before)
        played[:, now] = drawn
        closed = truth if manner.warm_up is None or t < manner.warm_up else drawn
        if t + 1 < frames:
            state = model.step(state, closed, given, batch.phase[:, t + 1 : t + 2])
    return played.cpu()


def play_all(model: Model, pieces: Sequence[Piece], manner: Manner) -> list[Tensor]:
    """What the model plays in each piece, (frame, cell), many pieces at once."""
    played: dict[int, Tensor] = {}
    for group in groups(pieces, MOST_PLAYED_FRAMES):
        for piece, roll in zip(group, play(model, pad(group), manner), strict=True):
            played[id(piece)] = roll[: len(piece)]
    return [played[id(piece)] for piece in pieces]


@torch.inference_mode()
def nats(model: Model, pieces: Sequence[Piece], hidden: bool = False) -> dict[str, float]:
    """Nats per frame: `nats_per_frame` over all scored frames, `nats_per_frame_macro` over pieces."""
    total, scored, means = 0.0, 0, []
    for group in groups(pieces):
        batch = pad(group).to(device_of(model))
        mask = batch.mask.cpu()
        lost = torch.where(mask, model.nll(batch, hidden=hidden).cpu().double(), 0.0).sum(1)  # MPS has no doubles
        count = mask.sum(1)
        total, scored = total + float(lost.sum()), scored + int(count.sum())
        means += (lost / count)[count > 0].tolist()
    return {
        "nats_per_frame": total / max(1, scored),
        "nats_per_frame_macro": sum(means) / max(1, len(means)),
    }


def shuffled_rise(model: Model, pieces: Sequence[Piece]) -> float:
    """By how many nats per frame the condition of another piece is worse than a piece's own."""
    return nats(model, exchanged(pieces))["nats_per_frame"] - nats(model, pieces)["nats_per_frame"]


@torch.inference_mode()
def ms_per_step(model: Model, piece: Piece, frames: int = 200) -> float:
    """Median ms of a frame drawn and closed, one piece, one thread, the truth heard."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return 1000 * median(_seconds(model, piece.cut(frames).batch.to(device_of(model))))
    finally:
        torch.set_num_threads(threads)


def _seconds(model: Model, batch: Batch) -> list[float]:
    state, seconds = model.start(1, batch.phase[:, :1]), [0.0]
    for t in range(batch.target.shape[1] - 1):
        now, begin = slice(t, t + 1), perf_counter()
        given = batch.given[:, now]
        model.draw(state, given, model.free(), GREEDY)
        state = model.step(state, batch.target[:, now], given, batch.phase[:, t + 1 : t + 2])
        seconds.append(perf_counter() - begin)
    return seconds[1:] or seconds
