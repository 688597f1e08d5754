"""Asks for the whole tree of addresses as fast as it is given: `python -m bridge.bench.http_caller PORT SECONDS`."""

from __future__ import annotations

import http.client
import sys
import time


def main() -> None:
    """Ask; tells how often it was answered."""
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    answers, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        line.request("GET", "/")
        answers += len(line.getresponse().read()) > 0
        line.close()
    print(answers)  # noqa: T201 - to who started us


if __name__ == "__main__":
    main()
