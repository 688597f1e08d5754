"""One output: what is planned, what sounds, and who is to end it. Pure bookkeeping: no ports, no clock, no threads.

Two ledgers: `dry` is what passes through from the musician, `wet` is what the brain plays. A dry message is never
touched; a wet release is held back where it would cut a dry note of the same channel and pitch.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush

from music.held import Held
from music.wire import ALL_NOTES_OFF, ALL_SOUND_OFF, CONTROL, NOTE_OFF, NOTE_ON, SUSTAIN

PLAN_LIMIT = 65_536
"""Planned onsets beyond this are dropped: a flood must not eat the memory."""

Key = tuple[int, int]


class Outlet:
    """The schedule of due events and the ledger of sounding notes of one output. One thread owns it."""

    def __init__(self) -> None:
        self.late = 0
        """Onsets past their deadline: not played."""
        self.dropped = 0
        """Onsets that found no room."""
        self._dry = Held()
        self._wet = Held()
        self._owed: list[bytes] = []
        self._plan: list[tuple[int, int, int, bytes]] = []  # heap of (due, order, deadline, data)
        self._onsets: dict[
            Key, deque[int]
        ] = {}  # orders of planned onsets that have neither sounded nor been cancelled
        self._cancelled: set[int] = set()
        self._order = 0

    def passed(self, data: bytes) -> None:
        """Note that a dry message goes through."""
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if kind == NOTE_ON and data[2]:
            self._dry.press(channel, data[1], data[2])
        elif kind in (NOTE_ON, NOTE_OFF):
            self._dry.release(channel, data[1])
        elif kind == CONTROL and data[1] in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            for held_channel, pitch, _ in list(self._dry):
                if held_channel == channel:
                    self._dry.forget(channel, pitch)

    def plan(self, due_ns: int, deadline_ns: int, data: bytes) -> None:
        """Take a message from the brain; it leaves when it is due."""
        self._order += 1
        if _is_onset(data):
            if len(self._plan) >= PLAN_LIMIT:
                self.dropped += 1
                return
            self._onsets.setdefault((data[0] & 0x0F, data[1]), deque()).append(self._order)
        heappush(self._plan, (due_ns, self._order, deadline_ns, data))

    def due(self, until_ns: int, now_ns: int) -> list[tuple[int, bytes]]:
        """(due time, message) of all that must leave before `until_ns`, in order; late onsets are dropped, counted."""
        if not self._owed and not self._plan:
            return []
        out = [(0, data) for data in self._owed]
        self._owed.clear()
        while self._plan and self._plan[0][0] < until_ns:
            due_ns, order, deadline_ns, data = heappop(self._plan)
            if self._leaves(order, data, now_ns > deadline_ns):
                out.append((due_ns, data))
        return out

    def _leaves(self, order: int, data: bytes, late: bool) -> bool:
        """Enter a due message into the ledger; False where it must not be sent."""
        kind, key = data[0] & 0xF0, (data[0] & 0x0F, data[1])
        if _is_onset(data):
            if order in self._cancelled:
                self._cancelled.discard(order)
                return False
            self._onsets[key].remove(order)
            if late:
                self.late += 1
                return False
            self._wet.press(*key, data[2])
            return True
        if kind not in (NOTE_OFF, NOTE_ON):
            return True
        if key in self._wet:
            return self._wet.release(*key) and key not in self._dry
        waiting = self._onsets.get(key)
        if waiting and waiting[0] < order:  # released before it sounded: it never sounds
            self._cancelled.add(waiting.popleft())
        return False

    def refused(self, data: bytes) -> None:
        """Note that the system had no room for a message: a release is tried again, anything else is lost."""
        if data[0] & 0xF0 == NOTE_OFF or (data[0] & 0xF0 == NOTE_ON and data[2] == 0):
            self._owed.append(data)
        else:
            self.dropped += 1

    def silence(self) -> None:
        """Drop what is planned and end what the brain sounds; thru goes on. The releases leave with the next `due`."""
        self._drop_plan()
        self._owed += [_release(key) for key in self._wet.drain() if key not in self._dry]

    def panic(self) -> None:
        """End everything, dry notes too, and lift every pedal. The releases leave with the next `due`."""
        self._drop_plan()
        keys = dict.fromkeys([*self._wet.drain(), *self._dry.drain()])
        self._owed += [_release(key) for key in keys]
        for channel in range(16):
            self._owed.append(bytes((CONTROL | channel, SUSTAIN, 0)))
            self._owed.append(bytes((CONTROL | channel, ALL_NOTES_OFF, 0)))

    def _drop_plan(self) -> None:
        self._plan.clear()
        self._onsets.clear()
        self._cancelled.clear()

    @property
    def next_due_ns(self) -> int | None:
        """When the next planned message leaves; None where nothing is planned."""
        return 0 if self._owed else self._plan[0][0] if self._plan else None

    @property
    def sounding(self) -> int:
        """How many notes sound, dry and wet."""
        return len(self._dry) + len(self._wet)


def _is_onset(data: bytes) -> bool:
    return data[0] & 0xF0 == NOTE_ON and data[2] > 0


def _release(key: Key) -> bytes:
    return bytes((NOTE_OFF | key[0], key[1], 64))
