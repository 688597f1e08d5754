from bridge.bench.musician import Heard
from bridge.bench.osc_faders import OFF, ON, Moved, _matched

MS = 1_000_000


def heard(ms: float, status: int, channel: int = 1) -> Heard:
    return Heard(int(ms * MS), 0, bytes((status | channel, 60, 64)))


def test_a_move_is_heard_by_the_first_message_of_its_kind_before_the_next_move() -> None:
    moves = [Moved(0, OFF), Moved(50 * MS, ON), Moved(100 * MS, OFF)]
    came = [heard(1, OFF, channel=0), heard(4, ON), heard(5, OFF), heard(6, OFF), heard(57, ON), heard(158, OFF)]
    assert _matched(moves, came) == ([5.0, 7.0, 58.0], 0)


def test_a_move_that_is_heard_only_after_the_next_one_is_lost() -> None:
    assert _matched([Moved(0, OFF), Moved(50 * MS, ON)], [heard(51, OFF), heard(52, ON)]) == ([2.0], 1)
