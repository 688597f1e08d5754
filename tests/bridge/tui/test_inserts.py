"""The rows of the inserts, as wide as a terminal may be."""

from __future__ import annotations

import pytest

from bridge.tui.inserts import Inserts, fitted
from bridge.tui.mirror import Mirror

BUSY = {"preset": "chamber-winds", "playing": 1, "p50": 4.2, "p99": 12.5, "late": 12, "fallback": 345}
QUIET = {"preset": "Alto and bass, in D major", "bypass": 1, "p50": 0.9, "p99": 1.5, "late": 0, "fallback": 0}


def rows(width: int, *inserts: dict[str, object]) -> list[str]:
    mirror = Mirror()
    values = [(f"{number}/{name}", [one]) for number, has in enumerate(inserts, 1) for name, one in has.items()]
    mirror.take(values, 0.0)
    widget = Inserts(mirror)
    fields = [widget._fields(insert) for insert in range(1, mirror.inserts + 1)]
    return ["".join(text for text, _ in row).rstrip() for row in fitted(fields, width)]


def test_all_of_it_is_seen_in_the_smallest_usual_terminal() -> None:
    assert rows(80, BUSY | {"feedback": 0.0}) == [
        "▸1 chamber-winds  playing ■■■■·· p50  4.2 p99 12.5 ms late 12 rules 345"
    ]
    (looping,) = rows(80, BUSY | {"late": 0, "fallback": 0, "feedback": 123.0})
    assert looping.endswith("p50  4.2 p99 12.5 ms late 0 rules 0 loop 123 ms")


@pytest.mark.parametrize("width", range(40, 161))
@pytest.mark.parametrize("more", [{}, {"late": 99999, "fallback": 99999, "feedback": 1234.0, "p99": 2000.0}])
def test_a_field_is_whole_or_not_there_at_any_width(width: int, more: dict[str, object]) -> None:
    whole = {word for row in rows(400, BUSY | more, QUIET) for word in row.split()}
    for row in rows(width, BUSY | more, QUIET):
        assert len(row) <= width
        assert {word for word in row.split() if not word.endswith("…")} <= whole


def test_what_matters_least_goes_first() -> None:
    row = BUSY | {"feedback": 123.0}
    words = ("p50", "■", "rules", "p99", "playing", "late", "loop", "chamber-winds")
    gone = [max((width for width in range(30, 161) if word not in rows(width, row)[0]), default=0) for word in words]
    assert gone == sorted(gone, reverse=True)
    assert gone[0] < 86 and gone[3] < 64, "at the least width p99 and what came late are there"
    assert gone[-2:] == [0, 0]


def test_columns_of_several_inserts_stand_beneath_each_other() -> None:
    for width in (64, 80, 160):
        first, second = rows(width, BUSY, QUIET)
        assert [first.index(word) for word in ("p99", "late")] == [second.index(word) for word in ("p99", "late")]


def test_a_long_name_has_the_room_that_is_left_and_says_where_it_is_cut() -> None:
    assert "Alto and bass, in D major" in rows(160, QUIET)[0]
    assert "Alto and bass, in… " in rows(56, QUIET)[0]


def test_nothing_is_shown_of_no_insert() -> None:
    assert fitted([], 80) == []
