"""The learned orchestra as a player: what holds whatever its weights are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import presets
from bridge.brain.settings import Settings
from models.learned.orchestra import UPPER, OrchestraPlayer
from models.player import Answer, Frame, Moment
from music.orchestra import SECTIONS
from tests.models.learned import makers
from tests.models.learned.makers import sounds


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def made() -> OrchestraPlayer:
    found = makers.made("orchestra")
    assert isinstance(found, OrchestraPlayer)
    return found


def of(preset: str, **changes: object) -> Settings:
    tree = presets.load(preset)
    tree["orchestrate"] |= changes
    return Settings.of(tree)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["orchestra", "strings", "chamber-winds"]),
    st.lists(st.sets(st.integers(0, 127), min_size=1, max_size=8), min_size=1, max_size=5),
    st.sampled_from([0.0, 1.0]),
)
def test_all_is_in_range_in_the_chord_and_covered_where_anybody_can(
    preset: str, chords: list[set[int]], temperature: float
) -> None:
    with torch.inference_mode():
        hall, orchestra, last = of(preset), made(), None
        scoring = hall.wish.scoring
        assert scoring
        state = orchestra.start()
        for number, chord in enumerate(chords):
            held = sounds(*sorted(chord))
            moment = Moment(float(number), replace(hall.wish, temperature=temperature), last, onsets=held)
            last = orchestra.answer(state, held, moment)
            for (low, high), pitch in zip(hall.wish.ranges, last.pitches, strict=True):
                assert pitch is None or (low <= pitch <= high and pitch % 12 in {key % 12 for key in chord})
            playing = {pitch for pitch in last.pitches if pitch is not None}
            resting = [i for i, pitch in enumerate(last.pitches) if pitch is None and scoring.sections[i] in UPPER]
            for key in (max(chord), min(chord)):
                able = [i for i in resting if hall.wish.ranges[i][0] <= key <= hall.wish.ranges[i][1]]
                assert key in playing or not able, "melody and bass are played where anybody is free and able"
            for key in chord:
                octaves = range(key % 12, 128, 12)
                able = [
                    i
                    for i in resting
                    if any(low <= one <= high for low, high in [hall.wish.ranges[i]] for one in octaves)
                ]
                assert not able or key % 12 in {pitch % 12 for pitch in playing}, "all of the chord, if an octave away"
            assert last.struck is not None and last.struck <= playing
            frame = Frame(held, held, last, sections=scoring.sections, beat=float(number))
            state = orchestra.hear(state, frame)


def test_a_state_is_not_changed_by_what_follows_from_it() -> None:
    hall, orchestra = of("orchestra"), made()
    state = orchestra.start()
    held = sounds(48, 60, 64)
    before = orchestra.answer(state, held, Moment(0.0, hall.wish, onsets=held))
    orchestra.hear(state, Frame(held, held, before, sections=hall.wish.scoring.sections if hall.wish.scoring else ()))
    assert orchestra.answer(state, held, Moment(0.0, hall.wish, onsets=held)) == before


def test_families_that_are_muted_rest_and_nobody_divides_further_than_is_wanted() -> None:
    hall, orchestra = of("orchestra", strings="mute", divisi=1), made()
    held = sounds(48, 55, 60, 64, 67, 72)
    answer = orchestra.answer(orchestra.start(), held, Moment(0.0, hall.wish, onsets=held))
    assert hall.wish.scoring
    playing = [
        SECTIONS[s].name for s, p in zip(hall.wish.scoring.sections, answer.pitches, strict=True) if p is not None
    ]
    assert playing and len(playing) == len(set(playing))
    assert not set(playing) & {"Violin 1", "Violin 2", "Viola", "Cello", "Contrabass"}


def test_nothing_held_is_silence_and_a_frame_without_onsets_is_no_event() -> None:
    hall, orchestra = of("strings"), made()
    state = orchestra.start()
    voices = len(hall.wish.ranges)
    assert orchestra.answer(state, (), Moment(0.0, hall.wish)) == Answer((None,) * voices)
    assert orchestra.hear(state, Frame((), sounds(60))) is state


def test_a_key_that_goes_up_takes_its_own_with_it_and_all_others_stay() -> None:
    hall, orchestra = of("orchestra"), made()
    state, held = orchestra.start(), sounds(43, 55, 60, 64, 76)
    before = orchestra.answer(state, held, Moment(0.0, hall.wish, onsets=held))
    sections = hall.wish.scoring.sections if hall.wish.scoring else ()
    state = orchestra.hear(state, Frame(held, held, before, sections=sections))
    after = orchestra.answer(state, sounds(43, 55, 60, 64), Moment(0.5, hall.wish, before))
    was, now = (set(zip(sections, one.pitches, strict=True)) for one in (before, after))
    gone = {(section, pitch) for section, pitch in was - now if pitch is not None}
    assert gone and {pitch for _, pitch in gone} == {76}
    assert {pitch for _, pitch in now - was if pitch is not None} <= {43, 64}, "but for a new top or bottom"
    assert not after.struck
