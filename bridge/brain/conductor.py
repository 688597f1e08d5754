"""Who leads: JACK's transport, Ableton Link, a MIDI clock, taps, or nobody but ourselves."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, Protocol

from bridge.brain.follow import ClockFollower
from bridge.brain.transport import Position, Transport
from music.events import Transport as Message

SOURCES = {
    "daw": ("jack", "link", "midi"),
    "midi": ("midi",),
    "link": ("link",),
    "jack": ("jack",),
    "internal": (),
    "tap": (),
}
"""What each choice may follow, the first that is there before the others."""
FRESH_NS = 1_500_000_000
"""JACK and Link are told of twice a second, and at every change."""
STOP_NS = 40_000_000
"""A song that goes on again within so long has not stopped: hosts stop and start their clock where a loop begins."""
TAP_PAUSE_NS = 2_000_000_000
"""Taps further apart (30 bpm) begin anew."""
TAPS = 8
BPM = 20.0, 400.0


class Leader(Protocol):
    """Somebody else's song."""

    @property
    def rolling(self) -> bool:
        """Whether the song goes on, as far as is known."""
        ...

    def is_here(self, now_ns: int) -> bool:
        """Whether it leads now."""
        ...

    def position(self, ns_per_beat: float) -> Position | None:
        """Where the song stands; `ns_per_beat` for one who does not know its tempo yet."""
        ...


class MidiLeader:
    """The MIDI clocks of all ports: the one that ticked first, until it is lost and another ticks."""

    def __init__(self) -> None:
        self._followers: dict[int, ClockFollower] = {}
        self._leading = ClockFollower()

    def hear(self, port: int, event: Message, ns: int) -> None:
        """Take in what came into a port."""
        follower = self._followers.setdefault(port, ClockFollower())
        follower.hear(event, ns)
        if self._leading.lost(ns) and not follower.lost(ns):
            self._leading = follower

    @property
    def rolling(self) -> bool:
        """Between Start or Continue and Stop."""
        return self._leading.rolling

    def is_here(self, now_ns: int) -> bool:
        """Whether it ticks."""
        return not self._leading.lost(now_ns)

    def position(self, ns_per_beat: float) -> Position | None:
        """By the line through its ticks."""
        return self._leading.position(ns_per_beat)


@dataclass(frozen=True, slots=True)
class Report:
    """What JACK or Link say of their song."""

    position: Position
    rolling: bool
    here: bool
    """Whether there is anybody to follow: peers, or somebody who gives JACK a tempo."""
    meter: tuple[int, int] | None = None


class ReportedLeader:
    """Somebody whose song is told of now and then."""

    def __init__(self) -> None:
        self.newest: Report | None = None

    @property
    def rolling(self) -> bool:
        """As it was told last."""
        return bool(self.newest and self.newest.rolling)

    def is_here(self, now_ns: int) -> bool:
        """Whether it was told of lately."""
        return bool(self.newest and self.newest.here and now_ns - self.newest.position.ns < FRESH_NS)

    def position(self, _ns_per_beat: float) -> Position | None:
        """As it was told last, that of a song that stands without its beat."""
        if self.newest is None:
            return None
        here = self.newest.position
        return here if self.newest.rolling else Position(here.ns, None, here.ns_per_beat)


class Taps:
    """A tempo beaten by hand; the first tap of a row is a downbeat."""

    def __init__(self) -> None:
        self._taps: deque[int] = deque(maxlen=TAPS)
        self._beat = 0

    def tap(self, ns: int) -> Position | None:
        """The tempo of the last taps, and the beat that this one is; None for the first."""
        if not self._taps or ns - self._taps[-1] > TAP_PAUSE_NS or ns <= self._taps[-1]:
            self._taps.clear()
            self._beat = 0
            self._taps.append(ns)
            return None
        before_ns = self._taps[-1]
        self._taps.append(ns)
        apart_ns = median(b - a for a, b in pairwise(self._taps))
        self._beat += max(1, round((ns - before_ns) / apart_ns))  # a tap that was left out is a beat too
        low, high = BPM
        return Position(ns, float(self._beat), min(max(apart_ns, 60e9 / high), 60e9 / low))


