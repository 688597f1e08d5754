"""What is said by OSC, as packets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from bridge.control.state import Value

MAX_BUNDLE = 32_768
"""Bytes of state in one bundle; a datagram holds no more than 65 507."""


def message_of(address: str, *values: Value) -> bytes:
    """One message."""
    return bytes(_builder(address, *values).build().dgram)


def bundles(values: Iterable[tuple[str, Value]]) -> Iterator[bytes]:
    """All of them as one bundle; as several where they are too many for a datagram."""
    bundle, size = OscBundleBuilder(IMMEDIATELY), 0
    for value in values:
        message = _builder(*value).build()
        if size + message.size > MAX_BUNDLE:
            yield bundle.build().dgram
            bundle, size = OscBundleBuilder(IMMEDIATELY), 0
        bundle.add_content(message)
        size += message.size
    yield bundle.build().dgram


def _builder(address: str, *values: Value) -> OscMessageBuilder:
    builder = OscMessageBuilder(address)
    for value in values:
        for one in value if isinstance(value, list) else [value]:  # a list is the message's values, not one of them
            builder.add_arg(one)
    return builder
