"""The way of a note through a real daemon on a private JACK server, stamped at both ends.

Floor, thru and harmony are taken from the same notes in one run: the player's port goes to the listener directly and
through Continuo. The musician plays at moments that have nothing to do with JACK's cycles. The server is one that
waits for late clients (jackd -S): the usual one loses a cycle when the machine is late, with or without Continuo.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import time
from dataclasses import dataclass
from typing import Any, Literal

from pythonosc.udp_client import SimpleUDPClient

from bridge import players, presets, realtime
from bridge.bench.figures import Figures, figures
from bridge.bench.idle import idle
from bridge.bench.load import busy
from bridge.bench.musician import Musician, musician
from bridge.bench.notes import FEW, STRUM_MS, WIDE, Expected, play, strummed
from bridge.bench.stage import LiveDaemon, jack_server, live_daemon
from bridge.brain.settings import HARMONIZE, Settings

VOICES = 4
"""Of the default preset; any other has its own."""
PRIORITY = 20  # below the daemon: it must not take its processor
SETTLE_S = 0.3


@dataclass(frozen=True, slots=True)
class Course:
    """What is measured, and under which circumstances."""

    notes: int = 10_000
    rate: int = 100
    """Notes a second."""
    period: int = 64
    """Frames at 48 kHz."""
    preset: str | None = None
    voices: int | None = None
    inserts: int = 1
    """All with the same preset, all played at once."""
    load: int = 0
    """Busy processes beside the music."""
    backend: Literal["jack", "rtmidi"] = "jack"

    @property
    def chosen(self) -> str:
        """The preset's name."""
        return self.preset or presets.DEFAULT

    def expected(self) -> Expected:
        """What comes back for a note."""
        state = presets.load(self.chosen)
        harmonize = state["harmonize"]
        channels = frozenset(part["channel"] - 1 for part in state["part"])
        rules = state["player"]["model"] == players.RULES
        if state["effect"] != HARMONIZE:  # who plays at which touch, the player knows
            return Expected(len(Settings.of(state).parts), channels, exact=False, inserts=self.inserts)
        exact = rules and harmonize["placement"] == "below" and harmonize["strum_ms"] == 0
        voices = self.voices or (harmonize["voices"] if self.preset else VOICES)
        return Expected(voices, channels, exact, self.inserts)


def measure(course: Course) -> dict[str, Any]:
    """All figures of `continuo bench latency`, the lists of latencies (ms) among them under `histogram`."""
    sys.setswitchinterval(0.0005)
    realtime.take(PRIORITY)  # or a JACK thread of ours waits for the interpreter that a preempted main thread holds
    expected = course.expected()
    arguments = ("--backend", course.backend, "--headless", *("--preset", course.chosen) * course.inserts)
    with jack_server(course.period):
        start = time.monotonic()
        with live_daemon(*arguments) as daemon:
            ready_s = time.monotonic() - start
            at_rest = idle(daemon)
    with jack_server(course.period, patient=True), live_daemon(*arguments) as daemon:
        with musician(inserts=course.inserts) as player, busy(course.load):
            osc = SimpleUDPClient("127.0.0.1", daemon.osc_port)
            _set(osc, course, expected)
            time.sleep(SETTLE_S)
            taken = play(player, course.notes, course.rate, expected)
            jitter = {} if course.preset else _jitter(player, osc, expected)
            xruns = player.xruns
        late, fallbacks = (newest(daemon, name, course.inserts) for name in ("late", "fallback"))
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "preset": course.chosen,
        "inserts": course.inserts,
        "backend": course.backend,
        "load": course.load,
        "period_ms": round(course.period / 48, 3),
        "notes": course.notes,
        "voices": expected.voices,
        "floor_ms": figures(taken.floor),
        "thru_ms": figures(taken.thru),
        "harmony_ms": figures(taken.harmony),
        **jitter,
        "lost": taken.lost,
        "wrong": taken.wrong,
        "unanswered": taken.unanswered,
        "late": late,
        "fallbacks": fallbacks,
        "xruns": xruns,
        "floor_lost": taken.floor_lost,
        "ready_s": round(ready_s, 2),
        **at_rest,
        "histogram": {"floor": taken.floor, "thru": taken.thru, "harmony": taken.harmony},
    }


def _set(osc: SimpleUDPClient, course: Course, expected: Expected) -> None:
    """As many voices as are expected, with room for them, and nothing but an answer to each note."""
    if presets.load(course.chosen)["effect"] != HARMONIZE:
        return
    parts = len(presets.load(course.chosen)["part"])
    for insert in range(1, course.inserts + 1):
        for name, value in (("voices", expected.voices), ("latch", 0), ("motion", 0.0), ("rest", 0.0)):
            osc.send_message(f"/continuo/{insert}/{name}", value)
        for part in range(1, parts + 1) if expected.voices > FEW else ():
            for name, value in zip(("lowest", "highest"), WIDE, strict=True):
                osc.send_message(f"/continuo/{insert}/part/{part}/{name}", value)


def _jitter(player: Musician, osc: SimpleUDPClient, expected: Expected) -> dict[str, Figures]:
    osc.send_message("/continuo/1/strum", STRUM_MS)
    time.sleep(SETTLE_S)
    off = strummed(player, expected)
    if not off:  # of one or two voices, none is planned behind another that is
        return {}
    return {"jitter_ms": figures([abs(one) for one in off]) | {"sd": round(statistics.pstdev(off), 4)}}


def newest(daemon: LiveDaemon, count: str, inserts: int) -> int:
    """The newest values that were told of a count, all inserts together."""
    daemon.drain()
    told = {event["address"]: event["value"] for event in daemon.events if event["event"] == "shown"}
    return sum(int(told.get(f"/continuo/{insert}/{count}", 0)) for insert in range(1, inserts + 1))