class Conductor:
    """Lets a transport follow whoever leads. It is told everything, and never looks at a clock."""

    def __init__(self, transport: Transport) -> None:
        self.leads = "internal"
        self.lost = False
        """Who leads has been lost while its song went on: the transport runs on at its last tempo."""
        self._transport = transport
        self._source = "daw"
        self._tempo = 0.0
        self._meter = (4, 4)
        self._midi = MidiLeader()
        self.jack, self.link = ReportedLeader(), ReportedLeader()
        self._leaders: dict[str, Leader] = {"midi": self._midi, "jack": self.jack, "link": self.link}
        self._taps = Taps()
        self._playing = False  # our own song
        self._rolled_ns: int | None = None  # when a song rolled last; None: its stop was told

    @property
    def rolling(self) -> bool:
        """Whether a song goes on."""
        return self._leaders[self.leads].rolling if self.leads in self._leaders else self._playing

    def configure(self, settings: dict[str, Any], now_ns: int) -> None:
        """Take the daemon's settings: `source`, `tempo`, `meter` ("3/4").

        A new tempo ends the waiting for a lost clock.
        """
        self._source = settings["source"]
        numerator, denominator = map(int, settings["meter"].split("/"))
        self._meter = numerator, denominator
        new_tempo, self._tempo = settings["tempo"] != self._tempo, settings["tempo"]
        if self.leads in self._leaders and (self.leads not in SOURCES[self._source] or (self.lost and new_tempo)):
            self._alone()
        if new_tempo and self.leads not in self._leaders:
            self._transport.set_tempo(self._tempo, now_ns)

    def hear(self, port: int, event: Message, ns: int) -> None:
        """Take in what came into a MIDI port."""
        self._midi.hear(port, event, ns)

    def tap(self, ns: int) -> float | None:
        """A tap; gives the tempo in bpm that it makes, None where there is none yet or somebody else leads."""
        position = self._taps.tap(ns)
        if position is None or self.leads in self._leaders:
            return None
        bpm = 60e9 / position.ns_per_beat
        if self._source == "tap":
            self._playing = True
            self._transport.follow(position, ns)
        else:
            self._transport.set_tempo(bpm, ns)
        return bpm

    def play(self, bar: int, now_ns: int) -> None:
        """Start our own song at a bar, from 1; nothing happens where somebody else leads."""
        if self.leads not in self._leaders:
            numerator, denominator = self._transport.meter
            beat = (bar - 1) * numerator * 4 / denominator
            self._transport.leave()
            self._transport.follow(Position(now_ns, beat, self._transport.ns_per_beat), now_ns)
            self._playing = True

    def stop(self) -> None:
        """Stop our own song."""
        if self.leads not in self._leaders:
            self._playing = False

    def next_wake_ns(self) -> int | None:
        """When to look whether a song has stopped for good."""
        return self._rolled_ns + STOP_NS if self._rolled_ns is not None and not self.rolling else None

    def steer(self, now_ns: int) -> bool:
        """Follow whoever leads now; True, once, where the song has stopped."""
        leads = next((one for one in SOURCES[self._source] if self._leaders[one].is_here(now_ns)), None)
        if leads and (leads != self.leads or self.lost):
            self.leads, self.lost = leads, False
            self._transport.leave()
        elif not leads and self.leads in self._leaders:
            self._without()
        if leads:
            self._go_with(self._leaders[leads], now_ns)
        newest = self.jack.newest if self.leads == "jack" else None
        self._transport.meter = (newest.meter if newest else None) or self._meter
        if self.rolling:
            self._rolled_ns = now_ns
        elif self._rolled_ns is not None and now_ns - self._rolled_ns >= STOP_NS:
            self._rolled_ns = None
            self._transport.leave()
            return True
        return False

    def _go_with(self, leader: Leader, now_ns: int) -> None:
        position = leader.position(self._transport.ns_per_beat)
        if position:
            self._transport.follow(position, now_ns)

    def _without(self) -> None:
        """Who led is not heard of any more: its song had stopped, or it is lost."""
        if self._leaders[self.leads].rolling:
            self.lost = True
        else:
            self._alone()

    def _alone(self) -> None:
        """Nobody leads any more; the tempo stays."""
        self.leads, self.lost, self._playing = "internal", False, False
        self._transport.leave()
