"""The real port and the real brain in one process, under a clock in our hands: no sockets, no MIDI system, no waiting.

Time goes in the cycles of a JACK server while there is something to do, and jumps where there is not.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from bridge.bench.synth import Ledger, Synth
from bridge.brain.players import Players
from bridge.brain.session import DEADLINE_NS, Session
from bridge.messages import HEARTBEAT, HEARTBEAT_S, Record, Records, pack
from bridge.port.exchange import Exchange
from bridge.port.notes import is_release
from music.wire import NOTE_ON

PERIOD_NS = 1_333_333
"""64 frames at 48 kHz."""
LOST_NS = 20_000_000
"""As in `bridge.port.jack`, which only those with a JACK server can import."""
ROOM = 65_536
"""Bytes that the link holds while the brain does not read."""
BEAT_NS = int(HEARTBEAT_S * 1e9)
QUICK_NS, SLOW_NS = (100_000, 700_000), (3_000_000, 60_000_000)
SLOW = 0.01
"""How long the brain takes, and how often it is slow."""
WAKE_NS = 100_000
"""It turns no faster than this."""
NEVER = 1 << 62


class Wire:
    """What is on its way between port and brain. To the port it is a socket that does not block."""

    def __init__(self, dice: random.Random) -> None:
        self.up, self.down = bytearray(), bytearray()
        self.gone = False
        """The brain has ended."""
        self.shut = False
        """The port has ended, or let go."""
        self.refused = False
        self._dice = dice

    def send(self, data: bytes) -> int:
        """As much as there is room for, now and then less."""
        if self.gone:
            raise BrokenPipeError
        room = ROOM - len(self.up)
        self.refused = room < len(data)
        if room <= 0:
            raise BlockingIOError
        taken = min(room, len(data))
        if taken > 1 and self._dice.random() < 0.02:
            taken = self._dice.randrange(1, taken)
            self.refused = True
        self.up += data[:taken]
        return taken

    def recv(self, size: int) -> bytes:
        """What has come, cut anywhere."""
        if not self.down:
            if self.gone:
                return b""
            raise BlockingIOError
        if len(self.down) > 1 and self._dice.random() < 0.02:
            size = self._dice.randrange(1, len(self.down))
        data = bytes(self.down[:size])
        del self.down[:size]
        return data

    def close(self) -> None:
        """The port lets go."""
        self.shut = True


class Port:
    """An exchange and what `JackPorts` does around it; behind its outputs, listeners who count."""

    def __init__(self, inserts: int) -> None:
        self.exchange = Exchange(inserts)
        self.synths = [Synth() for _ in range(inserts)]
        self.ledgers = [Ledger() for _ in range(inserts)]
        self.incoming: list[tuple[int, int, bytes]] = []
        self.room = NEVER
        """Messages that the buffer of a cycle holds."""
        self.losing = 0
        """So many of the next cycles reach nobody."""
        self.noticed_ns = NEVER
        """When JACK tells of a lost cycle."""
        self.notes = 0
        self.wrong: list[str] = []
        """What should not have reached a listener."""
        self._let_go: set[tuple[int, int, int]] = set()  # insert, channel and pitch of keys that go up in this cycle
        self.may_sound: Callable[[int, int, int], bool] = lambda _insert, _channel, _pitch: True
        self.next_ns = 0

    def wants_ns(self, wire: Wire | None) -> int:
        """When the next cycle has something to do."""
        exchange = self.exchange
        waiting = self.incoming or exchange.commands or self.losing or self.noticed_ns <= self.next_ns
        if waiting or (wire and not wire.shut and (wire.down or wire.gone or wire.refused)):
            return self.next_ns
        due_ns = exchange.next_due_ns()
        soon_ns = self.next_ns + BEAT_NS if due_ns is None else min(due_ns, self.next_ns + BEAT_NS)
        return max(self.next_ns, soon_ns - soon_ns % PERIOD_NS)

    def cycle(self, now_ns: int) -> None:
        """As `JackPorts` does it."""
        exchange, until_ns = self.exchange, now_ns + PERIOD_NS
        self.next_ns = until_ns
        leaving: list[tuple[int, int, bytes, int | None]] = []
        for time_ns, insert, data in self.incoming:
            stamp_ns = min(max(time_ns + PERIOD_NS, now_ns), until_ns - 1)
            if exchange.arrive(insert, data, stamp_ns):
                leaving.append((stamp_ns, insert, data, None))
        self.incoming.clear()
        if now_ns >= self.noticed_ns:
            self.noticed_ns = NEVER
            for outlet in exchange.outlets:
                outlet.repeat(now_ns - LOST_NS)
        commands = list(exchange.commands)
        for insert, due_ns, data in exchange.cycle(until_ns, now_ns):
            leaving.append((min(max(due_ns, now_ns), until_ns - 1), insert, data, due_ns))
        leaving.sort(key=lambda event: event[0])
        self._write(now_ns, leaving)
        if self.losing:
            self.losing -= 1
        for command, value in commands:
            self._follow(command, value)

    def _write(self, now_ns: int, leaving: list[tuple[int, int, bytes, int | None]]) -> None:
        """Hand the cycle's messages to their listeners, as far as there is room for them."""
        dry = ((insert, data) for _, insert, data, due_ns in leaving if due_ns is None and is_release(data))
        self._let_go = {(insert, data[0] & 0x0F, data[1]) for insert, data in dry}
        for number, (_, insert, data, due_ns) in enumerate(leaving):
            if due_ns is None:
                self.ledgers[insert].passed(data)
            if number >= self.room:
                self.exchange.outlets[insert].refused(data)
                continue
            self.exchange.outlets[insert].sent(now_ns, data)
            if not self.losing:
                self._deliver(now_ns, insert, data, due_ns)

    def _deliver(self, now_ns: int, insert: int, data: bytes, due_ns: int | None) -> None:
        """A message reaches the listener; `due_ns`: it is the brain's, or the port's own where that is 0."""
        self.synths[insert].play(data)
        cuts = not self.ledgers[insert].arrived(data, dry=due_ns is None)
        if cuts and (insert, data[0] & 0x0F, data[1]) in self._let_go:
            cuts = False  # the key goes up in this very cycle, a millisecond later
        wrong = "cuts a key that is down" if cuts else ""
        if data[0] & 0xF0 == NOTE_ON and data[2]:
            self.notes += 1
            if due_ns and now_ns - due_ns > DEADLINE_NS:
                wrong = "late"
            elif due_ns and not self.may_sound(insert, data[0] & 0x0F, data[1]):
                wrong = "not asked for"
        if wrong:
            self.wrong.append(f"insert {insert + 1} at {now_ns} ns: {data.hex()} {wrong}")

    def _follow(self, command: str, value: Any) -> None:
        """What a command does to the dry notes."""
        for insert, ledger in enumerate(self.ledgers):
            off = command == "thru" and not value[insert]
            if command in ("panic", "close") or off or (command == "unplugged" and value == insert):
                ledger.cut()


