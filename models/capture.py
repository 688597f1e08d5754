"""The live step, watched for NaN; on CUDA as one graph, which launches a hundred small kernels at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isfinite

import torch
from torch import Tensor

from models.frame_model import FrameModel, FrameState
from models.trunk import TrunkState

Step = Callable[[FrameState, Tensor, Tensor, Tensor], FrameState]

WARM_STEPS = 3


def live_step(model: FrameModel) -> Step:
    """`model.step` for one piece: captured on CUDA, as it is elsewhere, and where its history grows with the piece.

    It raises ArithmeticError where what was heard has become NaN: all of it is in the features.
    """
    on_cuda = next(model.parameters()).device.type == "cuda"
    step = CapturedStep(model) if on_cuda and model.config.time != "attention" else model.step

    def checked(state: FrameState, target: Tensor, given: Tensor, phase: Tensor) -> FrameState:
        state = step(state, target, given, phase)
        if not isfinite(float(state.features.sum())):
            raise ArithmeticError("what it has heard is no number any more (NaN)")
        return state

    return checked


class CapturedStep:
    """Replays `model.step` from buffers of its own; what it gives is the caller's. One thread."""

    def __init__(self, model: FrameModel) -> None:
        config, device = model.config, next(model.parameters()).device
        self._state = model.start(1)
        self._target = self._state.before.clone()
        self._given = torch.zeros(1, 1, config.keys, config.given, device=device)
        self._phase = torch.zeros(1, 1, dtype=torch.long, device=device)
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side), torch.inference_mode():
            for _ in range(WARM_STEPS):
                model.step(self._state, self._target, self._given, self._phase)
        torch.cuda.current_stream().wait_stream(side)
        self._graph = torch.cuda.CUDAGraph()
        with torch.inference_mode(), torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self._after = model.step(self._state, self._target, self._given, self._phase)

    def __call__(self, state: FrameState, target: Tensor, given: Tensor, phase: Tensor) -> FrameState:
        """The state one frame later."""
        for own, theirs in zip(_tensors(self._state), _tensors(state), strict=True):
            own.copy_(theirs)
        for own, theirs in ((self._target, target), (self._given, given), (self._phase, phase.view(1, 1))):
            own.copy_(theirs)
        self._graph.replay()
        after = self._after
        trunk = TrunkState(after.trunk.keys.clone(), tuple(part.clone() for part in after.trunk.whole))
        return FrameState(trunk, after.features.clone(), target.clone())


def _tensors(state: FrameState) -> Iterator[Tensor]:
    yield state.trunk.keys
    yield from state.trunk.whole
    yield state.features
    yield state.before
