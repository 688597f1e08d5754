"""A loop from an output back into its input: suspected, proved by a probe, and then only the echo is kept out.

What arrives is suspicious where it equals what has just been sent and the key still sounds: no key can be pressed
twice. But a note-off may be lost, a pad struck again, a sequencer repeat itself, so nothing is taken for an echo until
a probe, a controller that means nothing to anybody, has gone out and come back.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from bridge.port.echoes import Echoes
from bridge.port.outlet import Outlet
from bridge.port.tally import Key, Tally
from music.wire import CONTROL, NOTE_OFF, NOTE_ON

MEMORY_NS = 150_000_000
"""A host's loop is shorter: a block on the way in, one on the way out, some for its mixer."""
RUN = 12
"""Notes in a row that equal one just sent: suspicious even where each has ended before it comes again."""
FLOOD = 128
"""The same of what is no note: a pedal or wheel that goes round and round."""
PROBE = 119
"""Undefined (MIDI 1.0 Detailed Specification, table III). Its value says whose probe it is."""
RETURN_NS = 250_000_000
"""A probe that has not come back by then does not."""
TRIES = 2
"""An xrun loses a cycle, and a probe with it."""
PAUSE_NS = 5_000_000_000
"""After two probes in vain nothing is suspicious for this long."""
AGAIN_NS = 2_000_000_000
"""How often a known loop is probed."""


