"""What the screen knows of the daemon: the values of its addresses, its notes, its lists. No I/O, no clock."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bridge.tui.notes import Notes

LISTS = ("presets", "presets/own", "models", "scenes", "setlist")
MANY = ("plan", "controls", "notes")
LOG_LINES = 200
TICKS = 400
KNOB_FIELDS = 5
SAME_S = 1.5


@dataclass(frozen=True, slots=True)
class Tick:
    """A beat of the song, when it came."""

    time_s: float
    bar: int
    beat: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Planned notes as (when, channel, pitch)."""

    notes: tuple[tuple[float, int, int], ...]


class Mirror:
    """The one copy that all of the screen reads. The event loop of the screen owns it."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.lists: dict[str, list[str]] = {}
        self.notes: dict[int, Notes] = defaultdict(Notes)
        self.plans: dict[int, Plan] = {}
        self.ticks: deque[Tick] = deque(maxlen=TICKS)
        self.log: deque[tuple[float, str]] = deque(maxlen=LOG_LINES)
        self.inserts = 0
        self.refused: list[str] = []
        """Addresses whose values were not taken: what they are must be asked for."""
        self.version = 0
        """Counts what has changed of values and lists."""
        self.drawn = 0
        """Counts what has changed of the notes."""

    def take(self, messages: Iterable[tuple[str, list[Any]]], now_s: float) -> None:
        """What has come, by the names of the addresses below the root."""
        for name, values in messages:
            self._take(name, values, now_s)

    def set(self, name: str, value: object) -> None:
        """What the user has set: shown at once, whatever becomes of it."""
        self.values[name] = value
        self.version += 1

    def get(self, name: str, default: Any = "") -> Any:
        """A value by the name of its address below the root."""
        return self.values.get(name, default)

    def parts(self, insert: int) -> list[tuple[str, int]]:
        """(name, channel) of the parts of an insert."""
        found: list[tuple[str, int]] = []
        while (channel := self.values.get(f"{insert}/part/{len(found) + 1}/channel")) is not None:
            found.append((str(self.get(f"{insert}/part/{len(found) + 1}/name", "Part")), int(channel)))
        return found

    def knob(self, insert: int, parameter: str) -> int | None:
        """The controller that moves a parameter."""
        knobs = self.get(f"{insert}/controls", [])
        for at in range(0, len(knobs) - KNOB_FIELDS + 1, KNOB_FIELDS):
            if knobs[at] == parameter:
                return int(knobs[at + 1])
        return None

    def lose(self, now_s: float) -> None:
        """The daemon is gone: what sounded does not any more, and what it was is no more true."""
        for notes in self.notes.values():
            notes.end(now_s)
        self.plans.clear()
        self.version += 1
        self.drawn += 1

    def tell(self, text: str, now_s: float) -> None:
        """A line for the log."""
        if not any(
            told == text and abs(then_s - now_s) < SAME_S for then_s, told in self.log
        ):  # told anew to who is back
            self.log.append((now_s, text))
        self.version += 1

    def _take(self, name: str, values: list[Any], now_s: float) -> None:
        last = name.rpartition("/")[2]
        if name == "error":
            self.tell(str(values[1]), now_s)
            self.refused.append(str(values[2]))
        elif name == "log":
            self.tell(str(values[1]), now_s - values[0])
        elif name == "inserts":
            self._shrink(values[0])
        elif name in LISTS:
            self.lists[name] = [str(value) for value in values]
            self.version += 1
        elif last in MANY:
            self._many(name, last, values, now_s)
        elif len(values) == 1:
            self._value(name, values[0], now_s)

    def _many(self, name: str, last: str, values: list[Any], now_s: float) -> None:
        insert = int(name.partition("/")[0])
        if last == "notes":
            self.notes[insert].take(values, now_s)
            self.drawn += 1
        elif last == "plan":
            beat_s = 60 / max(float(self.get("bpm", 120.0)), 1.0)
            rows = zip(values[::3], values[1::3], values[2::3], strict=False)
            self.plans[insert] = Plan(tuple((now_s + beats * beat_s, channel, pitch) for beats, channel, pitch in rows))
            self.drawn += 1
        else:
            self.set(name, values)

    def _value(self, name: str, value: Any, now_s: float) -> None:
        insert, slash, rest = name.partition("/")
        if slash and rest == "preset":  # another one has other parts: they follow
            for key in [key for key in self.values if key.startswith(f"{insert}/part/")]:
                del self.values[key]
        if slash and insert.isdecimal():
            self.inserts = max(self.inserts, int(insert))
        if name == "captured" and value != self.values.get(name, value):
            self.tell(f"Captured: {value}", now_s)
        if name == "beat" and self.get("rolling", 0) and value:
            self.ticks.append(Tick(now_s, int(self.get("bar", 0)), int(value)))
        self.set(name, value)

    def _shrink(self, inserts: int) -> None:
        """Forget inserts that are no more: another daemon has fewer."""
        self.inserts = inserts
        for key in [key for key in self.values if key.partition("/")[0].isdecimal()]:
            if int(key.partition("/")[0]) > inserts:
                del self.values[key]
        self.version += 1
