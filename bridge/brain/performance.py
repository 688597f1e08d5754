"""A turn of a continuation: what it plays, planned a little ahead, up to an end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf
from typing import Any, NamedTuple

import numpy as np

from models.continuation import Aim, Continuer
from music.phrase import Onset

PATIENCE_NS = 18_000_000
"""So long a player may think while there is nothing else to play."""


class _Planned(NamedTuple):
    onset: Onset
    before: Any
    """The player's thread, from which it can be planned anew."""


class Performance:
    """Onsets in beats of the insert, each planned once, unless something else is wanted of those that wait."""

    def __init__(self, player: Continuer[Any, Any], memory: Any, thread: Any, aim: Aim, seed: int) -> None:
        self.start = thread
        """Where the player goes on from; None: it does not."""
        self.played: list[Onset] = []
        """What has been taken."""
        self.end = inf
        """The beat at which the musician has the turn."""
        self.begun = False
        """Whether it is known when it begins."""
        self.thinking = False
        """Whether the player is about to know more than is planned."""
        self._player, self._memory, self._thread, self._aim = player, memory, thread, aim
        self._dice = np.random.default_rng(seed)
        self._later = 0.0  # beats between the player's time and the insert's
        self._closing = 0.0
        self._asked_ns: int | None = None  # since when there is nothing to play but what is thought about
        self._planned: deque[_Planned] = deque()
        self._over = thread is None

    def repeat(self, played: Sequence[Onset], later: float) -> None:
        """Play what was played, so many beats later, and nothing after it."""
        self.begun = True
        self._planned.extend(_Planned(replace(one, beat=one.beat + later), None) for one in played)

    @property
    def over(self) -> bool:
        """Whether nothing more is to come."""
        return self._over and not self._planned

    @property
    def planned(self) -> list[Onset]:
        """What waits, soonest first."""
        return [one.onset for one in self._planned]

    @property
    def next_beat(self) -> float | None:
        """When the next onset is; None where nothing waits."""
        return self._planned[0].onset.beat if self._planned else None

    def begin(self, place: Callable[[float], float]) -> float:
        """Find the first onset; `place` says when one of a beat is to be. Gives when it is."""
        before, self.begun = self._thread, True
        onset, self._thread = self._player.go_on(self._memory, before, self._aim, self._dice)
        beat = place(onset.beat)
        self._later = beat - onset.beat
        self._planned.append(_Planned(replace(onset, beat=beat), before))
        return beat

    def close(self, end: float, closing: float) -> None:
        """Come to rest within `closing` beats before an end."""
        self.end, self._closing = end, closing

    def answers(self, now_ns: int) -> bool:
        """Whether the player can be asked what comes next: it has thought, or was given long enough to."""
        self.thinking = not self._player.ready(self._memory, self._thread, self._aim, self._dice)
        if not self.thinking or self._planned:
            self._asked_ns = None
            return not self.thinking
        if self._asked_ns is None:
            self._asked_ns = now_ns
        return now_ns - self._asked_ns >= PATIENCE_NS

    def want(self, aim: Aim, until: float, now_ns: int) -> None:
        """Something else is wanted: what waits is planned anew, up to a beat."""
        if aim.ahead and aim.ahead.origin is not None:  # the player's beats are not the insert's
            aim = replace(aim, ahead=replace(aim.ahead, origin=aim.ahead.origin - self._later))
        if aim == self._aim:
            return
        self._aim = aim
        if self._planned and self._planned[0].before is not None:
            first = self._planned[0]
            kept = [first] if not self.played else []  # where a turn begins is settled
            rest = list(self._planned)[len(kept) :]
            if rest:
                self._thread, self._over = rest[0].before, False
                self._planned = deque(kept)
                self.plan(until, now_ns)

    def plan(self, until: float, now_ns: int) -> None:
        """Plan all that begins up to a beat, and one more."""
        self.thinking = False
        while not self._over and not (self._planned and self._planned[-1].onset.beat > until):
            before = self._thread
            if not self.answers(now_ns):
                return
            onset, self._thread = self._next(before)
            newest = self._planned[-1].onset if self._planned else self.played[-1]
            if self._over:  # the last one: the musician's turn begins where it ends
                beat = max(self.end - self._closing, newest.beat + self._closing / 4)
                if beat >= self.end:
                    return
                tones = tuple(replace(tone, beats=self.end - beat) for tone in onset.tones)
                onset = Onset(beat, tones)
            self._planned.append(_Planned(onset, before))

    def take(self, is_due: Callable[[float], bool]) -> list[Onset]:
        """What begins at beats that are due, and is taken for played."""
        found = []
        while self._planned and is_due(self._planned[0].onset.beat):
            found.append(self._planned.popleft().onset)
        self.played += found
        return found

    def _next(self, thread: Any) -> tuple[Onset, Any]:
        onset, after = self._player.go_on(self._memory, thread, self._aim, self._dice)
        if onset.beat + self._later >= self.end - self._closing:
            self._over = True
            onset, after = self._player.go_on(self._memory, thread, replace(self._aim, last=True), self._dice)
        return replace(onset, beat=onset.beat + self._later), after
