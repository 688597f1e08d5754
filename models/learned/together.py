"""Several musicians of one model side by side: what it has heard of each is stepped, and what each gets is drawn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import Field, replace
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.abreast import Closed, opened
from models.capture import Step
from models.frame_model import Evidence, FrameModel, FrameState
from models.frames import Choice
from models.player import Answer, Frame, Moment, Sound


class _Heard(Protocol):
    """A state of a learned player, a frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def frames(self) -> FrameState:
        """What its model has heard."""
        ...


State = TypeVar("State", bound=_Heard)


def stepped(step: Step, heard: Sequence[tuple[State, Closed | None]]) -> list[State]:
    """The states one step later, with what has closed in each; with nothing, a state stands still."""
    closed = [one for _, one in heard if one]
    after = iter(step(closed) if closed else ())
    return [replace(state, frames=next(after)) if one else state for state, one in heard]


class SideBySide(ABC, Generic[State]):
    """A player who hears and answers several musicians at once, and so one too."""

    _step: Step

    def hear(self, state: State, frame: Frame) -> State:
        """The state one frame later."""
        return self.hear_all((state,), (frame,))[0]

    def hear_all(self, states: Sequence[State], frames: Sequence[Frame]) -> list[State]:
        """Several states one frame later each, in one step of the model."""
        return stepped(self._step, [self._heard(*one) for one in zip(states, frames, strict=True)])

    def answer(self, state: State, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """What to play with the notes the musician holds now, oldest press first; empty only for a player of pulse."""
        return next(self.answer_all((state,), (held,), (moment,)))

    @abstractmethod
    def answer_all(
        self, states: Sequence[State], helds: Sequence[tuple[Sound, ...]], moments: Sequence[Moment]
    ) -> Iterator[Answer]:
        """Several answers, drawn side by side; each comes as soon as it is there."""

    @abstractmethod
    def _heard(self, state: State, frame: Frame) -> tuple[State, Closed | None]:
        """What there is to know of a frame but for the model, and what the model is to hear; None: nothing."""


class Scene(NamedTuple):
    """The open frame of one musician, for the model to decide."""

    frames: FrameState
    given: NDArray[np.float32] | None
    """(key, plane): what the musician does in it; None where that is not known yet."""
    known: NDArray[np.int64]
    """As in `Evidence`, without batch and frame."""
    banned: NDArray[np.bool_]
    """As in `Evidence`, without batch and frame."""
    choice: Choice


def drawn(model: FrameModel, scenes: Sequence[Scene]) -> Iterator[NDArray[np.int64]]:
    """What the model decides in each, as it would by itself: all of them side by side, each as soon as it is decided.

    Where not all know what is given, those who do are side by side, and so are the others.
    """
    informed, others = (
        _draws(model, [scene for scene in scenes if (scene.given is not None) == knows]) for knows in (True, False)
    )
    for scene in scenes:
        yield next(others if scene.given is None else informed)


def _draws(model: FrameModel, scenes: Sequence[Scene]) -> Iterator[NDArray[np.int64]]:
    frames, givens, knowns, banneds, choices = zip(*scenes, strict=True)
    device = frames[0].features.device
    given = None if givens[0] is None else side_by_side(givens, device)
    evidence = Evidence(side_by_side(knowns, device), side_by_side(banneds, device))
    yield from model.draws(opened(frames), given, evidence, choices)


def side_by_side(rows: Sequence[NDArray[Any]], device: torch.device) -> Tensor:
    """(...) of each piece, as models take it: (batch, 1, ...)."""
    return torch.from_numpy(np.stack(rows)).to(device)[:, None]
