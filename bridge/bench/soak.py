"""Hours of music, changes and faults in minutes, through the real port and the real brain; harm is counted."""

from __future__ import annotations

import gc
import os
import platform
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rich.console import Console
from rich.progress import Progress

from bridge.bench import soak_drift
from bridge.bench.idle import memory_mb
from bridge.bench.soak_control import MS, Control
from bridge.bench.soak_scene import STOP, Fingers, changes, clock, play, preset_names

INSERTS = 3
SCENE_NS = 10_000 * MS, 40_000 * MS
HOUR_NS = 3600e9
GROWTH_MB, DRIFT_MS = 5.0, 1.0
KEPT = 50
"""Descriptions of what went wrong, at most."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of a soak is wanted."""

    events: int = 1_000_000
    faults: int = 1_000
    hours: float = 0.0
    """Simulated; 0: as long as the events take."""
    seed: int = 1
    kinds: tuple[str, ...] = ()
    """Of the faults; empty: all."""


@dataclass
class Count:
    """What has happened so far."""

    events: int = 0
    faults: int = 0
    scenes: int = 0
    left: int = 0
    lost: int = 0
    found: list[str] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)


class Soak:
    """Scene after scene; after each one everything is let go, and there must be silence."""

    def __init__(self, plan: Plan) -> None:
        self.count = Count()
        self._plan = plan
        self._dice = random.Random(plan.seed)  # noqa: S311 - a scene, not a secret
        self._control = Control(INSERTS, self._dice)
        self._house = self._control.house
        self._changes = changes(self._dice, INSERTS, preset_names())
        self._kinds: list[str] = []
        """Of the faults of this scene: often of one kind only, for a panic ends what another has left."""

    @property
    def control(self) -> Control:
        """Who has the rest of the counts."""
        return self._control

    @property
    def hours(self) -> float:
        """Simulated by now."""
        return self._house.now_ns / HOUR_NS

    @property
    def goes_on(self) -> bool:
        """Whether something of the plan is left."""
        count, plan = self.count, self._plan
        return count.events < plan.events or count.faults < plan.faults or self.hours < plan.hours

    def scene(self) -> None:
        """Play for a while, then let go and listen."""
        dice, house = self._dice, self._house
        start_ns, lasts_ns = house.now_ns, dice.randint(*SCENE_NS)
        self.count.scenes += 1
        fingers = [self._player(start_ns, lasts_ns, insert) for insert in range(INSERTS)]
        leader = dice.randrange(INSERTS)
        kinds = self._plan.kinds or tuple(self._faults)
        self._kinds = dice.sample(kinds, min(len(kinds), dice.choice((1, 2, len(self._faults)))))
        if dice.random() < 0.5:
            self._send(start_ns, leader, clock(dice, lasts_ns))
        for _ in range(dice.choice((0, 2, 10, 40))):
            self._at(start_ns + dice.randrange(lasts_ns), self._change)
        for _ in range(dice.choice((0, 0, 1, 4))):
            self._at(start_ns + dice.randrange(lasts_ns), self._lead)
        while self.count.faults * self._plan.events < self._plan.faults * self.count.events:
            self.count.faults += 1
            self._at(start_ns + dice.randrange(lasts_ns), self._fault)
        house.run(start_ns + lasts_ns)
        self._let_go(fingers)
        self._judge()
        if self._plan.hours:
            until_ns = self._plan.hours * HOUR_NS * min(1.0, self.count.events / self._plan.events)
            house.run(max(house.now_ns, int(until_ns)))

    def _player(self, start_ns: int, lasts_ns: int, insert: int) -> Fingers:
        dice = self._dice
        channels = dice.choice(([0], [0], [0, 1], [9], [0, 3, 15], list(range(16))))
        fingers = Fingers(dice, channels)
        if dice.random() < 0.7:
            play(fingers, dice, lasts_ns)
        self._send(start_ns, insert, fingers.played)
        return fingers

    def _send(self, start_ns: int, insert: int, played: list[tuple[int, bytes]]) -> None:
        for ns, data in played:
            self._at(start_ns + ns, self._control.play, insert, data)

    def _at(self, ns: int, act: Any, *arguments: Any) -> None:
        self.count.events += 1
        self._house.at(ns, act, *arguments)

    def _change(self) -> None:
        self._control.set(*next(self._changes))

    def _lead(self) -> None:
        dice, control, now_ns = self._dice, self._control, self._house.now_ns
        match dice.randrange(3):
            case 0:
                control.lead(play=dice.choice((1, 5, 9999)))
            case 1:
                control.lead(stop=True)
            case _:
                apart_ns = dice.randint(160, 2500) * MS
                for number in range(dice.randint(1, 9)):
                    ns = now_ns + number * apart_ns + dice.randint(0, 20) * MS
                    self._house.at(ns, lambda: control.lead(tap=self._house.now_ns))

    def _fault(self) -> None:
        """One thing that should not happen."""
        kind = self._dice.choice(self._kinds)
        self.count.kinds[kind] = self.count.kinds.get(kind, 0) + 1
        self._faults[kind]()

    @cached_property
    def _faults(self) -> dict[str, Callable[[], None]]:
        dice, control = self._dice, self._control

        def insert() -> int:
            return dice.randrange(INSERTS)

        return {
            "panic": lambda: control.do("panic"),
            "panic and resume": self._panic_and_resume,
            "reset": lambda: control.play(insert(), b"\xff"),
            "brain killed": control.kill_brain,
            "brain stalled": lambda: control.stall(dice.randint(100, 1200) * MS),
            "brain stuck": lambda: control.stall(10_000 * MS),
            "port killed": control.kill_port,
            "port closed": control.close_port,
            "unplugged": lambda: control.unplug(insert(), dice.randint(5, 3000) * MS),
            "flood": lambda: self._flood(insert()),
            "xrun": lambda: control.lose(dice.choice((1, 1, 2, 5))),
            "full": lambda: control.narrow(dice.choice((0, 1, 3)), dice.randint(2, 80) * MS),
        }

    def _panic_and_resume(self) -> None:
        self._control.do("panic")
        self._house.at(self._house.now_ns + self._dice.randint(5, 3000) * MS, self._control.do, "resume")

    def _flood(self, insert: int) -> None:
        flood = Fingers(self._dice, [0])
        flood.flood(0, self._dice.randint(200, 1000) * MS)
        ends = [(1000 * MS, data) for data in flood.let_go()]
        self._send(self._house.now_ns, insert, sorted([*flood.played, *ends], key=lambda one: one[0]))

    def _let_go(self, fingers: list[Fingers]) -> None:
        """Keys and pedals up, songs stopped, chords no longer latched; then wait until all must have come to rest."""
        house, control = self._house, self._control
        house.run(house.now_ns + 3_000 * MS)  # whatever was pulled or killed is back
        for insert, hand in enumerate(fingers):
            control.plug(insert)
            for data in [*hand.let_go(), STOP]:
                self._at(house.now_ns, control.play, insert, data)
        control.lead(stop=True)
        for insert in range(1, INSERTS + 1):
            if control.desk.inserts[insert - 1]["harmonize"]["latch"]:
                control.set(f"/continuo/{insert}/latch", 0)
        # one that listens to another rests so long after that one has
        rest_beats = sum(state["harmonize"]["rest_beats"] for state in control.desk.inserts)
        takes_beats = sum(state["input"]["takeover_beats"] for state in control.desk.inserts)
        house.run(house.now_ns + 1_000 * MS)
        house.run(house.now_ns + int(60e9 / control.bpm * (rest_beats + takes_beats)) + 1_000 * MS)

    def _judge(self) -> None:
        port, count = self._house.port, self.count
        for insert, (synth, ledger) in enumerate(zip(port.synths, port.ledgers, strict=True) if port else ()):
            if synth.sounding or synth.pedals or ledger.owed:
                count.found.append(
                    f"scene {count.scenes}, insert {insert + 1}: sounding {sorted(synth.sounding)[:5]}, "
                    f"pedals {sorted(synth.pedals)[:5]}, not released {sorted(ledger.owed)[:5]}"
                )
                del count.found[KEPT:]
            count.lost += len(ledger.owed)
            count.left += synth.clear()
            ledger.owed.clear()