class Guard:
    """What one insert knows of a loop from its output to its input. One thread owns it."""

    def __init__(self, insert: int, outlet: Outlet) -> None:
        self.loop_ns: int | None = None
        """How long a known loop takes, None where none is known."""
        self.released: list[Key] = []
        """What was struck by an echo and has been ended; whoever tells the brain clears it."""
        self.probe = b""
        """The probe that is out or about to leave, empty where there is none."""
        self._insert = insert
        self._outlet = outlet
        self._newer: dict[bytes, int] = {}  # what was sent, and when; no releases
        self._older: dict[bytes, int] = {}
        self._turned_ns = 0
        self._ghosts: set[Key] = set()  # dry notes that an echo may have struck
        self._doubts: dict[Key, int] = {}  # dry notes under which a release was taken for an echo, and when
        self._run = self._flood = 0
        self._probe_ns: int | None = None  # when it left
        self._last_probe, self._last_ns = b"", 0
        self._count = 0
        self._channel = 0
        self._failed = 0
        self._suspects_ns = 0  # from then on
        self._proved_ns = 0
        self._echoes = Echoes()
        self._tally = Tally()

    def sent(self, data: bytes, time_ns: int) -> None:
        """Note what leaves."""
        kind = data[0] & 0xF0
        if kind != NOTE_OFF and (kind != NOTE_ON or data[2]):
            if time_ns - self._turned_ns > MEMORY_NS:
                self._older, self._newer, self._turned_ns = self._newer, {}, time_ns
            self._newer[data] = time_ns
        if self.loop_ns is not None:
            if kind in (NOTE_OFF, NOTE_ON):
                self._tally.sent(data, time_ns, holds=self._dry(data))
            self._echoes.sent(data, time_ns, self.loop_ns)
        elif self._probe_ns is not None:  # what leaves after the probe comes back after it
            if kind in (NOTE_OFF, NOTE_ON):
                self._tally.sent(data, time_ns, holds=False)
            self._echoes.sent(data, time_ns, RETURN_NS)

    def hears(self, data: bytes, time_ns: int) -> bool:
        """Whether what arrives is an echo, and goes no further."""
        kind = data[0] & 0xF0
        release = kind == NOTE_OFF or (kind == NOTE_ON and not data[2])
        if self.loop_ns is not None and self._comes_back(data, time_ns, self.loop_ns, release=release):
            return True
        if release:
            if self._ghosts:
                self._ghosts.discard((data[0] & 0x0F, data[1]))
            return False
        sent_ns = self._newer.get(data) or self._older.get(data)
        if sent_ns == time_ns:  # twice in one cycle says nothing
            return False
        equal = sent_ns is not None and time_ns - sent_ns < MEMORY_NS
        if kind == NOTE_ON:
            self._struck(data, time_ns, equal=equal)
        else:
            self._flood = self._flood + 1 if equal else 0
            if self._flood >= FLOOD:
                self._suspect(data[0] & 0x0F, time_ns)
        return False

    def returns(self, data: bytes, time_ns: int) -> bool:
        """Whether this is our probe that comes back, however late."""
        if self._probe_ns is None or data != self.probe:
            return data == self._last_probe and time_ns - self._last_ns < AGAIN_NS
        if self.loop_ns is None:
            self._tally.begin(lambda key: key not in self._ghosts and self._outlet.sounds(*key)[0])
        else:
            self._settle(self._probe_ns)
        self.loop_ns = max(time_ns - self._probe_ns, 0)
        self._last_probe, self._last_ns, self.probe, self._probe_ns = data, time_ns, b"", None
        self._proved_ns = time_ns
        self._failed = 0
        return True

    def advance(self, now_ns: int) -> bytes:
        """Let time pass; gives the probe that leaves now, after all that has been noted as sent."""
        if self._probe_ns is not None and now_ns - self._probe_ns > RETURN_NS:
            self._in_vain(now_ns)
        if self.loop_ns is not None and not self.probe and now_ns - self._proved_ns > AGAIN_NS:
            self._ask()
        if self.probe and self._probe_ns is None:
            self._probe_ns = now_ns
            return self.probe
        return b""

    def doubt(self) -> None:
        """A cable was pulled: probe a known loop at once."""
        self._proved_ns = -AGAIN_NS

    def disown(self) -> None:
        """End what an echo may have struck, or a release that was taken for one should have ended."""
        doubtful = self._ghosts | self._doubts.keys()
        for key in doubtful:
            self._outlet.disown(*key)
        self.released += doubtful
        self._ghosts.clear()
        self._doubts.clear()

    def _comes_back(self, data: bytes, time_ns: int, loop_ns: int, *, release: bool) -> bool:
        """Whether what arrives from a known loop is expected; of a note it is remembered what that leaves open."""
        echo = self._echoes.comes(data, time_ns, loop_ns)
        if data[0] & 0xF0 in (NOTE_OFF, NOTE_ON):
            key = (data[0] & 0x0F, data[1])
            self._tally.heard(data, time_ns, holds=self._dry(data))
            if not echo:
                self._doubts.pop(key, None)
            elif release:
                self._doubts[key] = time_ns
        return echo

    def _settle(self, left_ns: int) -> None:
        """All that was sent before the probe left has come back: a doubtful note that nobody holds is ended."""
        settled = [key for key, when_ns in self._doubts.items() if when_ns < left_ns]
        for key in settled:
            del self._doubts[key]
            if not self._tally.holds(key):
                self._outlet.disown(*key)
                self.released.append(key)
        self._tally.settle(left_ns)

    def _dry(self, data: bytes) -> bool:
        return self._outlet.sounds(data[0] & 0x0F, data[1])[0]

    def _struck(self, data: bytes, time_ns: int, *, equal: bool) -> None:
        channel, pitch = data[0] & 0x0F, data[1]
        if not equal:
            if self._ghosts:
                self._ghosts.discard((channel, pitch))
            self._run = 0
            return
        self._run += 1
        dry, wet = self._outlet.sounds(channel, pitch)
        if not dry:
            self._ghosts.add((channel, pitch))
        if dry or wet or self._run >= RUN:
            self._suspect(channel, time_ns)

    def _suspect(self, channel: int, time_ns: int) -> None:
        if self.loop_ns is None and not self.probe and time_ns >= self._suspects_ns:
            self._channel = channel
            self._ask()

    def _ask(self) -> None:
        self._count += 1
        self.probe = bytes((CONTROL | self._channel, PROBE, (self._count & 7) << 4 | self._insert & 0x0F))
        self._probe_ns = None
        if self.loop_ns is None:
            self._echoes.clear()
            self._tally.clear()

    def _in_vain(self, now_ns: int) -> None:
        self._last_probe, self._last_ns, self.probe, self._probe_ns = self.probe, now_ns, b"", None
        self._failed += 1
        if self._failed >= TRIES:
            self._failed = self._run = self._flood = 0
            self._suspects_ns = now_ns + PAUSE_NS
            self.loop_ns = None
            self._echoes.clear()
        elif self.loop_ns is not None:
            self._ask()


