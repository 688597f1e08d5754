"""The musician's own left hand, below the split: heard as an accompaniment, and not talked over."""

from models.player import Sound
from music.events import NoteOff, NoteOn
from tests.bridge.brain.soloists import Scripted, chord, players
from tests.bridge.brain.stage import BEAT, Band, onsets, pitches, releases, state

C, LOW = 72, 48
FRAME = BEAT // 4
HELD = chord(50, 45, 40, struck=set())


def band(*, pulse: bool = True, **changes: object) -> tuple[Band, Scripted]:
    player = Scripted(HELD, pulse=pulse)
    return Band(state("harmony", player_model="soloist", input_split=60, **changes), players(player)), player


def on(pitch: int, velocity: int = 80) -> NoteOn:
    return NoteOn(0, pitch, velocity)


def off(pitch: int) -> NoteOff:
    return NoteOff(0, pitch)


def test_keys_below_the_split_are_not_answered() -> None:
    stage, player = band()
    assert stage.play(on(LOW)) == []
    assert player.moments == []


def test_split_is_off_at_nought() -> None:
    stage, _ = band(input_takeover_beats=0.0)
    stage.set(input_split=0)
    assert len(onsets(stage.play(on(0)))) == 3


def test_own_hand_ends_the_accompaniment_at_once() -> None:
    stage, _ = band()
    sounding = pitches(onsets(stage.play(on(C))))
    stage.wait(FRAME)
    assert pitches(releases(stage.play(on(LOW)))) == sounding


def test_nobody_is_asked_while_the_own_hand_plays() -> None:
    stage, player = band()
    stage.play(on(LOW))
    assert stage.play(on(C)) == []
    assert stage.wait(8 * BEAT) == []
    assert player.moments == []


def test_player_takes_over_after_the_own_hand_s_last_note() -> None:
    stage, player = band(input_takeover_beats=2.0)
    stage.play(on(LOW), on(C))
    stage.wait(BEAT)
    stage.play(off(LOW))
    assert stage.wait(2 * BEAT - 1) == []
    began = stage.wait(1)
    assert len(onsets(began)) == 3
    assert {due.time_ns for due in began} == {3 * BEAT}
    assert player.held == [(Sound(C, 80),)]


def test_takeover_comes_without_a_key_held_too_but_not_after_the_rest() -> None:
    stage, _ = band(harmonize_rest_beats=4.0)
    stage.play(on(LOW))
    stage.play(off(LOW))
    found = stage.wait(10 * BEAT)
    assert {due.time_ns for due in found if isinstance(due.event, NoteOn)} == {BEAT}
    assert {due.time_ns for due in found if isinstance(due.event, NoteOff)} == {4 * BEAT}
    stage, player = band(harmonize_rest_beats=1.0, input_takeover_beats=2.0)
    stage.play(on(LOW))
    stage.play(off(LOW))
    assert stage.wait(10 * BEAT) == []
    assert player.moments == []


def test_own_hand_is_heard_as_what_sounded_and_not_as_the_melody() -> None:
    stage, player = band()
    stage.play(on(LOW, 60), on(C))
    stage.wait(FRAME)
    stage.play(off(LOW))
    stage.wait(2 * FRAME)
    first, second, third = player.frames
    assert (first.own_onsets, first.own_hand) == ((Sound(LOW, 60),), (Sound(LOW, 60),))
    assert (first.onsets, first.held) == ((Sound(C, 80),), (Sound(C, 80),))
    assert (second.own_onsets, second.own_hand) == ((), ())  # released at its beginning
    assert (third.own_hand, third.held) == ((), (Sound(C, 80),))
    assert first.answer is None


def test_rules_yield_to_the_own_hand_too() -> None:
    stage = Band(state(input_split=60))
    sounding = pitches(onsets(stage.play(on(C))))
    assert pitches(releases(stage.play(on(LOW)))) == sounding
    stage.play(off(LOW))
    stage.wait(BEAT)
    assert len(onsets(stage.play(on(C + 2)))) == 3
    assert len(releases(stage.play(off(C), off(C + 2)))) == 3


def test_motion_does_not_move_under_the_own_hand() -> None:
    stage, player = band(pulse=False, harmonize_motion_beats=1.0)
    stage.play(on(LOW), on(C))
    assert stage.wait(8 * BEAT) == []
    assert player.moments == []


def test_split_that_moves_under_held_keys_sorts_them_anew() -> None:
    stage, player = band(pulse=False)
    stage.play(on(LOW), on(C))
    assert len(onsets(stage.set(input_split=0, input_takeover_beats=0.0))) == 3
    assert player.held == [(Sound(LOW, 80), Sound(C, 80))]
    assert len(releases(stage.set(input_split=60))) == 3
    assert stage.play(off(C), off(LOW)) == []


def test_dry_velocity_of_the_own_hand_is_not_the_touch() -> None:
    stage, _ = band(harmonize_velocity_follow=1.0, input_takeover_beats=0.0)
    stage.play(on(C, 50))
    stage.play(off(C))
    stage.play(on(LOW, 100))
    stage.play(off(LOW))
    assert {note.velocity for note in onsets(stage.wait(FRAME))} == {50}
