import pytest

from bridge.bench.together import ROWS, measure, report
from music.errors import ContinuoError
from tests.bridge.brain.soloists import careful


def test_frames_and_answers_of_all_inserts_are_timed_one_by_one_and_together() -> None:
    row = measure("chorale", 3, 5, make=lambda _name, _device: careful())
    assert row["inserts"] == 3
    for what, told in ROWS.items():
        assert 0 < row[what]["p50"] <= row[what]["max"]
        assert told in report(row)
    assert "3 inserts" in report(row)


def test_the_rules_do_nothing_together() -> None:
    with pytest.raises(ContinuoError, match="has no weights"):
        measure("rules", 3, 5)
