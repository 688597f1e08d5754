"""Throws malformed OSC packets at a port, as fast as it can: `python -m bridge.bench.osc_flooder PORT N SEED`.

A process of its own, so that it takes no time from the musician. It says `ready`, waits for a line, and tells at the
end what it has sent.
"""

from __future__ import annotations

import itertools
import json
import random
import socket
import sys
import time

from bridge.bench.malformed import Judge, malformed

DISTINCT = 32_768
"""Packets are made and judged beforehand, and sent round and round: making one takes longer than sending it."""


def main() -> None:
    """Flood."""
    port, count, seed = map(int, sys.argv[1:4])
    judge = Judge()
    harmless = filter(judge.harmless, malformed(random.Random(seed)))  # noqa: S311 - noise, not a secret
    packets = list(itertools.islice(harmless, min(count, DISTINCT)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.connect(("127.0.0.1", port))
        print("ready", flush=True)  # noqa: T201 - to who started us
        sys.stdin.readline()
        start = time.monotonic()
        sent = sum(_send(link, packet) for packet in itertools.islice(itertools.cycle(packets), count))
        seconds = time.monotonic() - start
    print(json.dumps({"sent": sent, "distinct": len(packets), "seconds": seconds}), flush=True)  # noqa: T201 - the same


def _send(link: socket.socket, packet: bytes) -> bool:
    try:
        link.send(packet)
    except OSError:  # the answer that nobody listens, from a daemon that has ended
        return False
    return True


if __name__ == "__main__":
    main()
