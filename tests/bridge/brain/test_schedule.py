"""A plan ahead: it is shown, it changes nothing that is played, and what is committed stays."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.brain.in_time import Worker
from bridge.brain.schedule import Step
from models.player import Answer, Moment, Sound
from music.events import Control, NoteOff, NoteOn, Stop
from music.wire import SUSTAIN
from tests.bridge.brain.soloists import Gated, Scripted, careful, chord, players
from tests.bridge.brain.stage import BEAT, MS, Band, onsets, releases, state

C, D, E = 72, 74, 76
FRAME = BEAT // 4
LEAD = 20 * MS


def on(pitch: int) -> NoteOn:
    return NoteOn(0, pitch, 80)


def off(pitch: int) -> NoteOff:
    return NoteOff(0, pitch)


def soloist(lead_ns: int = LEAD, **changes: Any) -> Band:
    """A player of pulse whose choices hang on all it has heard."""
    return Band(state(player_model="soloist", **changes), players(careful(pulse=True)), lead_ns=lead_ns)


def scripted(*answers: Answer, **changes: Any) -> Band:
    tree = state(player_model="soloist", **changes)
    return Band(tree, players(Scripted(*answers, pulse=True)), lead_ns=LEAD)


def played(band: Band, steps: list[tuple[str, Any]]) -> list[tuple[int, str]]:
    """(when, what) of all that an insert sends."""
    sent = []
    for what, value in steps:
        sent += band.wait(value) if what == "wait" else band.play(on(value) if what == "on" else off(value))
    sent += band.wait(8 * BEAT)
    return [(due.time_ns, repr(due.event)) for due in sent]


class Shadow(Scripted):
    """Plays what is held an octave lower."""

    def answer(self, _state: int, held: tuple[Sound, ...], _moment: Moment) -> Answer:
        return chord(*(held[-1].pitch - 12 if held else None for _ in range(3)))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(0, 900 * MS)),
        st.tuples(st.sampled_from(["on", "off"]), st.integers(70, 76)),
    ),
    max_size=20,
)


@settings(max_examples=25, deadline=None)
@given(STEPS, st.sampled_from([0.25, 1.0, 2.0]), st.sampled_from([0, LEAD]))
def test_a_plan_without_commitment_changes_nothing_that_is_played(
    steps: list[tuple[str, Any]], beats: float, lead_ns: int
) -> None:
    unplanned = played(soloist(lead_ns), steps)
    assert played(soloist(lead_ns, timing_lookahead_beats=beats), steps) == unplanned


def test_an_accompaniment_is_handed_out_before_its_beat() -> None:
    band = soloist()
    band.play(on(C))
    sent = band.wait(FRAME - LEAD)
    assert {due.time_ns for due in sent} <= {FRAME}
    assert band.wait(LEAD - 1) == []


def test_what_is_struck_as_a_frame_begins_is_answered_with_it() -> None:
    band = scripted(chord(50, 45, 40, struck={50}), chord(52, 45, 40, struck={52}), chord(53, 45, 40, struck={53}))
    band.play(on(C))
    band.wait(FRAME - LEAD // 2)
    band.leave()
    sent = band.play(on(D))
    assert {due.time_ns for due in sent} == {FRAME}
    band.wait(LEAD // 2)
    left = band.leave()
    assert [data[2:4] for data in left if data.startswith("91")] == ["35"], "52 never sounds"


def test_the_plan_reaches_as_far_as_was_wished_and_goes_on() -> None:
    band = soloist(timing_lookahead_beats=2.0)
    band.play(on(C))
    assert band.insert.plan == []
    band.wait(FRAME)
    assert [step.frame for step in band.insert.plan] == list(range(2, 10))
    planned = band.insert.plan[3]
    band.wait(4 * FRAME)
    assert band.insert.answer == planned.answer
    assert [step.frame for step in band.insert.plan] == list(range(6, 14))


def test_the_plan_ends_where_the_accompaniment_would_rest() -> None:
    band = soloist(timing_lookahead_beats=8.0, harmonize_rest_beats=1.0)
    band.play(on(C))
    band.wait(FRAME)
    band.play(off(C))
    band.wait(FRAME)
    assert band.insert.plan[-1].frame == 5
    band.wait(BEAT)
    assert band.insert.plan == []


class Barred(Scripted):
    """Plays where in the bar it is asked."""

    def answer(self, _state: int, _held: tuple[Sound, ...], moment: Moment) -> Answer:
        return chord(*(40 + (moment.bar_frame or 0) for _ in range(3)))


def test_a_new_meter_makes_a_new_plan_though_the_first_barline_stays() -> None:
    length = {"frames": 16}
    tree = state(player_model="soloist", timing_lookahead_beats=8.0)
    band = Band(tree, players(Barred(pulse=True)), bars=lambda frame: frame % length["frames"], lead_ns=LEAD)
    band.play(on(C))
    band.wait(2 * FRAME)
    length["frames"] = 12
    band.wait(FRAME)
    assert {step.frame: step.answer.pitches[0] for step in band.insert.plan}[13] == 41


def test_who_departs_changes_the_plan_but_for_what_is_committed() -> None:
    tree = state(player_model="soloist", timing_lookahead_beats=2.0, timing_commit_beats=0.5)
    band = Band(tree, players(Shadow(pulse=True)), lead_ns=LEAD)
    band.play(on(C))
    band.wait(2 * FRAME)
    before = {step.frame: step.answer for step in band.insert.plan}
    assert band.play(on(E)) == [], "what sounds now is committed"
    band.wait(FRAME)
    after = {step.frame: step.answer for step in band.insert.plan}
    assert band.insert.answer == before[3]
    assert after[4] == before[4]
    assert all(after[frame] != before[frame] for frame in range(5, 10))


def test_a_song_that_is_moved_is_a_departure() -> None:
    bars = {"at": 0}
    player = Scripted(chord(50, 45, 40), pulse=True)
    tree = state(player_model="soloist", timing_lookahead_beats=2.0)
    band = Band(tree, players(player), bars=lambda frame: (frame + bars["at"]) % 16)
    band.play(on(C))
    band.wait(4 * FRAME)
    player.forget()
    bars["at"] = 5
    band.wait(FRAME)
    assert len(player.moments) == 1 + 8, "asked again, and planned anew"
    assert player.moments[0].bar_frame == 10


def test_a_plan_that_is_not_ready_is_not_waited_for() -> None:
    player = Gated(chord(50, 45, 40), pulse=True)
    worker = Worker(patience_s=5.0)
    band = Band(state(player_model="soloist", timing_lookahead_beats=1.0), players(player, worker))
    band.play(on(C))
    band.engine.advance(FRAME)
    player.gate.clear()
    band.now = FRAME + 1
    band.engine.advance(band.now)
    assert band.insert.plan == [] or len(band.insert.plan) < 4
    player.gate.set()
    worker.close()


@pytest.mark.parametrize(("entry", "enters"), [("now", 5), ("beat", 8), ("bar", 12)])
def test_an_accompaniment_joins_in_where_it_is_wished(entry: str, enters: int) -> None:
    player = Scripted(chord(50, 45, 40), pulse=True)
    tree = state(player_model="soloist", timing_entry=entry)
    band = Band(tree, players(player), bars=lambda frame: frame % 12, lead_ns=LEAD)
    band.wait(5 * FRAME + 10 * MS)
    sent = band.play(on(C)) + band.wait(3 * BEAT)
    first = min(due.time_ns for due in sent)
    assert first == (band.now - 3 * BEAT if entry == "now" else enters * FRAME)


def test_a_key_just_behind_the_barline_joins_in_at_once() -> None:
    player = Scripted(chord(50, 45, 40), pulse=True)
    band = Band(state(player_model="soloist", timing_entry="bar"), players(player), bars=lambda frame: frame % 16)
    band.wait(30 * MS)
    assert len(onsets(band.play(on(C)))) == 3


def test_the_pedal_holds_the_chord_until_it_is_lifted() -> None:
    band = Band(state())
    band.play(Control(0, SUSTAIN, 127))
    assert len(onsets(band.play(on(C)))) == 3
    assert band.play(off(C)) == []
    assert band.play(on(77)), "the next note moves it"
    assert band.play(off(77)) == []
    assert len(releases(band.play(Control(0, SUSTAIN, 0)))) == 3


def test_the_pedal_is_passed_by_where_it_is_not_wished_and_stop_ends_what_it_holds() -> None:
    band = Band(state(input_pedal=False))
    band.play(Control(0, SUSTAIN, 127))
    band.play(on(C))
    assert len(releases(band.play(off(C)))) == 3
    band.set(input_pedal=True)
    band.play(on(C))
    assert band.play(off(C)) == []
    assert len(releases(band.play(Stop()))) == 3


def test_an_accompaniment_lies_behind_the_beat_with_the_musician() -> None:
    player = Scripted(chord(50, 45, 40, struck={50}), pulse=True)
    tree = state(player_model="soloist", timing_humanize=0.5)
    band = Band(tree, players(player), bars=lambda frame: frame % 16, lead_ns=LEAD)
    for _ in range(40):
        band.now += 16 * MS
        band.play(on(C))
        band.play(off(C))
        band.wait(BEAT - 16 * MS)
    sent = [due.time_ns % FRAME for due in band.wait(BEAT) if isinstance(due.event, NoteOn)]
    assert all(7 * MS <= late <= 8 * MS for late in sent)
    band.set(timing_humanize=0.0)
    band.wait(LEAD)
    assert {due.time_ns % FRAME for due in band.wait(BEAT)} == {0}


def test_steps_come_in_order() -> None:
    band = soloist(timing_lookahead_beats=1.0)
    band.play(on(C))
    band.wait(FRAME)
    assert all(isinstance(step, Step) for step in band.insert.plan)
    assert [step.frame for step in band.insert.plan] == sorted(step.frame for step in band.insert.plan)
