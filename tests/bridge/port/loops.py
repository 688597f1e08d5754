"""An exchange whose output comes back into an input after a while, a musician, a brain of few words, and a clock."""

from __future__ import annotations

import socket
from collections import deque
from typing import Any

from bridge.bench.synth import Synth
from bridge.messages import HEARTBEAT, INPUT, PLAY, Record, Records, pack
from bridge.port.exchange import Exchange
from bridge.port.feedback import PROBE

MS = 1_000_000
STEP_NS = MS // 2
IDLE_NS = 10 * MS
FOREVER = 2**62


class Room:
    """`cables`: (output, input, delay in ms). All that leaves an output is in its log and sounds in its synth."""

    def __init__(self, *cables: tuple[int, int, float], inserts: int = 1) -> None:
        self.exchange = Exchange(inserts)
        self.cables = list(cables)
        self.now = 10**9
        self.synths = [Synth() for _ in range(inserts)]
        self.log: list[list[tuple[int, bytes]]] = [[] for _ in range(inserts)]
        self.passed: list[tuple[bytes, bool]] = []
        """What was played, and whether it passed in its cycle."""
        self.reports: list[dict[str, Any]] = []
        self.brain: socket.socket | None = None
        self.told: list[Record] = []
        self.voices: tuple[int, ...] = ()
        self._held: set[int] = set()
        self._records = Records()
        self._coming: deque[tuple[int, int, bytes]] = deque()

    def meet(self, *voices: int) -> None:
        """Have a brain that adds voices on channel 2, so many semitones beneath whatever it hears on channel 1."""
        ours, self.brain = socket.socketpair()
        for end in (ours, self.brain):
            end.setblocking(False)
        self.voices = voices
        self.exchange.commands.append(("brain", ours))
        self.wait(1)

    def play(self, *messages: bytes, insert: int = 0) -> None:
        """Play at this moment."""
        for data in messages:
            self.passed.append((data, self._arrive(insert, data)))

    def wait(self, ms: float) -> None:
        """Let time pass."""
        end = self.now + int(ms * MS)
        while self.now < end:
            first = min((time_ns for time_ns, _, _ in self._coming), default=end)
            idle_ns = min(self.now + IDLE_NS, first, end)
            self.now = self.now + STEP_NS if self.brain else max(self.now + STEP_NS, idle_ns)
            coming = [one for one in self._coming if one[0] <= self.now]
            self._coming = deque(one for one in self._coming if one[0] > self.now)
            for _, insert, data in sorted(coming, key=lambda one: one[0]):
                self._arrive(insert, data)
            for insert, _, data in self.exchange.cycle(self.now + 1, self.now):
                self._leave(insert, data)
            self.reports += self.exchange.reports
            self.exchange.reports.clear()
            self._think()

    def probes(self, insert: int = 0) -> list[bytes]:
        return [data for _, data in self.log[insert] if is_probe(data)]

    def notes(self, insert: int = 0) -> list[bytes]:
        """All that has left, without the probes."""
        return [data for _, data in self.log[insert] if not is_probe(data)]

    def feedback(self) -> list[Any]:
        return [report["loop_ms"] for report in self.reports if "feedback" in report]

    def cut(self) -> None:
        """The loop ends. One that is not known yet ends by a pulled cable, which the system tells."""
        self.cables.clear()
        if not self.feedback():
            self._coming.clear()
            self.exchange.commands.append(("unplugged", 0))

    def close(self) -> None:
        self.exchange.commands.append(("close", None))
        self.exchange.cycle(self.now, self.now)
        if self.brain:
            self.brain.close()

    def _arrive(self, insert: int, data: bytes) -> bool:
        passes = self.exchange.arrive(insert, data, self.now)
        if passes:
            self._leave(insert, data)
        return passes

    def _leave(self, insert: int, data: bytes) -> None:
        self.synths[insert].play(data)
        self.log[insert].append((self.now, data))
        for output, target, delay_ms in self.cables:
            if output == insert:
                self._coming.append((self.now + int(delay_ms * MS), target, data))

    def _think(self) -> None:
        if not self.brain:
            return
        self.brain.sendall(pack(Record(0, 0, HEARTBEAT, 0, b"")))
        try:
            heard = list(self._records.feed(self.brain.recv(1 << 16)))
        except BlockingIOError:
            heard = []
        self.told += heard
        for record in heard:
            if record.kind != INPUT or record.data[0] not in (0x80, 0x90):
                continue
            begins, pitch = record.data[0] == 0x90, record.data[1]
            if begins != (pitch in self._held):  # struck again, its voices go on
                (self._held.add if begins else self._held.discard)(pitch)
                for voice in self.voices:
                    answer = bytes((record.data[0] | 1, record.data[1] - voice, record.data[2]))
                    self.brain.sendall(pack(Record(self.now + MS, FOREVER, PLAY, record.insert, answer)))


def is_probe(data: bytes) -> bool:
    return data[0] & 0xF0 == 0xB0 and data[1] == PROBE


def on(pitch: int, velocity: int = 80) -> bytes:
    return bytes((0x90, pitch, velocity))


def off(pitch: int) -> bytes:
    return bytes((0x80, pitch, 64))
