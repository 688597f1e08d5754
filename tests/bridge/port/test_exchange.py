import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.messages import HEARTBEAT, INPUT, PLAY, RECORD, RESET, SILENCE, Record, Records, headers, pack
from bridge.port import exchange as module
from bridge.port.exchange import STALL_NS, Exchange
from bridge.port.feedback import PROBE

FOREVER = 2**62
START = 10**9
PERIOD = 5_000_000  # long enough that the exchange looks for the brain in each
C4, C4_END = bytes.fromhex("903c40"), bytes.fromhex("803c40")
E4, E4_END = bytes.fromhex("904040"), bytes.fromhex("804040")


class Band:
    """An exchange with its brain at the other end of a socket, and a clock in our hands."""

    def __init__(self, inserts: int = 1) -> None:
        self.exchange = Exchange(inserts)
        self.now = START
        self.brain: socket.socket | None = None

    def meet(self) -> socket.socket:
        ours, self.brain = socket.socketpair()
        ours.setblocking(False)
        self.brain.setblocking(False)
        self.exchange.commands.append(("brain", ours))
        self.cycle()
        return self.brain

    def cycle(self) -> list[str]:
        """One period later: what has left, in hex."""
        self.now += PERIOD
        return [data.hex() for _, _, data in self.exchange.cycle(self.now + PERIOD, self.now)]

    def arrive(self, *messages: bytes, insert: int = 0) -> list[bool]:
        return [self.exchange.arrive(insert, data, self.now) for data in messages]

    def say(self, kind: int, data: bytes = b"", insert: int = 0, *, due: int = 0, deadline: int = FOREVER) -> None:
        assert self.brain
        self.brain.sendall(pack(Record(due, deadline, kind, insert, data)))

    def told(self) -> list[Record]:
        """What the brain has been told since it was last asked."""
        assert self.brain
        records = Records()
        heard: list[Record] = []
        while True:
            try:
                data = self.brain.recv(1 << 16)
            except BlockingIOError:
                return heard
            assert data, "the exchange has hung up"
            heard += list(records.feed(data))

    def reports(self) -> list[dict[str, object]]:
        found = list(self.exchange.reports)
        self.exchange.reports.clear()
        return found


@pytest.fixture
def band() -> Iterator[Band]:
    one = Band()
    yield one
    one.exchange.commands.append(("close", None))
    one.cycle()
    if one.brain:
        one.brain.close()


VOICE = [
    "803c40", "903c40", "903c00", "a03c20", "b00740", "b04040", "b07b00", "c005", "d020", "e00040", "9f7f7f",
]  # fmt: skip
SYSTEM = ["f07e7f0901f7", "f0"]
TRANSPORT = ["f8", "fa", "fb", "fc", "f20010"]
PRIVATE = ["fe", "ff", "f100", "f301", "f6"]


@pytest.mark.parametrize("data", VOICE)
def test_voice_message_passes_in_the_same_cycle_and_is_told_to_the_brain(band: Band, data: str) -> None:
    band.meet()
    assert band.arrive(bytes.fromhex(data)) == [True]
    stamp = band.now
    assert band.cycle() == []  # it has left already, unchanged: nothing of it comes a second time
    assert band.told() == [Record(stamp, 0, INPUT, 0, bytes.fromhex(data))]


@pytest.mark.parametrize("data", SYSTEM)
def test_system_exclusive_passes_and_is_not_told(band: Band, data: str) -> None:
    band.meet()
    assert band.arrive(bytes.fromhex(data)) == [True]
    band.cycle()
    assert band.told() == []


@pytest.mark.parametrize("data", TRANSPORT)
def test_clock_and_position_go_to_the_brain_and_do_not_pass(band: Band, data: str) -> None:
    band.meet()
    assert band.arrive(bytes.fromhex(data)) == [False]
    band.cycle()
    assert [record.data.hex() for record in band.told()] == [data]


@pytest.mark.parametrize("data", [*PRIVATE, ""])
def test_other_system_messages_go_nowhere(band: Band, data: str) -> None:
    band.meet()
    assert band.arrive(bytes.fromhex(data)) == [False]
    band.cycle()
    assert band.told() == []


