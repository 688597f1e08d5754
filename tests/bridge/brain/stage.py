"""An engine with a clock in our hands, the port's own outlet behind it, and a synth behind that."""

from copy import deepcopy
from typing import Any

from bridge import presets
from bridge.addresses import put
from bridge.brain.engine import Engine, Heard, Sent
from bridge.brain.grid import Bars, Grid, no_bars
from bridge.brain.insert import Insert
from bridge.brain.players import Players
from bridge.brain.settings import Settings
from bridge.brain.sounding import Due
from bridge.brain.transport import Transport
from bridge.port.outlet import Outlet
from music.events import Event, NoteOff, NoteOn
from music.wire import encode

BEAT = 500_000_000
"""At 120 bpm, in ns."""
MS = 1_000_000
LATE = 30 * MS

State = dict[str, Any]


def state(preset: str = "harmony", **changes: object) -> State:
    """A preset's state with some of it changed: `harmonize_voices=2` is [harmonize] voices = 2."""
    tree = deepcopy(presets.load(preset))
    for place, value in changes.items():
        put(tree, tuple(place.split("_", 1)) if place.split("_")[0] in tree else (place,), value)
    return tree


class Band:
    """One insert, from events to what a synth sounds. Everything happens at `now`."""

    def __init__(self, tree: State, players: Players | None = None, bars: Bars = no_bars, lead_ns: int = 0) -> None:
        self.state = tree
        self.transport = Transport(0)
        self.engine = Engine([Settings.of(tree)], Grid(self.transport, bars, lead_ns), 0, players)
        self.outlet = Outlet()
        self.now = 0
        self.sounding: set[tuple[int, int]] = set()
        self.doubled = 0
        self.log: list[tuple[int, Event]] = []

    @property
    def insert(self) -> Insert:
        found = self.engine.inserts[0]
        assert isinstance(found, Insert)
        return found

    def play(self, *events: Event, stale: bool = False) -> list[Due]:
        """Events that arrive together; gives what the insert sends for them."""
        heard: list[Heard] = [(0, event, self.now) for event in events]
        return self.plan(self.engine.receive(heard, self.now + 1 if stale else 0))

    def wait(self, ns: int) -> list[Due]:
        """Time passes, and the engine is woken whenever it wants to be; gives what it sends meanwhile."""
        end, found = self.now + ns, []
        while (wake := self.engine.next_wake_ns(self.now)) is not None and wake <= end:
            self.now = max(self.now, wake)
            found += self.plan(self.engine.advance(self.now))
        self.now = end
        return found + self.plan(self.engine.advance(self.now))

    def set(self, **changes: object) -> list[Due]:
        """New settings."""
        for place, value in changes.items():
            put(self.state, tuple(place.split("_", 1)) if place.split("_")[0] in self.state else (place,), value)
        return self.configure(self.state)

    def configure(self, tree: State) -> list[Due]:
        self.state = tree
        return self.plan(self.engine.configure(0, Settings.of(tree), self.now))

    def panic(self) -> None:
        """As the brain does it: forget, and have the port end it."""
        self.engine.silence()
        self.outlet.silence()

    def plan(self, sent: list[Sent]) -> list[Due]:
        for _, due in sent:
            self.outlet.plan(due.time_ns, due.time_ns + LATE, encode(due.event))
        return [due for _, due in sent]

    def leave(self, until_ns: int | None = None) -> list[str]:
        """What leaves the port by now, as a synth plays it."""
        found = [data for _, data in self.outlet.due(self.now + 1 if until_ns is None else until_ns, self.now)]
        for data in found:
            key = (data[0] & 0x0F, data[1])
            if data[0] & 0xF0 == 0x90:
                self.doubled += key in self.sounding
                self.sounding.add(key)
            elif data[0] & 0xF0 == 0x80:
                self.sounding.discard(key)
        return [data.hex() for data in found]


def onsets(sent: list[Due]) -> list[NoteOn]:
    return [due.event for due in sent if isinstance(due.event, NoteOn)]


def releases(sent: list[Due]) -> list[NoteOff]:
    return [due.event for due in sent if isinstance(due.event, NoteOff)]


def pitches(notes: list[NoteOn] | list[NoteOff]) -> set[tuple[int, int]]:
    return {(note.channel, note.pitch) for note in notes}
