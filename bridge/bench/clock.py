"""How well the brain follows a clock that comes with a jitter, beside what is wanted of it.

The session of the brain hears a MIDI clock as a cable brings it, and at the true moment of each tick it is asked where
the song stands: what comes later is not known yet. `bridge.bench.clock_live` does the same through real ports.
"""

from __future__ import annotations

import math
import random
import sys
from collections import deque
from collections.abc import Callable
from statistics import fmean, pstdev
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import track

from bridge import presets
from bridge.bench import clock_live
from bridge.brain.in_time import AtLeisure
from bridge.brain.players import Players
from bridge.brain.session import Session
from bridge.messages import INPUT, Record
from music.beat import CLOCKS_PER_BEAT
from music.events import Clock, Event, SongPosition, Start
from music.wire import encode

JITTER_NS = 2e6
SEEDS = 4
SETTLED_BEATS = 4
WITHIN_MS = 5.0
START_NS = 10**9
WIDTH = 60


class Row(NamedTuple):
    """A figure, and what is wanted of it."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    """No more than this; None: there is none."""

    @property
    def met(self) -> bool | None:
        """Whether it is what is wanted."""
        return None if self.goal is None else self.value <= self.goal


class Take:
    """A session that hears a clock, and by how many ms it has each of its ticks wrong (NaN: it does not know)."""

    def __init__(self, seed: int, lost: float = 0.0) -> None:
        self.errors_ms: list[float] = []
        self._session = Session(Players("cpu", AtLeisure(), tell=_ignore), 0)
        clock = {"source": "midi", "tempo": 120.0, "meter": "4/4", "out": False}
        self._session.obey({"settings": {"0": presets.load(presets.DEFAULT)}, "clock": clock}, 0)
        self._dice = random.Random(seed)  # noqa: S311 - a cable, not a secret
        self._lost = lost
        self._true_ns, self._song_tick = float(START_NS), 0
        self._arrived_ns = 0
        self._coming: deque[tuple[int, Event]] = deque([(0, Start())])

    def play(self, beats: float, bpm: float, to_bpm: float | None = None) -> int:
        """The song goes on for so long, to another tempo in the end; gives the number of its first tick."""
        first, count = len(self.errors_ms), round(beats * CLOCKS_PER_BEAT)
        for number in range(count):
            self._tick()
            now_bpm = bpm + ((to_bpm or bpm) - bpm) * number / count
            self._true_ns += 60e9 / now_bpm / CLOCKS_PER_BEAT
        return first

    def move(self, sixteenths: int) -> None:
        """The song goes on from somewhere else."""
        self._coming.append((self._arrived_ns, SongPosition(sixteenths)))
        self._song_tick = sixteenths * CLOCKS_PER_BEAT // 4

    def _tick(self) -> None:
        self._arrived_ns = max(self._arrived_ns, round(self._true_ns + self._dice.gauss(0, JITTER_NS)))
        if not self.errors_ms or self._dice.random() >= self._lost:
            self._coming.append((self._arrived_ns, Clock()))
        while self._coming and self._coming[0][0] <= self._true_ns:
            ns, event = self._coming.popleft()
            self._session.hear([Record(ns, 0, INPUT, 0, encode(event))], ns)
            self._session.advance(ns)
        self._session.to_control.clear()
        transport = self._session.transport
        beat = transport.song_beat(round(self._true_ns))
        off = math.nan if beat is None else beat - self._song_tick / CLOCKS_PER_BEAT
        self.errors_ms.append(off * transport.ns_per_beat / 1e6)
        self._song_tick += 1


def measure(seed: int, drift_minutes: int = 60, live_s: float = 60.0) -> dict[str, Any]:
    """Every figure with its goal; `live_s` of 0 leaves the real ports out."""
    seeds = range(seed, seed + SEEDS)
    tasks: list[Callable[[], list[Row]]] = [lambda bpm=bpm: _steady(seeds, bpm) for bpm in (60, 120, 174)]  # type: ignore[misc]
    tasks += [lambda: _moved(seeds), lambda: _stepped(seeds), lambda: _ramp(seeds), lambda: _lost(seeds)]
    tasks += [lambda: _drift(seed, drift_minutes)]
    tasks += [lambda way=way: _live(way, live_s) for way in clock_live.ways() if live_s]  # type: ignore[misc]
    quiet = not sys.stderr.isatty()
    console = Console(stderr=True)
    rows = [row for task in track(tasks, "Following", console=console, transient=True, disable=quiet) for row in task()]
    return {"seed": seed, "rows": [row._asdict() | {"met": row.met} for row in rows]}


def report(result: dict[str, Any]) -> str:
    """The figures as a table."""
    lines = [f"{'':<{WIDTH}}{'figure':>10}  {'':<6}{'goal':>8}"]
    for row in result["rows"]:
        goal = "" if row["goal"] is None else f"{row['goal']:.2f}"
        said = {None: "", True: "met", False: "missed"}[row["met"]]
        lines.append(f"{row['name']:<{WIDTH}}{row['value']:>10.3f}  {row['unit']:<6}{goal:>8}  {said}".rstrip())
    return "\n".join(lines)


def _steady(seeds: range, bpm: int) -> list[Row]:
    errors: list[float] = []
    for seed in seeds:
        take = Take(1000 * bpm + seed)  # the same jitter would give the same errors at any tempo
        take.play(64, bpm)
        errors += take.errors_ms[SETTLED_BEATS * CLOCKS_PER_BEAT :]
    here = f"{bpm} bpm, after {SETTLED_BEATS} beats"
    return [Row(f"{here}: sd", pstdev(errors), "ms", 0.5), Row(f"{here}: worst", max(map(abs, errors)), "ms")]


def _moved(seeds: range) -> list[Row]:
    found = []
    for seed in seeds:
        for sixteenths in (0, 7, 400):
            take = Take(seed)
            take.play(16, 120)
            take.move(sixteenths)
            found.append(_beats_off(take.errors_ms[take.play(16, 120) :]))
    return [Row("relocated: until within 5 ms, worst", max(found), "beats", 1.0)]


def _stepped(seeds: range) -> list[Row]:
    rows = []
    for bpm in (140, 100):
        takes = [Take(seed) for seed in seeds]
        for take in takes:
            take.play(32, 120)
        found = [_beats_off(take.errors_ms[take.play(32, bpm) :]) for take in takes]
        rows.append(Row(f"120 to {bpm} bpm at once: until within 5 ms, worst", max(found), "beats", 2.0))
    return rows


def _ramp(seeds: range) -> list[Row]:
    worst = 0.0
    for seed in seeds:
        take = Take(seed)
        take.play(16, 120)
        first = take.play(16, 120, 160)
        take.play(8, 160)
        worst = max(worst, *map(abs, take.errors_ms[first:]))
    return [Row("120 to 160 bpm in 16 beats: worst", worst, "ms")]


def _lost(seeds: range) -> list[Row]:
    worst = 0.0
    for seed in seeds:
        take = Take(seed, lost=0.005)
        take.play(400, 174)
        worst = max(worst, *map(abs, take.errors_ms[-8 * CLOCKS_PER_BEAT :]))
    return [Row("1 tick of 200 lost: worst after 400 beats", worst, "ms", WITHIN_MS)]


def _drift(seed: int, minutes: int) -> list[Row]:
    take = Take(seed)
    take.play(minutes * 120, 120)
    last = fmean(take.errors_ms[-120 * CLOCKS_PER_BEAT :])
    return [Row(f"after {minutes} minutes: mean of the last, from 0", abs(last), "ms", 0.1)]


def _live(way: str, seconds: float) -> list[Row]:
    distances = clock_live.distances_ms(way, seconds)
    here = f"{way}, clock out"
    worst = max(abs(one - fmean(distances)) for one in distances)
    rows = [Row(f"{here}: sd", pstdev(distances), "ms", 1.0), Row(f"{here}: worst, from the mean", worst, "ms")]
    return [*rows, Row(f"{here}: mean", fmean(distances), "ms")]


def _beats_off(errors_ms: list[float]) -> float:
    """How long it takes until the song is where it should be, and stays there."""
    off = [number for number, error in enumerate(errors_ms) if not abs(error) <= WITHIN_MS]
    return (off[-1] + 1) / CLOCKS_PER_BEAT if off else 0.0


def _ignore(_text: str) -> None:
    pass
