"""What a running daemon says of itself, asked for by OSC as any surface would."""

from __future__ import annotations

import socket
import time
from typing import Any

from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from bridge.addresses import ROOT

PATIENCE_S = 0.5
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
