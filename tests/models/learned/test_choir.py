"""The learned choir as a player: what holds whatever its weights are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import presets
from bridge.brain.settings import Settings
from models.learned.choir import ChoirPlayer
from models.player import Answer, Frame, Moment, Wish
from tests.models.learned import makers
from tests.models.learned.makers import sounds

WISH = Settings.of(presets.load("choir")).wish


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def made() -> ChoirPlayer:
    found = makers.made("choir")
    assert isinstance(found, ChoirPlayer)
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sets(st.integers(40, 81), min_size=1, max_size=5), min_size=1, max_size=5))
def test_the_voices_that_are_not_given_sing_within_their_ranges(chords: list[set[int]]) -> None:
    with torch.inference_mode():
        choir, last = made(), None
        state = choir.start()
        for number, chord in enumerate(chords):
            held = sounds(*sorted(chord))
            last = choir.answer(state, held, Moment(float(number), WISH, last, onsets=held))
            assert sum(pitch is None for pitch in last.pitches) >= min(4, len(chord))
            for (low, high), pitch in zip(WISH.ranges, last.pitches, strict=True):
                assert pitch is None or low <= pitch <= high
            state = choir.hear(state, Frame(held, held, last, beat=float(number)))


def test_a_note_that_ends_changes_nothing_and_a_beat_may() -> None:
    choir = made()
    state, held = choir.start(), sounds(48, 72)
    before = choir.answer(state, held, Moment(0.0, WISH, onsets=held))
    after = choir.answer(state, sounds(72), Moment(0.5, WISH, before))
    assert after.pitches == before.pitches
    assert choir.hear(state, Frame((), held, before, beat=0.25)) is state
    assert choir.hear(state, Frame((), held, before, beat=1.0)) is not state


def test_a_preset_of_three_voices_is_left_to_the_rules() -> None:
    choir, three = made(), Wish(WISH.ranges[:3])
    with pytest.raises(ValueError, match="four voices"):
        choir.answer(choir.start(), sounds(60), Moment(0.0, three))
    assert choir.answer(choir.start(), (), Moment(0.0, WISH)) == Answer((None,) * 4)
