"""The learned reducer as a player: what holds whatever its weights are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import presets
from bridge.brain.settings import Settings
from models.learned.reduction import ReductionPlayer
from models.player import Answer, Frame, Moment, Sound, Wish
from tests.models.learned import makers
from tests.models.learned.makers import sounds

WISH = Settings.of(presets.load("reduce")).wish


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def made() -> ReductionPlayer:
    found = makers.made("piano")
    assert isinstance(found, ReductionPlayer)
    return found


def hands(answer: Answer) -> list[list[int]]:
    return [[pitch for pitch in half if pitch is not None] for half in (answer.pitches[:5], answer.pitches[5:])]


def ask(wish: Wish, held: tuple[Sound, ...], last: Answer | None = None) -> Answer:
    one = made()
    return one.answer(one.start(), held, Moment(0.0, wish, last, onsets=held if last is None else ()))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.integers(30, 96), min_size=1, max_size=20), min_size=1, max_size=4),
    st.sampled_from([7, 12, 14]),
    st.sampled_from([0.0, 1.0]),
)
def test_two_hands_can_play_it_and_melody_and_bass_are_in_it(
    chords: list[list[int]], span: int, temperature: float
) -> None:
    with torch.inference_mode():
        one, last, wish = made(), None, replace(WISH, span=span, temperature=temperature)
        state = one.start()
        for number, chord in enumerate(chords):
            held = sounds(*chord)  # some pitches twice: two desks
            last = one.answer(state, held, Moment(float(number), wish, last, onsets=held))
            for hand in hands(last):
                assert len(hand) <= 5 and (not hand or max(hand) - min(hand) <= span)
            playing = {pitch for hand in hands(last) for pitch in hand}
            assert {pitch % 12 for pitch in playing} <= {pitch % 12 for pitch in chord}
            assert max(playing) >= max(chord) and min(playing) <= min(chord)
            assert last.struck is not None and last.struck <= playing
            state = one.hear(state, Frame(held, held, last, beat=float(number)))


def test_a_note_that_ends_takes_its_own_with_it_and_moves_no_other() -> None:
    before = ask(WISH, sounds(43, 55, 62, 71, 79))
    after = ask(WISH, sounds(43, 55, 62, 71), before)
    gone = {pitch for hand in hands(before) for pitch in hand} - {pitch for hand in hands(after) for pitch in hand}
    assert {pitch % 12 for pitch in gone} <= {79 % 12}
    assert not after.struck


def test_nothing_held_is_silence_and_a_frame_without_onsets_is_no_event() -> None:
    one = made()
    state = one.start()
    assert one.answer(state, (), Moment(0.0, WISH)) == Answer((None,) * len(WISH.ranges))
    assert one.hear(state, Frame((), sounds(60))) is state
