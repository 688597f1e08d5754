"""What is played to those who go on, and what they play."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.continuation import Aim, Continuer
from music.phrase import Onset, Tone


def chords(many: int, start: float = 0.0) -> list[Onset]:
    return [Onset(start + n / 2, (Tone(48 + n % 5, 70, 0.5), Tone(64 + n % 7, 80, 0.4))) for n in range(many)]


def told(player: Continuer[Any, Any], heard: list[Onset], *, phase: bool = True) -> Any:
    memory = player.start()
    for onset in heard:
        player.hear(memory, onset, phase=phase)
    return memory


def played(player: Continuer[Any, Any], memory: Any, many: int, aim: Aim) -> list[Onset]:
    thread, dice, found = player.begin(memory), np.random.default_rng(1), []
    for _ in range(many):
        assert thread
        onset, thread = player.go_on(memory, thread, aim, dice)
        found.append(onset)
    return found
