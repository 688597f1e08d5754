"""The engine: events in, due events out. No I/O, no threads, no wall clock: the time is handed to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bridge.brain.in_time import InTime
from bridge.brain.insert import Bars, Clock, Due, Insert, no_bars
from bridge.brain.players import Players
from bridge.brain.settings import Settings
from music.beat import Timeline
from music.events import Event

Heard = tuple[int, Event, int]
"""(insert, event, time in ns)."""
Sent = tuple[int, Due]
"""(insert, what it sends)."""


class Engine:
    """The inserts of a daemon or of a render, under one timeline."""

    def __init__(
        self,
        settings: Sequence[Settings],
        timeline: Timeline,
        now_ns: int = 0,
        players: Players | None = None,
        bars: Bars = no_bars,
    ) -> None:
        """Raise ContinuoError where a player cannot be had."""
        self.players = players or Players()
        clock = Clock(timeline, bars)
        self.inserts = [Insert(one, self.players.get(one.model), clock, now_ns) for one in settings]

    def programs(self, now_ns: int) -> list[Sent]:
        """The program changes that all parts ask for."""
        return [(number, due) for number, insert in enumerate(self.inserts) for due in insert.programs(now_ns)]

    def receive(self, heard: Iterable[Heard], not_before_ns: int = 0) -> list[Sent]:
        """Take in what arrived together and answer it once: a chord is one question, not one for each of its notes.

        Onsets from before `not_before_ns` are heard and not answered.
        """
        times: dict[int, int] = {}
        for number, event, time_ns in heard:
            self.inserts[number].hear(event, time_ns)
            times[number] = time_ns
        return [
            (number, due)
            for number, time_ns in times.items()
            for due in self.inserts[number].respond(time_ns, in_time=time_ns >= not_before_ns)
        ]

    def advance(self, now_ns: int) -> list[Sent]:
        """Let time pass up to now."""
        return [(number, due) for number, insert in enumerate(self.inserts) for due in insert.advance(now_ns)]

    def next_wake_ns(self, now_ns: int) -> int | None:
        """When `advance` has something to decide; None where only events matter."""
        wakes = (insert.next_wake_ns(now_ns) for insert in self.inserts)
        return min((wake for wake in wakes if wake is not None), default=None)

    def next_frame_ns(self) -> int | None:
        """When players who think slowly should hear the open frame; None where there is none."""
        slow = (one.next_frame_ns() for one in self.inserts if isinstance(one.player, InTime))
        return min(slow, default=None)

    def configure(self, number: int, settings: Settings, now_ns: int) -> list[Sent]:
        """Give an insert new settings. ContinuoError, and nothing changes, where their player cannot be had."""
        old = self.inserts[number].settings
        due = self.inserts[number].configure(settings, self.players.get(settings.model), now_ns)
        if [(part.channel, part.program) for part in settings.parts] != [
            (part.channel, part.program) for part in old.parts
        ]:
            due = self.inserts[number].programs(now_ns) + due
        return [(number, one) for one in due]

    def silence(self) -> None:
        """Forget all that is held and sounds; who owns the outputs ends it."""
        for insert in self.inserts:
            insert.silence()