def measure(plan: Plan) -> dict[str, Any]:
    """All figures of `continuo bench soak --accelerated`."""
    start, soak = time.monotonic(), Soak(plan)
    early_mb = 0.0
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("Soaking", total=plan.events)
        while soak.goes_on:
            soak.scene()
            progress.update(task, completed=soak.count.events)
            if not early_mb and soak.count.events >= plan.events / 10:
                early_mb = _memory_mb()
        late_mb = _memory_mb()
    seconds = time.monotonic() - start
    soak.control.finish()
    drift = soak_drift.measure(max(plan.hours, soak.hours), plan.seed)
    row = _row(soak, plan, seconds) | drift | {"growth_mb": round(late_mb - early_mb, 2)}
    return row | {"wall_s": round(time.monotonic() - start, 1), "met": _met(row)}


def _row(soak: Soak, plan: Plan, seconds: float) -> dict[str, Any]:
    count, control = soak.count, soak.control
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "seed": plan.seed,
        "events": count.events,
        "faults": count.faults,
        "scenes": count.scenes,
        "notes": control.notes,
        "left_sounding": count.left + control.left,
        "lost_releases": count.lost,
        "wrong": len(control.wrong),
        "exceptions": len(control.crashes),
        "late": control.late,
        "dropped": control.dropped,
        "fallbacks": control.fallbacks,
        "simulated_h": round(soak.hours, 3),
        "events_per_s": round(count.events / seconds),
        "kinds": count.kinds,
        "reports": control.reports,
        "found": [*control.crashes[:KEPT], *count.found, *control.wrong[:KEPT]],
    }


def _met(result: dict[str, Any]) -> bool:
    """Whether nothing is left sounding, nothing is lost or wrong, nothing drifts and the memory does not grow."""
    harm = any(result[name] for name in ("left_sounding", "lost_releases", "wrong", "exceptions", "ticks_wrong"))
    drift_ms = max(result["followed_drift_ms"], result["own_drift_ms"])
    return not harm and drift_ms < DRIFT_MS and result["growth_mb"] < GROWTH_MB


def _memory_mb() -> float:
    gc.collect()
    return memory_mb(os.getpid()) if sys.platform == "linux" else 0.0


def report(result: dict[str, Any]) -> str:
    """The figures, one a line."""
    lines = [f"{name:<20}{value}" for name, value in result.items() if not isinstance(value, dict | list)]
    for name, counts in result.items():
        if isinstance(counts, dict):
            lines.append(f"{name:<20}" + ", ".join(f"{what} {many}" for what, many in sorted(counts.items())))
    return "\n".join([*lines, *result["found"]])
