"""Whole pieces, alone and side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from models.frames import Batch
from train import advice

Some = TypeVar("Some")

MOST_FRAMES = 4096
"""Padded frames that go through a model at once."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece as a batch of one."""

    title: str
    batch: Batch

    def __len__(self) -> int:
        return int(self.batch.target.shape[1])

    def cut(self, end: int, first: int = 0) -> Piece:
        """Its frames from `first` to before `end`."""
        return Piece(self.title, _map(self.batch, lambda tensor: tensor[:, first:end]))


def pad(pieces: Sequence[Piece]) -> Batch:
    """Pieces side by side, shorter ones followed by silence that is not scored."""
    frames = max(map(len, pieces))
    rows = [_map(piece.batch, lambda tensor: _longer(tensor, frames)) for piece in pieces]
    return Batch(
        torch.cat([row.target for row in rows]),
        torch.cat([row.given for row in rows]),
        torch.cat([row.phase for row in rows]),
        torch.cat([row.mask for row in rows]),
    )


def repeat_to(tensor: Tensor, frames: int) -> Tensor:
    """(1, frame, ...) repeated or cut to a number of frames."""
    times = -(-frames // tensor.shape[1])
    return torch.cat([tensor] * times, 1)[:, :frames]


def groups(pieces: Sequence[Piece], most_frames: int = MOST_FRAMES, most: int = 64) -> list[list[Piece]]:
    """Pieces of about the same length together, the longest first; each group within the bounds or one piece.

    The shortest of a group has at least half of the frames of the longest, so that at most half of the work is padding.
    """
    found: list[list[Piece]] = []
    for piece in sorted(pieces, key=len, reverse=True):
        if found and _has_room(found[-1], piece, most_frames, most):
            found[-1].append(piece)
        else:
            found.append([piece])
    return found


def _has_room(group: Sequence[Piece], piece: Piece, most_frames: int, most: int) -> bool:
    longest = len(group[0])
    return len(group) < most and longest * (len(group) + 1) <= most_frames and 2 * len(piece) >= longest


def spread(pieces: Sequence[Some], most: int) -> list[Some]:
    """At most so many pieces, evenly from all of them."""
    if len(pieces) <= most:
        return list(pieces)
    return [pieces[i * len(pieces) // most] for i in range(most)]


def with_given(piece: Piece, given: Tensor) -> Piece:
    """The piece with another condition."""
    return replace(piece, batch=replace(piece.batch, given=given))


def with_target(piece: Piece, target: Tensor) -> Piece:
    """The piece with other decisions."""
    return replace(piece, batch=replace(piece.batch, target=target))


def readvised(piece: Piece, task: str) -> Piece:
    """The piece, whose melody was changed, with the advice that the new one gets."""
    return replace(piece, batch=advice.readvised(piece.batch, task))


def exchanged(pieces: Sequence[Piece]) -> list[Piece]:
    """Each piece with the condition of the next one, which is repeated or cut to its length."""
    others = [*pieces[1:], *pieces[:1]]
    return [
        with_given(piece, repeat_to(other.batch.given, len(piece))) for piece, other in zip(pieces, others, strict=True)
    ]


def _longer(tensor: Tensor, frames: int) -> Tensor:
    missing = frames - tensor.shape[1]
    return functional.pad(tensor, (0,) * (2 * (tensor.ndim - 2)) + (0, missing)) if missing else tensor


def _map(batch: Batch, change: Callable[[Tensor], Tensor]) -> Batch:
    return Batch(change(batch.target), change(batch.given), change(batch.phase), change(batch.mask))
