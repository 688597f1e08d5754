"""The live step, watched for NaN; on CUDA as one graph, which launches a hundred small kernels at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import isfinite

import torch
from torch import Tensor

from models.abreast import Closed, abreast, apart
from models.frame_model import FrameModel, FrameState
from models.trunk import TrunkState

Step = Callable[[Sequence[Closed]], list[FrameState]]

WARM_STEPS = 3


def live_step(model: FrameModel) -> Step:
    """`model.step` for pieces of batch = 1, side by side, but one by one where their history grows with them.

    On CUDA one by one too: a captured step costs less there than a hundred kernels launched for all. It raises
    ArithmeticError where what was heard of any piece has become NaN: all of it is in the features.
    """
    on_cuda = next(model.parameters()).device.type == "cuda"
    grows = model.config.time == "attention" or model.config.recall > 0
    alone = CapturedStep(model) if on_cuda and not grows else model.step

    def step(pieces: Sequence[Closed]) -> list[FrameState]:
        if len(pieces) == 1 or on_cuda or grows:
            after = [alone(*piece) for piece in pieces]
        else:
            after = apart(model.step(*abreast(pieces)), len(pieces))
        if not all(isfinite(float(state.features.sum())) for state in after):
            raise ArithmeticError("what it has heard is no number any more (NaN)")
        return after

    return step


@contextmanager
def swift() -> Iterator[None]:
    """Denormal numbers are nought meanwhile, in this thread: what fades for long is many times slower otherwise."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


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
