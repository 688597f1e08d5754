"""Several inserts with one player: who asks in the same moment is answered together."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from threading import Event
from typing import Any

import pytest
import torch

from bridge.brain.careful import Careful
from bridge.brain.engine import Engine, Sent
from bridge.brain.grid import Grid
from bridge.brain.in_time import AtLeisure, InTime, Worker, Workplace
from bridge.brain.settings import Settings
from bridge.brain.together import ANSWERED_TOGETHER
from bridge.brain.transport import Transport
from models.player import Answer, Frame, Moment, Sound
from models.rules.harmony import RuleHarmony
from music.events import NoteOff, NoteOn
from tests.bridge.brain.soloists import WISH, Scripted, chord, players
from tests.bridge.brain.stage import BEAT, MS, state
from tests.models.learned.test_players import make

LONG_S = 60.0
C, BAD, SLOW = 72, 99, 98


class Ensemble(Scripted):
    """Answers several at once, an octave below what is held, and remembers how many; some notes are too much for it."""

    def __init__(self) -> None:
        super().__init__(chord())
        self.gate = Event()
        self.asked: list[list[int]] = []

    def answer(self, state: int, held: tuple[Sound, ...], moment: Moment) -> Answer:
        self.asked.append([held[-1].pitch])
        return self._answer(state, held, moment)

    def answer_all(
        self, states: Sequence[int], helds: Sequence[tuple[Sound, ...]], moments: Sequence[Moment]
    ) -> Iterator[Answer]:
        self.asked.append([held[-1].pitch for held in helds])
        yield from map(self._answer, states, helds, moments)

    def _answer(self, _state: int, held: tuple[Sound, ...], moment: Moment) -> Answer:
        self.held.append(held)
        pitch = held[-1].pitch
        if pitch == BAD:
            raise ArithmeticError("NaN")
        if pitch == SLOW:
            self.gate.wait(LONG_S)
        return Answer((pitch - 12,) * len(moment.wish.ranges))

    def forget(self) -> None:
        super().forget()
        self.asked.clear()


def stage(ensemble: Ensemble, patience_s: float = LONG_S, *, inserts: int = 3) -> tuple[Engine, Worker]:
    worker = Worker(patience_s)
    settings = Settings.of(state(player_model="soloist"))
    return Engine([settings] * inserts, Grid(Transport(0)), players=players(ensemble, worker)), worker


def until_asked(worker: Worker, questions: int) -> None:
    """Keep the worker from answering before so many have asked."""

    def wait() -> None:
        while worker.behind < questions:
            time.sleep(0)

    worker.do(wait)


def strike(engine: Engine, worker: Worker, *pitches: int, at_ns: int = MS) -> list[set[int]]:
    """A note into each insert, all in the same moment; gives the pitches that each sends."""
    worker.do(bool).result()
    until_asked(worker, len(pitches))
    worker.begin()
    sent = engine.receive([(number, NoteOn(0, pitch, 80), at_ns) for number, pitch in enumerate(pitches)])
    return [struck(sent, number) for number in range(len(pitches))]


def struck(sent: list[Sent], number: int) -> set[int]:
    return {due.event.pitch for insert, due in sent if insert == number and isinstance(due.event, NoteOn)}


def test_all_ask_before_anybody_waits_and_are_answered_together() -> None:
    ensemble = Ensemble()
    engine, worker = stage(ensemble)
    assert strike(engine, worker, C, C + 1, C + 2) == [{60}, {61}, {62}]
    assert ensemble.asked == [[C, C + 1, C + 2]]
    assert [insert.fallbacks for insert in engine.inserts] == [0, 0, 0]


def test_what_the_clock_asks_of_several_inserts_is_answered_together_too() -> None:
    ensemble, worker = Ensemble(), Worker(LONG_S)
    settings = Settings.of(state(player_model="soloist", harmonize_motion_beats=1.0))
    engine = Engine([settings] * 3, Grid(Transport(0)), players=players(ensemble, worker))
    strike(engine, worker, C, C + 1, C + 2)
    engine.advance(BEAT // 2)
    worker.do(bool).result()
    wake_ns = engine.next_wake_ns(BEAT // 2)
    assert wake_ns is not None
    until_asked(worker, 9)  # two frames are heard by each before
    worker.begin()
    engine.advance(wake_ns)
    assert ensemble.asked == [[C, C + 1, C + 2]] * 2


def test_one_whose_answer_fails_is_answered_by_the_rules_and_no_other() -> None:
    ensemble = Ensemble()
    engine, worker = stage(ensemble)
    first, bad, last = strike(engine, worker, C, BAD, C + 2)
    assert (first, last) == ({60}, {62})
    assert bad and BAD - 12 not in bad
    assert [insert.fallbacks for insert in engine.inserts] == [0, 1, 0]
    assert ensemble.asked == [[C, BAD, C + 2], [BAD], [C + 2]], "who had an answer is not asked again"


def test_one_whose_answer_is_late_does_not_take_the_answers_of_those_before_it() -> None:
    ensemble = Ensemble()
    engine, worker = stage(ensemble, patience_s=0.5)
    first, slow, last = strike(engine, worker, C, SLOW, C + 2)
    ensemble.gate.set()
    assert first == {60}
    assert slow and last
    assert [insert.fallbacks for insert in engine.inserts] == [0, 1, 1]


def test_fallbacks_of_all_are_counted_by_insert() -> None:
    ensemble = Ensemble()
    engine, worker = stage(ensemble, patience_s=0.001)
    strike(engine, worker, SLOW, SLOW, SLOW)
    ensemble.gate.set()
    assert [insert.fallbacks for insert in engine.inserts] == [1, 1, 1]


def test_no_more_are_answered_together_than_so_many() -> None:
    ensemble = Ensemble()
    engine, worker = stage(ensemble, inserts=ANSWERED_TOGETHER + 2)
    strike(engine, worker, *range(60, 62 + ANSWERED_TOGETHER))
    assert [len(asked) for asked in ensemble.asked] == [ANSWERED_TOGETHER, 2]


def test_a_question_waits_for_what_is_to_be_heard_before_it() -> None:
    ensemble, worker, held = Ensemble(), Worker(LONG_S), (Sound(C, 80),)
    player: InTime[Any, Any] = InTime(ensemble, RuleHarmony(), worker, list[str]().append)
    one, other = player.start(), player.start()
    until_asked(worker, 3)
    worker.begin()
    answers = [player.ask(one, held, Moment(0.0, WISH))]
    answers.append(player.ask(player.hear(other, Frame((), held)), (Sound(C + 1, 80),), Moment(0.0, WISH)))
    assert [answer().pitches[0] for answer in answers] == [60, 61]
    assert ensemble.asked == [[C], [C + 1]]
    assert len(ensemble.frames) == 1


def test_who_listens_is_asked_again_when_what_it_hears_is_there() -> None:
    ensemble, worker = Ensemble(), Worker(LONG_S)
    trees = [state("harmony", player_model="soloist", input_insert=number) for number in range(3)]
    engine = Engine([Settings.of(tree) for tree in trees], Grid(Transport(0)), players=players(ensemble, worker))
    worker.begin()
    sent = engine.receive([(0, NoteOn(0, C, 80), MS)])
    assert [sorted({sound.pitch for sound in held}) for held in ensemble.held[-3:]] == [[60, C], [60, C], [48, C]]
    assert [struck(sent, number) for number in range(3)] == [{60}, {60, 48}, {60, 48, 36}]


@pytest.mark.parametrize("task", ["voices, advised", "hands", "lead"])
def test_the_same_notes_are_played_on_stage_together_as_in_a_file_one_by_one(task: str) -> None:
    assert played(task, Worker(LONG_S)) == played(task, AtLeisure())


def played(task: str, workplace: Workplace) -> list[Sent]:
    """What four inserts of one model send for melodies that they hear in the same moments."""
    with torch.inference_mode():
        learned = Careful(make(task))
    seeds = [state(player_model="soloist", player_temperature=1.0, player_seed=seed) for seed in range(4)]
    settings = [Settings.of(tree) for tree in seeds]
    engine = Engine(settings, Grid(Transport(0)), players=players(learned, workplace))
    dice, sent, held = random.Random(1), list[Sent](), [C] * 4  # noqa: S311
    for number in range(8):
        now_ns = number * BEAT // 2 + MS
        workplace.begin()
        sent += engine.receive([(insert, NoteOff(0, pitch), now_ns) for insert, pitch in enumerate(held)])
        held = [dice.randint(65, 80) for _ in range(4)]
        sent += engine.receive([(insert, NoteOn(0, pitch, 80), now_ns) for insert, pitch in enumerate(held)])
        while (wake_ns := engine.next_wake_ns(now_ns)) is not None and wake_ns < now_ns + BEAT // 2:
            workplace.begin()
            sent += engine.advance(wake_ns)
    assert not any(insert.fallbacks for insert in engine.inserts)
    return sent
