"""What the three processes say to each other.

port <-> brain: fixed records of 24 bytes, so that a stream can be cut anywhere and nothing is parsed in the MIDI
callback. control <-> port and control <-> brain: one JSON object a line. All of it over loopback sockets, because
they work the same on every system; the first line of each connection is a secret that only the daemon's own
processes know. A socket that ends means that its process ended: that is how each learns of the other's death.
"""

from __future__ import annotations

import hmac
import json
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from music.wire import CONTROL

RECORD = struct.Struct("<qqBBB3s2x")

INPUT = 1
"""port to brain: bytes arrived at `time_ns`."""
PLAY = 2
"""brain to port: send these bytes at `time_ns`; an onset later than `deadline_ns` is dropped."""
SILENCE = 3
"""brain to port: drop all that is planned for this insert and end all that the brain sounds there."""
HEARTBEAT = 4
"""brain to port: still here."""
RESET = 5
"""port to brain: input was lost, nothing is held any more."""

TEMPO = 6
"""port to brain: JACK's tempo; `deadline_ns` is what a quarter note lasts. It comes before a `POSITION`."""
POSITION = 7
"""port to brain: where JACK's song stands at `time_ns`; `deadline_ns` is the beat (quarter note) times `BEAT_SCALE`,
the bytes are: whether it rolls, beats in a bar, the note that such a beat is."""
BEAT_SCALE = 1_000_000

HEARTBEAT_S = 0.1
TOKEN_VARIABLE = "CONTINUO_TOKEN"  # noqa: S105 - the name of the variable, not the token


class Record(NamedTuple):
    """One message between port and brain. Times are `time.monotonic_ns()`."""

    time_ns: int
    deadline_ns: int
    kind: int
    insert: int
    data: bytes


class Beats(NamedTuple):
    """brain to control: where the beats fall from `time_ns` on, for whoever writes down what was played."""

    time_ns: int
    beat: float
    """Of the brain's own beats: they begin anew with every brain."""
    ns_per_beat: float
    numerator: int
    denominator: int
    ahead: int | None
    """By how many beats the song is ahead of them; None where nobody knows."""


def pack(record: Record) -> bytes:
    """The record as 24 bytes."""
    time_ns, deadline_ns, kind, insert, data = record
    return RECORD.pack(time_ns, deadline_ns, kind, insert, len(data), data)


class Records:
    """Cuts a byte stream into records, whatever the pieces it comes in."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Record]:
        """The records that are whole by now."""
        data = self._rest + data if self._rest else data
        whole = len(data) - len(data) % RECORD.size
        self._rest = data[whole:]
        for time_ns, deadline_ns, kind, insert, length, content in RECORD.iter_unpack(data[:whole]):
            yield Record(time_ns, deadline_ns, kind, insert, content[:length])


def headers(controllers: Iterable[tuple[int, int]]) -> frozenset[bytes]:
    """How the messages of controllers begin: status and number, of (channel from 1 or 0 for all, number)."""
    return frozenset(
        bytes((CONTROL | on, number))
        for channel, number in controllers
        for on in (range(16) if channel == 0 else [channel - 1])
    )


class Lines:
    """Cuts a byte stream into JSON objects, one a line."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The objects that are whole by now; ValueError where a line is none."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        yield from (_object(line) for line in lines if line)


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except RecursionError:
        found = None
    if not isinstance(found, dict):
        raise ValueError("this line is no JSON object")  # noqa: TRY004 - whatever is wrong with a line is one error
    return found


def line(message: dict[str, Any]) -> bytes:
    """A JSON object as one line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def listen() -> socket.socket:
    """A socket on a free loopback port for the daemon's own processes."""
    return socket.create_server(("127.0.0.1", 0), backlog=8)


def connect(port: int) -> socket.socket:
    """A connection to another of the daemon's processes, its secret already said."""
    link = socket.create_connection(("127.0.0.1", port), timeout=5)
    link.settimeout(None)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.sendall(os.environ[TOKEN_VARIABLE].encode() + b"\n")
    return link


def accept(listener: socket.socket) -> socket.socket | None:
    """The next connection, or None where the caller does not know the secret."""
    try:
        link, _ = listener.accept()
    except OSError:  # who called has hung up already
        return None
    link.settimeout(1)
    token = os.environ[TOKEN_VARIABLE].encode() + b"\n"
    said = b""
    try:
        while len(said) < len(token) and (piece := link.recv(len(token) - len(said))):
            said += piece
    except OSError:
        said = b""
    if not hmac.compare_digest(said, token):
        link.close()
        return None
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.settimeout(None)
    return link
