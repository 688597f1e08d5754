"""The notes of one insert as they are told of: what was played, what was answered, and what is to come."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

PLAYED, ANSWERED = 0, 1
ALL = -1
FIELDS = 5
KEPT_S = 30.0
SETTLED_S = 1.0
"""So long after its end a note is told of no more."""


@dataclass(slots=True)
class Note:
    """A note; it sounds still where it has no end."""

    who: int
    channel: int
    pitch: int
    on_s: float
    off_s: float | None = None

    def ends_by(self, now_s: float) -> float:
        """Its end, or now."""
        return max(self.on_s, now_s) if self.off_s is None else self.off_s


class Notes:
    """What sounded in the last half minute. No clock: the time is handed to it."""

    def __init__(self) -> None:
        self.recent: list[Note] = []
        """What sounds, did a moment ago, or is to come."""
        self.ended = 0
        """How many there were before those."""
        self.arrived = False
        """Whether anything was ever played."""
        self._over: deque[Note] = deque()

    @property
    def notes(self) -> list[Note]:
        """All of them."""
        return [*self._over, *self.recent]

    def over_since(self, ended: int) -> list[Note]:
        """Those that are over, without the first so many."""
        gone = self.ended - len(self._over)
        return list(islice(self._over, max(ended - gone, 0), None))

    def pitches(self) -> tuple[int, int] | None:
        """The lowest and the highest that is shown."""
        found = {note.pitch for note in self._over} | {note.pitch for note in self.recent}
        return (min(found), max(found)) if found else None

    def take(self, flat: Sequence[int], now_s: float) -> None:
        """What `/continuo/<insert>/notes` has brought."""
        for at in range(0, len(flat) - FIELDS + 1, FIELDS):
            who, ms_ago, channel, pitch, velocity = flat[at : at + FIELDS]
            self._take(Note(who, channel, pitch, now_s - ms_ago / 1000), begins=velocity > 0)
        self._settle(now_s)

    def end(self, now_s: float) -> None:
        """Nobody tells of ends any more."""
        for who in (PLAYED, ANSWERED):
            self._take(Note(who, 0, ALL, now_s), begins=False)

    def sounding(self, now_s: float) -> list[Note]:
        """What sounds at a moment."""
        return [note for note in self.recent if note.on_s <= now_s < (note.off_s or now_s + 1)]

    def _take(self, told: Note, *, begins: bool) -> None:
        if begins:
            self.arrived = True
            self.recent.append(told)
        elif told.pitch == ALL:
            self._end_all(told)
        else:
            for note in self.recent:
                if note.off_s is None and _key(note) == _key(told):  # the oldest, as in the port
                    note.off_s = max(told.on_s, note.on_s)
                    break

    def _end_all(self, told: Note) -> None:
        """End what sounds, and forget what was to come."""
        kept = []
        for note in self.recent:
            if note.who == told.who and told.channel in (0, note.channel):
                if note.on_s > told.on_s:
                    continue
                note.off_s = told.on_s if note.off_s is None else min(note.off_s, told.on_s)
            kept.append(note)
        self.recent = kept

    def _settle(self, now_s: float) -> None:
        """Put aside what is over, and forget what was long ago."""
        over = [note for note in self.recent if note.ends_by(now_s) < now_s - SETTLED_S]
        if over:
            self.recent = [note for note in self.recent if note.ends_by(now_s) >= now_s - SETTLED_S]
            self._over.extend(over)
            self.ended += len(over)
        while self._over and self._over[0].ends_by(now_s) <= now_s - KEPT_S:
            self._over.popleft()


def _key(note: Note) -> tuple[int, int, int]:
    return note.who, note.channel, note.pitch
