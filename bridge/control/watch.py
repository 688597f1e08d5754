"""Who watches the music: its notes as the brain tells of them, and what goes wrong. Nobody watches: nothing is done."""

from __future__ import annotations

import time
from base64 import b64decode
from collections import deque
from collections.abc import Callable, Iterable

from bridge.addresses import ROOT
from bridge.control.inbox import Address
from bridge.control.state import Value
from bridge.messages import INPUT, PLAY, RESET, SILENCE, Record, Records
from music.wire import ALL_NOTES_OFF, ALL_SOUND_OFF, CONTROL, NOTE_OFF, NOTE_ON

LEASE_S = 5.0
"""Who does not ask again for so long has gone."""
MAX_WATCHERS = 64
MOST_NOTES = 256
"""Of one message: a datagram holds some more."""
LOG_LINES = 50
PLAYED, ANSWERED = 0, 1
ALL = -1

Row = tuple[int, int, int, int, int]
"""Who (PLAYED or ANSWERED), ms ago, channel (1-16, 0: all of them), pitch (ALL: every one), velocity (0: it ends)."""
Send = Callable[[list[tuple[str, Value]], Iterable[Address]], None]


class Watch:
    """Those who watch, each until it has not asked for a while. The event loop of control owns it."""

    def __init__(self, send: Send, inserts: int) -> None:
        self._send = send
        self._inserts = inserts
        self._until_s: dict[Address, float] = {}
        self._log: deque[tuple[float, str]] = deque(maxlen=LOG_LINES)

    def renew(self, listener: Address) -> bool:
        """Have somebody watch for a while from now on; True where it did not until now."""
        known = listener in self.listeners
        if known or len(self._until_s) < MAX_WATCHERS:
            self._until_s[listener] = time.monotonic() + LEASE_S
        return not known

    def leave(self, listener: Address) -> None:
        """Somebody watches no longer."""
        self._until_s.pop(listener, None)

    @property
    def listeners(self) -> list[Address]:
        """Who watches now."""
        if self._until_s:
            now_s = time.monotonic()
            self._until_s = {one: until_s for one, until_s in self._until_s.items() if until_s > now_s}
        return list(self._until_s)

    def take(self, packed: str) -> None:
        """Hand on what the brain tells of what was played and answered."""
        listeners = self.listeners
        if not listeners or not packed:
            return
        now_ns = time.monotonic_ns()
        rows: dict[int, list[Row]] = {}
        for record in Records().feed(b64decode(packed)):
            ends_all = record.kind == RESET
            for insert in range(self._inserts) if ends_all else (record.insert,):
                rows.setdefault(insert, []).extend(_rows(record, round((now_ns - record.time_ns) / 1e6)))
        for insert, found in rows.items():
            self._tell(insert, found, listeners)

    def cut(self) -> None:
        """The brain is gone, and all that it sounded."""
        listeners = self.listeners
        for insert in range(self._inserts) if listeners else ():
            self._tell(insert, [(who, 0, 0, ALL, 0) for who in (PLAYED, ANSWERED)], listeners)

    def log(self, text: str) -> None:
        """Tell of something that the user should know."""
        self._log.append((time.monotonic(), text))
        self._send([(f"{ROOT}/log", [0, text])], self.listeners)

    def history(self) -> list[tuple[str, Value]]:
        """What was told before, for who is new."""
        now_s = time.monotonic()
        return [(f"{ROOT}/log", [round(now_s - then_s), text]) for then_s, text in self._log]

    def _tell(self, insert: int, rows: list[Row], listeners: list[Address]) -> None:
        for at in range(0, len(rows), MOST_NOTES):
            flat: list[Value] = [value for row in rows[at : at + MOST_NOTES] for value in row]
            self._send([(f"{ROOT}/{insert + 1}/notes", flat)], listeners)


def _rows(record: Record, ms_ago: int) -> list[Row]:
    """What a record means to who sees only notes."""
    if record.kind == RESET:
        return [(who, ms_ago, 0, ALL, 0) for who in (PLAYED, ANSWERED)]
    if record.kind == SILENCE:
        return [(ANSWERED, ms_ago, 0, ALL, 0)]
    if record.kind not in (INPUT, PLAY):
        return []
    who = PLAYED if record.kind == INPUT else ANSWERED
    kind, channel = record.data[0] & 0xF0, (record.data[0] & 0x0F) + 1
    if kind in (NOTE_ON, NOTE_OFF):
        return [(who, ms_ago, channel, record.data[1], record.data[2] if kind == NOTE_ON else 0)]
    if kind == CONTROL and record.data[1] in (ALL_SOUND_OFF, ALL_NOTES_OFF):
        return [(who, ms_ago, channel, ALL, 0)]
    return []
