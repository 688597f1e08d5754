"""What a learned player is to do for several inserts: what waits, is alike and can be done now is done together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import Any

from models.player import Answer, AnswersTogether, Frame, HearsTogether, Moment, Player, Sound

HEARD_TOGETHER = 8
"""How many frames are heard at once, at most: what is asked for meanwhile waits for them all."""
ANSWERED_TOGETHER = 4
"""How many answers are drawn at once, at most: the first comes when what they have in common is done for all.

Of eight at once it is late where the machine is busy (docs/benchmarks.md, "Several inserts with one player").
"""

Task = Callable[[], Any]
Given = tuple[Future[Any], Task]
"""A task, and who waits for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """A frame for a learned player, after what it had heard before; where it cannot, it begins anew and that is told.

    Of one insert, each waits for the one before: two of them are never heard together.
    """

    player: Player[Any]
    past: Future[Any]
    frame: Frame
    tell: Callable[[Exception], None]

    def __call__(self) -> Any:
        """The state one frame later."""
        try:
            return self.player.hear(self.past.result(), self.frame)
        except Exception as error:  # noqa: BLE001 - what it cannot hear it has not heard
            self.tell(error)
            return self.player.start()


@dataclass(frozen=True, slots=True, eq=False)
class Answering:
    """A question for a learned player, after what it has heard."""

    player: Player[Any]
    past: Future[Any]
    held: tuple[Sound, ...]
    moment: Moment

    def __call__(self) -> Answer:
        """The answer; what the player raises is raised."""
        return self.player.answer(self.past.result(), self.held, self.moment)


def companions(first: Task, waiting: Iterable[Given]) -> list[Given]:
    """Those who wait and can be done together with the first, in their order."""
    if not (isinstance(first, Hearing | Answering) and _is_ready(first) and _is_able(first)):
        return []
    most = HEARD_TOGETHER if isinstance(first, Hearing) else ANSWERED_TOGETHER
    return list(islice((given for given in waiting if _goes_with(first, given[1])), most - 1))


def together(given: Iterable[Given]) -> None:
    """Do a task and its companions; where one of them fails, each by itself, so that the others do not suffer."""
    begun = [(future, task) for future, task in given if future.set_running_or_notify_cancel()]
    try:
        for (future, _), result in zip(begun, _results([task for _, task in begun]), strict=True):
            future.set_result(result)
    except Exception:  # noqa: BLE001 - whose it is, and what, shows when each is done by itself
        for future, task in begun:
            if not future.done():
                fulfil(future, task)


def fulfil(future: Future[Any], task: Task) -> None:
    """Do a task that somebody waits for."""
    try:
        future.set_result(task())
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
        future.set_exception(error)


def _is_able(task: Hearing | Answering) -> bool:
    """Whether the player can do several such tasks at once."""
    return isinstance(task.player, HearsTogether if isinstance(task, Hearing) else AnswersTogether)


def _goes_with(first: Hearing | Answering, task: Task) -> bool:
    """Whether a task is of the same kind, for the same player, and can be done now."""
    if not isinstance(task, Hearing | Answering):
        return False
    return type(task) is type(first) and task.player is first.player and _is_ready(task)


def _is_ready(task: Hearing | Answering) -> bool:
    """Whether what was heard before is known."""
    return task.past.done() and not task.past.cancelled() and task.past.exception() is None


def _results(tasks: Sequence[Any]) -> Iterator[Any]:
    """What companions come to, each as soon as it is there; `companions` has looked at who they are."""
    if not tasks:
        return iter(())
    player, pasts = tasks[0].player, [task.past.result() for task in tasks]
    if isinstance(tasks[0], Answering):
        answers: Iterator[Answer] = player.answer_all(pasts, [one.held for one in tasks], [one.moment for one in tasks])
        return answers
    states = player.hear_all(pasts, [one.frame for one in tasks])
    if len(states) != len(tasks):
        raise ValueError(f"{len(states)} states of {len(tasks)}")
    return iter(states)
