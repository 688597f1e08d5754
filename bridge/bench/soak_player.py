"""A player that nobody should need: it plays anything, changes its mind, and fails now and then."""

from __future__ import annotations

import random
from dataclasses import dataclass

from models.player import Answer, Frame, Moment, Sound

FAILS, RESTS = 0.005, 0.1


@dataclass(frozen=True, slots=True)
class Erratic:
    """Random notes in the parts' ranges, the same for the same past; the rules must stand in where it raises."""

    name: str
    pulse: bool

    def start(self) -> int:
        """How many frames were heard."""
        return 0

    def hear(self, state: int, _frame: Frame) -> int:
        """One more."""
        return state + 1

    def answer(self, state: int, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """Any notes."""
        dice = random.Random(state * 16 + len(held))  # noqa: S311 - music, not a secret
        if dice.random() < FAILS:
            raise ArithmeticError("these numbers are none")
        if dice.random() < RESTS:
            return Answer((None,) * len(moment.wish.ranges))
        pitches = [None if dice.random() < RESTS else dice.randint(*ends) for ends in moment.wish.ranges]
        struck = frozenset(pitch for pitch in pitches if pitch and dice.random() < 0.3) if self.pulse else None
        velocities = tuple(dice.randint(1, 127) for _ in pitches) if dice.random() < 0.5 else None
        return Answer(tuple(pitches), struck=struck, velocities=velocities)


def make(name: str, _device: str) -> Erratic:
    """In the place of a learned player; as those, the accompanists have a pulse."""
    return Erratic(name, pulse=name != "chorale")