class Brain:
    """A session and what the brain's process does around it."""

    def __init__(self, players: Players, dice: random.Random, now_ns: int) -> None:
        self.session = Session(players, now_ns)
        self.wire: Wire | None = None
        self.stalled_ns = 0
        """Until when it does nothing."""
        self._dice = dice
        self._records = Records()
        self._beat_ns = now_ns
        self._wake_ns = now_ns
        self._told: list[dict[str, Any]] = []
        self._ready_ns = 0

    def wants_ns(self) -> int:
        """When it turns next."""
        wakes_ns = min(self._beat_ns, self._wake_ns)
        wire = self.wire
        if self._told or (wire and (wire.up or wire.shut)):
            wakes_ns = min(wakes_ns, self._ready_ns)
        return max(wakes_ns, self.stalled_ns, self._ready_ns)

    def meet(self, wire: Wire, now_ns: int) -> None:
        """A port is there."""
        self.wire, self._records = wire, Records()
        self.session.meet_port(now_ns)
        self._send()

    def tell(self, message: dict[str, Any]) -> None:
        """What control says: it waits until it is read."""
        self._told.append(message)

    def turn(self, now_ns: int) -> None:
        """One turn of its loop."""
        told, self._told = self._told, []
        for message in told:
            self.session.obey(message, now_ns)
        wire = self.wire
        if wire and wire.up:
            data = bytes(wire.up)
            wire.up.clear()
            self.session.hear(self._records.feed(data), now_ns)
        if wire and wire.shut:
            self.wire = None
        self.session.advance(now_ns)
        if now_ns >= self._beat_ns:
            self._beat_ns = now_ns + BEAT_NS
            self.session.to_port.append(Record(0, 0, HEARTBEAT, 0, b""))
        self._send()
        wakes_ns = self.session.wake_ns(now_ns)
        low, high = SLOW_NS if self._dice.random() < SLOW else QUICK_NS
        self._ready_ns = now_ns + self._dice.randint(low, high)
        self._wake_ns = NEVER if wakes_ns is None else max(wakes_ns, now_ns + WAKE_NS)

    def _send(self) -> None:
        records, self.session.to_port = self.session.to_port, []
        if self.wire and not self.wire.shut:
            self.wire.down += b"".join(map(pack, records))


class House:
    """Port and brain, and an agenda: what is to be done at which moment. Either of the two may be missing."""

    def __init__(self, inserts: int, dice: random.Random) -> None:
        self.now_ns = 1
        self.inserts = inserts
        self.port: Port | None = None
        self.brain: Brain | None = None
        self.wire: Wire | None = None
        self.heard: Callable[[], None] = lambda: None
        """Called where one of them has something to say to control."""
        self.crashed: Callable[[Exception], None] = lambda _error: None
        """Called where the brain raises: its process would end."""
        self._dice = dice
        self._agenda: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._order = 0

    def at(self, ns: int, act: Callable[..., None], *arguments: Any) -> None:
        """Have something done at a moment; in the order in which it was asked for, if that is the same."""
        self._order += 1
        heappush(self._agenda, (max(ns, self.now_ns), self._order, act, arguments))

    def connect(self) -> None:
        """Let brain and port talk, where both are there."""
        if self.port and self.brain:
            self.wire = Wire(self._dice)
            self.port.exchange.commands.append(("brain", self.wire))
            self.brain.meet(self.wire, self.now_ns)

    def run(self, until_ns: int) -> None:
        """Let time pass."""
        while True:
            port_ns = self.port.wants_ns(self.wire) if self.port else NEVER
            brain_ns = self.brain.wants_ns() if self.brain else NEVER
            agenda_ns = self._agenda[0][0] if self._agenda else NEVER
            soonest_ns = min(port_ns, brain_ns, agenda_ns)
            if soonest_ns > until_ns:
                self.now_ns = until_ns
                return
            self.now_ns = max(self.now_ns, soonest_ns)
            if agenda_ns == soonest_ns:
                _, _, act, arguments = heappop(self._agenda)
                act(*arguments)
            elif port_ns == soonest_ns and self.port:
                self.port.cycle(soonest_ns)
                if self.port.exchange.reports:
                    self.heard()
            elif self.brain:
                self._think(self.brain)

    def _think(self, brain: Brain) -> None:
        try:
            brain.turn(self.now_ns)
        except Exception as error:  # noqa: BLE001 - whatever it is, it would be a traceback
            self.crashed(error)
        if brain.session.to_control:
            self.heard()
