"""A learned player who goes on, and the musician's own memory beside it: both hear all, and take turns.

How far it leads away from the musician is the preset's `distance`. The learned player thinks at its workplace, an
onset ahead of what is asked for; where it is not ready in time, has failed or is overrun, the memory plays.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from bridge.brain.in_time import BEHIND, Workplace
from models.continuation import Aim, Continuer, leads
from models.rules import markov
from models.rules.markov import MemoryPlayer
from music.phrase import Onset


class Leading(Continuer[Any, Any], Protocol):
    """A learned player that can follow another one."""

    def follow(self, thread: Any, onset: Onset, *, phase: bool) -> Any:
        """The thread after an onset that somebody else has played."""
        ...


@dataclass(slots=True)
class Past:
    """What both have heard."""

    own: markov.Memory
    learned: Future[Any]
    """The learned player's memory, as soon as it has heard everything."""
    fallbacks: int = 0


@dataclass(slots=True)
class _Thought:
    aim: Aim
    leads: bool
    """Whether the learned player plays it."""
    onset: Future[tuple[Onset, Any]] | None


@dataclass(frozen=True, slots=True)
class Thread:
    """What both play on."""

    own: markov.Thread
    learned: Future[Any]
    leads: bool | None = None
    """Whether the learned player has played the onset before; None: nobody has."""
    thought: list[_Thought] = field(default_factory=list)
    """What comes next, as far as that was thought about: of one aim, or nothing."""


class GoingOn:
    """Plays on by both."""

    def __init__(self, learned: Leading, workplace: Workplace, tell: Callable[[str], None]) -> None:
        self._learned, self._own = learned, MemoryPlayer()
        self._workplace, self._tell = workplace, tell

    @property
    def name(self) -> str:
        """The learned player's."""
        return self._learned.name

    def start(self) -> Past:
        """The memory before anything was heard."""
        return Past(self._own.start(), self._workplace.do(self._learned.start))

    def hear(self, memory: Past, onset: Onset, *, phase: bool = False) -> None:
        """Learn what was played."""
        self._own.hear(memory.own, onset)
        before = memory.learned

        def heard() -> Any:
            found = before.result()
            self._learned.hear(found, onset, phase=phase)
            return found

        if self._workplace.behind < BEHIND:  # it would only fall further behind
            memory.learned = self._workplace.do(heard)

    def begin(self, memory: Past) -> Thread | None:
        """Where the musician has stopped."""
        own, past = self._own.begin(memory.own), memory.learned
        return None if own is None else Thread(own, self._workplace.do(lambda: self._learned.begin(past.result())))

    def ready(self, memory: Past, thread: Thread, aim: Aim, dice: np.random.Generator) -> bool:
        """Whether what comes next is there; where it is not, it is thought about."""
        onset = self._think(memory, thread, aim, dice).onset
        return onset is None or onset.done()

    def go_on(self, memory: Past, thread: Thread, aim: Aim, dice: np.random.Generator) -> tuple[Onset, Thread]:
        """What comes next."""
        thought = self._think(memory, thread, aim, dice)
        thread.thought.clear()
        if thought.onset is not None:
            try:
                onset, _ = thought.onset.result(0)
            except TimeoutError:
                thought.onset.cancel()
                memory.fallbacks += 1
            except Exception as error:  # noqa: BLE001 - whatever a model stumbles over, the music goes on
                self._tell(
                    f"The player {self.name!r} has failed, the rules play for it ({type(error).__name__}: {error})"
                )
                memory.fallbacks += 1
            else:
                after = Thread(self._own.follow(thread.own, onset), _second(thought.onset), leads=True)
                return self._ahead(memory, onset, after, aim, dice)
        onset, own = self._own.go_on(memory.own, thread.own, aim, dice)
        before = thread.learned
        learned = self._workplace.do(lambda: self._learned.follow(before.result(), onset, phase=aim.phase))
        return self._ahead(memory, onset, Thread(own, learned, leads=thought.leads), aim, dice)

    def fallbacks(self, memory: Past) -> int:
        """How often the memory had to stand in."""
        return memory.fallbacks

    def _ahead(
        self, memory: Past, onset: Onset, after: Thread, aim: Aim, dice: np.random.Generator
    ) -> tuple[Onset, Thread]:
        """Think about what comes after an onset while that one waits to be played."""
        if not aim.last:
            self._think(memory, after, aim, dice)
        return onset, after

    def _think(self, memory: Past, thread: Thread, aim: Aim, dice: np.random.Generator) -> _Thought:
        """What comes next with an aim: a thought about it is begun, unless there is one."""
        if thread.thought and thread.thought[0].aim == aim:
            return thread.thought[0]
        for other in thread.thought:
            if other.onset is not None:
                other.onset.cancel()
        led, onset = leads(thread.leads, aim.distance, dice), None
        if led and not aim.last:  # an end is the musician's own
            before, own_dice = thread.learned, np.random.default_rng(dice.integers(2**63))
            past = memory.learned
            onset = self._workplace.do(lambda: self._learned.go_on(past.result(), before.result(), aim, own_dice))
        thread.thought[:] = [_Thought(aim, led, onset)]
        return thread.thought[0]


def _second(pair: Future[tuple[Any, Any]]) -> Future[Any]:
    """The second of two, which are there."""
    future: Future[Any] = Future()
    future.set_result(pair.result()[1])
    return future
