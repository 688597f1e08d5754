"""Notes out of records: what was played into an insert (dry), and what was answered there (wet). No clock, no I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from bridge.messages import INPUT, PLAY, RESET, SILENCE, Record
from music.wire import ALL_NOTES_OFF, ALL_SOUND_OFF, CONTROL, NOTE_OFF, NOTE_ON, PEDAL_DOWN, SUSTAIN

DRY_DEPTH, WET_DEPTH = 1, 16
"""Notes of one key that may wait for their releases: one note-off ends what a musician struck twice, as in the port;
of answers each has its own."""

Key = tuple[int, int]
"""Channel (0-based) and pitch."""
Timed = tuple[int, bytes]
"""When, and the message."""


@dataclass(slots=True)
class Note:
    """A note and its times; it sounds still where it has no end."""

    channel: int
    pitch: int
    velocity: int
    on_ns: int
    off_ns: int | None = None

    def end(self, ns: int) -> None:
        """It ends then, or where it begins if that is later: such an answer never sounded."""
        self.off_ns = max(ns, self.on_ns)


class Lane:
    """The notes of one direction of one insert, in the order in which they were told of, and all that is no note."""

    def __init__(self, *, wet: bool) -> None:
        self.notes: list[Note] = []
        self.rest: list[Timed] = []
        self._depth = WET_DEPTH if wet else DRY_DEPTH
        self._open: dict[Key, deque[Note]] = {}
        self._pedals: set[int] = set()
        self._settled = 0  # so many notes nothing will end any more
        self._folded = 0  # so much of the rest is a last value, and nothing else

    def take(self, ns: int, data: bytes) -> None:
        """Take in a voice message."""
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if kind == NOTE_ON and data[2]:
            self._press(Note(channel, data[1], data[2], ns))
        elif kind in (NOTE_ON, NOTE_OFF):
            self._release((channel, data[1]), ns)
        elif kind == CONTROL and data[1] in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            for key in [one for one in self._open if one[0] == channel]:
                while key in self._open:
                    self._release(key, ns)
        else:
            if kind == CONTROL and data[1] == SUSTAIN:
                (self._pedals.add if data[2] >= PEDAL_DOWN else self._pedals.discard)(channel)
            self.rest.append((ns, data))

    def end(self, ns: int) -> None:
        """End all that sounds then, lift the pedals, and forget what was to sound later."""
        for note in self.notes[self._settled :]:
            if note.off_ns is None or note.off_ns > ns:
                note.end(ns)
        self._settled = len(self.notes)
        self._open.clear()
        self.rest += [(ns, bytes((CONTROL | channel, SUSTAIN, 0))) for channel in sorted(self._pedals)]
        self._pedals.clear()

    def forget(self, before_ns: int) -> None:
        """Keep of what was before only what still sounds then, and the last value of each controller."""
        kept = [note.off_ns is None or note.off_ns >= before_ns for note in self.notes]
        if not all(kept):
            self._settled = sum(kept[: self._settled])
            self.notes = [note for note, stays in zip(self.notes, kept, strict=True) if stays]
        if len(self.rest) > self._folded and self.rest[self._folded][0] < before_ns:
            old = latest(one for one in self.rest if one[0] < before_ns)
            self.rest = old + [one for one in self.rest if one[0] >= before_ns]
            self._folded = len(old)

    def _press(self, note: Note) -> None:
        waiting = self._open.setdefault((note.channel, note.pitch), deque())
        if len(waiting) >= self._depth:
            waiting.popleft().end(note.on_ns)
        waiting.append(note)
        self.notes.append(note)

    def _release(self, key: Key, ns: int) -> None:
        if key in self._open:
            self._open[key].popleft().end(ns)
            if not self._open[key]:
                del self._open[key]


class Lanes:
    """All that was played and answered, by insert and direction (True: wet)."""

    def __init__(self) -> None:
        self.by_insert: dict[tuple[int, bool], Lane] = {}

    def take(self, record: Record) -> None:
        """Take in what was played, answered or ended."""
        if record.kind in (INPUT, PLAY):
            self._lane(record.insert, wet=record.kind == PLAY).take(record.time_ns, record.data)
        elif record.kind == SILENCE:
            self._lane(record.insert, wet=True).end(record.time_ns)
        elif record.kind == RESET:
            for lane in self.by_insert.values():
                lane.end(record.time_ns)

    def forget(self, before_ns: int) -> None:
        """Keep of what was before only what still matters."""
        for lane in self.by_insert.values():
            lane.forget(before_ns)

    def _lane(self, insert: int, *, wet: bool) -> Lane:
        lane = self.by_insert.get((insert, wet))
        if lane is None:
            lane = self.by_insert[insert, wet] = Lane(wet=wet)
        return lane


def latest(rest: Iterable[Timed]) -> list[Timed]:
    """The newest message of each controller, program, bend and pressure, oldest first."""
    newest: dict[bytes, Timed] = {}
    for ns, data in rest:
        what = data[:2] if data[0] & 0xF0 in (0xA0, CONTROL) else data[:1]
        newest.pop(what, None)
        newest[what] = ns, data
    return list(newest.values())
