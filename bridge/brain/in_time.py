"""A learned player who answers in time, or the rules in its place."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Generic, Protocol, TypeVar

from bridge.brain.together import Answering, Given, Hearing, companions, fulfil, together
from models.player import Answer, Frame, Moment, Player, Sound

PATIENCE_S = 0.008
"""How long the engine waits for a learned answer, from when the onset reached the brain.

An answer that comes 10 ms after the dry note begins to be heard as a second attack, and the way from the player's key
to the brain and back to the port costs up to a period of JACK each; the rules need a fraction of a millisecond.
"""
BEHIND = 256
"""Frames that may wait for the learned players to hear them. One that falls behind by more begins anew."""

Result = TypeVar("Result")
RuleState = TypeVar("RuleState")
LearnedState = TypeVar("LearnedState")
Task = Callable[[], Result]


class Workplace(Protocol):
    """Where learned players think. What is given to it is done in this order, but for what may be done together."""

    def begin(self) -> None:
        """Something arrived that wants an answer: patience begins anew."""
        ...

    def do(self, task: Task[Result]) -> Future[Result]:
        """Have a task done."""
        ...

    def patience_s(self) -> float | None:
        """How long an answer may still be waited for; None: as long as it takes."""
        ...

    @property
    def behind(self) -> int:
        """How many tasks wait."""
        ...


class Worker:
    """One thread for all learned players (torch lets go of the interpreter meanwhile), and a deadline.

    The thread ends with the process: a player that never comes back must not keep a daemon alive.
    """

    def __init__(self, patience_s: float = PATIENCE_S, prepare: Task[object] = bool) -> None:
        self._patience_s = patience_s
        self._until_s = 0.0
        self._tasks: SimpleQueue[Given | None] = SimpleQueue()
        self._waiting: deque[Given | None] = deque()  # taken from the queue; the thread's own
        Thread(target=self._work, args=(prepare,), name="players", daemon=True).start()

    def begin(self) -> None:
        """Something arrived that wants an answer: patience begins anew."""
        self._until_s = time.monotonic() + self._patience_s

    def do(self, task: Task[Result]) -> Future[Result]:
        """Have a task done by the thread."""
        future: Future[Result] = Future()
        self._tasks.put((future, task))
        return future

    def patience_s(self) -> float:
        """How long an answer may still be waited for."""
        return max(0.0, self._until_s - time.monotonic())

    @property
    def behind(self) -> int:
        """How many tasks wait."""
        return self._tasks.qsize() + len(self._waiting)

    def close(self) -> None:
        """Let the thread end after what it was given."""
        self._tasks.put(None)

    def _work(self, prepare: Task[object]) -> None:
        prepare()
        while (given := self._waiting.popleft() if self._waiting else self._tasks.get()) is not None:
            alike = self._companions(given) if isinstance(given[1], Hearing | Answering) else []
            if alike:
                together([given, *alike])
            else:
                _do(*given)

    def _companions(self, first: Given) -> list[Given]:
        """Those of all that wait who are done together with the first; they wait no longer."""
        try:
            while True:
                self._waiting.append(self._tasks.get_nowait())
        except Empty:
            alike = companions(first[1], (given for given in self._waiting if given))
        self._waiting = deque(given for given in self._waiting if given not in alike) if alike else self._waiting
        return alike


class AtLeisure:
    """For files: every task at once, in the caller's thread, however long it takes."""

    behind = 0

    def begin(self) -> None:
        """There is no deadline."""

    def do(self, task: Task[Result]) -> Future[Result]:
        """Do a task."""
        future: Future[Result] = Future()
        _do(future, task)
        return future

    def patience_s(self) -> None:
        """As long as it takes."""
        return


def _do(future: Future[Any], task: Task[Any]) -> None:
    """Do a task, unless nobody waits for it any more."""
    if future.set_running_or_notify_cancel():
        fulfil(future, task)


@dataclass(frozen=True, slots=True)
class Past(Generic[RuleState]):
    """What both players have heard."""

    rules: RuleState
    learned: Future[Any]
    """The learned player's state, as soon as it has heard everything."""
    sounding: Answer | None = None
    """What sounded when the last frame ended."""


