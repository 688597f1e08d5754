"""Several inserts with one player: what waits to be heard of them is heard together."""

from collections.abc import Sequence
from threading import Event
from typing import Any

import pytest

from bridge.brain.engine import Engine
from bridge.brain.grid import Grid
from bridge.brain.in_time import InTime, Past, Worker
from bridge.brain.settings import Settings
from bridge.brain.together import HEARD_TOGETHER
from bridge.brain.transport import Transport
from models.player import Answer, Frame, Moment, Sound
from models.rules.harmony import RuleHarmony
from music.events import NoteOn
from tests.bridge.brain.soloists import WISH, Gated, Scripted, chord, players
from tests.bridge.brain.stage import state

LEARNED = chord(50, 45, 40)
LONG_S = 60.0
BAD = 99


class Choir(Gated):
    """Hears several at once, and remembers how many; fails at what it finds bad."""

    def __init__(self) -> None:
        super().__init__(LEARNED)
        self.heard: list[list[int]] = []

    def hear(self, state: int, frame: Frame) -> int:
        self.gate.wait()
        pitch = frame.held[0].pitch if frame.held else 0
        self.heard.append([pitch])
        if pitch == BAD:
            raise ArithmeticError("NaN")
        return state * 100 + pitch

    def hear_all(self, states: Sequence[int], frames: Sequence[Frame]) -> list[int]:
        self.gate.wait()
        pitches = [frame.held[0].pitch if frame.held else 0 for frame in frames]
        self.heard.append(pitches)
        if BAD in pitches:
            raise ArithmeticError("NaN")
        return [state * 100 + pitch for state, pitch in zip(states, pitches, strict=True)]


class Stand:
    """A player whom some musicians wait for: nothing is heard before `go`."""

    def __init__(self, learned: Scripted) -> None:
        self.told: list[str] = []
        self.worker = Worker(LONG_S)
        self.player: InTime[Any, Any] = InTime(learned, RuleHarmony(), self.worker, self.told.append)
        self._gate = Event()

    def stop(self) -> None:
        self.worker.do(lambda: self._gate.wait(LONG_S))

    def go(self) -> None:
        self._gate.set()
        self.worker.do(bool).result()

    def hear(self, past: Past[Any], pitch: int) -> Past[Any]:
        return self.player.hear(past, Frame((), (Sound(pitch, 80),)))


def test_those_who_wait_are_heard_together_and_each_one_in_order() -> None:
    choir = Choir()
    stand = Stand(choir)
    starts = [stand.player.start() for _ in range(3)]
    stand.stop()
    pasts = [stand.hear(stand.hear(past, 10 + number), 20 + number) for number, past in enumerate(starts)]
    stand.go()
    assert choir.heard == [[10, 11, 12], [20, 21, 22]]
    assert [past.learned.result() for past in pasts] == [1020, 1121, 1222]


def test_no_more_are_heard_together_than_an_answer_can_wait_for() -> None:
    choir = Choir()
    stand = Stand(choir)
    starts = [stand.player.start() for _ in range(HEARD_TOGETHER + 3)]
    stand.stop()
    for past in starts:
        stand.hear(past, 10)
    stand.go()
    assert [len(heard) for heard in choir.heard] == [HEARD_TOGETHER, 3]


def test_other_tasks_keep_their_order() -> None:
    choir = Choir()
    stand, done = Stand(choir), list[str]()
    one, other = stand.player.start(), stand.player.start()
    stand.stop()
    stand.worker.do(lambda: done.append(f"first, {len(choir.heard)} heard"))
    stand.hear(one, 10)
    stand.worker.do(lambda: done.append(f"second, {len(choir.heard)} heard"))
    stand.hear(other, 11)
    stand.worker.do(lambda: done.append(f"third, {len(choir.heard)} heard"))
    stand.go()
    assert done == ["first, 0 heard", "second, 1 heard", "third, 1 heard"]
    assert choir.heard == [[10, 11]]


def test_what_waits_is_counted_wherever_it_waits() -> None:
    choir = Choir()
    stand = Stand(choir)
    one, other = stand.player.start(), stand.player.start()
    stand.stop()
    choir.gate.clear()
    past = stand.hear(one, 10)
    for pitch in range(20, 25):
        past = stand.hear(past, pitch)
    stand.hear(other, 11)
    asked = stand.worker.do(lambda: stand.worker.behind)
    stand._gate.set()
    choir.gate.set()
    assert asked.result() == 0
    assert choir.heard[0] == [10, 11]


def test_what_fails_together_is_heard_one_by_one_and_only_the_bad_one_begins_anew() -> None:
    choir = Choir()
    stand = Stand(choir)
    starts = [stand.player.start() for _ in range(3)]
    stand.stop()
    pasts = [stand.hear(past, pitch) for past, pitch in zip(starts, (10, BAD, 12), strict=True)]
    stand.go()
    assert [past.learned.result() for past in pasts] == [10, 0, 12]
    assert choir.heard == [[10, BAD, 12], [10], [BAD], [12]]
    assert len(stand.told) == 1
    assert "ArithmeticError: NaN" in stand.told[0]


def test_who_gives_too_few_states_is_asked_one_by_one() -> None:
    class Short(Choir):
        def hear_all(self, states: Sequence[int], frames: Sequence[Frame]) -> list[int]:
            return super().hear_all(states, frames)[1:]

    stand = Stand(Short())
    starts = [stand.player.start() for _ in range(3)]
    stand.stop()
    pasts = [stand.hear(past, 10 + number) for number, past in enumerate(starts)]
    stand.go()
    assert [past.learned.result() for past in pasts] == [10, 11, 12]
    assert not stand.told


def test_who_cannot_hear_several_at_once_hears_one_after_the_other() -> None:
    learned = Gated(LEARNED)
    stand = Stand(learned)
    starts = [stand.player.start() for _ in range(3)]
    stand.stop()
    for number, past in enumerate(starts):
        stand.hear(past, 10 + number)
    stand.go()
    assert [frame.held[0].pitch for frame in learned.frames] == [10, 11, 12]


def test_an_answer_is_given_after_what_was_heard_together() -> None:
    choir = Choir()
    stand = Stand(choir)
    starts = [stand.player.start() for _ in range(3)]
    pasts = [stand.hear(past, 10 + number) for number, past in enumerate(starts)]
    stand.worker.begin()
    for past in reversed(pasts):
        assert stand.player.answer(past, (Sound(72, 80),), Moment(0.0, WISH)) == LEARNED
    assert choir.states == [12, 11, 10]


@pytest.mark.parametrize("pulse", [False, True])
def test_the_frames_of_all_inserts_are_to_be_heard_before_any_answer_is_waited_for(pulse: bool) -> None:
    done: list[str] = []

    class Noting(Scripted):
        def hear(self, state: int, frame: Frame) -> int:
            done.append("hear")
            return super().hear(state, frame)

        def answer(self, state: int, held: tuple[Sound, ...], moment: Moment) -> Answer:
            done.append("answer")
            return super().answer(state, held, moment)

    settings = Settings.of(state(player_model="soloist", harmonize_motion_beats=0.25))
    engine = Engine([settings] * 3, Grid(Transport(0)), players=players(Noting(LEARNED, pulse=pulse)))
    engine.receive([(insert, NoteOn(0, 72, 80), 0) for insert in range(3)])
    done.clear()
    wake_ns = engine.next_wake_ns(1)
    assert wake_ns is not None
    engine.advance(wake_ns)
    assert done == ["hear"] * 3 + ["answer"] * 3
