"""What learned players have heard of several musicians, as steps of their model side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import Field, replace
from typing import Any, ClassVar, Protocol, TypeVar

from models.abreast import Closed
from models.capture import Step
from models.frame_model import FrameState


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
