import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.brain.transport import JUMP_BEATS, Position, Transport

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


def at(beat: float, bpm: float = 120.0, ns: int = 0) -> Position:
    return Position(ns, beat, 60e9 / bpm)


def test_a_song_s_beats_are_ours_and_its_bars_are_counted_beside_them() -> None:
    transport = Transport(0)
    assert transport.bars(0) is None and transport.bar_and_beat(0) == (0, 0)
    assert transport.follow(at(33.5), 0)
    assert transport.beat_at(0) == pytest.approx(0.5)
    assert transport.song_beat(0) == pytest.approx(33.5)
    assert [transport.bars(frame) for frame in (2, 3, 4, 11, 12, 16)] == [6, 7, 8, 15, 0, 4]
    assert transport.bar_and_beat(0) == (9, 2)
    assert transport.ns_at(1) == transport.next_beat_ns(0) == MINUTE // 240


def test_bars_have_the_meter_s_length() -> None:
    transport = Transport(0)
    transport.follow(at(0), 0)
    transport.meter = (6, 8)
    assert [transport.bars(frame) for frame in (0, 11, 12)] == [0, 11, 0]
    assert transport.bar_and_beat(transport.ns_at(3.5)) == (2, 2)
    assert transport.next_beat_ns(0) == transport.ns_at(0.5)


@given(st.lists(st.tuples(st.floats(0, 4000), st.integers(0, MINUTE), BPM), min_size=1, max_size=8))
def test_our_beats_never_go_back_and_move_on_by_less_than_one_when_a_song_is_moved(
    moves: list[tuple[float, int, float]],
) -> None:
    transport, now = Transport(0), 0
    for beat, later, bpm in moves:
        now += later
        before = transport.beat_at(now)
        transport.follow(at(beat, bpm, now), now)
        assert before - JUMP_BEATS - 1e-6 <= transport.beat_at(now) < before + 1
        song = transport.song_beat(now)
        assert song == pytest.approx(beat, abs=1e-6)
        assert (transport.beat_at(now) - beat) % 1 == pytest.approx(0, abs=1e-6) or (
            transport.beat_at(now) - beat
        ) % 1 == pytest.approx(1, abs=1e-6)


def test_a_loop_of_whole_beats_is_no_jump() -> None:
    transport = Transport(0)
    transport.follow(at(8), 0)
    later = MINUTE // 30  # four beats
    before = transport.beat_at(later)
    assert transport.follow(at(8, ns=later), later)
    assert transport.beat_at(later) == pytest.approx(before)
    assert transport.song_beat(later) == pytest.approx(8)


def test_a_jittery_clock_moves_nothing() -> None:
    transport = Transport(0)
    transport.follow(at(0), 0)
    assert not transport.follow(at(4.01, ns=MINUTE // 30), MINUTE // 30)
    assert transport.beat_at(MINUTE // 30) == pytest.approx(4.01)


def test_a_song_that_stands_gives_its_tempo_only() -> None:
    transport = Transport(0)
    transport.follow(Position(0, None, 60e9 / 90), 1000)
    assert transport.bpm == pytest.approx(90)
    assert transport.bars(0) is None


def test_our_beats_do_not_go_back_with_a_song_that_is_played_backwards() -> None:
    transport, furthest = Transport(0), 0.0
    for step in range(1000):
        now = step * MINUTE // 6000
        furthest = max(furthest, transport.beat_at(now))
        transport.follow(at(100 - step / 50, ns=now), now)
        assert transport.beat_at(now) >= furthest - JUMP_BEATS - 1e-6
        assert transport.song_beat(now) == pytest.approx(100 - step / 50)
