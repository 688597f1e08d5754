"""Another scene begins with the next note; what is held sounds on, as it was, until its keys are up."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.brain.engine import Engine
from bridge.brain.grid import Grid
from bridge.brain.players import Players
from bridge.brain.settings import Settings
from music.events import Control, NoteOff, NoteOn, Stop
from music.wire import ALL_NOTES_OFF, SUSTAIN
from tests.bridge.brain.stage import BEAT, MS, Band, State, onsets, state

C, D, E, G = 60, 62, 64, 67


@cache
def players() -> Players:
    return Players()


def band(preset: str = "harmony", **changes: object) -> Band:
    return Band(tree(preset, **changes), players())


def tree(preset: str, **changes: object) -> State:
    return state(preset, **{"player_model": "rules", "harmonize_key": "C major"} | changes)


def scene(group: Band, preset: str, **changes: object) -> None:
    group.state = tree(preset, **changes)
    group.plan(group.engine.change(0, Settings.of(group.state), group.now))


def press(group: Band, *keys: int) -> None:
    group.play(*(NoteOn(0, key, 80) for key in keys))
    passes(group, 50)


def lift(group: Band, *keys: int) -> None:
    group.play(*(NoteOff(0, key) for key in keys))
    passes(group, 50)


def passes(group: Band, ms: int) -> None:
    for _ in range(ms // 10):
        group.leave()
        group.wait(10 * MS)
    group.leave()


def test_where_nothing_sounds_a_scene_is_there_at_once() -> None:
    group = band()
    scene(group, "satb")
    assert group.engine.inserts[0].settings.parts[0].name == "Alto"


def test_held_notes_keep_their_old_routing_and_new_ones_have_the_new() -> None:
    group = band()
    press(group, C)
    before = set(group.sounding)
    scene(group, "satb")
    passes(group, 500)
    assert group.sounding == before, "not before the next note"
    press(group, 74)
    new = group.sounding - before
    assert before <= group.sounding
    assert {channel for channel, _ in new} == {1, 2, 3}
    lift(group, C)
    assert group.sounding == new
    lift(group, 74)
    assert not group.sounding


def test_a_note_of_both_scenes_is_struck_again_and_is_the_new_one_s() -> None:
    group = band()
    press(group, C)
    both = set(group.sounding)
    scene(group, "harmony", harmonize_strum_ms=10.0)
    struck = {(due.channel, due.pitch) for due in onsets(group.play(NoteOn(0, C + 12, 80)))}
    passes(group, 50)
    assert struck & both
    lift(group, C)
    assert group.sounding == struck
    lift(group, C + 12)
    assert not group.sounding
    assert not group.doubled


def test_a_chord_whose_keys_are_up_already_ends_with_the_next_note() -> None:
    group = band("harmony", harmonize_latch=True)
    press(group, C)
    lift(group, C)
    before = set(group.sounding)
    assert before
    scene(group, "satb")
    assert group.sounding == before
    press(group, D)
    assert not {note for note in group.sounding if note in before and note[0] != 1}
    lift(group, D)
    assert not group.sounding


def test_an_orchestra_leaves_key_by_key() -> None:
    group = band("strings")
    press(group, 43, 60, 76)
    scene(group, "harmony")
    press(group, D)
    bass = {note for note in group.sounding if note[1] % 12 == 43 % 12 and note[0] in (4, 5)}
    assert bass
    lift(group, 43)
    assert not bass & group.sounding
    assert {note for note in group.sounding if note[1] == 76}
    lift(group, 60, 76, D)
    assert not group.sounding


@pytest.mark.parametrize("preset", ["harmony", "strings"])
def test_the_pedal_holds_on_what_it_held(preset: str) -> None:
    group = band(preset)
    group.play(Control(0, SUSTAIN, 127))
    press(group, C)
    before = set(group.sounding)
    scene(group, "descant")
    lift(group, C)
    assert group.sounding == before
    press(group, 72)
    assert before <= group.sounding
    lift(group, 72)
    assert before < group.sounding, "the new one's too"
    group.play(Control(0, SUSTAIN, 0))
    passes(group, 50)
    assert not group.sounding


@pytest.mark.parametrize("end", [Stop(), Control(0, ALL_NOTES_OFF, 0)])
def test_what_silences_ends_what_rings_on_too(end: Control | Stop) -> None:
    group = band()
    press(group, C)
    scene(group, "satb")
    press(group, G)
    group.play(end)
    passes(group, 50)
    assert not group.sounding


def test_bypass_and_panic_end_what_rings_on() -> None:
    for silence in ("bypass", "panic"):
        group = band()
        press(group, C)
        scene(group, "satb")
        press(group, G)
        if silence == "bypass":
            group.set(bypass=True)
        else:
            group.panic()
        passes(group, 50)
        assert not group.sounding
        lift(group, C, G)
        assert not group.sounding


def test_a_fader_that_moves_meanwhile_waits_with_the_scene_and_bypass_does_not() -> None:
    group = band()
    press(group, C)
    before = set(group.sounding)
    scene(group, "satb")
    group.set(style_amount=0.5)
    assert group.sounding == before
    group.set(bypass=True)
    passes(group, 50)
    assert not group.sounding
    group.set(bypass=False)
    passes(group, 50)
    assert {channel for channel, _ in group.sounding} == {1, 2, 3}


def test_the_key_that_was_found_is_known_to_the_next_scene() -> None:
    group = Band(state("harmony"), players())
    for pitch in (60, 62, 64, 65, 67, 69, 71, 72) * 2:
        press(group, pitch)
        lift(group, pitch)
    group.state = state("satb")
    group.plan(group.engine.change(0, Settings.of(group.state), group.now))
    press(group, C)
    answer = group.engine.inserts[0].answer
    assert answer and str(answer.key) == "C major"


def test_a_continuation_plays_on_until_the_next_note() -> None:
    group = band("continue")
    for pitch in (60, 62, 64, 65, 67, 65, 64, 62) * 2:
        press(group, pitch)
        passes(group, 150)
        lift(group, pitch)
    passes(group, 1500)
    assert group.engine.playing(0)
    scene(group, "satb")
    passes(group, 3000)
    assert group.engine.playing(0)
    press(group, C)
    assert {channel for channel, _ in group.sounding} == {1, 2, 3}
    lift(group, C)
    assert not group.sounding


def test_who_listens_to_an_insert_is_told_of_all_that_ends() -> None:
    first, second = tree("duet"), tree("harmony") | {"bypass": False}
    second["input"]["insert"] = 1
    group = band("duet")
    group.engine = Engine([Settings.of(first), Settings.of(second)], Grid(group.transport), 0, players())
    press(group, C)
    first = tree("satb")
    for number, one in enumerate((first, second)):
        group.plan(group.engine.change(number, Settings.of(one), group.now))
    press(group, G)
    lift(group, C)
    lift(group, G)
    passes(group, 100)
    assert not group.engine.playing(0) and not group.engine.playing(1)
    assert not any(group.engine.inserts[number].busy for number in (0, 1))


PRESETS = ["harmony", "satb", "strummed", "strings", "reduce", "choir", "descant", "continue"]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(PRESETS),
    st.lists(
        st.tuples(
            st.sampled_from([43, 55, 60, 64, 72, "pedal"]), st.integers(0, 30), st.none() | st.sampled_from(PRESETS)
        ),
        max_size=24,
    ),
)
def test_however_scenes_come_every_note_ends(first: str, steps: list[tuple[int | str, int, str | None]]) -> None:
    group, down = band(first), set[int | str]()
    for key, wait, preset in steps:
        if preset:
            scene(group, preset)
        if isinstance(key, str):
            group.play(Control(0, SUSTAIN, 0 if key in down else 127))
        else:
            group.play(NoteOff(0, key) if key in down else NoteOn(0, key, 90))
        down ^= {key}
        passes(group, wait * 10)
    group.play(*(NoteOff(0, key) for key in down if isinstance(key, int)), Control(0, SUSTAIN, 0))
    scene(group, "harmony")
    group.play(NoteOn(0, C, 80), NoteOff(0, C))
    passes(group, 2 * BEAT // MS)
    assert not group.sounding
    assert not group.doubled
