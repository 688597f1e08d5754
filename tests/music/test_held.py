from hypothesis import given
from hypothesis import strategies as st

from music.held import Held

keys = st.tuples(st.integers(0, 2), st.integers(60, 63))


def test_the_first_press_says_that_the_note_was_silent() -> None:
    held = Held()
    assert held.press(0, 60, 80)
    assert not held.press(0, 60, 90)


def test_the_same_pitch_pressed_twice_needs_two_releases() -> None:
    held = Held()
    held.press(0, 60, 80)
    held.press(0, 60, 90)
    assert not held.release(0, 60)
    assert (0, 60) in held
    assert held.release(0, 60)
    assert (0, 60) not in held


def test_the_same_pitch_on_two_channels_is_two_notes() -> None:
    held = Held()
    held.press(0, 60, 80)
    held.press(1, 60, 80)
    assert held.release(0, 60)
    assert list(held) == [(1, 60, 80)]


def test_a_release_without_a_press_changes_nothing() -> None:
    held = Held()
    held.press(0, 61, 80)
    assert not held.release(0, 60)
    assert list(held) == [(0, 61, 80)]


def test_notes_come_in_the_order_of_their_newest_presses_with_the_newest_velocity() -> None:
    held = Held()
    held.press(0, 60, 80)
    held.press(0, 64, 81)
    held.press(0, 60, 90)
    assert list(held) == [(0, 64, 81), (0, 60, 90)]
    assert len(held) == 2


def test_a_note_is_forgotten_whatever_its_count() -> None:
    held = Held()
    held.press(0, 60, 80)
    held.press(0, 60, 80)
    assert held.forget(0, 60)
    assert not held.forget(0, 60)
    assert len(held) == 0


def test_draining_gives_each_note_once_and_leaves_nothing() -> None:
    held = Held()
    for pitch in (60, 64, 60):
        held.press(0, pitch, 80)
    drained = held.drain()
    assert len(held) == 0
    assert list(drained) == [(0, 64), (0, 60)]


@given(st.lists(st.tuples(st.booleans(), keys)))
def test_every_stream_that_ends_with_its_releases_leaves_nothing(stream: list[tuple[bool, tuple[int, int]]]) -> None:
    held = Held()
    counts: dict[tuple[int, int], int] = {}
    for press, key in stream:
        if press:
            assert held.press(*key, 64) == (counts.get(key, 0) == 0)
            counts[key] = counts.get(key, 0) + 1
        else:
            assert held.release(*key) == (counts.get(key, 0) == 1)
            counts[key] = max(0, counts.get(key, 0) - 1)
        assert {key for key in counts if counts[key]} == {(channel, pitch) for channel, pitch, _ in held}
    for key, count in counts.items():
        for _ in range(count):
            held.release(*key)
    assert list(held) == []
    assert len(held) == 0
