"""One output: what is planned, what sounds, and who is to end it. Pure bookkeeping: no ports, no clock, no threads.

Two ledgers: `dry` is what passes through from the musician, `wet` is what the brain plays. A dry message is never
touched; a wet release is held back where it would cut a dry note of the same channel and pitch.
"""

from __future__ import annotations

from collections import deque
from heapq import heapify, heappop, heappush

from bridge.port.notes import is_onset, is_release
from music.held import Held
from music.wire import ALL_NOTES_OFF, ALL_SOUND_OFF, CONTROL, NOTE_OFF, NOTE_ON, PEDAL_DOWN, SUSTAIN, TRANSPORT_LENGTH

RECENT_LIMIT = 1024
"""Releases that are remembered in case that they were lost on their way."""

WAITS = 512
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
        self.waits_ns: deque[int] = deque(maxlen=WAITS)
        """How long after their time the newest onsets left that were asked for on the spot. Any thread may read it."""
        self._dry = Held()
        self._pedals: set[int] = set()  # channels whose sustain pedal passed through and is down
        self._wet = Held()
        self._owed: list[bytes] = []
        self._plan: list[tuple[int, int, int, bytes, int]] = []  # heap of (due, order, deadline, data, onset it ends)
        self._open: dict[Key, deque[int]] = {}  # onsets, by order, whose release is not planned yet
        self._closing: dict[Key, dict[int, int]] = {}  # onsets whose release is planned, and for when
        self._waiting: dict[int, int] = {}  # onsets that have not been due yet, and when they are
        self._left: set[int] = set()  # onsets that sound
        self._order = 0
        self._recent: deque[tuple[int, bytes]] = deque(maxlen=RECENT_LIMIT)  # (when, release)
        self._ended: dict[Key, int] = {}  # velocities of dry notes that a panic has ended and nobody has let go since
        self._lifted: set[int] = set()  # pedals that a panic has lifted and nobody has moved since

    def passed(self, data: bytes) -> None:
        """Note that a dry message goes through."""
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if self._ended or self._lifted:
            self._pass_by(kind, channel, data)
        if kind == NOTE_ON and data[2]:
            self._dry.press(channel, data[1], data[2])
        elif kind in (NOTE_ON, NOTE_OFF):
            self._dry.forget(channel, data[1])  # not counted: one note-off ends the note, whoever counts
        elif kind == CONTROL and data[1] == SUSTAIN:
            (self._pedals.add if data[2] >= PEDAL_DOWN else self._pedals.discard)(channel)
        elif kind == CONTROL and data[1] in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            for held_channel, pitch, _ in list(self._dry):
                if held_channel == channel:
                    self._dry.forget(channel, pitch)

    @property
    def passing(self) -> bool:
        """Whether something that has passed through is held."""
        return len(self._dry) > 0 or bool(self._pedals)

    def waits_for(self, data: bytes) -> bool:
        """Whether a message ends what has passed through: it is to go the same way."""
        channel = data[0] & 0x0F
        if is_release(data):
            return (channel, data[1]) in self._dry
        if not _ends_notes(data):
            return False
        if data[1] == SUSTAIN:
            return channel in self._pedals
        return any(sounding == channel for sounding, _, _ in self._dry)

    def plan(self, due_ns: int, deadline_ns: int, data: bytes) -> None:
        """Take a message from the brain; it leaves when it is due.

        A release belongs to the oldest onset of its pitch that has none yet, whatever their due times: ended by the
        release of another, an onset that is due later would be left without one. Where all have one, it takes the place
        of one that is planned for later.
        """
        self._order += 1
        onset = 0
        if len(data) < 3:  # no note
            heappush(self._plan, (due_ns, self._order, deadline_ns, data, onset))
            return
        key = (data[0] & 0x0F, data[1])
        if is_onset(data):
            if len(self._plan) >= PLAN_LIMIT:
                self.dropped += 1
                return
            self._open.setdefault(key, deque()).append(self._order)
            self._waiting[self._order] = due_ns
        elif is_release(data):
            onset = self._ended_by(key, due_ns)
            if not onset:  # it found no room, or something else has ended it
                return
            if onset in self._waiting and self._waiting[onset] >= due_ns:  # it would end as it begins: it never does
                del self._waiting[onset]
                return
            self._closing.setdefault(key, {})[onset] = due_ns
        heappush(self._plan, (due_ns, self._order, deadline_ns, data, onset))

    def _ended_by(self, key: Key, due_ns: int) -> int:
        """The onset that a release ends; 0: none."""
        if self._open.get(key):
            return self._open[key].popleft()
        return next((onset for onset, planned_ns in self._closing.get(key, {}).items() if planned_ns > due_ns), 0)

    def due(self, until_ns: int, now_ns: int) -> list[tuple[int, bytes]]:
        """(due time, message) of all that must leave before `until_ns`, in order; late onsets are dropped, counted."""
        if not self._owed and not self._plan:
            return []
        out = [(0, data) for data in self._owed if not (_ends_notes(data) and self._undone(data))]
        self._owed.clear()
        while self._plan and self._plan[0][0] < until_ns:
            due_ns, order, deadline_ns, data, onset = heappop(self._plan)
            if self._starts(order, data, now_ns > deadline_ns) if is_onset(data) else self._ends(onset, data):
                out.append((due_ns, data))
                if due_ns < now_ns and is_onset(data):
                    self.waits_ns.append(now_ns - due_ns)
        return out

    def _starts(self, order: int, data: bytes, late: bool) -> bool:
        """Enter a due onset into the ledger; False where it must not be sent."""
        if order not in self._waiting:  # released before it sounded: it never sounds
            return False
        del self._waiting[order]
        if late:
            self.late += 1
            return False
        self._wet.press(data[0] & 0x0F, data[1], data[2])
        self._left.add(order)
        return True

    def _ends(self, onset: int, data: bytes) -> bool:
        """Take a due release, or what is no note, out of the ledger; False where it must not be sent."""
        if not is_release(data):
            return True
        key = (data[0] & 0x0F, data[1])
        self._closing.get(key, {}).pop(onset, None)
        self._waiting.pop(onset, None)
        if onset not in self._left:
            return False
        self._left.remove(onset)
        return self._wet.release(*key) and key not in self._dry

    def refused(self, data: bytes) -> None:
        """Note that the system had no room for a message: what ends notes is tried again, anything else is lost."""
        if _ends_notes(data):
            self._owed.append(data)
        else:
            self.dropped += 1

    def sent(self, now_ns: int, data: bytes) -> None:
        """Note that a message has left, dry or wet: what ends notes is remembered, should its cycle turn out lost."""
        if _ends_notes(data):
            self._recent.append((now_ns, data))

    def repeat(self, since_ns: int) -> None:
        """Owe again what ended notes since then and is still true: no later onset or pedal has come after it."""
        recent = dict.fromkeys(data for when_ns, data in self._recent if when_ns >= since_ns)
        self._owed += [data for data in recent if not self._undone(data)]

    def _undone(self, data: bytes) -> bool:
        """Whether what a message ended has begun anew."""
        channel = data[0] & 0x0F
        if is_release(data):
            return (channel, data[1]) in self._wet or (channel, data[1]) in self._dry
        if data[1] == SUSTAIN:
            return channel in self._pedals
        return any(sounding == channel for ledger in (self._dry, self._wet) for sounding, _, _ in ledger)

    def cut(self) -> None:
        """End what has passed through and lift its pedals; the brain's notes go on. It leaves with the next `due`.

        A panic before it brings no dry note back any more: nobody tells of what is let go meanwhile.
        """
        self._owed += [_release(key) for key in self._dry.drain() if key not in self._wet]
        self._owed += [bytes((CONTROL | channel, SUSTAIN, 0)) for channel in sorted(self._pedals)]
        self._pedals.clear()
        self._ended, self._lifted = {}, set()

    def disown(self, channel: int, pitch: int) -> None:
        """End a dry note that nobody will release; a wet one on the same key goes on. It leaves with the next `due`."""
        if self._dry.forget(channel, pitch) and (channel, pitch) not in self._wet:
            self._owed.append(_release((channel, pitch)))

    def sounds(self, channel: int, pitch: int) -> tuple[bool, bool]:
        """Whether a key sounds: dry, wet."""
        return (channel, pitch) in self._dry, (channel, pitch) in self._wet

    def silence(self) -> None:
        """Drop what is planned and end what the brain sounds; thru goes on. The releases leave with the next `due`."""
        self._drop_plan()
        self._owed += [_release(key) for key in self._wet.drain() if key not in self._dry]

    def panic(self) -> None:
        """End everything, dry notes too, and lift every pedal. The releases leave with the next `due`."""
        self._drop_plan()
        self._ended |= {(channel, pitch): velocity for channel, pitch, velocity in self._dry}  # pressed twice in haste
        self._lifted |= self._pedals
        self._pedals.clear()
        keys = dict.fromkeys([*self._wet.drain(), *self._dry.drain()])
        self._owed += [_release(key) for key in keys]
        for channel in range(16):
            self._owed.append(bytes((CONTROL | channel, SUSTAIN, 0)))
            self._owed.append(bytes((CONTROL | channel, ALL_NOTES_OFF, 0)))

    def resume(self) -> None:
        """Undo a panic: what of the dry notes is still held sounds again. It leaves with the next `due`."""
        for (channel, pitch), velocity in self._ended.items():
            self._dry.press(channel, pitch, velocity)
            self._owed.append(bytes((NOTE_ON | channel, pitch, velocity)))
        self._owed += [bytes((CONTROL | channel, SUSTAIN, 127)) for channel in sorted(self._lifted)]
        self._pedals |= self._lifted
        self._ended, self._lifted = {}, set()

    def _pass_by(self, kind: int, channel: int, data: bytes) -> None:
        """What is played after a panic is not brought back by its undoing."""
        if kind in (NOTE_ON, NOTE_OFF):
            self._ended.pop((channel, data[1]), None)
        elif kind == CONTROL and data[1] == SUSTAIN:
            self._lifted.discard(channel)
        elif kind == CONTROL and data[1] in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            self._ended = {key: velocity for key, velocity in self._ended.items() if key[0] != channel}

    def _drop_plan(self) -> None:
        self._plan = [planned for planned in self._plan if planned[3][0] in TRANSPORT_LENGTH]  # others count our clock
        heapify(self._plan)
        self._open.clear()
        self._closing.clear()
        self._waiting.clear()
        self._left.clear()

    @property
    def next_due_ns(self) -> int | None:
        """When the next planned message leaves; None where nothing is planned."""
        return 0 if self._owed else self._plan[0][0] if self._plan else None

    @property
    def sounding(self) -> int:
        """How many notes sound, dry and wet."""
        return len(self._dry) + len(self._wet)


def _ends_notes(data: bytes) -> bool:
    """Note-offs, and what lifts the pedal or ends a channel's notes."""
    if data[0] & 0xF0 == CONTROL:
        return data[1] in (ALL_SOUND_OFF, ALL_NOTES_OFF) or (data[1] == SUSTAIN and data[2] < PEDAL_DOWN)
    return is_release(data)


def _release(key: Key) -> bytes:
    return bytes((NOTE_OFF | key[0], key[1], 64))
