"""OSC packets that are wrong in every way we know of, and a judge who says that they change nothing."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from copy import deepcopy

from pythonosc.osc_message_builder import OscMessageBuilder

from bridge import presets
from bridge.actions import ACTIONS
from bridge.addresses import INSERT, PART, ROOT, defaults
from bridge.bench.mutation import mutate
from bridge.control.osc import OscServer
from bridge.control.state import Desk
from bridge.daemon_addresses import DAEMON

HERE = ("127.0.0.1", 9)
LARGEST = 65_507
"""Bytes in a UDP datagram, at most."""
NOW = struct.pack(">Q", 1)
YEARS_AHEAD = struct.pack(">Q", 0xF000_0000_0000_0000)
NAN, INFINITE = float("nan"), float("inf")
WRONG: tuple[object, ...] = ("", "nonsense", 10**6, -(2**31), 2**40, NAN, INFINITE, 1e30, b"blob", [1, [2]])


class Replies:
    """What a server sends, instead of a socket."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []

    def sendto(self, packet: bytes, _: object) -> None:
        """Keep it."""
        self.packets.append(packet)

    def is_closing(self) -> bool:
        """Never."""
        return False


class Judge:
    """A server of its own, asked what a packet does; each packet finds it as if it were the first."""

    def __init__(self) -> None:
        self.desk = Desk([presets.DEFAULT])
        self.done: list[object] = []
        self.replies = Replies()
        self._first = deepcopy(self.desk.inserts)
        self._before = list(self.desk.values())
        self._server = self._new()

    def serve(self, packet: bytes) -> tuple[int, int]:
        """How many answers a packet gets, and how many of them are errors."""
        if self.done or self.replies.packets:
            self.desk.inserts = deepcopy(self._first)
            self.desk.daemon = defaults(DAEMON)
            self.done.clear()
            self.replies.packets.clear()
            self._server = self._new()
        self._server.serve(packet, HERE)
        errors = sum(answer.startswith(b"/continuo/error") for answer in self.replies.packets)
        return len(self.replies.packets), errors

    def harmless(self, packet: bytes) -> bool:
        """Whether it is refused or passed over, all of it, and nothing is done."""
        answers, errors = self.serve(packet)
        return answers == errors and not self.done and list(self.desk.values()) == self._before

    def _new(self) -> OscServer:
        server = OscServer(self.desk, self.done.append, lambda command, _values: self.done.append(command))
        server.connection_made(self.replies)  # type: ignore[arg-type]
        return server


def message(address: str, *values: object) -> bytes:
    """A whole message."""
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    return bytes(builder.build().dgram)


def bundle(elements: list[bytes], when: bytes = NOW) -> bytes:
    """A bundle of whole elements."""
    return b"#bundle\0" + when + b"".join(struct.pack(">i", len(element)) + element for element in elements)


def addresses() -> list[str]:
    """Every address that the first insert has."""
    found = [action.address.replace("<insert>", "1") for action in ACTIONS]
    found += [f"{ROOT}/{parameter.name}" for parameter in DAEMON]
    found += [f"{ROOT}/1/{parameter.name}" for parameter in INSERT]
    return found + [f"{ROOT}/1/part/1/{parameter.name}" for parameter in PART]


def whole() -> list[bytes]:
    """Packets as surfaces send them: something to mutate."""
    values = (None, 1, 0.5, "satb", True)
    found = [message(address, *([] if value is None else [value])) for address in addresses() for value in values]
    return [*found, bundle(found[:6]), bundle([bundle(found[6:8]), found[9]], YEARS_AHEAD)]


def malformed(dice: random.Random) -> Iterator[bytes]:
    """Packets without end: mutated, cut, random, huge, deep, with wrong types, sizes and times."""
    known, names = whole(), addresses()
    while True:
        match dice.randrange(100):
            case kind if kind < 40:
                yield mutate(dice.choice(known), dice, LARGEST)
            case kind if kind < 55:
                packet = dice.choice(known)
                yield packet[: dice.randrange(len(packet))]
            case kind if kind < 70:
                yield dice.randbytes(dice.randrange(200))
            case kind if kind < 85:
                yield message(dice.choice(names), *dice.sample(WRONG, dice.randint(1, 3)))
            case kind if kind < 90:
                yield deep(dice.choice(known), dice.randrange(1, 400))
            case kind if kind < 94:
                yield bundle([dice.randbytes(dice.randrange(40)) for _ in range(dice.randrange(9))], YEARS_AHEAD)
            case kind if kind < 97:
                size = dice.choice((-1, -4, -20, 0, 2**31 - 1, -(2**31)))
                yield b"#bundle\0" + NOW + struct.pack(">i", size) + dice.choice(known)
            case kind if kind < 99:
                yield bundle([b"/\0\0\0,\0\0\0"] * dice.randrange(129, 400))
            case _:
                yield dice.choice((b"", b"/", b"#bundle\0")) + dice.randbytes(dice.randrange(5000, 60_000))


def deep(packet: bytes, depth: int) -> bytes:
    """Bundles in bundles, as many as a datagram holds."""
    while depth and len(packet) < LARGEST - 20:
        packet = bundle([packet])
        depth -= 1
    return packet