@pytest.mark.parametrize("data", ["90", "903c", "903c4041"])
def test_message_of_wrong_length_is_not_told(band: Band, data: str) -> None:
    band.meet()
    band.arrive(bytes.fromhex(data))
    band.cycle()
    assert band.told() == []
    assert band.exchange.outlets[0].sounding == 0


def test_what_the_brain_plans_leaves_at_its_insert_when_it_is_due() -> None:
    band = Band(inserts=2)
    band.meet()
    band.say(PLAY, C4, insert=1, due=START + 5 * PERIOD)
    assert band.cycle() == []
    assert band.exchange.next_due_ns() == START + 5 * PERIOD
    band.now = START + 4 * PERIOD
    due = band.exchange.cycle(START + 6 * PERIOD, START + 5 * PERIOD)
    assert due == [(1, START + 5 * PERIOD, C4)]


def test_pulled_cable_ends_what_its_musician_held_and_tells_the_brain(band: Band) -> None:
    band.meet()
    band.arrive(C4, bytes((0xB0, 64, 127)))
    band.cycle()
    band.told()
    band.exchange.commands.append(("unplugged", 0))
    band.cycle()
    assert band.cycle() == ["803c40", "b04000"]
    ends = {bytes((0xB0 | channel, number, 0)) for channel in range(16) for number in (64, 123)}
    assert {record.data for record in band.told()} == ends  # the pedal too: nobody will lift it


def test_record_for_an_insert_that_does_not_exist_is_passed_over(band: Band) -> None:
    band.meet()
    band.say(PLAY, E4, insert=9)
    band.say(PLAY, C4)
    assert band.cycle() == ["903c40"]


def test_silence_is_for_one_insert() -> None:
    band = Band(inserts=2)
    band.meet()
    for insert in (0, 1):
        band.say(PLAY, C4, insert=insert)
    band.cycle()
    band.say(SILENCE, insert=1)
    assert band.cycle() == ["803c40"]
    assert [outlet.sounding for outlet in band.exchange.outlets] == [1, 0]


RECORDS = st.lists(
    st.builds(
        Record,
        st.just(0),
        st.just(FOREVER),
        st.just(PLAY),
        st.just(0),
        st.integers(0, 127).map(lambda pitch: bytes((0x90, pitch, 64))),
    ),
    max_size=20,
)


@given(records=RECORDS, data=st.data())
def test_records_arrive_whole_however_the_stream_is_cut(records: list[Record], data: st.DataObject) -> None:
    band = Band()
    brain = band.meet()
    stream = b"".join(map(pack, records))
    played: list[str] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        brain.sendall(stream[:size])
        stream = stream[size:]
        played += band.cycle()
    assert played == [record.data.hex() for record in records]
    brain.close()
    band.cycle()


def test_dead_brain_is_silent_in_the_next_cycle_and_thru_goes_on(band: Band) -> None:
    brain = band.meet()
    band.say(PLAY, C4)
    band.say(PLAY, E4, due=FOREVER - 1)
    assert band.cycle() == ["903c40"]
    band.reports()
    brain.close()
    assert band.cycle() == ["803c40"]
    assert band.reports() == [{"brain": "gone"}]
    assert band.arrive(E4) == [True]
    assert band.exchange.next_due_ns() is None


def test_new_brain_takes_the_place_of_the_old_one(band: Band) -> None:
    old = band.meet()
    band.say(PLAY, C4)
    band.cycle()
    band.meet()
    assert band.cycle() == ["803c40"]
    old.setblocking(True)
    assert old.recv(100) == b""
    old.close()
    band.arrive(E4)
    band.cycle()
    assert [record.data for record in band.told()] == [E4]
    assert {"brain": "here"} in band.reports()


def test_half_a_record_of_the_old_brain_does_not_shift_the_new_one_s(band: Band) -> None:
    old = band.meet()
    old.sendall(pack(Record(0, 0, PLAY, 0, C4))[:7])
    band.cycle()
    band.meet()
    old.close()
    band.say(PLAY, E4)
    assert band.cycle() == ["904040"]


