"""No MIDI system: a melody is played into the exchange in real time, and what comes out is reported."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Iterable

from bridge.port.cables import Cable, Wish
from bridge.port.exchange import Exchange
from bridge.port.names import port_names

POLL_S = 0.001


class LoopbackPorts:
    """A musician made of a list of messages, and a tape recorder."""

    backend = "loopback"

    def __init__(self, exchange: Exchange, inserts: int, name: str, _wishes: Iterable[Wish] = ()) -> None:
        self._exchange = exchange
        self.ports = port_names(name, inserts)
        self._melody: list[tuple[int, bytes]] = []
        self._start_ns, self._tail_s = time.monotonic_ns(), 0.0
        self._thread = threading.Thread(target=self._run, name="loopback", daemon=True)
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin; from here on the thread owns the exchange."""
        self._thread.start()

    def play(self, melody: list[tuple[int, str]], tail_s: float) -> None:
        """Play (ns from now, message in hex) into the first insert; `{"done": true}` is reported so long after it."""
        self._start_ns, self._tail_s = time.monotonic_ns(), tail_s
        self._melody = [(time_ns, bytes.fromhex(data)) for time_ns, data in melody]

    def remember(self, _cables: Iterable[Cable]) -> None:
        """There are none here."""

    def look(self) -> None:
        """Nobody comes or goes here."""

    def close(self) -> None:
        """Stop the thread."""
        self._stop.set()
        self._thread.join(timeout=1)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._cycle(time.monotonic_ns())
            except Exception as error:  # noqa: BLE001 - a dead thread would never end the melody
                self._exchange.reports.append({"fault": repr(error)})
            time.sleep(POLL_S)

    def _cycle(self, now_ns: int) -> None:
        melody = self._melody
        if melody:
            end = bisect_left(melody, (now_ns - self._start_ns, b""))
            self._melody = melody[end:]
            for time_ns, data in melody[:end]:
                if self._exchange.arrive(0, data, self._start_ns + time_ns):
                    self._report(0, self._start_ns + time_ns, data)
            if not self._melody:
                threading.Timer(self._tail_s, self._exchange.reports.append, [{"done": True}]).start()
        for insert, due_ns, data in self._exchange.cycle(now_ns + 1, now_ns):
            self._report(insert, max(due_ns, self._start_ns), data)

    def _report(self, insert: int, time_ns: int, data: bytes) -> None:
        self._exchange.reports.append({"played": [insert, time_ns - self._start_ns, data.hex()]})
