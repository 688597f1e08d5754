"""A learned player and the musician's own phrases in turns, as they play live, without waiting for anybody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.continuation import Aim, leads
from models.rules.markov import MemoryPlayer
from music.phrase import Onset


@dataclass(frozen=True, slots=True)
class Both:
    """Goes on as a preset with a learned player and this `distance` does."""

    learned: Any
    """What it follows must be what it can play on from: `follow`."""
    distance: float
    own: MemoryPlayer = field(default_factory=MemoryPlayer)

    @property
    def name(self) -> str:
        """The learned player's."""
        return str(self.learned.name)

    def start(self) -> tuple[Any, Any]:
        """Both memories."""
        return self.own.start(), self.learned.start()

    def hear(self, memory: tuple[Any, Any], onset: Onset, *, phase: bool = False) -> None:
        """Both learn what was played."""
        self.own.hear(memory[0], onset)
        self.learned.hear(memory[1], onset, phase=phase)

    def begin(self, memory: tuple[Any, Any]) -> tuple[Any, Any, bool | None]:
        """Both threads, and that nobody has led."""
        return self.own.begin(memory[0]), self.learned.begin(memory[1]), None

    def ready(self, memory: Any, thread: Any, aim: Aim, dice: np.random.Generator) -> bool:  # noqa: ARG002 - nobody waits
        """Always: who asks waits."""
        return True

    def fallbacks(self, memory: Any) -> int:  # noqa: ARG002 - of none
        """Never."""
        return 0

    def go_on(
        self, memory: tuple[Any, Any], thread: tuple[Any, Any, bool | None], aim: Aim, dice: np.random.Generator
    ) -> tuple[Onset, tuple[Any, Any, bool | None]]:
        """What whoever leads plays, and the other one follows."""
        own, learned, before = thread
        led = leads(before, self.distance, dice)
        if led:
            onset, learned = self.learned.go_on(memory[1], learned, aim, dice)
            return onset, (self.own.follow(own, onset), learned, led)
        onset, own = self.own.go_on(memory[0], own, aim, dice)
        return onset, (own, self.learned.follow(learned, onset, phase=aim.phase), led)
