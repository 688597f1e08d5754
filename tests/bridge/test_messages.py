import os
import socket
from contextlib import suppress
from itertools import pairwise
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.messages import (
    INPUT,
    PLAY,
    RECORD,
    TOKEN_VARIABLE,
    Lines,
    Record,
    Records,
    accept,
    connect,
    line,
    listen,
    pack,
)

TIMES = st.integers(-(2**63), 2**63 - 1)
BYTES = st.integers(0, 255)
RECORDS = st.builds(Record, TIMES, TIMES, BYTES, BYTES, st.binary(max_size=3))
JSON = st.dictionaries(
    st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers()), max_size=4
)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def test_record_is_24_bytes() -> None:
    assert RECORD.size == 24
    assert len(pack(Record(1, 2, PLAY, 3, b"\x90\x3c\x40"))) == 24


@given(st.lists(RECORDS, max_size=10), st.lists(st.integers(0, 1000)))
def test_records_come_back_however_the_stream_is_cut(records: list[Record], cuts: list[int]) -> None:
    cutter = Records()
    found = [one for piece in pieces(b"".join(map(pack, records)), cuts) for one in cutter.feed(piece)]
    assert found == records


def test_record_that_is_not_whole_waits() -> None:
    cutter = Records()
    data = pack(Record(5, 6, INPUT, 0, b"\xc0\x05"))
    assert list(cutter.feed(data[:23])) == []
    assert list(cutter.feed(data[23:])) == [Record(5, 6, INPUT, 0, b"\xc0\x05")]


@given(st.lists(JSON, max_size=6), st.lists(st.integers(0, 1000)))
def test_lines_come_back_however_the_stream_is_cut(objects: list[dict[str, object]], cuts: list[int]) -> None:
    cutter = Lines()
    found = [one for piece in pieces(b"".join(map(line, objects)), cuts) for one in cutter.feed(piece)]
    assert found == objects


def test_empty_lines_are_passed_over() -> None:
    assert list(Lines().feed(b'\n\n{"a":1}\n\n')) == [{"a": 1}]


@pytest.mark.parametrize(
    "text", [b"hello", b"[1]", b"1", b"null", b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b"1" * 5000]
)
def test_line_that_is_no_object_is_one_kind_of_error(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json has sentences of its own
        list(Lines().feed(text + b"\n"))


@given(st.binary(max_size=200), st.lists(st.integers(0, 1000), max_size=4))
def test_any_bytes_are_records_however_they_are_cut(data: bytes, cuts: list[int]) -> None:
    cutter = Records()
    found = [one for piece in pieces(data, cuts) for one in cutter.feed(piece)]
    assert found == list(Records().feed(data))
    assert len(found) == len(data) // RECORD.size


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    monkeypatch.setenv(TOKEN_VARIABLE, "secret")
    return listen()


def test_who_knows_the_secret_is_let_in_and_no_byte_behind_it_is_lost(listener: socket.socket) -> None:
    with listener, connect(listener.getsockname()[1]) as caller:
        caller.sendall(b"hello")
        link = accept(listener)
        assert link
        with link:
            assert link.recv(5, socket.MSG_WAITALL) == b"hello"
            assert link.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    "said", [b"", b"secre", b"wrong!\n", b"secret ", b"secretsecret\n", b"\n", b"\xff\xfe\n\n\n\n\n"]
)
def test_who_does_not_know_the_secret_is_hung_up_on(listener: socket.socket, said: bytes) -> None:
    with listener, socket.create_connection(listener.getsockname()) as caller:
        caller.sendall(said)
        caller.shutdown(socket.SHUT_WR)
        assert accept(listener) is None
        with suppress(ConnectionResetError):  # what was said and not read
            assert caller.recv(1) == b""


def test_secret_may_come_in_pieces(listener: socket.socket) -> None:
    assert os.environ[TOKEN_VARIABLE] == "secret"
    with listener, socket.create_connection(listener.getsockname()) as caller:
        found: list[socket.socket | None] = []
        waiting = Thread(target=lambda: found.append(accept(listener)))
        waiting.start()
        for byte in b"secret\n":
            caller.sendall(bytes((byte,)))
        waiting.join()
        assert found[0]
        found[0].close()


def test_listener_is_on_loopback_only(listener: socket.socket) -> None:
    with listener:
        assert listener.getsockname()[0] == "127.0.0.1"
