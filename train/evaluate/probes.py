"""What must hold whatever a model has learned: other keys, company in a batch, steps instead of whole pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from models.frame_model import FrameModel
from models.frames import Batch
from train.evaluate.pieces import Piece, pad, readvised, spread
from train.evaluate.stream import Manner, Model, device_of, nats, play_all
from train.roles import LAYOUTS

SHIFTS = (-5, -3, 1, 4, 6)
PIECES = 8
FRAMES = 96


def probed(model: Model, pieces: Sequence[Piece], task: str) -> dict[str, float]:
    """Transposition, company in a batch, and, for what has weights, step against whole piece."""
    some = [piece.cut(FRAMES) for piece in spread(pieces, PIECES)]
    found = transposed(model, some, task) | {"company_difference_nats": company_difference(model, some)}
    if isinstance(model, FrameModel):
        found["step_difference"] = step_difference(model, some[0].batch)
    return found


def transposed(model: Model, pieces: Sequence[Piece], task: str) -> dict[str, float]:
    """How far nats per frame differ between keys (the widest gap of means), and how much of what is drawn is the same.

    Pieces that would leave the keys in one of the transpositions are left out; of the transpositions those outwards, if
    no piece were left.
    """
    shifts = list(SHIFTS)
    fitting: list[Piece] = []
    while shifts and not (fitting := [p for p in pieces if all(_fits(p, by, task) for by in shifts)]):
        shifts.remove(max(shifts, key=abs))
    if not shifts:
        return {}
    home = nats(model, fitting)["nats_per_frame"]
    drawn = play_all(model, fitting, Manner(warm_up=None))
    means, same = [home], []
    for by in shifts:
        moved = [shifted(piece, by, task) for piece in fitting]
        means.append(nats(model, moved)["nats_per_frame"])
        for there, here in zip(play_all(model, moved, Manner(warm_up=None)), drawn, strict=True):
            same.append(float((there == _moved(here, by, task)).all(-1).double().mean()))
    return {
        "transposition_spread_nats_per_frame": max(means) - min(means),
        "transposition_same_frames_share": sum(same) / len(same),
    }


def shifted(piece: Piece, by: int, task: str) -> Piece:
    """The piece in another key."""
    batch = piece.batch
    moved = replace(batch, target=_moved(batch.target, by, task), given=batch.given.roll(by, 2))
    return readvised(replace(piece, batch=moved), task) if task == "voices" else replace(piece, batch=moved)


def _moved(target: Tensor, by: int, task: str) -> Tensor:
    if task == "voices":
        return torch.where(target == LAYOUTS["voices"].keys, target, target + by)
    return target.roll(by, -1)


def _fits(piece: Piece, by: int, task: str) -> bool:
    """Whether no note would leave the keys."""
    target, given = piece.batch.target[0], piece.batch.given[0]
    if task == "lead":
        return True
    if task == "voices":
        keys = LAYOUTS["voices"].keys
        moved = target[target < keys] + by
        return bool(((moved >= 0) & (moved < keys)).all())
    used = (target > 0).any(0) | (given > 0).any(-1).any(0)
    edge = used[: max(0, -by)] if by < 0 else used[len(used) - by :]
    return not bool(edge.any())


@torch.inference_mode()
def company_difference(model: Model, pieces: Sequence[Piece]) -> float:
    """The most that a frame's nats change where the piece is cut behind it or stands beside longer pieces."""
    device, worst = device_of(model), 0.0
    cut = [piece.cut(max(2, len(piece) - 7 * place)) for place, piece in enumerate(pieces)]
    together = model.nll(pad(cut).to(device))
    for row, short, piece in zip(together, cut, pieces, strict=True):
        whole = model.nll(piece.batch.to(device))[0, : len(short)]
        worst = max(worst, float((row[: len(short)] - whole).abs().max()))
    return worst


@torch.inference_mode()
def step_difference(model: FrameModel, batch: Batch) -> float:
    """The most that a feature of a frame differs between steps and the whole piece, over the largest feature."""
    batch = batch.to(device_of(model))
    state, features = model.start(1, batch.phase[:, :1]), []
    for t in range(batch.target.shape[1]):
        now = slice(t, t + 1)
        features.append(state.features[:1])  # of the listener who hears everything
        if t + 1 < batch.target.shape[1]:
            state = model.step(state, batch.target[:, now], batch.given[:, now], batch.phase[:, t + 1 : t + 2])
    whole = model.trunk(_planes(model, batch), batch.phase)
    return float((torch.cat(features, 1) - whole).abs().max() / whole.abs().max().clamp_min(1e-9))


def _planes(model: FrameModel, batch: Batch) -> Tensor:
    """The frames before, as the trunk is shown them."""
    first = torch.full_like(batch.target[:, :1], model.silence)
    before = torch.cat((first, batch.target[:, :-1]), 1)
    given = torch.cat((torch.zeros_like(batch.given[:, :1]), batch.given[:, :-1]), 1).float()
    planes: Tensor = model.sampler.planes(before)
    return torch.cat((planes, given), -1)
