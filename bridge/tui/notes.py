"""The notes of one insert as they are told of: what was played, what was answered, and what is to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PLAYED, ANSWERED = 0, 1
ALL = -1
FIELDS = 5
KEPT_S = 30.0


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
        self.notes: list[Note] = []
        self.arrived = False
        """Whether anything was ever played."""

    def take(self, flat: Sequence[int], now_s: float) -> None:
        """What `/continuo/<insert>/notes` has brought."""
        for at in range(0, len(flat) - FIELDS + 1, FIELDS):
            who, ms_ago, channel, pitch, velocity = flat[at : at + FIELDS]
            self._take(Note(who, channel, pitch, now_s - ms_ago / 1000), begins=velocity > 0)
        self.notes = [note for note in self.notes if note.ends_by(now_s) > now_s - KEPT_S]

    def end(self, now_s: float) -> None:
        """Nobody tells of ends any more."""
        for who in (PLAYED, ANSWERED):
            self._take(Note(who, 0, ALL, now_s), begins=False)

    def sounding(self, now_s: float) -> list[Note]:
        """What sounds at a moment."""
        return [note for note in self.notes if note.on_s <= now_s < (note.off_s or now_s + 1)]

    def _take(self, told: Note, *, begins: bool) -> None:
        if begins:
            self.arrived = True
            self.notes.append(told)
        elif told.pitch == ALL:
            self._end_all(told)
        else:
            for note in self.notes:
                if note.off_s is None and _key(note) == _key(told):  # the oldest, as in the port
                    note.off_s = max(told.on_s, note.on_s)
                    break

    def _end_all(self, told: Note) -> None:
        """End what sounds, and forget what was to come."""
        kept = []
        for note in self.notes:
            if note.who == told.who and told.channel in (0, note.channel):
                if note.on_s > told.on_s:
                    continue
                note.off_s = told.on_s if note.off_s is None else min(note.off_s, told.on_s)
            kept.append(note)
        self.notes = kept


def _key(note: Note) -> tuple[int, int, int]:
    return note.who, note.channel, note.pitch
