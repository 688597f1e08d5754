from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from music.midifile import NOTE
from music.roll import SPAN, Roll, draw, spans, trace

PARTS = 3
Row = tuple[int, ...]
notes = st.lists(
    st.tuples(
        st.integers(0, 40), st.integers(1, 12), st.integers(0, PARTS - 1), st.integers(60, 63), st.integers(1, 127)
    ),
    max_size=30,
)


def span(*rows: Row) -> NDArray[np.void]:
    return np.array(list(rows), SPAN)


def cells(roll: Roll, part: int = 0, pitch: int = 60) -> list[list[int]]:
    return [list(map(int, plane[:, part, pitch])) for plane in (roll.onset, roll.held)]


def test_a_note_has_one_onset_and_is_held_to_its_release() -> None:
    assert cells(draw(span((1, 3, 0, 60, 80)), 1, frames=5)) == [[0, 80, 0, 0, 0], [0, 80, 80, 80, 0]]


def test_repeated_notes_are_told_from_a_long_one() -> None:
    long = draw(span((0, 4, 0, 60, 80)), 1)
    repeated = draw(span((0, 2, 0, 60, 80), (2, 2, 0, 60, 80)), 1)
    assert np.array_equal(long.held, repeated.held)
    assert cells(repeated)[0] == [80, 0, 80, 0]
    assert long != repeated


def test_note_shorter_than_a_frame_is_drawn_once() -> None:
    roll = draw(span((130, 10, 0, 60, 80)), 1, frames=3, scale=(4, 480))
    assert cells(roll) == [[0, 80, 0], [0, 80, 0]]


def test_leading_silence_is_kept() -> None:
    roll = draw(span((960, 480, 0, 60, 80)), 1, scale=(4, 480))
    assert roll.onset.shape == (12, 1, 128)
    assert not roll.held[:8].any()
    assert trace(roll)["onset"].tolist() == [8]


def test_an_onset_belongs_to_the_frame_it_falls_into_and_a_release_to_the_nearest_edge() -> None:
    ticks = span((119, 1, 0, 60, 80), (120, 170, 0, 61, 80), (120, 180, 0, 62, 80))
    traced = trace(draw(ticks, 1, scale=(4, 480)))
    assert traced[["onset", "length", "pitch"]].tolist() == [(0, 1, 60), (1, 1, 61), (1, 2, 62)]


def test_a_scale_need_not_be_whole() -> None:
    roll = draw(span((0, 160, 0, 60, 80), (160, 160, 0, 60, 80), (320, 160, 0, 60, 80)), 1, scale=(12, 480))
    assert trace(roll)["onset"].tolist() == [0, 4, 8]
    uneven = draw(span((320, 480, 0, 60, 80)), 1, scale=(4, 480))
    assert trace(uneven)[["onset", "length"]].tolist() == [(2, 5)]


def test_two_onsets_in_one_frame_are_one_as_loud_as_the_louder() -> None:
    for rows in ([(0, 1, 0, 60, 90), (0, 3, 0, 60, 30)], [(0, 3, 0, 60, 30), (0, 1, 0, 60, 90)]):
        assert cells(draw(span(*rows), 1)) == [[90, 0, 0], [90, 90, 90]]


def test_an_onset_over_a_sounding_note_is_new_and_the_pitch_sounds_until_the_last_release() -> None:
    roll = draw(span((0, 5, 0, 60, 90), (1, 2, 0, 60, 30)), 1)
    assert cells(roll) == [[90, 30, 0, 0, 0], [90, 30, 30, 30, 30]]


def test_what_lies_outside_the_roll_is_cut_off() -> None:
    roll = draw(span((-2, 4, 0, 60, 80), (3, 9, 0, 61, 80), (9, 1, 0, 62, 80)), 1, frames=4)
    assert cells(roll) == [[0, 0, 0, 0], [80, 80, 0, 0]]
    assert cells(roll, pitch=61) == [[0, 0, 0, 80], [0, 0, 0, 80]]
    assert not roll.held[:, 0, 62].any()


def test_what_the_left_edge_cut_off_is_no_note() -> None:
    assert trace(draw(span((-2, 4, 0, 60, 80)), 1, frames=4)).size == 0


@pytest.mark.parametrize("row", [(0, 1, 1, 60, 80), (0, 1, -1, 60, 80), (0, 1, 0, 128, 80)])
def test_a_part_or_pitch_that_does_not_exist_is_refused(row: Row) -> None:
    with pytest.raises(ValueError, match="outside"):
        draw(span(row), 1)


def test_no_notes_are_a_roll_of_silence() -> None:
    assert draw(np.empty(0, SPAN), 2).onset.shape == (0, 2, 128)
    assert not draw(np.empty(0, SPAN), 2, frames=3).held.any()
    assert trace(draw(np.empty(0, SPAN), 2, frames=3)).size == 0


@given(notes)
def test_roll_to_notes_to_roll_is_exact_on_onsets_and_releases(rows: list[Row]) -> None:
    roll = draw(span(*rows), PARTS, frames=60)
    again = draw(trace(roll), PARTS, frames=60)
    assert again == roll


@given(notes)
def test_notes_that_do_not_meet_come_back_as_they_were(rows: list[Row]) -> None:
    apart = {(part, pitch): (onset, length, part, pitch, velocity) for onset, length, part, pitch, velocity in rows}
    expected = sorted(apart.values(), key=lambda row: (row[0], row[2], row[3]))
    assert trace(draw(span(*expected), PARTS)).tolist() == expected


@given(notes, st.randoms(use_true_random=False))
def test_the_order_of_the_notes_does_not_matter(rows: list[Row], random: Random) -> None:
    by_onset = {(onset, part, pitch): row for row in rows for onset, _, part, pitch, _ in [row]}
    shuffled = list(by_onset.values())
    random.shuffle(shuffled)
    assert draw(span(*shuffled), PARTS, frames=60) == draw(span(*by_onset.values()), PARTS, frames=60)


def test_parts_become_spans_in_the_order_of_their_onsets() -> None:
    first, second = np.array([(0, 1, 60, 80), (9, 1, 61, 81)], NOTE), np.array([(4, 2, 40, 82)], NOTE)
    assert spans([first, second]).tolist() == [(0, 1, 0, 60, 80), (4, 2, 1, 40, 82), (9, 1, 0, 61, 81)]
    assert spans([]).size == 0


def test_a_roll_equals_only_a_roll_of_the_same_cells() -> None:
    roll = draw(span((0, 1, 0, 60, 80)), 1)
    assert roll == Roll(roll.onset.copy(), roll.held.copy())
    assert roll != Roll(roll.onset, roll.held * 0)
    assert roll != "roll"
