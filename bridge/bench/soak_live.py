"""A real daemon on a private JACK server, played at random and broken; whatever happened, silence must come."""

from __future__ import annotations

import itertools
import os
import platform
import random
import signal
import socket
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from rich.console import Console
from rich.progress import Progress

from bridge import players, presets, realtime
from bridge.addresses import ROOT
from bridge.bench.idle import memory_mb
from bridge.bench.latency import PRIORITY
from bridge.bench.malformed import Judge, malformed, message
from bridge.bench.musician import Musician
from bridge.bench.soak_scene import MS, STOP, Fingers, changes, clock, play, preset_names
from bridge.bench.stage import LiveDaemon, jack_server
from bridge.bench.synth import Ledger, Synth
from music.errors import ContinuoError

INSERTS = 2
SCENE_NS = 1_500 * MS, 4_000 * MS
SILENCE_S = 5.0
BACK_S = 20.0
POLL_S = 0.001
PACKETS = 2_000
"""Of an OSC flood."""
ROLES = ("port", "brain")

FAULTS = (
    "panic",
    "panic and resume",
    "unplugged",
    "brain killed",
    "brain stalled",
    "brain stuck",
    "port killed",
    "control killed",
    "osc flood",
    "midi flood",
)


class LiveSoak:
    """Scene after scene on a daemon that is started again when it was killed."""

    def __init__(self, seed: int) -> None:
        self.events = self.notes = self.left = self.lost = self.orphans = 0
        self.kinds: dict[str, list[float]] = {}
        """Seconds until it was back, or silent, for each fault."""
        self.silent_s: list[float] = []
        self.trouble: list[str] = []
        self.found: list[str] = []
        self.control_mb: list[float] = []
        self._dice = random.Random(seed)  # noqa: S311 - a scene, not a secret
        names = [name for name in preset_names() if presets.load(name)["player"]["model"] == players.RULES]
        wanted = changes(self._dice, INSERTS, names)
        self._changes = ((address, value) for address, value in wanted if not address.endswith("/model"))
        judge = Judge()
        self._packets = list(itertools.islice(filter(judge.harmless, malformed(self._dice)), PACKETS))
        self._osc = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._synths = [Synth() for _ in range(INSERTS)]
        self._ledger = Ledger()
        self._musicians = 0
        self._start()

    def scene(self, fault: str) -> None:
        """Play, break something meanwhile, let go, and wait for silence."""
        dice = self._dice
        lasts_ns = dice.randint(*SCENE_NS)
        fingers = Fingers(dice, dice.choice(([0], [0, 1], [0, 3, 15])))
        play(fingers, dice, lasts_ns)
        if fault == "midi flood":
            fingers.flood(lasts_ns // 2, 300 * MS)
        played = fingers.played + (clock(dice, lasts_ns) if dice.random() < 0.3 else [])
        agenda: list[tuple[int, Callable[[], None]]] = [(ns, partial(self._play, data)) for ns, data in played]
        agenda += [(dice.randrange(lasts_ns), self._change) for _ in range(dice.choice((0, 3, 20)))]
        agenda.append((dice.randint(lasts_ns // 4, lasts_ns // 2), lambda: self._break(fault)))
        start_ns = time.monotonic_ns()
        for ns, act in sorted(agenda, key=lambda one: one[0]):
            while time.monotonic_ns() - start_ns < ns:
                self._hear()
                time.sleep(POLL_S)
            self.events += 1
            act()
        self._let_go(fingers)

    def close(self) -> None:
        """End the daemon as a user would."""
        self._player.close()
        code = self._daemon.stop()
        self._told()
        if code:
            self.trouble.append(f"the daemon ended with code {code}")
        self._osc.close()

    def _start(self) -> None:
        options = ("--backend", "jack", "--headless", "--osc-port", "0")
        self._daemon = LiveDaemon(*options, *("--preset", presets.DEFAULT) * INSERTS)
        self._enter()

    def _enter(self) -> None:
        """A musician is there, plugged in; behind the daemon's outputs everything is silent."""
        self._send(f"{ROOT}/clock_out", 0)
        for insert in range(1, INSERTS + 1):
            self._send(f"{ROOT}/{insert}/thru", 1)
        for synth in self._synths:
            synth.clear()
        self._ledger = Ledger()
        self._musicians += 1
        self._player = Musician(own=f"soak-{self._musicians}", inserts=INSERTS)

    def _play(self, data: bytes) -> None:
        self._player.play(data)

    def _send(self, address: str, *values: object) -> None:
        self._osc.sendto(message(address, *values), ("127.0.0.1", self._daemon.osc_port))

    def _change(self) -> None:
        address, value = next(self._changes)
        self._send(address if address.startswith("/") else f"{ROOT}/{address}", value)

    def _hear(self) -> None:
        """Take in what came directly and through the daemon."""
        player = self._player
        while player.directs:
            self._ledger.passed(player.directs.popleft().data)
        while player.answers:
            one = player.answers.popleft()
            self._synths[one.insert].play(one.data)
            self._ledger.arrived(one.data, dry=True)
            self.notes += one.data[0] & 0xF0 == 0x90 and one.data[2] > 0

    def _break(self, fault: str) -> None:
        """Do it, and wait until the daemon is back."""
        self._daemon.drain()
        role, _, what = fault.partition(" ")
        if what in ("killed", "stuck") and role in ROLES:
            self._signal(role, signal.SIGKILL if what == "killed" else signal.SIGSTOP)
            self._back(fault)
            if role == "port":
                self._player.close()
                self._enter()
        elif fault == "brain stalled":
            self._signal("brain", signal.SIGSTOP)
            time.sleep(self._dice.uniform(0.1, 1.0))
            self._signal("brain", signal.SIGCONT)
        elif fault == "control killed":
            self._kill_control()
        elif fault == "unplugged":
            self._player.unplug()
            time.sleep(self._dice.uniform(0.02, 0.5))
            self._player.plug()
        elif fault == "osc flood":
            for packet in self._packets:
                self._osc.sendto(packet, ("127.0.0.1", self._daemon.osc_port))
        elif role == "panic":
            self._send(f"{ROOT}/panic")
            if what:
                time.sleep(self._dice.uniform(0.02, 0.5))
                self._send(f"{ROOT}/resume")

    def _back(self, fault: str) -> None:
        """Wait for the process that was ended; surfaces move their faders meanwhile."""
        start = time.monotonic()
        while True:
            for _ in range(3):
                self._change()
            try:
                self._daemon.wait_for(0.05, event="back")
                break
            except ContinuoError:
                if time.monotonic() - start > BACK_S or self._daemon.process.poll() is not None:
                    raise
        self.kinds.setdefault(fault, []).append(time.monotonic() - start)

    def _kill_control(self) -> None:
        """The whole daemon goes with it, and ends its notes before; then another one is started."""
        start = time.monotonic()
        pids = [int(self._daemon.newest("pids", role)) for role in ROLES]
        self._daemon.process.kill()
        self._daemon.process.wait(timeout=10)
        end = time.monotonic() + SILENCE_S
        while any(map(_alive, pids)) and time.monotonic() < end:
            time.sleep(POLL_S)
        self.orphans += sum(map(_alive, pids))
        self._hear()
        self._judge("control killed")
        self._told()
        self._player.close()
        self._start()
        self.kinds.setdefault("control killed", []).append(time.monotonic() - start)

    def _signal(self, role: str, number: signal.Signals) -> None:
        os.kill(int(self._daemon.newest("pids", role)), number)

    def _let_go(self, fingers: Fingers) -> None:
        """Keys and pedals up, songs stopped, nothing latched, no accompaniment that goes on: silence must come."""
        start = time.monotonic()
        for data in [*fingers.let_go(), STOP]:
            self._play(data)
        self._send(f"{ROOT}/stop")
        for insert in range(1, INSERTS + 1):
            for name in ("latch", "rest", "takeover"):
                self._send(f"{ROOT}/{insert}/{name}", 0)
        while time.monotonic() < start + SILENCE_S:
            self._hear()
            if not self._player.waiting and not any(synth.sounding or synth.pedals for synth in self._synths):
                time.sleep(0.05)
                self._hear()
                if not any(synth.sounding or synth.pedals for synth in self._synths):
                    break
            time.sleep(POLL_S)
        self.silent_s.append(time.monotonic() - start)
        self._judge("let go")
        self._send(f"{ROOT}/clock_out", 0)
        for insert in range(1, INSERTS + 1):
            self._send(f"{ROOT}/{insert}/preset", presets.DEFAULT)
        self._daemon.drain()
        if sys.platform == "linux":
            self.control_mb.append(memory_mb(self._daemon.pid("control")))

    def _judge(self, when: str) -> None:
        for number, synth in enumerate(self._synths, 1):
            if synth.sounding or synth.pedals:
                self.found.append(f"insert {number}, {when}: sounding {sorted(synth.sounding)[:5]}, {synth.pedals}")
            self.lost += len(self._ledger.owed & synth.sounding)
            self.left += synth.clear()
        self._ledger = Ledger()

    def _told(self) -> None:
        """What the daemon, which has ended, said that it should not have needed to."""
        self._daemon.drain()
        stderr = self._daemon.process.stderr.read().splitlines() if self._daemon.process.stderr else []
        faults = [one["text"] for one in self._daemon.events if one["event"] == "trouble" and "fault" in one["text"]]
        ended = [one["text"] for one in self._daemon.events if one["event"] == "trouble" and "code" in one["text"]]
        self.trouble += [*faults, *ended, *stderr[-5:]]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def measure(hours: float, seed: int) -> dict[str, Any]:
    """All figures of `continuo bench soak` in real time."""
    sys.setswitchinterval(0.0005)
    realtime.take(PRIORITY)  # as in `bench latency`
    start, end = time.monotonic(), time.monotonic() + hours * 3600
    scenes = 0
    with (
        jack_server(patient=True),
        Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress,
    ):
        task = progress.add_task("Soaking", total=hours * 3600)
        soak = LiveSoak(seed)
        try:
            while time.monotonic() < end:
                soak.scene(FAULTS[scenes % len(FAULTS)])
                scenes += 1
                progress.update(task, completed=time.monotonic() - start)
        finally:
            soak.close()
    return _row(soak, scenes, seed) | {"wall_s": round(time.monotonic() - start, 1)}


def _row(soak: LiveSoak, scenes: int, seed: int) -> dict[str, Any]:
    back = {kind: f"{statistics.median(times):.2f}" for kind, times in soak.kinds.items() if times}
    harm = soak.left or soak.lost or soak.orphans or soak.trouble
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "seed": seed,
        "events": soak.events,
        "faults": scenes,
        "notes": soak.notes,
        "left_sounding": soak.left,
        "lost_releases": soak.lost,
        "orphans": soak.orphans,
        "silent_p50_s": round(statistics.median(soak.silent_s), 3),
        "silent_max_s": round(max(soak.silent_s), 3),
        "control_mb": [soak.control_mb[0], soak.control_mb[-1]] if soak.control_mb else [],
        "back_s": back,
        "found": [*soak.found, *soak.trouble],
        "met": not harm,
    }
