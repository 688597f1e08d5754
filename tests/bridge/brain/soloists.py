"""Learned players as small as they can be, and such as no model should be."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import torch
from torch import Tensor, nn

from bridge.brain.careful import Careful
from bridge.brain.in_time import Workplace
from bridge.brain.players import Players
from bridge.brain.settings import HARMONIZE
from models.player import Answer, Frame, Moment, Player, Sound, Wish

PITCHES = 128


class Soloist(nn.Module):
    """Random weights that play: one pitch for each voice, in its range, from what was heard."""

    name = "soloist"

    def __init__(self, *, pulse: bool = False) -> None:
        super().__init__()
        self.pulse = pulse
        with torch.random.fork_rng():
            torch.manual_seed(1)
            self.past = nn.GRUCell(2 * PITCHES, 16)
            self.head = nn.Linear(16 + PITCHES, PITCHES)

    def start(self) -> Tensor:
        return torch.zeros(1, 16)

    def hear(self, state: Tensor, frame: Frame) -> Tensor:
        own = frame.answer.pitches if frame.answer else ()
        heard = torch.cat([plane([one.pitch for one in frame.held]), plane([one for one in own if one is not None])])
        return self.past(heard[None], state)  # type: ignore[no-any-return]

    def answer(self, state: Tensor, held: tuple[Sound, ...], moment: Moment) -> Answer:
        logits = self.head(torch.cat([state, plane([one.pitch for one in held])[None]], 1))[0]
        choices = [low + int(logits[low : high + 1].argmax()) for low, high in moment.wish.ranges]
        struck = frozenset(pitch for pitch in choices if pitch % 2) if self.pulse else None
        return Answer(tuple(choices), struck=struck)


def plane(pitches: list[int]) -> Tensor:
    keys = torch.zeros(PITCHES)
    keys[pitches] = 1
    return keys


class Scripted:
    """Answers what it is told, and remembers what it was asked and what it heard."""

    name = "soloist"

    def __init__(self, *answers: Answer, pulse: bool = False) -> None:
        self.pulse = pulse
        self.script = answers
        self.answers = list(answers)
        self.moments: list[Moment] = []
        self.held: list[tuple[Sound, ...]] = []
        self.frames: list[Frame] = []

    def start(self) -> int:
        return 0

    def hear(self, state: int, frame: Frame) -> int:
        self.frames.append(frame)
        return state + 1

    def answer(self, _state: int, held: tuple[Sound, ...], moment: Moment) -> Answer:
        self.moments.append(moment)
        self.held.append(held)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def forget(self) -> None:
        """What it did while it was warmed up."""
        self.moments.clear()
        self.held.clear()
        self.frames.clear()


class Gated(Scripted):
    """Answers and hears only while its gate is open."""

    def __init__(self, *answers: Answer, pulse: bool = False) -> None:
        super().__init__(*answers, pulse=pulse)
        self.gate = Event()
        self.gate.set()
        self.states: list[int] = []

    def hear(self, state: int, frame: Frame) -> int:
        self.gate.wait()
        return super().hear(state, frame)

    def answer(self, state: int, held: tuple[Sound, ...], moment: Moment) -> Answer:
        self.gate.wait()
        self.states.append(state)
        return super().answer(state, held, moment)


class Failing(Scripted):
    """Raises once it is told to."""

    fails_to: str = ""

    def hear(self, state: int, frame: Frame) -> int:
        if self.fails_to == "hear":
            raise RuntimeError("no ears")
        return super().hear(state, frame)

    def answer(self, state: int, held: tuple[Sound, ...], moment: Moment) -> Answer:
        if self.fails_to == "answer":
            raise RuntimeError("no fingers")
        return super().answer(state, held, moment)


def players(
    player: Player[Any], workplace: Workplace | None = None, tell: Callable[[str], None] | None = None
) -> Players:
    """The players of an engine whose `soloist` is this one, ready and with nothing heard."""
    found = Players(workplace=workplace, make=lambda _name, _device: player, tell=tell)
    found.get(HARMONIZE, "soloist")
    if isinstance(player, Scripted):
        player.forget()
        player.answers = list(player.script)
    return found


def careful(*, pulse: bool = False) -> Careful:
    return Careful(Soloist(pulse=pulse))


def chord(*pitches: int | None, struck: set[int] | None = None) -> Answer:
    return Answer(pitches, struck=None if struck is None else frozenset(struck))


WISH = Wish(ranges=((48, 60), (40, 55), (30, 50)))
