"""One cycle of the port, whatever the MIDI system: thru, records to the brain, due events from the brain.

One thread, the one that the MIDI system calls, owns an `Exchange`; everybody else posts commands and reads reports.
Nothing here blocks, and nothing waits for the brain: when it dies or stalls, what it sounded is ended and thru goes on.
"""

from __future__ import annotations

import socket
from collections import deque
from threading import Event
from typing import Any

from bridge.messages import INPUT, PLAY, RECORD, RESET, SILENCE, Record, Records, pack
from bridge.port.feedback import Feedback
from bridge.port.notes import is_onset
from bridge.port.outlet import Outlet
from music.wire import ALL_NOTES_OFF, CONTROL, NOTE_ON, PEDAL_DOWN, RESET_ALL, SUSTAIN, length

STALL_NS = 300_000_000
"""A brain that has said nothing for this long (it says something every 100 ms) is taken for dead until it speaks."""

LOOK_NS = 4_000_000
"""How often the port looks for what the brain has to say of its own accord (it costs a tenth of the idle load) ..."""
ALERT_NS = 50_000_000
"""... but in every cycle for this long after it has told the brain something."""

BACKLOG_LIMIT = 43_000 * RECORD.size
"""Input for a brain that does not read: four seconds of a flood of 10 000 messages a second, then it is dropped."""


PANICS = frozenset([*range(NOTE_ON, NOTE_ON + 16), *range(CONTROL, CONTROL + 16), RESET_ALL])
"""The status bytes that have to do with panics."""


