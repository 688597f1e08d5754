import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from music.ring import Ring
from music.roll import SPAN, draw

TICKS = 10  # ticks in a frame of the streams below
Row = tuple[int, ...]


def cell(ring: Ring, n: int, *, with_open: bool = False, part: int = 0, pitch: int = 60) -> list[list[int]]:
    return [plane[:, part, pitch].tolist() for plane in ring.window(n, with_open=with_open)]


def test_a_held_note_is_carried_over_without_a_new_onset() -> None:
    ring = Ring(4, 1)
    ring.on(0, 60, 80)
    ring.advance()
    ring.advance()
    assert cell(ring, 2) == [[80, 0], [80, 80]]


def test_a_note_struck_and_released_in_the_open_frame_still_appears_in_it() -> None:
    ring = Ring(4, 1)
    ring.on(0, 60, 80)
    ring.off(0, 60)
    assert cell(ring, 1, with_open=True) == [[80], [80]]
    ring.advance()
    assert cell(ring, 2, with_open=True) == [[80, 0], [80, 0]]


def test_an_early_release_ends_at_the_start_of_the_frame_and_a_late_one_at_its_end() -> None:
    ring = Ring(4, 2)
    ring.on(0, 60, 80)
    ring.on(1, 60, 80)
    ring.advance()
    ring.off(0, 60)
    ring.off(1, 60, late=True)
    ring.advance()
    assert cell(ring, 2) == [[80, 0], [80, 0]]
    assert cell(ring, 2, part=1) == [[80, 0], [80, 80]]
    assert not ring.window(1, with_open=True)[1].any()


def test_the_same_pitch_struck_twice_needs_two_releases() -> None:
    ring = Ring(4, 1)
    ring.on(0, 60, 80)
    ring.on(0, 60, 70)
    ring.off(0, 60)
    ring.advance()
    assert cell(ring, 1, with_open=True) == [[0], [80]]
    ring.off(0, 60)
    assert cell(ring, 1, with_open=True) == [[0], [0]]


def test_a_release_without_a_note_changes_nothing() -> None:
    ring = Ring(4, 1)
    ring.off(0, 60)
    ring.advance()
    assert not ring.window(1)[1].any()


def test_before_the_first_frame_there_is_silence() -> None:
    ring = Ring(4, 1)
    ring.on(0, 60, 80)
    ring.advance()
    assert cell(ring, 4) == [[0, 0, 0, 80], [0, 0, 0, 80]]


@pytest.mark.parametrize("frames", [1, 2, 3, 5, 8])
def test_a_window_over_the_wrap_is_one_piece_and_no_copy(frames: int) -> None:
    ring = Ring(frames, 1)
    for frame in range(4 * frames + 3):
        ring.on(0, frame % 128, 1 + frame % 127)
        ring.off(0, frame % 128)
        ring.advance()
        for n in range(frames + 1):
            onset, held = ring.window(n)
            assert onset.flags.c_contiguous
            assert onset.base is not None
            expected = [1 + past % 127 if past >= 0 else 0 for past in range(frame - n + 1, frame + 1)]
            assert onset.max(axis=(1, 2), initial=0).tolist() == expected
            assert np.array_equal(onset, held)


def test_the_open_frame_is_the_last_of_a_window_that_asks_for_it() -> None:
    ring = Ring(2, 1)
    for velocity in (10, 20, 30):
        ring.advance()
        ring.on(0, 60, velocity)
    assert cell(ring, 3, with_open=True) == [[10, 20, 30], [10, 20, 30]]
    assert cell(ring, 2) == [[10, 20], [10, 20]]


def test_a_window_longer_than_the_ring_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Ring(4, 1).window(5)
    with pytest.raises(ValueError, match="does not fit"):
        Ring(4, 1).window(-1)


def test_a_ring_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="holds nothing"):
        Ring(0, 1)


def test_after_silence_nothing_is_carried_over_and_the_past_stays() -> None:
    ring = Ring(4, 1)
    ring.on(0, 60, 80)
    ring.on(0, 60, 80)
    ring.advance()
    ring.silence()
    ring.advance()
    ring.off(0, 60)
    assert cell(ring, 2, with_open=False) == [[80, 0], [80, 80]]
    assert not ring.window(1, with_open=True)[1].any()


def test_after_clearing_there_is_no_past() -> None:
    ring = Ring(4, 1)
    ring.on(0, 60, 80)
    ring.advance()
    ring.clear()
    ring.advance()
    assert not ring.window(4)[1].any()


streams = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 120), st.integers(0, 1), st.integers(60, 62), st.integers(1, 127)),
    max_size=25,
)


@given(streams)
def test_the_ring_shows_what_draw_draws(rows: list[Row]) -> None:
    notes = np.array(rows, SPAN)
    frames = 45
    moments = sorted(
        [(onset, 0, part, pitch, velocity) for onset, _, part, pitch, velocity in rows]
        + [(onset + length, 1, part, pitch, 0) for onset, length, part, pitch, _ in rows]
    )
    ring = Ring(frames, 2)
    for frame in range(frames):
        while moments and moments[0][0] < (frame + 1) * TICKS:
            tick, release, part, pitch, velocity = moments.pop(0)
            if release:
                ring.off(part, pitch, late=tick % TICKS >= TICKS // 2)
            else:
                ring.on(part, pitch, velocity)
        ring.advance()
    drawn = draw(notes, 2, frames, scale=(1, TICKS))
    onset, held = ring.window(frames)
    assert np.array_equal(onset, drawn.onset)
    assert np.array_equal(held, drawn.held)
