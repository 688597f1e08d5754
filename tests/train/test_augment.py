from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from music.roll import SPAN, Roll, draw, trace
from train.augment import Excerpt, shifts, stretch, thin, transpose

FACTORS = [Fraction(1, 2), Fraction(2, 3), Fraction(3, 4), Fraction(4, 3), Fraction(3, 2), Fraction(2)]


def excerpt(*notes: tuple[int, int, int, int], frames: int = 16, keys: int = 12) -> Excerpt:
    """From (frame, length, part, key)."""
    rows = np.array([(*note, 60 + note[3]) for note in notes], SPAN)
    roll = draw(rows, 2, frames)
    phase = 1 + np.arange(frames) % 8
    return Excerpt(roll.onset[:, :, :keys], roll.held[:, :, :keys], phase.astype(np.uint8))


def notes(found: Excerpt) -> list[tuple[int, ...]]:
    rows = trace(Roll(found.onset, found.held))
    return sorted(zip(*(rows[name].tolist() for name in ("onset", "length", "part", "pitch")), strict=True))


def test_transposed_notes_keep_everything_but_their_pitch() -> None:
    before = excerpt((0, 4, 0, 3), (4, 2, 1, 7))
    after = transpose(before, 4)
    assert after is not None
    assert notes(after) == [(0, 4, 0, 7), (4, 2, 1, 11)]
    assert after.held[0, 0, 7] == before.held[0, 0, 3]
    assert after.phase is before.phase


def test_no_note_leaves_the_keys() -> None:
    found = excerpt((0, 4, 0, 3), (4, 2, 1, 7))
    assert shifts(found, -12, 12) == range(-3, 5)
    assert shifts(found, -1, 2) == range(-1, 3)
    assert transpose(found, -4) is None
    assert transpose(found, 5) is None
    assert not shifts(found, 5, 9)


def test_silence_goes_to_any_key() -> None:
    assert shifts(excerpt(), -5, 6) == range(-5, 7)


@pytest.mark.parametrize("factor", FACTORS)
def test_quarter_notes_are_as_long_as_the_factor_says(factor: Fraction) -> None:
    found = stretch(excerpt((0, 12, 0, 3), (12, 12, 0, 3), frames=24), factor)
    assert found is not None
    assert notes(found) == [(0, int(12 * factor), 0, 3), (int(12 * factor), int(12 * factor), 0, 3)]
    assert len(found) == 24 * factor


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9), st.integers(0, 1), st.integers(0, 11)), max_size=30),
    st.sampled_from(FACTORS),
)
def test_no_onset_is_lost_or_doubled(rows: list[tuple[int, int, int, int]], factor: Fraction) -> None:
    before = excerpt(*rows, frames=40)
    after = stretch(before, factor)
    onsets = sorted((int(frame * factor), *rest) for frame, *rest in np.argwhere(before.onset).tolist())
    if after is None:
        assert len({tuple(onset) for onset in onsets}) < len(onsets)
    else:
        assert np.argwhere(after.onset).tolist() == [list(onset) for onset in onsets]
        assert np.array_equal(after.held[after.onset > 0], after.onset[after.onset > 0])


def test_what_sounds_at_the_left_edge_still_sounds_there() -> None:
    whole = excerpt((0, 8, 0, 3))
    inside = Excerpt(whole.onset[4:], whole.held[4:], whole.phase[4:])
    found = stretch(inside, Fraction(2))
    assert found is not None
    assert not found.onset.any()
    assert np.flatnonzero(found.held[:, 0, 3]).tolist() == list(range(8))


def test_repeated_sixteenths_are_not_played_twice_as_fast() -> None:
    assert stretch(excerpt((0, 1, 0, 3), (1, 1, 0, 3)), Fraction(1, 2)) is None


def test_one_voice_has_no_two_onsets_in_a_frame() -> None:
    run = excerpt((0, 1, 0, 3), (1, 1, 0, 4))
    assert stretch(run, Fraction(1, 2)) is not None
    assert stretch(run, Fraction(1, 2), single=True) is None
    assert stretch(excerpt((0, 1, 0, 3), (1, 1, 1, 4)), Fraction(1, 2), single=True) is not None


@pytest.mark.parametrize("factor", [Fraction(1, 2), Fraction(3, 2), Fraction(2)])
def test_bar_is_as_long_as_the_factor_says(factor: Fraction) -> None:
    found = stretch(excerpt(frames=32), factor)
    assert found is not None
    bar = int(8 * factor)
    assert found.phase.tolist() == [1 + frame % bar for frame in range(4 * bar)]


def test_bar_that_began_before_the_window_is_counted_on() -> None:
    whole = excerpt(frames=16)
    inside = stretch(Excerpt(whole.onset[4:], whole.held[4:], whole.phase[4:]), Fraction(2))
    assert inside is not None
    assert inside.phase.tolist() == [*range(9, 17), *range(1, 17)]


def test_unknown_bar_stays_unknown() -> None:
    found = excerpt(frames=8)
    after = stretch(Excerpt(found.onset, found.held, np.zeros(8, np.uint8)), Fraction(2))
    assert after is not None
    assert not after.phase.any()


def test_only_inner_notes_are_left_out() -> None:
    found = excerpt((0, 4, 0, 2), (0, 4, 0, 5), (0, 4, 0, 9), (0, 4, 1, 5), (4, 4, 0, 6))
    after = thin(found, 0, 1.0, np.random.default_rng(0))
    assert notes(after) == [(0, 4, 0, 2), (0, 4, 0, 9), (0, 4, 1, 5), (4, 4, 0, 6)]
    assert notes(found) != notes(after)


def test_share_of_inner_notes_is_left_out() -> None:
    chords = [(frame, 1, 0, key) for frame in range(400) for key in (1, 5, 9)]
    after = thin(excerpt(*chords, frames=400), 0, 0.25, np.random.default_rng(0))
    assert 60 < 1200 - len(notes(after)) < 140
    assert thin(after, 0, 0.0, np.random.default_rng(0)) is after


def test_repeated_note_before_the_one_left_out_stays() -> None:
    found = excerpt((0, 2, 0, 5), (2, 2, 0, 5), (2, 2, 0, 2), (2, 2, 0, 9))
    assert (0, 2, 0, 5) in notes(thin(found, 0, 1.0, np.random.default_rng(0)))