class Exchange:
    """Thru, the line to the brain, and an `Outlet` per insert."""

    def __init__(self, inserts: int) -> None:
        self.outlets = [Outlet() for _ in range(inserts)]
        self.commands: deque[tuple[str, Any]] = deque()
        """Any thread: ("brain", socket), ("thru", [bool per insert]), the same as "scene_thru" (from the next note on),
        ("unplugged", insert), ("panic", None), ("resume", None), ("panic_cc", number or 0),
        ("knobs", [how their messages begin, per insert]), ("close", None)."""
        self.reports: deque[dict[str, Any]] = deque(maxlen=1000)
        """Any thread: what happened, oldest first."""
        self._feedback = Feedback(self.outlets, self.reports)
        self.closed = Event()
        """Set once a "close" has ended everything and the messages have left."""
        self._thru = [True] * inserts
        self._wanted = [True] * inserts  # thru of another scene waits for the next note
        self._knobs: list[frozenset[bytes]] = [frozenset()] * inserts
        self._brain: socket.socket | None = None
        self._records = Records()
        self._backlog = bytearray()
        self._heard_ns = 0
        self._looked_ns = self._alert_ns = 0
        self._stalled = False
        self._cycles_to_close = -1
        self._panic_cc = 0
        self._panicked = False

    def arrive(self, insert: int, data: bytes, time_ns: int) -> bool:
        """Take a message that came in; True where it must go through in the same cycle."""
        status = data[0] if data else 0xFF
        whole = 0 < len(data) == length(status)
        passes = status < 0xF1 and (whole or status == 0xF0)
        if passes and self._feedback.hears(insert, data, time_ns):
            return False
        if self._brain and whole:
            self._backlog += pack(Record(time_ns, 0, INPUT, insert, data))
        if data and status in PANICS:
            self._look_for_panic(data)
        if whole and self._thru[insert] != self._wanted[insert] and is_onset(data):
            self._thru[insert] = self._wanted[insert]
        if status > 0xF0 or data[:2] in self._knobs[insert]:
            return False
        if not self._thru[insert] and not (whole and self.outlets[insert].waits_for(data)):
            return False
        if whole:
            self.outlets[insert].passed(data)
        if passes:
            self._feedback.sent(insert, data, time_ns)
        return True

    def tell(self, records: list[Record]) -> None:
        """Have the brain told something beside what arrived."""
        if self._brain:
            self._backlog += b"".join(map(pack, records))

    def cycle(self, until_ns: int, now_ns: int) -> list[tuple[int, int, bytes]]:
        """(insert, due time, message) of all that leaves before `until_ns`, per insert in order."""
        if self._brain and (self._backlog or now_ns < self._alert_ns or now_ns - self._looked_ns >= LOOK_NS):
            if self._backlog:
                self._alert_ns = now_ns + ALERT_NS
                self._send()
            self._looked_ns = now_ns
            self._receive(now_ns)
        if self._cycles_to_close >= 0:
            self._cycles_to_close -= 1
            if self._cycles_to_close < 0:
                self.closed.set()
        leaving = [
            (insert, *event) for insert, outlet in enumerate(self.outlets) for event in outlet.due(until_ns, now_ns)
        ]
        self._watch(leaving, until_ns, now_ns)
        while self.commands:  # last: an end that comes in the cycle of an onset must not leave before it
            self._obey(*self.commands.popleft())
        return leaving

    def _watch(self, leaving: list[tuple[int, int, bytes]], until_ns: int, now_ns: int) -> None:
        """Show the feedback guard what leaves, and add its probes."""
        for insert, due_ns, data in leaving:
            self._feedback.sent(insert, data, max(due_ns, now_ns))
        if not self._feedback.stirred or self._cycles_to_close >= 0:
            return
        leaving += self._feedback.advance(until_ns - 1, self._thru)
        for insert, data in self._feedback.released():
            if self._brain:
                self._backlog += pack(Record(now_ns, 0, INPUT, insert, data))

    def next_due_ns(self) -> int | None:
        """When the next planned message leaves; None where nothing is planned."""
        return min((due for outlet in self.outlets if (due := outlet.next_due_ns) is not None), default=None)

    def _obey(self, command: str, value: Any) -> None:
        match command:
            case "brain":
                self._lose_brain()
                self._brain, self._records, self._heard_ns, self._stalled = value, Records(), 0, False
                self.reports.append({"brain": "here"})
            case "thru":
                self._pass(value)
            case "scene_thru":
                self._pass_next(value)
            case "unplugged":
                self._unplug(value)
            case "panic_cc":
                self._panic_cc = value
            case "knobs":
                self._knobs = value
            case "panic" | "resume":
                self._panic(over=command == "resume")
            case "close":
                self._panic(over=False)
                self._lose_brain()
                self._thru = self._wanted = [False] * len(self._thru)
                self._cycles_to_close = 2  # what was written must be read by its listeners before the ports go

    def _pass(self, thru: list[bool]) -> None:
        """Have what is changed count at once; what stays as a scene wanted it waits for its note still."""
        for insert, (was, is_on) in enumerate(zip(self._wanted, thru, strict=True)):
            if was != is_on:
                if not is_on:
                    self.outlets[insert].cut()
                self._thru[insert] = is_on
        self._wanted = list(thru)

    def _pass_next(self, thru: list[bool]) -> None:
        """Have it count from the next note on, where something is held: that ends on the way that it came."""
        self._wanted = list(thru)
        for insert, outlet in enumerate(self.outlets):
            if not outlet.passing:
                self._thru[insert] = thru[insert]

    def _panic(self, *, over: bool) -> None:
        self._panicked = not over
        for outlet in self.outlets:
            (outlet.resume if over else outlet.panic)()

    def _look_for_panic(self, data: bytes) -> None:
        """The panic controller, pressed once more, undoes a panic if nothing was played since."""
        status = data[0] & 0xF0
        if data[0] == RESET_ALL:
            self.reports.append({"pressed": "panic"})
        elif status == NOTE_ON and len(data) == 3 and data[2]:
            self._panicked = False
        elif status == CONTROL and len(data) == 3 and data[1] == self._panic_cc != 0 and data[2] >= PEDAL_DOWN:
            self.reports.append({"pressed": "resume" if self._panicked else "panic"})

    def _unplug(self, insert: int) -> None:
        """Whoever played into an insert is gone: nobody will release what is held."""
        self.outlets[insert].cut()
        self._feedback.doubt(insert)
        for channel in range(16):
            for number in (SUSTAIN, ALL_NOTES_OFF):
                self._backlog += pack(Record(0, 0, INPUT, insert, bytes((CONTROL | channel, number, 0))))

    def _send(self) -> None:
        """Give the brain what came in; a brain that does not read loses input, and is told so."""
        if len(self._backlog) > BACKLOG_LIMIT:
            del self._backlog[len(self._backlog) % RECORD.size :]  # the rest of a record that is half sent
            self._backlog += pack(Record(0, 0, RESET, 0, b""))
            self._silence()
            self.reports.append({"overrun": True})
        if self._backlog and self._brain:
            try:
                del self._backlog[: self._brain.send(self._backlog)]
            except BlockingIOError:
                pass
            except OSError:
                self._lose_brain()

    def _receive(self, now_ns: int) -> None:
        try:
            data = self._brain.recv(65_536) if self._brain else b""
        except BlockingIOError:
            if self._heard_ns and not self._stalled and now_ns - self._heard_ns > STALL_NS:
                self._stalled = True
                self._silence()
                self._backlog += pack(Record(0, 0, RESET, 0, b""))  # it must not believe that its notes still sound
                self.reports.append({"brain": "stalled"})
            return
        except OSError:
            data = b""
        if not data:
            self._lose_brain()
            return
        self._heard_ns = now_ns
        if self._stalled:
            self._stalled = False
            self.reports.append({"brain": "back"})
        for time_ns, deadline_ns, kind, insert, content in self._records.feed(data):
            if insert >= len(self.outlets):
                continue
            if kind == PLAY:
                self.outlets[insert].plan(time_ns, deadline_ns, content)
            elif kind == SILENCE:
                self.outlets[insert].silence()

    def _lose_brain(self) -> None:
        """Whatever ended it: silence, and no more input for it."""
        if self._brain:
            self._brain.close()
            self.reports.append({"brain": "gone"})
        self._brain = None
        self._backlog.clear()
        self._silence()

    def _silence(self) -> None:
        for outlet in self.outlets:
            outlet.silence()
