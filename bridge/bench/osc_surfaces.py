"""Surfaces that subscribe and move a fader each: `python -m bridge.bench.osc_surfaces PORT HOW_MANY RATE SECONDS`.

It says `moving` when they have begun, and tells at the end what they have heard of each other.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from contextlib import ExitStack, suppress

from bridge.bench.malformed import message

FADERS = ("density", "register", "surprise", "weight", "doubling", "velocity_follow")
RECEIVE_BUFFER = 1 << 20


def main() -> None:
    """Move."""
    port, many, rate = map(int, sys.argv[1:4])
    seconds = float(sys.argv[4])
    with ExitStack() as stack:
        surfaces = [stack.enter_context(_surface(port)) for _ in range(many)]
        print("moving", flush=True)  # noqa: T201 - to who started us
        start, heard = time.monotonic(), 0
        for step in range(int(rate * seconds)):
            time.sleep(max(0.0, start + step / rate - time.monotonic()))
            for surface, fader in zip(surfaces, FADERS, strict=False):
                surface.send(message(f"/continuo/1/{fader}", step % 128 / 127))
                heard += _heard(surface)
        taken = time.monotonic() - start
    print(json.dumps({"heard": heard, "seconds": taken}), flush=True)  # noqa: T201 - the same


def _surface(port: int) -> socket.socket:
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    link.connect(("127.0.0.1", port))
    link.send(message("/continuo/subscribe"))
    link.setblocking(False)
    return link


def _heard(link: socket.socket) -> int:
    """How many packets have come."""
    count = 0
    with suppress(BlockingIOError):
        while link.recv(65_536):
            count += 1
    return count


if __name__ == "__main__":
    main()
