"""What is known to come, by bars or beats."""

from __future__ import annotations

from math import inf

import pytest

from music.chart import Chart

C, F = frozenset({0, 4, 7}), frozenset({5, 9, 0})
TWO_BARS = Chart((0.0, 1.5), (C, F), 2.0)


@pytest.mark.parametrize(
    ("beats", "bar", "sounding"), [(-3, 4, C), (0, 4, C), (5.9, 4, C), (6, 4, F), (8, 4, C), (4.6, 3, F), (600, 3, C)]
)
def test_it_begins_anew_at_its_end_whatever_a_bar_is(beats: float, bar: float, sounding: frozenset[int]) -> None:
    assert TWO_BARS.at(beats, bar) == sounding


@pytest.mark.parametrize(("beats", "wait"), [(0, 6), (5, 1), (7, 1), (9, 5), (-1, 6)])
def test_it_knows_when_something_else_sounds(beats: float, wait: float) -> None:
    assert TWO_BARS.change(beats, 4)[0] == pytest.approx(wait)


def test_what_only_goes_on_never_changes() -> None:
    assert Chart((0.0, 1.0), (C, C), 2.0).change(3, 4) == (inf, C)


def test_a_melody_has_its_own_beats() -> None:
    melody = Chart((0.0, 0.5), (frozenset({2}), frozenset({4})), 4.0, in_bars=False)
    assert melody.at(0.75, 3) == {4} and melody.change(0.75, 3) == (3.25, frozenset({2}))
