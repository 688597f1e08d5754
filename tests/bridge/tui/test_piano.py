import pytest

from bridge.tui.piano import LENGTH_S, Piano


@pytest.mark.parametrize(
    ("key", "pitch"), [("z", 48), ("s", 49), ("m", 59), ("q", 60), ("2", 61), ("i", 72), ("Z", 48)]
)
def test_letters_lie_as_a_pianos_keys_do(key: str, pitch: int) -> None:
    assert Piano().press(key, 0.0) == [(pitch, 95)]


def test_a_key_ends_by_itself() -> None:
    piano = Piano()
    piano.press("z", 0.0)
    assert piano.due(LENGTH_S - 0.01) == []
    assert piano.due(LENGTH_S) == [(48, 0)]
    assert piano.due(9.0) == []


def test_a_key_that_repeats_is_held_until_it_no_longer_does() -> None:
    piano = Piano()
    piano.press("z", 0.0)
    times = [0.3 + step * 0.03 for step in range(30)]
    strokes = [stroke for time_s in times for stroke in piano.press("z", time_s)]
    assert strokes == [(48, 95)]  # the first repeat comes so late that it may as well be a finger
    assert piano.due(times[-1] + 0.1) == []
    assert piano.due(times[-1] + 0.2) == [(48, 0)]


def test_what_was_struck_in_another_octave_is_still_let_go() -> None:
    piano = Piano()
    piano.press("z", 0.0)
    piano.shift(1)
    piano.press("z", 0.1)
    assert piano.lift() == [(48, 0), (60, 0)]


def test_octave_and_touch_have_ends() -> None:
    piano = Piano()
    for _ in range(20):
        piano.shift(1)
        piano.press_harder(1)
    assert piano.press("p", 0.0) == [(112, 127)]
    assert piano.press("`", 0.0) == []
