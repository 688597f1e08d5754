"""The beat of a MIDI clock, out of ticks that come when they can.

MIDI 1.0 Detailed Specification, "System Real Time Messages" and "Song Position Pointer".
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from bridge.brain.transport import Position
from music.beat import CLOCKS_PER_BEAT
from music.events import Clock, Continue, Start, Stop, Transport

WINDOW_TICKS = 8 * CLOCKS_PER_BEAT
"""A steady clock is averaged over so many: with a jitter of 2 ms its phase is then known to 0.3 ms."""
FEW_TICKS = 6
"""So many make a tempo."""
LOST_NS = 500_000_000
"""Without a tick for so long, the clock is lost: 20 bpm has one every 125 ms."""
JITTER_NS = 500_000.0
"""The least jitter that is reckoned with: USB delivers once a millisecond."""
SLACK, ALARM = 0.75, 8.0
"""Of the cumulative sum, in standard deviations: what is put down to chance, and what is a change of tempo."""
LATE, ON_LINE = 0.75, 0.25
"""In ticks: later than this a tick is doubted; nearer than this to the old line, on the mean, they belong to it."""
DOUBTS = 4
"""So many ticks are waited for before it is decided."""
SHORTEST_TICK_NS = 60e9 / 1000 / CLOCKS_PER_BEAT
"""At 1000 bpm. Ticks that are closer have been held up and come all at once: they say nothing of a tempo."""
CLOCKS_PER_SIXTEENTH = CLOCKS_PER_BEAT // 4


@dataclass(frozen=True, slots=True)
class Line:
    """A steady tempo: tick `tick` falls at `ns`."""

    tick: float
    ns: float
    ns_per_tick: float

    def tick_at(self, ns: float) -> float:
        """Ticks at a moment."""
        return self.tick + (ns - self.ns) / self.ns_per_tick

    def ns_at(self, tick: float) -> float:
        """The moment of a tick."""
        return self.ns + (tick - self.tick) * self.ns_per_tick


class Tempo:
    """The line through the newest ticks, by least squares; through fewer of them when the tempo has changed.

    A change shows in residuals that keep to one side: their cumulative sum (CUSUM; Page 1954, "Continuous Inspection
    Schemes") passes a limit, and what came before it is forgotten.
    """

    def __init__(self) -> None:
        self._ticks: deque[tuple[int, int]] = deque(maxlen=WINDOW_TICKS)
        self._line: Line | None = None
        self._jitter_ns = JITTER_NS
        self._sums = [0.0, 0.0]
        self._doubted: list[int] = []
        self._since = [0, 0]  # how many ticks ago each sum left nought

    @property
    def line(self) -> Line | None:
        """None before there are enough ticks."""
        return self._line

    @property
    def count(self) -> int:
        """The number of the newest tick, the first being 0."""
        return self._last + len(self._doubted)

    def tick(self, ns: int) -> None:
        """A tick has come. One that comes a whole tick late is believed with the next few: was one lost before it?"""
        if self._doubted or (self._line and self._line.tick_at(ns) - (self._last + 1) > LATE):
            self._doubted.append(ns)
            if len(self._doubted) == DOUBTS:
                self._believe()
        else:
            self._add(self._last + 1, ns)

    def restart(self) -> None:
        """The song goes on from the newest tick: where that is off the old line, the line begins anew at its slope."""
        line, number = self._line, self.count
        newest_ns = self._doubted[-1] if self._doubted else self._ticks[-1][1]
        if line and abs(line.tick_at(newest_ns) - number) > ON_LINE:
            self._doubted.clear()
            self._forget([(number, newest_ns)])
            self._line = Line(number, newest_ns, line.ns_per_tick)
        else:
            self._settle()

    def _settle(self) -> None:
        """Take the doubted ticks for the next ones."""
        doubted, self._doubted = self._doubted, []
        for ns in doubted:
            self._add(self._last + 1, ns)

    def _believe(self) -> None:
        """Count lost ticks where those that came stand on the old line; if most of them are late, it is slower now."""
        at = [self._line.tick_at(ns) for ns in self._doubted] if self._line else []
        numbers = [self._last, *map(round, at)]
        steps = [b - a for a, b in pairwise(numbers)]
        on_line = fmean(abs(place - number) for place, number in zip(at, numbers[1:], strict=True)) < ON_LINE
        if not on_line or min(steps) < 1 or sum(step > 1 for step in steps) > DOUBTS // 2:
            self._settle()
            return
        doubted, self._doubted = self._doubted, []
        for number, ns in zip(numbers[1:], doubted, strict=True):
            self._add(number, ns)

    @property
    def _last(self) -> int:
        return self._ticks[-1][0] if self._ticks else -1

    def _add(self, number: int, ns: int) -> None:
        if self._line and len(self._ticks) >= FEW_TICKS:  # with fewer, the tempo is still that of before
            self._watch(ns - self._line.ns_at(number), number - self._last)
        self._ticks.append((number, ns))
        self._fit()

    def _watch(self, residual_ns: float, ticks: int) -> None:
        """Look whether the tempo has changed; only the ticks since then are kept."""
        changed = 0
        for side, sign in enumerate((1, -1)):
            self._sums[side] = max(0.0, self._sums[side] + sign * residual_ns / self._jitter_ns - SLACK * ticks)
            self._since[side] = self._since[side] + ticks if self._sums[side] else 0
            if self._sums[side] > ALARM:
                changed = self._since[side]
        if changed:
            self._forget(list(self._ticks)[-min(changed, len(self._ticks)) :])

    def _forget(self, kept: list[tuple[int, int]]) -> None:
        """All ticks but these."""
        self._ticks.clear()
        self._ticks.extend(kept)
        self._sums, self._since = [0.0, 0.0], [0, 0]

    def _fit(self) -> None:
        count = len(self._ticks)
        if count < FEW_TICKS and self._line is None:
            return
        number, now_ns = self._ticks[-1]
        x = [tick - number for tick, _ in self._ticks]
        y = [ns - now_ns for _, ns in self._ticks]
        mean_x, mean_y = fmean(x), fmean(y)
        slope = self._line.ns_per_tick if self._line else 0.0
        if count >= FEW_TICKS:
            spread = sum((one - mean_x) ** 2 for one in x)
            slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / spread
        if slope < SHORTEST_TICK_NS:
            return
        self._line = Line(number + mean_x, now_ns + mean_y, slope)
        if count >= 2 * FEW_TICKS:
            rest = (b - mean_y - slope * (a - mean_x) for a, b in zip(x, y, strict=True))
            self._jitter_ns = max(JITTER_NS, (fmean(one * one for one in rest)) ** 0.5)


class ClockFollower:
    """Song position and tempo of whoever sends a clock. Its caller keeps time; it never looks at one."""

    def __init__(self) -> None:
        self.rolling = False
        self._tempo = Tempo()
        self._newest_ns: int | None = None
        self._armed = False  # the next tick is where the song goes on
        self._song_tick = 0
        self._start = 0  # the counted tick that is tick 0 of the song
        self._quirk = False
        self._told = self._told_tick = 0  # the last song position as it was told, and the tick that it was taken for

    @property
    def line(self) -> Line | None:
        """In ticks of the song while it rolls, of nothing in particular while it stands; None where nobody knows."""
        line = self._tempo.line
        return Line(line.tick - self._start, line.ns, line.ns_per_tick) if line else None

    @property
    def bpm(self) -> float | None:
        """Beats a minute."""
        return 60e9 / (self._tempo.line.ns_per_tick * CLOCKS_PER_BEAT) if self._tempo.line else None

    def position(self, ns_per_beat: float) -> Position | None:
        """Where the song stands; its first ticks make no tempo yet: till then it goes at the one given."""
        line, newest_ns = self.line, self._newest_ns
        if newest_ns is None:
            return None
        if not self.rolling or self._armed:
            return Position(newest_ns, None, line.ns_per_tick * CLOCKS_PER_BEAT) if line else None
        if line is None:
            return Position(newest_ns, (self._tempo.count - self._start) / CLOCKS_PER_BEAT, ns_per_beat)
        return Position(line.ns, line.tick / CLOCKS_PER_BEAT, line.ns_per_tick * CLOCKS_PER_BEAT)

    def lost(self, now_ns: int) -> bool:
        """Whether no tick has come for too long."""
        return self._newest_ns is None or now_ns - self._newest_ns > LOST_NS

    def hear(self, event: Transport, ns: int) -> None:
        """Take in what came on the wire."""
        match event:
            case Clock():
                self._tick(ns)
            case Start():
                self._song_tick, self._armed, self.rolling = 0, True, True
                self._told = self._told_tick = 0
            case Continue():
                self._armed, self.rolling = True, True
            case Stop():
                self._song_tick = self._position()
                self._armed = self.rolling = False
            case _:
                self._relocate(event.sixteenths)

    def _tick(self, ns: int) -> None:
        if self.lost(ns):
            if self.rolling and not self._armed and self.line:  # it has gone on meanwhile, as far as anybody knows
                self._song_tick, self._armed = round(self.line.tick_at(ns)), True
            self._tempo = Tempo()
        self._newest_ns = ns
        self._tempo.tick(ns)
        if self._armed:
            self._tempo.restart()
            self._start = self._tempo.count - self._song_tick
            self._armed = False

    def _position(self) -> int:
        """Ticks of the song at which the next tick falls."""
        return self._song_tick if self._armed or not self.rolling else self._tempo.count - self._start + 1

    def _relocate(self, told: int) -> None:
        """A song position. Ardour 7 counts clocks in it instead of sixteenths; the ticks since the last one tell."""
        passed = self._position() - self._told_tick
        as_clocks = abs(told - self._told - passed)
        as_sixteenths = abs((told - self._told) * CLOCKS_PER_SIXTEENTH - passed)
        if passed > CLOCKS_PER_BEAT and min(as_clocks, as_sixteenths) <= CLOCKS_PER_SIXTEENTH:
            self._quirk = as_clocks < as_sixteenths
        self._song_tick = told * (1 if self._quirk else CLOCKS_PER_SIXTEENTH)
        self._told, self._told_tick = told, self._song_tick
        self._armed = True
