"""A player of pulse: asked at every frame's beginning, with or without a key held, until the musician rests."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import presets
from models.player import Answer, Sound
from music.events import Control, NoteOff, NoteOn, Stop
from music.wire import ALL_NOTES_OFF
from tests.bridge.brain.soloists import Failing, Scripted, careful, chord, players
from tests.bridge.brain.stage import BEAT, MS, Band, onsets, pitches, releases, state
from tests.bridge.brain.test_engine import STEPS, do, let_go
from tests.bridge.rule_presets import RULE_PRESETS

C, D = 72, 74
FRAME = BEAT // 4
HELD = chord(50, 45, 40, struck=set())


def band(*answers: Answer, **changes: object) -> tuple[Band, Scripted]:
    player = Scripted(*answers or (HELD,), pulse=True)
    return Band(state("harmony", player_model="soloist", **changes), players(player)), player


def on(pitch: int, velocity: int = 80) -> NoteOn:
    return NoteOn(0, pitch, velocity)


def off(pitch: int) -> NoteOff:
    return NoteOff(0, pitch)


def test_nothing_is_asked_before_the_first_note() -> None:
    stage, player = band()
    assert stage.engine.next_wake_ns(0) is None
    assert stage.wait(4 * BEAT) == []
    assert player.moments == []


def test_asked_with_the_note_and_then_at_each_frame_whether_a_key_is_held_or_not() -> None:
    stage, player = band()
    stage.wait(FRAME // 2)
    stage.play(on(C))
    stage.wait(2 * FRAME)
    stage.play(off(C))
    stage.wait(2 * FRAME)
    assert [moment.move for moment in player.moments] == [False, True, True, True, True]
    assert [moment.beat for moment in player.moments] == [0.125, 0.25, 0.5, 0.75, 1.0]
    assert player.held == [*[(Sound(C, 80),)] * 3, (), ()]


def test_answer_comes_at_the_edge_of_its_frame() -> None:
    stage, _ = band(chord(50, 45, 40, struck={50}))
    stage.wait(FRAME // 2)
    stage.play(on(C))
    found = stage.wait(3 * FRAME)
    assert {due.time_ns for due in found} == {FRAME, 2 * FRAME, 3 * FRAME}


def test_note_on_the_edge_of_a_frame_is_that_frame_s_question() -> None:
    stage, player = band()
    stage.play(on(C))
    stage.now = FRAME
    stage.play(on(D))
    stage.wait(FRAME - 1)
    assert [(moment.beat, moment.move) for moment in player.moments] == [(0.0, False), (0.25, False)]


def test_release_of_the_last_key_ends_nothing() -> None:
    stage, _ = band()
    assert len(onsets(stage.play(on(C)))) == 3
    assert stage.play(off(C)) == []


def test_accompaniment_rests_with_the_musician() -> None:
    stage, player = band(harmonize_rest_beats=2.0)
    sounding = pitches(onsets(stage.play(on(C))))
    stage.wait(BEAT)
    stage.play(off(C))
    assert stage.wait(2 * BEAT - 1) == []
    ended = stage.wait(1)
    assert pitches(releases(ended)) == sounding
    assert {due.time_ns for due in ended} == {3 * BEAT}
    asked = len(player.moments)
    assert stage.engine.next_wake_ns(stage.now) is None
    assert stage.wait(100 * BEAT) == []
    assert len(player.moments) == asked


def test_key_that_is_held_keeps_it_going() -> None:
    stage, player = band(harmonize_rest_beats=1.0)
    stage.play(on(C))
    stage.wait(50 * BEAT)
    assert len(player.moments) == 201


def test_next_note_after_a_rest_wakes_it_up() -> None:
    stage, player = band(harmonize_rest_beats=0.0)
    stage.play(on(C))
    stage.play(off(C))
    stage.wait(10 * BEAT + FRAME // 2)
    player.forget()
    assert len(onsets(stage.play(on(D)))) == 3
    stage.wait(FRAME)
    assert [moment.move for moment in player.moments] == [False, True]


def test_silence_as_an_answer_ends_what_sounds() -> None:
    stage, _ = band(HELD, chord(None, None, None))
    sounding = pitches(onsets(stage.play(on(C))))
    assert pitches(releases(stage.wait(FRAME))) == sounding
    assert stage.wait(BEAT) == []


def test_what_is_struck_sounds_anew_and_the_rest_goes_on() -> None:
    stage, _ = band(HELD, chord(50, 45, 40, struck={45}))
    stage.play(on(C))
    found = stage.wait(FRAME)
    assert [due.event for due in found] == [NoteOff(1, 45), NoteOn(1, 45, 80)]


def test_what_was_struck_in_this_frame_is_not_struck_twice() -> None:
    stage, player = band(chord(50, 45, 40, struck={50, 45, 40}), chord(50, 45, 41, struck={50, 45, 41}))
    stage.play(on(C))
    stage.wait(30 * MS)
    found = stage.play(on(D))
    assert [due.event for due in found] == [NoteOff(1, 40), NoteOn(1, 41, 80)]
    stage.wait(FRAME)
    assert player.frames[0].struck == (40, 41, 45, 50)
    assert player.frames[0].answer == chord(50, 45, 41, struck={50, 45, 41})


def test_repeated_note_strikes_only_what_the_player_strikes() -> None:
    stage, _ = band()
    stage.play(on(C))
    stage.wait(FRAME // 2)
    assert stage.play(off(C), on(C)) == []


def test_player_s_velocities_stay_within_the_part_s() -> None:
    stage, _ = band(Answer((50, 45, 40), velocities=(127, 64, 1)))
    assert [note.velocity for note in onsets(stage.play(on(C)))] == [110, 64, 20]


def test_touch_is_followed_where_no_key_is_held() -> None:
    stage, _ = band(HELD, chord(51, 45, 40, struck=set()), harmonize_velocity_follow=1.0)
    stage.play(on(C, 42))
    stage.play(off(C))
    assert [note.velocity for note in onsets(stage.wait(FRAME))] == [42]


@pytest.mark.parametrize("end", [Stop(), Control(0, ALL_NOTES_OFF, 0)])
def test_a_host_that_stops_ends_it(end: Stop | Control) -> None:
    stage, player = band()
    sounding = pitches(onsets(stage.play(on(C))))
    stage.play(off(C))
    assert pitches(releases(stage.play(end))) == sounding
    player.forget()
    assert stage.wait(BEAT) == []
    assert player.moments == []


def test_bypass_ends_it_and_nobody_is_asked_meanwhile() -> None:
    stage, player = band()
    sounding = pitches(onsets(stage.play(on(C))))
    stage.play(off(C))
    stage.wait(FRAME)
    assert pitches(releases(stage.set(bypass=True))) == sounding
    player.forget()
    assert stage.wait(BEAT) == []
    assert player.moments == []


def test_panic_leaves_nothing_sounding_and_nobody_asked() -> None:
    stage, player = band()
    stage.play(on(C))
    stage.play(off(C))
    stage.leave()
    stage.panic()
    stage.leave()
    assert stage.sounding == set()
    player.forget()
    stage.wait(BEAT)
    assert player.moments == []


@pytest.mark.parametrize("preset", RULE_PRESETS)
def test_preset_change_during_the_pulse_leaves_nothing_behind(preset: str) -> None:
    stage, _ = band()
    stage.play(on(C))
    stage.play(off(C))
    stage.wait(FRAME // 2)
    stage.leave()
    stage.configure(presets.load(preset))
    stage.leave()
    assert stage.sounding == set()


def test_failing_player_leaves_what_sounds_until_the_rest() -> None:
    player = Failing(HELD, pulse=True)
    stage = Band(state(player_model="soloist"), players(player))
    stage.play(on(C))
    stage.play(off(C))
    player.fails_to = "answer"
    assert stage.wait(4 * BEAT - 1) == []
    assert stage.insert.fallbacks == 15
    assert len(releases(stage.wait(FRAME))) == 3


def test_tempo_without_end_passes_frame_by_frame() -> None:
    stage, player = band()
    stage.transport.set_tempo(400.0, 0)
    stage.play(on(C))
    stage.wait(BEAT)
    assert len(player.moments) == 1 + int(400 / 120 * 4)


def test_bars_are_told_where_they_are_known() -> None:
    player = Scripted(HELD, pulse=True)
    stage = Band(state(player_model="soloist"), players(player), bars=lambda frame: frame % 12)
    stage.play(on(C))
    stage.wait(13 * FRAME)
    assert [moment.bar_frame for moment in player.moments] == [*range(12), 0, 1]
    assert [frame.next_bar_frame for frame in player.frames] == [*range(1, 12), 0, 1]


def test_bars_are_unknown_on_stage() -> None:
    stage, player = band()
    stage.play(on(C))
    stage.wait(FRAME)
    assert [moment.bar_frame for moment in player.moments] == [None, None]
    assert [frame.next_bar_frame for frame in player.frames] == [None]


MORE = st.one_of(
    STEPS,
    STEPS,
    st.tuples(st.just("set"), st.tuples(st.just("input_split"), st.sampled_from([0, 61, 127]))),
    st.tuples(st.just("set"), st.tuples(st.just("input_takeover_beats"), st.sampled_from([0.0, 1.0]))),
    st.tuples(st.just("set"), st.tuples(st.just("harmonize_rest_beats"), st.sampled_from([0.0, 0.3, 4.0]))),
    st.tuples(st.just("set"), st.tuples(st.just("player_model"), st.sampled_from(["rules", "soloist"]))),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(MORE, max_size=25))
def test_whatever_is_played_and_set_no_note_of_a_pulse_is_left_sounding(steps: list[tuple[Any, ...]]) -> None:
    stage = Band(state(player_model="soloist"), players(careful(pulse=True)))
    for step in steps:
        if step[0] == "preset":
            tree = presets.load(step[1])
            tree = tree if tree["effect"] == "harmonize" else presets.load("harmony")  # where the soloist plays
            stage.configure(tree | {"player": stage.state["player"]})
        else:
            do(stage, step)
    let_go(stage)
    assert stage.insert.fallbacks == 0
    assert stage.sounding == set()
    assert stage.outlet.sounding == 0
    assert stage.outlet.next_due_ns is None


@settings(max_examples=50, deadline=None)
@given(st.lists(MORE, max_size=25))
def test_whatever_is_played_the_musician_s_rest_alone_ends_every_note_of_a_pulse(steps: list[tuple[Any, ...]]) -> None:
    stage = Band(state(player_model="soloist", harmonize_rest_beats=1.0), players(careful(pulse=True)))
    for step in steps:
        if step[0] in {"play", "wait", "leave"}:
            do(stage, step)
    stage.play(*(NoteOff(channel, pitch) for channel in (0, 1) for pitch in range(58, 66)))
    for _ in range(8):
        stage.wait(BEAT // 2)
        stage.leave()
    assert stage.sounding == set()
