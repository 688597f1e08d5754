from collections import deque

from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message import OscMessage

from bridge.control.inbox import MAX_SENDERS, WAITING, Address, Inbox


def sender(number: int) -> Address:
    return "192.168.1.1", 1000 + number


def test_senders_are_served_in_turns_and_each_in_its_order() -> None:
    inbox = Inbox()
    for number, data in ((1, b"a"), (1, b"b"), (1, b"c"), (2, b"x"), (3, b"y"), (2, b"z")):
        assert inbox.put(data, sender(number))
    taken = [inbox.take() for _ in range(6)]
    assert [one[0] for one in taken if one] == [b"a", b"x", b"y", b"b", b"z", b"c"]
    assert inbox.take() is None
    assert len(inbox) == 0


def test_what_is_left_of_a_packet_waits_for_its_sender_s_next_turn() -> None:
    inbox = Inbox()
    inbox.put(b"a", sender(1))
    inbox.put(b"b", sender(1))
    inbox.put(b"x", sender(2))
    assert inbox.take() == (b"a", sender(1))
    rest: deque[OscMessage] = deque([OscMessage(b"/a\0\0")])
    inbox.put_back(rest, sender(1))
    assert [inbox.take() for _ in range(4)] == [(b"x", sender(2)), (rest, sender(1)), (b"b", sender(1)), None]


def test_a_flood_is_dropped_and_leaves_room_for_the_others() -> None:
    inbox = Inbox()
    kept = sum(inbox.put(b"flood", sender(0)) for _ in range(10 * WAITING))
    assert 0 < kept < WAITING
    assert inbox.dropped == 10 * WAITING - kept
    assert inbox.put(b"ping", sender(1))
    assert inbox.take() == (b"flood", sender(0))
    assert inbox.take() == (b"ping", sender(1))


@given(st.lists(st.tuples(st.integers(0, 3 * MAX_SENDERS), st.integers(1, 3000)), max_size=60))
def test_what_waits_is_bounded_and_nothing_kept_is_lost(bursts: list[tuple[int, int]]) -> None:
    inbox = Inbox()
    kept = sum(inbox.put(b"", sender(number)) for number, times in bursts for _ in range(times))
    assert len(inbox) == kept <= 2 * WAITING
    served = 0
    while inbox.take():
        served += 1
    assert served == kept
