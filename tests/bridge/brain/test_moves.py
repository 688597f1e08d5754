"""A hundred times a second at most it is told where knobs stand."""

from __future__ import annotations

from bridge.brain.moves import EVERY_NS, Moves

SECOND = 10**9


def cc(number: int, value: int, channel: int = 1) -> bytes:
    return bytes((0xAF + channel, number, value))


def test_of_a_flood_the_last_value_counts() -> None:
    moves = Moves()
    moves.watch([[(0, 21)]], [])
    told = []
    for ms in range(1000):
        moves.hear(0, cc(21, ms % 128))
        told += moves.due(ms * 1_000_000)
    assert 90 <= len(told) <= 101
    wake = moves.next_wake_ns()
    assert wake is not None and moves.due(wake) == [(0, 1, 21, 999 % 128, 991 % 128, 999 % 128)]
    assert moves.next_wake_ns() is None and moves.due(wake + SECOND) == []


def test_only_a_knob_is_kept_from_the_players() -> None:
    moves = Moves()
    moves.watch([[(0, 21), (2, 22)], []], [])
    assert moves.hear(0, cc(21, 5, channel=16)) and moves.hear(0, cc(22, 5, channel=2))
    assert not any(
        (moves.hear(0, cc(22, 5)), moves.hear(0, cc(23, 5)), moves.hear(1, cc(21, 5)), moves.hear(2, cc(21, 5)))
    )
    assert not moves.hear(0, bytes((0x90, 21, 5)))
    assert moves.due(SECOND) == [(0, 16, 21, 5, 5, 5), (0, 2, 22, 5, 5, 5)]


def test_where_a_knob_is_to_be_learnt_every_other_controller_is_told_of_and_still_heard() -> None:
    moves = Moves()
    moves.watch([[], []], [1])
    assert not any(moves.hear(1, cc(number, 5)) for number in (1, 64, 123, 74, 20))
    assert not moves.hear(0, cc(20, 5)) and not moves.hear(1, bytes((0x90, 74, 5)))
    assert moves.due(SECOND) == [(1, 1, 74, 5, 5, 5), (1, 1, 20, 5, 5, 5)]


def test_what_moves_after_a_pause_is_told_at_once() -> None:
    moves = Moves()
    moves.watch([[(0, 21)]], [])
    for now in (SECOND, 2 * SECOND):
        moves.hear(0, cc(21, 1))
        assert len(moves.due(now)) == 1
        moves.hear(0, cc(21, 2))
        assert moves.due(now + EVERY_NS - 1) == []
        assert len(moves.due(now + EVERY_NS)) == 1


def test_how_far_a_knob_has_been_is_told_though_it_came_back() -> None:
    moves = Moves()
    moves.watch([[(0, 21)]], [])
    for value in (60, 127, 3, 64):
        moves.hear(0, cc(21, value))
    assert moves.due(SECOND) == [(0, 1, 21, 64, 3, 127)]
