import pytest

from bridge.bench.together import measure, report
from music.errors import ContinuoError
from tests.bridge.brain.soloists import careful


def test_frames_of_all_inserts_are_timed_one_by_one_and_together() -> None:
    row = measure("chorale", 3, 5, make=lambda _name, _device: careful())
    assert row["inserts"] == 3
    assert 0 < row["alone_ms"]["p50"] <= row["alone_ms"]["max"]
    assert 0 < row["together_ms"]["p50"] <= row["together_ms"]["max"]
    assert "3 inserts" in report(row)


def test_the_rules_hear_nobody_together() -> None:
    with pytest.raises(ContinuoError, match="has no weights"):
        measure("rules", 3, 5)
