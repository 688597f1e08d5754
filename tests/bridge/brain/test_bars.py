import pytest

from bridge.brain.bars import Bars
from music.beat import Meter
from music.midifile import Score


def bars(*meters: Meter, ticks_per_beat: int = 480) -> Bars:
    return Bars(Score(ticks_per_beat, (), meters=meters))


@pytest.mark.parametrize(("frame", "since"), [(0, 0), (1, 1), (15, 15), (16, 0), (33, 1)])
def test_bar_without_a_meter_has_four_beats(frame: int, since: int) -> None:
    assert bars()(frame) == since


def test_bars_are_as_long_as_their_meter() -> None:
    assert [bars(Meter(0, 3, 4))(frame) for frame in (0, 11, 12, 25)] == [0, 11, 0, 1]
    assert [bars(Meter(0, 6, 8))(frame) for frame in (11, 12)] == [11, 0]
    assert [bars(Meter(0, 5, 16))(frame) for frame in (4, 5)] == [4, 0]


def test_new_meter_begins_a_bar_wherever_it_stands() -> None:
    upbeat = bars(Meter(0, 1, 4), Meter(480, 3, 4))
    assert [upbeat(frame) for frame in range(6)] == [0, 1, 2, 3, 0, 1]
    late = bars(Meter(960, 3, 4))
    assert [late(frame) for frame in (7, 8, 19, 20)] == [7, 0, 11, 0]


def test_barline_between_two_frames_counts_for_the_next() -> None:
    assert [bars(Meter(0, 7, 32))(frame) for frame in range(8)] == [0, 1, 2, 3, 0, 1, 2, 0]


@pytest.mark.parametrize("ticks_per_beat", [1, 7, 480, 32767])
def test_bars_do_not_drift(ticks_per_beat: int) -> None:
    found = bars(Meter(0, 3, 4), ticks_per_beat=ticks_per_beat)
    assert [found(12 * bar + frame) for bar in (0, 9_999, 1_000_000) for frame in (0, 11)] == [0, 11] * 3