class InTime(Generic[RuleState, LearnedState]):
    """A learned player and its stand-in; both hear everything, what the other has played included.

    One thread asks it. The learned player thinks at its workplace; `hear` never waits for it, `answer` until the
    deadline. What comes later, or not at all, or is no answer, the rules give, marked as `Answer.fallback`.
    """

    def __init__(
        self,
        learned: Player[LearnedState],
        rules: Player[RuleState],
        workplace: Workplace,
        tell: Callable[[str], None],
    ) -> None:
        self._learned = learned
        self._rules = rules
        self._workplace = workplace
        self._tell = tell

    @property
    def name(self) -> str:
        """The learned player's."""
        return self._learned.name

    @property
    def pulse(self) -> bool:
        """The learned player's."""
        return self._learned.pulse

    def start(self) -> Past[RuleState]:
        """The state before anything was heard."""
        return Past(self._rules.start(), self._workplace.do(self._learned.start))

    def hear(self, state: Past[RuleState], frame: Frame) -> Past[RuleState]:
        """The state one frame later."""
        rules, before = self._rules.hear(state.rules, frame), state.learned
        if self._workplace.behind >= BEHIND:  # it would only fall further behind
            anew: Future[LearnedState] = Future()
            _do(anew, self._learned.start)
            return Past(rules, anew, frame.answer)
        hearing = Hearing(self._learned, before, frame, self._trouble)
        return Past(rules, self._workplace.do(hearing), frame.answer)

    def answer(self, state: Past[RuleState], held: tuple[Sound, ...], moment: Moment) -> Answer:
        """What to play with the notes the musician holds now."""
        return self.ask(state, held, moment)()

    def ask(self, state: Past[RuleState], held: tuple[Sound, ...], moment: Moment) -> Callable[[], Answer]:
        """Have the learned player think, and get what waits for its answer: others can be asked meanwhile."""
        # its past is known when its turn comes: tasks are done in order
        asked = self._workplace.do(Answering(self._learned, state.learned, held, moment))

        def answer() -> Answer:
            try:
                return _whole(asked.result(self._workplace.patience_s()), len(moment.wish.ranges))
            except TimeoutError:
                asked.cancel()  # where it has begun it goes on, and nobody listens
            except Exception as error:  # noqa: BLE001 - whatever a model stumbles over, the music goes on
                self._trouble(error)
            return replace(self._stand_in(state, held, moment), fallback=True)

        return answer

    def answer_later(self, state: Past[RuleState], held: tuple[Sound, ...], moment: Moment) -> Future[Answer]:
        """The learned player's answer when it is there, with nobody to stand in; the future raises what it raises."""
        past, voices = state.learned, len(moment.wish.ranges)
        return self._workplace.do(lambda: _whole(self._learned.answer(past.result(), held, moment), voices))

    def _stand_in(self, state: Past[RuleState], held: tuple[Sound, ...], moment: Moment) -> Answer:
        """The rules harmonise what is played; where only time has passed, what sounds goes on."""
        if held and not (moment.move and self.pulse):
            return self._rules.answer(state.rules, held, moment)
        voices = len(moment.wish.ranges)
        if state.sounding and len(state.sounding.pitches) == voices:
            return replace(state.sounding, struck=frozenset(), velocities=None)
        return Answer((None,) * voices)

    def _trouble(self, error: Exception) -> None:
        self._tell(f"The player {self.name!r} has failed, the rules answer for it ({type(error).__name__}: {error})")


def _whole(answer: Answer, voices: int) -> Answer:
    """The answer, if it is one."""
    sounding = [pitch for pitch in answer.pitches if pitch is not None]
    if len(answer.pitches) != voices or not all(0 <= pitch <= 127 for pitch in sounding):
        raise ValueError(f"{answer.pitches} are no {voices} pitches")
    velocities = answer.velocities
    if velocities is not None and (len(velocities) != voices or not all(0 <= one <= 127 for one in velocities)):
        raise ValueError(f"{velocities} are no {voices} velocities")
    return answer