def test_stalled_brain_is_silenced_by_the_clock_and_told_to_start_anew_when_it_is_back(band: Band) -> None:
    band.meet()
    band.say(PLAY, C4)
    band.cycle()
    band.reports()
    band.now += STALL_NS - PERIOD
    assert band.cycle() == []
    assert band.cycle() == ["803c40"]
    assert band.reports() == [{"brain": "stalled"}]
    assert band.cycle() == []
    assert band.reports() == []
    band.arrive(E4)
    band.say(HEARTBEAT)
    band.cycle()
    assert band.reports() == [{"brain": "back"}]
    assert [record.kind for record in band.told()] == [RESET, INPUT]


def test_brain_that_says_something_in_time_is_not_stalled(band: Band) -> None:
    band.meet()
    for _ in range(10):
        band.say(HEARTBEAT)
        band.cycle()
        band.now += STALL_NS - 2 * PERIOD
    assert {"brain": "stalled"} not in band.reports()


def test_brain_that_does_not_read_loses_input_and_is_told_so(monkeypatch: pytest.MonkeyPatch, band: Band) -> None:
    monkeypatch.setattr(module, "BACKLOG_LIMIT", 100 * RECORD.size)
    brain = band.meet()
    brain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    band.say(PLAY, C4)
    band.cycle()
    left: list[str] = []
    reports: list[dict[str, object]] = []
    while {"overrun": True} not in reports:
        assert band.arrive(*[E4] * 50) == [True] * 50
        left += [data for data in band.cycle() if not data.startswith(f"b0{PROBE:02x}")]  # one key, never let go
        reports += band.reports()
    assert left == ["803c40"]
    told: list[Record] = []
    while pieces := band.told():  # each reading makes room for more
        told += pieces
        band.cycle()
    assert {record.kind for record in told} == {INPUT, RESET}
    assert {record.data for record in told if record.kind == INPUT} == {E4}
    assert told[-1].kind == RESET
    band.arrive(E4_END)
    band.cycle()
    assert [record.data for record in band.told()] == [E4_END]


def test_panic_ends_dry_and_wet(band: Band) -> None:
    band.meet()
    band.say(PLAY, E4)
    band.arrive(C4)
    band.cycle()
    band.exchange.commands.append(("panic", None))
    band.cycle()
    assert band.cycle()[:2] == ["804040", "803c40"]
    assert band.arrive(C4) == [True]


def test_note_in_the_cycle_of_the_panic_is_ended_after_it_has_left(band: Band) -> None:
    band.exchange.commands.append(("panic", None))
    band.arrive(C4)
    assert band.cycle() == []
    assert band.cycle()[0] == "803c40"


def test_close_ends_everything_and_then_says_so(band: Band) -> None:
    brain = band.meet()
    band.say(PLAY, E4)
    band.arrive(C4)
    band.cycle()
    band.exchange.commands.append(("close", None))
    band.cycle()
    assert band.cycle()[:2] == ["804040", "803c40"]
    assert not band.exchange.closed.is_set()  # the last cycle's messages are not yet with their listeners
    assert band.arrive(C4) == [False]
    brain.setblocking(True)
    brain.settimeout(5)
    while brain.recv(1 << 16):
        pass
    for _ in range(3):
        band.cycle()
    assert band.exchange.closed.is_set()


def test_exchange_without_a_brain_has_nothing_to_say(band: Band) -> None:
    assert band.exchange.next_due_ns() is None
    assert band.cycle() == []
    assert band.reports() == []


def test_a_knob_goes_to_the_brain_and_not_through() -> None:
    band = Band(inserts=2)
    band.meet()
    band.exchange.commands.append(("knobs", [headers([(0, 21), (2, 22)]), headers([])]))
    band.cycle()
    knobs = [bytes.fromhex(text) for text in ("b01505", "bf1505", "b11605")]
    others = [bytes.fromhex(text) for text in ("b01605", "b01705", "901505", "801505")]
    assert band.arrive(*knobs) == [False] * 3
    assert band.arrive(*others) == [True] * 4
    assert band.arrive(knobs[0], insert=1) == [True]
    band.cycle()
    assert [record.data for record in band.told() if record.kind == INPUT] == [*knobs, *others, knobs[0]]
    band.exchange.commands.append(("knobs", [headers([]), headers([])]))
    band.cycle()
    assert band.arrive(*knobs) == [True] * 3
