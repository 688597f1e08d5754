"""The learned continuation and the musician's memory beside it: in time, or the memory plays."""

from __future__ import annotations

import itertools
from threading import Event
from time import sleep
from typing import Any

import numpy as np
import pytest

from bridge.brain.going_on import GoingOn, Past
from bridge.brain.in_time import AtLeisure, Worker
from bridge.brain.players import Players
from models.continuation import Aim
from models.rules.markov import MemoryPlayer
from music.events import NoteOff, NoteOn
from music.phrase import Onset, Tone
from tests.bridge.brain.stage import BEAT, Band, state

HIGH = 100
"""What the learned player below plays, and nobody else does."""
SCALE = (60, 62, 64, 65, 67, 65, 64, 62)


class Piper:
    """Plays one note every half beat; thinks when it is let."""

    name, effect = "piper", "continue"

    def __init__(self) -> None:
        self.gate, self.fails = Event(), False
        self.gate.set()
        self.followed: list[int] = []

    def start(self) -> list[Onset]:
        return []

    def hear(self, memory: list[Onset], onset: Onset, *, phase: bool = False) -> None:  # noqa: ARG002
        memory.append(onset)

    def begin(self, memory: list[Onset]) -> float | None:
        return memory[-1].beat if memory else None

    def ready(self, *_: Any) -> bool:
        return True

    def fallbacks(self, _: Any) -> int:
        return 0

    def follow(self, thread: float, onset: Onset, *, phase: bool) -> float:  # noqa: ARG002
        self.followed.append(onset.top)
        return onset.beat

    def go_on(self, memory: Any, thread: float, aim: Aim, dice: Any) -> tuple[Onset, float]:  # noqa: ARG002
        self.gate.wait(60)
        if self.fails:
            raise ArithmeticError("NaN")
        return Onset(thread + 0.5, (Tone(HIGH, 80, 0.4),)), thread + 0.5


def told(player: GoingOn) -> Past:
    memory = player.start()
    for number, pitch in enumerate(SCALE * 2):
        player.hear(memory, Onset(number / 2, (Tone(pitch, 80, 0.4),)))
    return memory


def played(player: GoingOn, memory: Past, many: int, aim: Aim, seed: int = 1) -> list[Onset]:
    thread, dice, found = player.begin(memory), np.random.default_rng(seed), []
    for _ in range(many):
        assert thread
        onset, thread = player.go_on(memory, thread, aim, dice)
        found.append(onset)
    return found


def test_far_from_the_musician_the_learned_player_leads() -> None:
    player = GoingOn(Piper(), AtLeisure(), pytest.fail)
    assert {onset.top for onset in played(player, told(player), 40, Aim(distance=1))} == {HIGH}


def test_near_to_the_musician_it_plays_what_the_memory_would() -> None:
    piper = Piper()
    player = GoingOn(piper, AtLeisure(), pytest.fail)
    found = played(player, told(player), 40, Aim(distance=0, temperature=0, surprise=0))
    own, dice = MemoryPlayer(), np.random.default_rng(5)
    memory = own.start()
    for number, pitch in enumerate(SCALE * 2):
        own.hear(memory, Onset(number / 2, (Tone(pitch, 80, 0.4),)))
    thread = own.begin(memory)
    for onset in found:
        assert thread
        expected, thread = own.go_on(memory, thread, Aim(distance=0, temperature=0, surprise=0), dice)
        assert onset == expected
    assert piper.followed == [onset.top for onset in found], "it hears what the memory plays"


def test_between_both_take_turns() -> None:
    player = GoingOn(Piper(), AtLeisure(), pytest.fail)
    found = [onset.top == HIGH for onset in played(player, told(player), 400, Aim(distance=0.5))]
    assert 100 < sum(found) < 300
    changes = sum(a != b for a, b in itertools.pairwise(found))
    assert changes < 60, "whoever leads goes on for some onsets"


def test_an_end_is_the_musician_s_own() -> None:
    player = GoingOn(Piper(), AtLeisure(), pytest.fail)
    assert played(player, told(player), 1, Aim(distance=1, last=True))[0].top in SCALE


def test_who_is_late_is_stood_in_for_and_counted() -> None:
    piper = Piper()
    player = GoingOn(piper, Worker(), pytest.fail)
    memory = told(player)
    piper.gate.clear()
    found = played(player, memory, 2, Aim(distance=1))
    assert all(onset.top in SCALE for onset in found)
    assert player.fallbacks(memory) == 2
    piper.gate.set()


def test_who_fails_is_stood_in_for_and_told_of() -> None:
    piper, said = Piper(), list[str]()
    player = GoingOn(piper, AtLeisure(), said.append)
    piper.fails = True
    assert all(onset.top in SCALE for onset in played(player, told(player), 4, Aim(distance=1)))
    assert said and "ArithmeticError" in said[0]


def test_who_thinks_is_not_waited_for_while_something_is_planned() -> None:
    piper = Piper()
    player = GoingOn(piper, Worker(), pytest.fail)
    memory, dice = told(player), np.random.default_rng(1)
    thread = player.begin(memory)
    assert thread
    piper.gate.clear()
    assert not player.ready(memory, thread, Aim(distance=1), dice)
    piper.gate.set()
    while not player.ready(memory, thread, Aim(distance=1), dice):
        sleep(0.001)
    onset, _ = player.go_on(memory, thread, Aim(distance=1), dice)
    assert onset.top == HIGH


@pytest.mark.parametrize("leisure", [True, False])
def test_on_stage_it_goes_on_after_a_silence_and_yields(leisure: bool) -> None:
    workplace = AtLeisure() if leisure else Worker()
    group = Band(
        state("continue", player_model="goes-on", style_distance=1.0),
        Players(workplace=workplace, make=lambda _name, _device: Piper()),
    )
    for pitch in SCALE:
        group.play(NoteOn(0, pitch, 80))
        group.leave()
        group.wait(BEAT // 2)
        group.play(NoteOff(0, pitch))
        group.leave()
    heard = set()
    for _ in range(1000):
        group.wait(BEAT // 100)
        group.leave()
        heard |= {pitch for channel, pitch in group.sounding if channel == 1}
    assert heard == {HIGH} if leisure else heard  # here time flies, and who thinks may be late
    group.play(NoteOn(0, 72, 80))
    group.leave()
    assert not {pitch for channel, pitch in group.sounding if channel == 1}
