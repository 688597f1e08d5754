import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message_builder import OscMessageBuilder

from bridge.control.packets import MAX_ARRAYS, MAX_BYTES, MAX_DEPTH, MAX_MESSAGES, PacketRefused, messages, values
from tests.bridge.control.hall import osc

NOW = struct.pack(">Q", 1)
YEARS_AHEAD = struct.pack(">Q", 0xF000_0000_0000_0000)
PING = osc("/continuo/ping")

arguments = st.lists(
    st.integers(-(2**31), 2**31 - 1)
    | st.floats(width=32, allow_nan=False)
    | st.booleans()
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    max_size=5,
)


def bundle(*elements: bytes, when: bytes = NOW) -> bytes:
    return b"#bundle\0" + when + b"".join(struct.pack(">i", len(element)) + element for element in elements)


def nested(depth: int) -> bytes:
    packet = PING
    for _ in range(depth):
        packet = bundle(packet)
    return packet


@given(arguments)
def test_message_says_what_was_put_into_it(said: list[object]) -> None:
    (found,) = messages(osc("/continuo/1/name", *said))
    assert (found.address, values(found)) == ("/continuo/1/name", said)


def test_messages_of_bundles_keep_their_order_whatever_their_time() -> None:
    first, second, third, fourth = (osc(f"/{number}") for number in range(4))
    packet = bundle(first, bundle(second, third, when=YEARS_AHEAD), fourth)
    assert [message.address for message in messages(packet)] == ["/0", "/1", "/2", "/3"]


def test_nil_and_impulse_are_no_values() -> None:
    for tags in (b",I\0\0", b",N\0\0", b",\0\0\0"):
        assert values(messages(b"/continuo/panic\0" + tags)[0]) == []
    assert values(messages(b"/a\0\0,IiI\0\0\0\0\0\0\0\7")[0]) == [7]


def test_limits_are_let_through_and_nothing_beyond_them() -> None:
    assert len(messages(nested(MAX_DEPTH))) == 1
    assert len(messages(bundle(*[PING] * MAX_MESSAGES))) == MAX_MESSAGES
    for packet, sentence in (
        (nested(MAX_DEPTH + 1), "deep"),
        (nested(150), "deep"),
        (bundle(*[PING] * (MAX_MESSAGES + 1)), "messages"),
        (bundle(*[bundle()] * (MAX_MESSAGES + 1)), "messages"),
        (b"/a\0\0," + b"[" * (MAX_ARRAYS + 1) + b"]" * (MAX_ARRAYS + 1) + b"\0", "arrays"),
        (osc("/a", "x" * MAX_BYTES), f"{MAX_BYTES} bytes"),
    ):
        with pytest.raises(PacketRefused, match=sentence):
            messages(packet)


def test_bundle_of_negative_size_is_not_walked_for_ever() -> None:
    for size in (-1, -4, -20, -(2**31), 0, 5, 2**31 - 1):
        with pytest.raises(PacketRefused, match="does not hold what it says"):
            messages(b"#bundle\0" + NOW + struct.pack(">i", size) + b"/a\0\0")


def test_unknown_type_is_refused_and_nothing_is_written_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PacketRefused, match="'Q'"):
        messages(b"/a\0\0,Q\0\0")
    with pytest.raises(PacketRefused):
        messages(bundle(b"\xff\xff\xff\xff"))
    assert capfd.readouterr().err == ""


@given(st.binary(max_size=80) | st.binary(max_size=60).map(lambda data: b"#bundle\0" + NOW + data))
def test_garbage_is_read_or_refused(data: bytes) -> None:
    with suppress(PacketRefused):
        assert all(isinstance(message.address, str) for message in messages(data))


@given(arguments, st.data())
def test_damaged_message_is_read_or_refused(said: list[object], data: st.DataObject) -> None:
    builder = OscMessageBuilder("/continuo/1/channels")
    for value in said:
        builder.add_arg(value)
    packet = bytearray(bundle(builder.build().dgram, PING))
    for _ in range(data.draw(st.integers(1, 4))):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    with suppress(PacketRefused):
        messages(bytes(packet[: data.draw(st.integers(0, len(packet)))]))
