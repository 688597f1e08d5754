import math

import pytest

from bridge.bench import clock, clock_live
from bridge.bench.clock import Take, measure, report


def test_a_take_is_asked_at_the_true_moments_and_knows_nothing_yet_of_what_comes_later() -> None:
    take = Take(1)
    take.play(4, 90)
    take.move(64)
    first = take.play(4, 90)
    assert len(take.errors_ms) == 2 * first == 8 * 24
    assert all(abs(error) < 5 for error in take.errors_ms[first + 24 :])
    assert Take(2).play(1, 120) == 0


def test_figures_stand_beside_their_goals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "SEEDS", 1)
    result = measure(1, drift_minutes=2, live_s=0)
    met = {row["name"]: row["met"] for row in result["rows"] if row["goal"] is not None}
    assert all(met.values()), met
    assert all(math.isfinite(row["value"]) for row in result["rows"])
    assert len(report(result).splitlines()) == 1 + len(result["rows"])


@pytest.mark.parametrize("way", [clock_live.JACK, clock_live.EXACT])
def test_ticks_of_a_real_daemon_stand_near_the_song_s(way: str, jack: str) -> None:
    assert len(clock_live.distances_ms(way, 1.0)) > 60