class Feedback:
    """The guards of all inserts. A chain, one insert's output into another's input, is none of their business."""

    def __init__(self, outlets: list[Outlet], reports: deque[dict[str, Any]]) -> None:
        self.stirred = False
        """Whether there is anything to do but to listen: a probe, a loop."""
        self._guards = [Guard(insert, outlet) for insert, outlet in enumerate(outlets)]
        self._reports = reports
        self._relayed: dict[int, bytes] = {}  # the newest foreign probe of each insert
        self._relay: list[tuple[int, bytes]] = []
        self._known = [False] * len(outlets)

    def hears(self, insert: int, data: bytes, time_ns: int) -> bool:
        """Whether a whole voice message or system exclusive that arrives goes no further: an echo, or a probe."""
        if data[0] & 0xF0 == CONTROL and data[1] == PROBE and self._probes(insert, data, time_ns):
            return True
        guard = self._guards[insert]
        if guard.hears(data, time_ns):
            return True
        if guard.probe:
            self.stirred = True
        return False

    def sent(self, insert: int, data: bytes, time_ns: int) -> None:
        """Note a whole voice message or system exclusive that leaves."""
        self._guards[insert].sent(data, time_ns)

    def doubt(self, insert: int) -> None:
        """A cable was pulled from an insert: its loop may be gone."""
        self._guards[insert].doubt()

    def advance(self, end_ns: int, thru: list[bool]) -> list[tuple[int, int, bytes]]:
        """Let time pass; gives the probes that leave at the end of this cycle, as the exchange's cycle does."""
        guards = enumerate(self._guards)
        leaving = [(insert, end_ns, probe) for insert, guard in guards if (probe := guard.advance(end_ns))]
        if self._relay:
            leaving += [(insert, end_ns, probe) for insert, probe in self._relay if thru[insert]]
            self._relay.clear()
        for insert, guard in enumerate(self._guards):
            if self._known[insert] != (guard.loop_ns is not None):
                self._known[insert] = guard.loop_ns is not None
                guard.disown()
                loop_ms = None if guard.loop_ns is None else round(guard.loop_ns / 1e6, 1)
                self._reports.append({"feedback": insert, "loop_ms": loop_ms})
        self.stirred = any(guard.probe or guard.loop_ns is not None for guard in self._guards)
        return leaving

    def released(self) -> list[tuple[int, bytes]]:
        """(insert, note-off) of what the brain must not take for held any more."""
        found: list[tuple[int, bytes]] = []
        for insert, guard in enumerate(self._guards):
            if guard.released:
                found += [(insert, bytes((NOTE_OFF | channel, pitch, 64))) for channel, pitch in guard.released]
                guard.released.clear()
        return found

    def _probes(self, insert: int, data: bytes, time_ns: int) -> bool:
        """Whether this is a probe. Another insert's is sent on, once: the loop may lead through both."""
        if self._guards[insert].returns(data, time_ns):
            return True
        if not any(guard.probe == data for number, guard in enumerate(self._guards) if number != insert):
            return False
        if self._relayed.get(insert) != data:
            self._relayed[insert] = data
            self._relay.append((insert, data))
            self.stirred = True
        return True
