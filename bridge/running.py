"""What a running daemon says of itself, and a capture of it, asked for by OSC as any surface would."""

from __future__ import annotations

import socket
import time
from typing import Any

from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from bridge.addresses import ROOT
from music.errors import ContinuoError

PATIENCE_S = 0.5
CAPTURE_S = 60.0
"""How long a capture may take: one of a flood has hundreds of thousands of messages."""
MOST_BYTES = 65_535

State = dict[str, Any]
"""Value by address below the root: `1/p99`, `leader` ..."""


def state(port: int) -> State:
    """Everything that can be read of the daemon on this port; empty where none answers."""
    found: State = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(PATIENCE_S)
        asking.sendto(OscMessageBuilder(f"{ROOT}/state").build().dgram, ("127.0.0.1", port))
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                packet = OscPacket(asking.recv(MOST_BYTES))
            except OSError:  # nobody there, or nothing more to say
                break
            for timed in packet.messages:
                values = list(timed.message.params)
                name = timed.message.address.removeprefix(f"{ROOT}/")
                found[name] = values[0] if len(values) == 1 else values
            asking.settimeout(0.05)
    return found


def capture(port: int, minutes: float) -> str:
    """Have the daemon on this port write the last minutes; gives the file. ContinuoError where it cannot be."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect(("127.0.0.1", port))
        _await(asking, "pong", PATIENCE_S, port, "ping")
        return str(_await(asking, "captured", CAPTURE_S, port, "capture", minutes)[0])


def _await(asking: socket.socket, answer: str, patience_s: float, port: int, name: str, *values: float) -> list[Any]:
    """The values of the answer to a question; ContinuoError where it is refused or does not come."""
    question = OscMessageBuilder(f"{ROOT}/{name}")
    for value in values:
        question.add_arg(value)
    asking.send(question.build().dgram)
    until = time.monotonic() + patience_s
    try:
        while (left := until - time.monotonic()) > 0:
            asking.settimeout(left)
            for timed in OscPacket(asking.recv(MOST_BYTES)).messages:
                given = list(timed.message.params)
                if timed.message.address == f"{ROOT}/{answer}":
                    return given
                if timed.message.address == f"{ROOT}/error" and given[2] == f"{ROOT}/{name}":
                    raise ContinuoError(*str(given[1]).split(". ", 1))
    except OSError:  # nobody listens there, or nothing was said
        pass
    raise ContinuoError(f"no Continuo answers on OSC port {port}", "Start one (continuo run), or give its --osc-port")
