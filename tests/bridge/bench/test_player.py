import pytest

from bridge import players
from bridge.bench.player import measure, report
from music.errors import ContinuoError
from tests.bridge.brain.soloists import careful

NOTES = 12


def test_rules_are_measured_alone() -> None:
    (row,) = measure("rules", NOTES)
    assert (row["player"], row["device"]) == ("rules", "cpu")
    assert 0 < row["answer_ms"]["p50"] <= row["answer_ms"]["max"]


@pytest.mark.parametrize("pulse", [False, True])
def test_learned_player_is_measured_beside_the_rules(monkeypatch: pytest.MonkeyPatch, pulse: bool) -> None:
    monkeypatch.setattr(players, "playable", lambda _name: True)
    rows = measure("soloist", NOTES, lambda _name, _device: careful(pulse=pulse))
    assert [row["player"] for row in rows][:2] == ["rules", "soloist"]
    assert all(row["fallbacks"] == 0 for row in rows)
    assert all(row["hear_ms"]["p99"] > 0 for row in rows)
    assert len(report(rows).splitlines()) == 1 + 2 * len(rows)


def test_many_voices_are_asked_for_where_there_is_room_for_them() -> None:
    (row,) = measure("rules", NOTES, voices=16)
    assert (row["voices"], row["sounding"]) == (16, 16.0)


def test_peer_is_measured_with_as_many_voices_and_each_row_says_how_much_longer_it_takes() -> None:
    rows = measure("rules", NOTES, voices=2, peer=True)
    assert [(row["player"], row["voices"]) for row in rows] == [("rules", 2), ("peer", 2)]
    assert rows[0]["peer_times"]["p50"] > 0
    assert rows[1]["peer_times"] == {"p50": 1.0, "p95": 1.0, "p99": 1.0}
    assert "so many times as long" in report(rows)


def test_player_without_weights_is_a_sentence() -> None:
    with pytest.raises(ContinuoError, match="no weights"):
        measure("nobody", NOTES)
