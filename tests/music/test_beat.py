from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music.beat import Tempo, TempoMap

tempos = st.lists(st.builds(Tempo, st.integers(0, 100_000), st.integers(2000, 0xFFFFFF)), max_size=8)
resolutions = st.sampled_from([24, 96, 220, 480, 960, 1024])


def exact_ns(ticks_per_beat: int, changes: list[Tempo], tick: int) -> Fraction:
    latest = {0: 500_000} | {change.tick: change.us_per_beat for change in changes}
    starts = sorted(start for start in latest if start <= tick)
    spans = pairwise([*starts, tick])
    return sum((Fraction((end - start) * latest[start] * 1000, ticks_per_beat) for start, end in spans), Fraction())


def test_without_a_tempo_a_beat_lasts_half_a_second() -> None:
    assert TempoMap(480).ns(480) == 500_000_000


def test_a_tempo_counts_from_its_tick_on() -> None:
    timeline = TempoMap(480, [Tempo(480, 1_000_000)])
    assert [timeline.ns(tick) for tick in (0, 480, 960)] == [0, 500_000_000, 1_500_000_000]


def test_of_two_tempos_at_one_tick_the_later_counts() -> None:
    assert TempoMap(480, [Tempo(0, 1_000_000), Tempo(0, 250_000)]).ns(480) == 250_000_000


def test_changes_may_come_in_any_order() -> None:
    changes = [Tempo(960, 250_000), Tempo(480, 1_000_000)]
    assert TempoMap(480, changes).ns(1440) == TempoMap(480, changes[::-1]).ns(1440) == 1_750_000_000


def test_no_ticks_in_a_beat_are_refused() -> None:
    with pytest.raises(ValueError, match="ticks per beat"):
        TempoMap(0)


@given(resolutions, tempos, st.integers(0, 1_000_000))
def test_a_tick_comes_back_from_its_moment(resolution: int, changes: list[Tempo], tick: int) -> None:
    timeline = TempoMap(resolution, changes)
    assert timeline.tick(timeline.ns(tick)) == tick


@given(resolutions, tempos, st.integers(0, 1_000_000))
def test_a_moment_is_within_half_a_ns_of_the_exact_one(resolution: int, changes: list[Tempo], tick: int) -> None:
    assert abs(TempoMap(resolution, changes).ns(tick) - exact_ns(resolution, changes, tick)) <= Fraction(1, 2)


@given(resolutions, tempos, st.floats(0, 10_000))
def test_a_beat_comes_back_from_its_moment(resolution: int, changes: list[Tempo], beat: float) -> None:
    timeline = TempoMap(resolution, changes)
    assert timeline.beat_at(timeline.ns_at(beat)) == pytest.approx(beat, abs=1e-6)


@given(resolutions, tempos, st.lists(st.integers(0, 1_000_000), min_size=2))
def test_time_never_runs_backwards(resolution: int, changes: list[Tempo], ticks: list[int]) -> None:
    timeline = TempoMap(resolution, changes)
    moments = [timeline.ns(tick) for tick in sorted(ticks)]
    assert moments == sorted(moments)


def test_ten_thousand_notes_do_not_drift() -> None:
    changes = [Tempo(tick, 428_571 + tick % 977) for tick in range(0, 1_600_000, 777)]
    timeline = TempoMap(480, changes)
    for note in range(0, 10_000, 97):
        assert abs(timeline.ns(note * 160) - exact_ns(480, changes, note * 160)) <= Fraction(1, 2)
    last = 9_999 * 160
    assert abs(timeline.ns(last) - exact_ns(480, changes, last)) <= Fraction(1, 2)
    assert timeline.tick(timeline.ns(last)) == last


def test_ticks_and_beats_agree() -> None:
    timeline = TempoMap(480, [Tempo(100, 333_333)])
    for tick in (0, 100, 480, 12_345):
        assert timeline.beat_at(timeline.ns(tick)) == pytest.approx(tick / 480, abs=1e-8)
        assert timeline.ns_at(tick / 480) == pytest.approx(timeline.ns(tick), abs=1)
