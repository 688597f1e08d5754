import math
from pathlib import Path
from typing import Any

import pytest

from bridge.bench import plot
from bridge.bench.figures import figures, report
from bridge.bench.latency import Course
from bridge.bench.notes import FEW, RAISED, SCALE
from music.errors import ContinuoError


@pytest.fixture
def result() -> dict[str, Any]:
    ways = {name: [number / 100 + later for number in range(100)] for name, later in (("floor", 0.0), ("thru", 0.0))}
    ways["harmony"] = [value + 1.3 for value in ways["floor"]] + [400.0]
    return {
        "machine": "a test",
        "preset": "harmony",
        "inserts": 2,
        "backend": "jack",
        "load": 1,
        "period_ms": 1.333,
        "notes": 100,
        "voices": 4,
        **{f"{way}_ms": figures(values) for way, values in ways.items()},
        **dict.fromkeys(("lost", "wrong", "unanswered", "late", "fallbacks", "floor_lost", "xruns", "ready_s"), 0),
        "histogram": ways,
    }


def test_figures_are_those_of_the_sorted_values() -> None:
    found = figures([float(number) for number in range(100, 0, -1)])
    assert (found["p50"], found["p95"], found["p99"], found["max"]) == (51.0, 96.0, 100.0, 100.0)
    assert math.isnan(figures([])["p50"])


def test_report_says_what_was_measured_and_how_often_what_came_when(result: dict[str, Any]) -> None:
    text = report(result)
    assert "2 inserts, preset harmony, 4 voices, jack, period 1.333 ms, 1 busy processes" in text
    assert "jitter" not in text
    assert "harmony, notes per 0.25 ms" in text


@pytest.mark.parametrize("ending", plot.ENDINGS)
def test_picture_is_written(result: dict[str, Any], tmp_path: Path, ending: str) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / f"latency{ending}"
    plot.check(path)
    plot.plot(result, path)
    assert path.stat().st_size > 1000


def test_picture_is_the_same_for_the_same_figures(result: dict[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    paths = [tmp_path / name for name in ("a.svg", "b.svg")]
    for path in paths:
        plot.plot(result, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize(
    ("name", "said"), [("latency.txt", "no kind of picture"), ("nowhere/latency.svg", "no such folder")]
)
def test_picture_that_cannot_be_drawn_is_refused_before_anything_is_measured(
    tmp_path: Path, name: str, said: str
) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(ContinuoError, match=said):
        plot.check(tmp_path / name)


def test_course_expects_the_voices_of_the_preset_or_those_asked_for() -> None:
    assert Course().expected().voices == 4
    assert Course(preset="satb").expected().voices == 3
    assert Course(preset="satb", voices=5, inserts=2).expected().all_voices == 10
    assert not Course(preset="left-hand").expected().exact


def test_many_voices_get_a_higher_melody() -> None:
    assert Course(voices=FEW).expected().scale == SCALE
    assert Course(voices=FEW + 1).expected().scale == tuple(pitch + RAISED for pitch in SCALE)
