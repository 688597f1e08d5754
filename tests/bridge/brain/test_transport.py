import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.brain.transport import Transport

MINUTE = 60 * 10**9
BPM = st.floats(20, 400)


def test_beats_fall_at_the_tempo() -> None:
    transport = Transport(1000, 90.0)
    assert transport.beat_at(1000) == 0
    assert transport.beat_at(1000 + MINUTE) == pytest.approx(90)
    assert transport.ns_at(45) == 1000 + MINUTE // 2


@given(st.lists(st.tuples(BPM, st.integers(0, 10 * MINUTE)), max_size=8))
def test_position_goes_on_without_a_jump_when_the_tempo_changes(changes: list[tuple[float, int]]) -> None:
    transport, now = Transport(0), 0
    for bpm, later in changes:
        now += later
        before = transport.beat_at(now)
        transport.set_tempo(bpm, now)
        assert transport.beat_at(now) == before
        assert transport.bpm == pytest.approx(bpm)


@given(BPM, st.integers(0, 10**6))
def test_moment_of_a_beat_has_that_beat(bpm: float, beat: int) -> None:
    transport = Transport(0, bpm)
    assert transport.beat_at(transport.ns_at(beat)) == pytest.approx(beat, abs=1e-6)
