"""OSC packets taken apart within bounds, before python-osc reads the messages in them.

python-osc 1.9 walks bundles without looking at their sizes: one of negative size is walked for ever, a deep one ends in
a RecursionError, and what it does not know it writes to stderr (measured: 2026-11). Source: OSC 1.0 specification.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from pythonosc.osc_message import OscMessage

from music.errors import ContinuoError

MAX_BYTES = 4096
"""Packets of real surfaces have less than half of it; reading one that is full takes milliseconds, not seconds."""
MAX_DEPTH = 4
"""Bundles in bundles. Surfaces send none."""
MAX_MESSAGES = 128
MAX_ARRAYS = 4

_BUNDLE = b"#bundle\0"
_HEAD = len(_BUNDLE) + 8  # the time tag
_SIZE = struct.Struct(">i")
_KNOWN = b"ifsbhdrmtTFNI[]"
_NOTHING = bytes.maketrans(b"I", b"N")  # an impulse, which python-osc does not know, is no value either


class PacketRefused(ContinuoError):  # noqa: N818 - the name says what happened
    """These bytes are no OSC, or more of it than anybody needs."""


def messages(data: bytes) -> list[OscMessage]:
    """The messages of a packet in their order, time tags not waited for; PacketRefused where it is none."""
    if len(data) > MAX_BYTES:
        raise PacketRefused(f"this packet has more than {MAX_BYTES} bytes")
    found: list[OscMessage] = []
    left = [(data, 0)]
    while left:
        packet, depth = left.pop()
        if not packet.startswith(_BUNDLE):
            found.append(_message(packet))
        elif depth == MAX_DEPTH:
            raise PacketRefused(f"this packet nests bundles more than {MAX_DEPTH} deep")
        else:
            left += [(element, depth + 1) for element in reversed(list(_elements(packet)))]
        if len(found) + len(left) > MAX_MESSAGES:
            raise PacketRefused(f"this packet holds more than {MAX_MESSAGES} messages")
    return found


def values(message: OscMessage) -> list[object]:
    """What a message says: nil and impulse are no values."""
    return [value for value in message.params if value is not None]


def _elements(bundle: bytes) -> Iterator[bytes]:
    at = _HEAD
    if len(bundle) < at:
        raise PacketRefused("this packet is no OSC: its bundle breaks off")
    while at < len(bundle):
        size = _SIZE.unpack_from(bundle, at)[0] if at + _SIZE.size <= len(bundle) else 0
        at += _SIZE.size
        if not 0 < size <= len(bundle) - at:
            raise PacketRefused("this packet is no OSC: its bundle does not hold what it says")
        yield bundle[at : at + size]
        at += size


def _message(data: bytes) -> OscMessage:
    if not data.startswith(b"/"):
        raise PacketRefused("this packet is no OSC")
    start = _after_string(data, 0)
    tags = data[start : max(data.find(0, start), start)]
    unknown = tags[1:].translate(None, _KNOWN)
    if unknown:
        raise PacketRefused(f"this packet has values of a type that is not known here ({chr(unknown[0])!r})")
    if tags.count(b"[") > MAX_ARRAYS:
        raise PacketRefused(f"this packet has more than {MAX_ARRAYS} arrays")
    if b"I" in tags:
        data = data[:start] + tags.translate(_NOTHING) + data[start + len(tags) :]
    try:
        return OscMessage(data)
    except Exception as error:
        raise PacketRefused("this packet is no OSC") from error


def _after_string(data: bytes, start: int) -> int:
    """Where what follows a string begins: strings end with a zero and are filled up to a multiple of four."""
    end = data.find(0, start)
    return len(data) if end < 0 else end + 4 - end % 4
