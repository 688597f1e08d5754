"""Hearing as a task: what one player is to hear of several inserts, and can hear now, is heard together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import Any

from models.player import Frame, HearsTogether, Player

TOGETHER = 8
"""How many are heard at once, at most: an answer that is asked for meanwhile waits for them all."""

Task = Callable[[], Any]
Given = tuple[Future[Any], Task]
"""A task, and who waits for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """A frame for a learned player, after what it had heard before; where it cannot, it begins anew and that is told.

    Of one insert, each waits for the one before: two of them are never heard together.
    """

    player: Player[Any]
    before: Future[Any]
    frame: Frame
    tell: Callable[[Exception], None]

    def __call__(self) -> Any:
        """The state one frame later."""
        try:
            return self.player.hear(self.before.result(), self.frame)
        except Exception as error:  # noqa: BLE001 - what it cannot hear it has not heard
            self.tell(error)
            return self.player.start()

    @property
    def is_ready(self) -> bool:
        """Whether what was heard before is known."""
        return self.before.done() and not self.before.cancelled() and self.before.exception() is None


def companions(first: Task, waiting: Iterable[Given]) -> list[Given]:
    """Those who wait and can be done together with the first, in their order."""
    if not (isinstance(first, Hearing) and isinstance(first.player, HearsTogether) and first.is_ready):
        return []
    alike = (
        given
        for given in waiting
        if isinstance(given[1], Hearing) and given[1].player is first.player and given[1].is_ready
    )
    return list(islice(alike, TOGETHER - 1))


def together(given: Iterable[Given]) -> None:
    """Do a task and its companions; where one of them fails, each by itself, so that the others do not suffer."""
    begun = [(future, task) for future, task in given if future.set_running_or_notify_cancel()]
    try:
        states = _states([task for _, task in begun if isinstance(task, Hearing)])
    except Exception:  # noqa: BLE001 - whose it is, and what, shows when each is done by itself
        for future, task in begun:
            fulfil(future, task)
        return
    for (future, _), state in zip(begun, states, strict=True):
        future.set_result(state)


def fulfil(future: Future[Any], task: Task) -> None:
    """Do a task that somebody waits for."""
    try:
        future.set_result(task())
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
        future.set_exception(error)


def _states(hearings: Sequence[Hearing]) -> list[Any]:
    player: HearsTogether[Any] = hearings[0].player  # type: ignore[assignment]  # `companions` has looked
    states = player.hear_all([one.before.result() for one in hearings], [one.frame for one in hearings])
    if len(states) != len(hearings):
        raise ValueError(f"{len(states)} states of {len(hearings)}")
    return states
