"""The last minutes of what was played and answered, in bounded memory, as the brain tells of it."""

from __future__ import annotations

from base64 import b64decode
from collections import deque
from copy import deepcopy
from dataclasses import dataclass
from math import ceil
from typing import Any

from bridge.control.lanes import Lanes
from bridge.messages import INPUT, PLAY, RECORD, RESET, Beats, Record, Records, pack

HISTORY_NS = 30 * 60 * 10**9
"""What is older than the newest note by more is forgotten."""
LIMIT_BYTES = 4 << 20
"""175 000 messages: half an hour of an orchestra, or the last minute of a flood. The oldest are forgotten first."""
PIECE_BYTES = 256 * RECORD.size
MOST_MARKS = 20_000
HARDLY_BEATS = 0.125
"""A new brain's beats that are this far behind those of the old one are the same: clocks jitter."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What was recorded up to a moment, for another thread to read: nothing of it changes any more."""

    tape: bytes
    before: Lanes
    """What still sounded, and how controllers stood, where the tape begins."""
    marks: tuple[Beats, ...]

    def lanes(self) -> Lanes:
        """All of it, as notes; asked for once."""
        for record in Records().feed(self.tape):
            self.before.take(record)
        return self.before


class Recorder:
    """A tape that never ends. Control's event loop owns it.

    Records stay packed, 24 bytes each, and are read as notes only when somebody wants them, or when they fall off the
    tape: of notes that still sound then, and of controllers, the state is kept.
    """

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self.count = 0
        """How many records there have been."""
        self._limit = limit_bytes
        self._tape = bytearray()
        self._before = Lanes()
        self._marks: deque[Beats] = deque(maxlen=MOST_MARKS)
        self._shift: int | None = 0  # from the beats of the brain that plays now to ours; None: it has told of none yet
        self._cut_ns = 0  # when the brain before it went
        self._newest_ns = 0

    def take(self, message: dict[str, Any]) -> None:
        """What the brain tells: records, and where the beats fall."""
        packed = b64decode(message["captured"])
        for time_ns, _, kind, *_ in RECORD.iter_unpack(packed):
            self.count += 1
            if kind in (INPUT, PLAY):
                self._newest_ns = max(self._newest_ns, time_ns)
        self._tape += packed
        for mark in message["beats"]:
            self._mark(Beats(*mark))
        self._trim()

    def cut(self, now_ns: int) -> None:
        """The brain is gone: what it sounded has ended, and of keys that go up nobody tells."""
        self._cut_ns = now_ns
        self._tape += pack(Record(now_ns, 0, RESET, 0, b""))

    def meet(self) -> None:
        """A brain is there, and only now there is nothing more to come from the one before it."""
        if not self._cut_ns:
            return
        self._tape += pack(Record(self._cut_ns, 0, RESET, 0, b""))
        if self._marks and self._cut_ns > self._marks[-1].time_ns:
            last = self._marks[-1]
            self._marks.append(last._replace(time_ns=self._cut_ns, beat=beat_of(last, self._cut_ns)))
        self._shift = None

    def recording(self) -> Recording:
        """What there is now."""
        return Recording(bytes(self._tape), deepcopy(self._before), tuple(self._marks))

    def _mark(self, mark: Beats) -> None:
        """Keep a mark; the beats of a new brain go on where those of the old one would be, by less than one later."""
        if self._shift is None:
            late = beat_of(self._marks[-1], mark.time_ns) - mark.beat if self._marks else 0
            self._shift = ceil(late - HARDLY_BEATS)
        ahead = None if mark.ahead is None else mark.ahead - self._shift
        self._marks.append(mark._replace(beat=mark.beat + self._shift, ahead=ahead))

    def _trim(self) -> None:
        """Fold what is too much, and some of what is too old: a long rest must not be paid for at once."""
        oldest_ns, folded = self._newest_ns - HISTORY_NS, 0
        over = len(self._tape) - self._limit
        for record in Records().feed(bytes(self._tape[: max(over + RECORD.size, PIECE_BYTES)])):
            if folded >= over and record.time_ns >= oldest_ns:
                break
            if folded < over:
                oldest_ns = max(oldest_ns, record.time_ns)
            self._before.take(record)
            folded += RECORD.size
        if folded:
            del self._tape[:folded]
            self._before.forget(oldest_ns)
        while len(self._marks) > 1 and self._marks[1].time_ns < oldest_ns:
            self._marks.popleft()


def beat_of(mark: Beats, ns: int) -> float:
    """The beat at a moment, as a mark has it."""
    return mark.beat + (ns - mark.time_ns) / mark.ns_per_beat
