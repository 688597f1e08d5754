from threading import Event, current_thread

import pytest

from bridge.brain import in_time
from bridge.brain.in_time import AtLeisure, InTime, Worker
from models.player import Answer, Frame, Moment, Sound
from models.rules.harmony import RuleHarmony
from music.events import NoteOff, NoteOn
from tests.bridge.brain.soloists import WISH, Failing, Gated, Scripted, chord, players
from tests.bridge.brain.stage import BEAT, Band, onsets, pitches, state

C, D = 72, 74
LEARNED = chord(50, 45, 40)
LONG_S = 60.0
NOW = Frame((Sound(C, 80),), (Sound(C, 80),))


def asked(player: InTime[object, object], past: object, held: tuple[Sound, ...] = (Sound(C, 80),)) -> Answer:
    return player.answer(past, held, Moment(0.0, WISH))  # type: ignore[arg-type]


def on_stage(learned: Scripted, patience_s: float = LONG_S) -> tuple[Band, Worker]:
    worker = Worker(patience_s)
    band = Band(state(player_model="soloist"), players(learned, worker))
    return band, worker


def strike(band: Band, worker: Worker, *pitches: int) -> set[tuple[int, int]]:
    worker.begin()
    return {(note.channel, note.pitch) for note in onsets(band.play(*(NoteOn(0, pitch, 80) for pitch in pitches)))}


def test_answer_in_time_is_the_learned_player_s() -> None:
    band, worker = on_stage(Scripted(LEARNED))
    assert strike(band, worker, C) == {(1, 50), (1, 45), (1, 40)}
    assert band.insert.fallbacks == 0


def test_missed_deadline_is_answered_by_the_rules_and_counted() -> None:
    learned = Gated(LEARNED)
    band, worker = on_stage(learned, patience_s=0.001)
    learned.gate.clear()
    rules = pitches(onsets(Band(state()).play(NoteOn(0, C, 80))))
    assert strike(band, worker, C) == rules
    assert band.insert.fallbacks == 1
    assert band.insert.answer and band.insert.answer.fallback and band.insert.answer.chord
    learned.gate.set()


def test_answer_that_comes_too_late_is_played_by_nobody() -> None:
    learned = Gated(LEARNED)
    band, worker = on_stage(learned, patience_s=0.001)
    learned.gate.clear()
    rules = strike(band, worker, C)
    learned.gate.set()
    worker.do(bool).result()  # the late answer is given by now
    band.leave()
    assert band.wait(BEAT) == []
    band.leave()
    assert band.sounding == rules
    assert pitches(onsets(band.play(NoteOff(0, C)))) == set()
    band.leave()
    assert band.sounding == set()


def test_question_that_was_given_up_before_it_began_is_never_asked() -> None:
    learned = Gated(LEARNED)
    band, worker = on_stage(learned, patience_s=0.001)
    learned.gate.clear()
    for pitch in (C, D, C + 4):
        strike(band, worker, pitch)
    learned.gate.set()
    worker.do(bool).result()
    assert len(learned.moments) == 1  # the one that it was thinking about
    assert band.insert.fallbacks == 3


def test_player_that_was_too_slow_is_asked_again_with_the_next_note() -> None:
    learned = Gated(LEARNED)
    band, worker = on_stage(learned, patience_s=0.001)
    learned.gate.clear()
    strike(band, worker, C)
    learned.gate.set()
    worker.do(bool).result()
    worker._patience_s = LONG_S
    strike(band, worker, D)
    assert band.insert.answer == LEARNED


def test_hearing_never_waits_and_happens_in_order() -> None:
    learned, worker = Gated(LEARNED), Worker(LONG_S)
    player = InTime(learned, RuleHarmony(), worker, list[str]().append)
    learned.gate.clear()
    past = player.start()
    for pitch in range(60, 70):
        past = player.hear(past, Frame((), (Sound(pitch, 80),)))  # would hang, did it wait
    learned.gate.set()
    worker.begin()
    assert player.answer(past, (Sound(C, 80),), Moment(0.0, WISH)) == LEARNED
    assert [frame.held[0].pitch for frame in learned.frames] == list(range(60, 70))
    assert learned.states == [10]


def test_states_may_be_kept_and_gone_on_from() -> None:
    player = InTime(learned := Gated(LEARNED), RuleHarmony(), AtLeisure(), list[str]().append)
    start = player.start()
    later = player.hear(player.hear(start, NOW), NOW)
    for past in (later, start, later):
        asked(player, past)  # type: ignore[arg-type]
    assert learned.states == [2, 0, 2]


