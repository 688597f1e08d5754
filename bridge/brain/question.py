"""What an insert asks its player, apart from the answer: all may ask before anybody waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from bridge.brain.in_time import InTime
from bridge.brain.sounding import Due
from models.player import Answer, Moment, Player, Sound


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that an answer depends on."""

    player: Player[Any]
    state: Any
    held: tuple[Sound, ...]
    moment: Moment
    time_ns: int
    """When the answer is to sound."""
    opens: int | None = None
    """The frame that begins with the answer, which can be looked ahead from; None: it is not one's beginning."""
    planned: Answer | None = None
    """The answer, where it was worked out before."""

    def ask(self) -> Callable[[], Answer]:
        """Ask, and get what gives the answer: who thinks elsewhere thinks meanwhile, all others have answered."""
        if isinstance(self.player, InTime) and not self.planned:
            return self.player.ask(self.state, self.held, self.moment)
        answer = self.planned or self.player.answer(self.state, self.held, self.moment)
        return lambda: answer


class Turn(NamedTuple):
    """What an insert does now."""

    due: list[Due]
    """What it sends, whatever the answer."""
    question: Question | None = None
    """What it asks, to go on with the answer."""
