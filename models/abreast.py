"""Pieces side by side: the states of several, and what has closed in each, as one batch and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from models.frame_model import FrameState, Opened
from models.trunk import TrunkState


class Closed(NamedTuple):
    """A piece, and the frame of it that has closed: what `FrameModel.step` takes."""

    state: FrameState
    target: Tensor
    """(batch, 1, ...)"""
    given: Tensor
    """(batch, 1, key, plane)"""
    phase: Tensor
    """(batch, 1)"""


def abreast(pieces: Sequence[Closed]) -> Closed:
    """Pieces of batch = 1 as one batch. Their memories must be of one shape: no history that grows with the piece."""
    states, targets, givens, phases = zip(*pieces, strict=True)
    whole = tuple(map(_joined, zip(*(state.trunk.whole for state in states), strict=True)))
    trunk = TrunkState(_joined([state.trunk.keys for state in states]), whole)
    features, before = (_joined(parts) for parts in zip(*((one.features, one.before) for one in states), strict=True))
    return Closed(FrameState(trunk, features, before), _joined(targets), _joined(givens), _joined(phases))


def opened(states: Sequence[FrameState]) -> FrameState | Opened:
    """The open frames of pieces of batch = 1 as one batch; their memories may be of any shape."""
    if len(states) == 1:
        return states[0]
    return Opened(_joined([one.features for one in states]), _joined([one.before for one in states]))


def apart(state: FrameState, pieces: int) -> list[FrameState]:
    """The state of each piece of a batch: views of it where one listener hears each, else copies."""
    whole = zip(*(_parted(part, pieces) for part in state.trunk.whole), strict=True)
    trunks = map(TrunkState, _parted(state.trunk.keys, pieces), whole)
    return list(map(FrameState, trunks, _parted(state.features, pieces), _parted(state.before, pieces)))


def _joined(parts: Sequence[Tensor]) -> Tensor:
    """(listener, ...) each to (listener * piece, ...)."""
    return torch.stack(tuple(parts), 1).flatten(0, 1)


def _parted(joined: Tensor, pieces: int) -> list[Tensor]:
    """(listener * piece, ...) to (listener, ...) each, contiguous: samplers are compiled for nothing else."""
    return [part.contiguous() for part in joined.view(-1, pieces, *joined.shape[1:]).unbind(1)]