def test_all_of_it_happens_on_one_thread_that_is_not_the_caller_s() -> None:
    threads: set[str] = set()

    class Where(Scripted):
        def start(self) -> int:
            threads.add(current_thread().name)
            return super().start()

        def hear(self, state: int, frame: Frame) -> int:
            threads.add(current_thread().name)
            return super().hear(state, frame)

        def answer(self, state: int, held: tuple[Sound, ...], moment: Moment) -> Answer:
            threads.add(current_thread().name)
            return super().answer(state, held, moment)

    band, worker = on_stage(Where(LEARNED))
    threads.clear()  # it was loaded and warmed up by whoever asked for it
    strike(band, worker, C)
    band.wait(BEAT)
    strike(band, worker, D)
    assert threads == {"players"}


def test_fallback_enters_the_past_of_the_learned_player() -> None:
    learned = Failing(LEARNED)
    band, worker = on_stage(learned)
    learned.fails_to = "answer"
    strike(band, worker, C)
    band.wait(BEAT // 4)
    worker.do(bool).result()
    assert learned.frames[-1].answer == band.insert.answer
    assert learned.frames[-1].answer and learned.frames[-1].answer.fallback
    assert learned.frames[-1].struck == tuple(sorted(p for p in learned.frames[-1].answer.pitches if p is not None))


@pytest.mark.parametrize("what", ["hear", "answer"])
def test_player_that_fails_is_answered_for_counted_and_told_of_once(what: str) -> None:
    told: list[str] = []
    learned, worker = Failing(LEARNED), Worker(LONG_S)
    band = Band(state(player_model="soloist"), players(learned, worker, told.append))
    learned.fails_to = what
    for pitch in (C, D, C):
        strike(band, worker, pitch)
        band.leave()
        assert len(band.sounding) == 3
        band.wait(BEAT)
    worker.do(bool).result()
    assert band.insert.fallbacks == (3 if what == "answer" else 0)
    assert len(told) == 1
    assert "'soloist' has failed" in told[0]
    assert "RuntimeError: no " in told[0]
    learned.fails_to = ""
    strike(band, worker, D)
    assert band.insert.answer == LEARNED


@pytest.mark.parametrize(
    "wrong",
    [chord(50), chord(50, 45, 40, 30), chord(50, 45, 128), chord(-1, 45, 40), Answer((50, 45, 40), velocities=(80,))],
)
def test_what_is_no_answer_is_answered_by_the_rules(wrong: Answer) -> None:
    player = InTime(Scripted(wrong), RuleHarmony(), AtLeisure(), (told := list[str]()).append)
    answer = asked(player, player.start())  # type: ignore[arg-type]
    assert answer.fallback
    assert len(answer.pitches) == 3
    assert told


def test_silence_is_an_answer() -> None:
    player = InTime(Scripted(chord(None, None, None)), RuleHarmony(), AtLeisure(), list[str]().append)
    assert asked(player, player.start()) == chord(None, None, None)  # type: ignore[arg-type]


def test_where_only_time_has_passed_what_sounds_goes_on() -> None:
    learned = Failing(LEARNED, pulse=True)
    player = InTime(learned, RuleHarmony(), AtLeisure(), list[str]().append)
    past = player.hear(player.start(), Frame((), (), LEARNED))
    learned.fails_to = "answer"
    going = player.answer(past, (), Moment(1.0, WISH, move=True))
    assert (going.pitches, going.struck, going.fallback) == (LEARNED.pitches, frozenset(), True)
    past = player.hear(past, Frame((), ()))
    assert player.answer(past, (), Moment(1.25, WISH, move=True)).pitches == (None,) * 3


def test_player_that_is_far_behind_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_time, "BEHIND", 4)
    learned, worker = Gated(LEARNED), Worker(LONG_S)
    player = InTime(learned, RuleHarmony(), worker, list[str]().append)
    worker.do(bool).result()
    learned.gate.clear()
    past = player.start()
    for _ in range(50):
        past = player.hear(past, NOW)
        assert worker.behind <= 5
    learned.gate.set()
    worker.begin()
    asked(player, past)  # type: ignore[arg-type]
    assert learned.states == [0]


def test_patience_begins_anew_with_what_arrives() -> None:
    worker = Worker(LONG_S)
    assert worker.patience_s() == 0
    worker.begin()
    assert 0 < worker.patience_s() <= LONG_S
    assert AtLeisure().patience_s() is None  # type: ignore[func-returns-value]


def test_worker_ends_when_it_is_closed() -> None:
    ended, worker = Event(), Worker()
    worker.do(ended.set)
    worker.close()
    assert ended.wait(LONG_S)
