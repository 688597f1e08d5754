"""How long a killed brain is heard, and how soon it is back: real processes, real ports, `kill -9`."""

from __future__ import annotations

import os
import signal
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import track

from bridge.bench.musician import Musician, musician
from bridge.bench.stage import LiveDaemon, jack_server, live_daemon
from music.errors import ContinuoError

PITCH = 72
CHANNEL_DRY, CHANNEL_WET = 0, 1
VOICES = 3
PATIENCE_S = 20.0


def measure(kills: int) -> dict[str, Any]:
    """Milliseconds to silence, thru meanwhile, seconds until the next harmony: median and worst of each."""
    silent_ms: list[float] = []
    thru_ms: list[float] = []
    back_s: list[float] = []
    with jack_server(patient=True), live_daemon("--backend", "jack", "--headless") as daemon, musician() as player:
        quiet = not sys.stderr.isatty()
        for _ in track(range(kills), "Killing", console=Console(stderr=True), transient=True, disable=quiet):
            one = _kill(daemon, player)
            for values, value in zip((silent_ms, thru_ms, back_s), one, strict=True):
                values.append(value)
    return {
        "kills": kills,
        "silent_ms": _spread(silent_ms),
        "thru_ms": _spread(thru_ms),
        "back_s": _spread(back_s),
    }


def _kill(daemon: LiveDaemon, player: Musician) -> tuple[float, float, float]:
    """Hold a note, kill the brain, play without it, wait for it."""
    _harmony(player)
    brain = int(daemon.newest("pids", "brain"))
    player.clear()
    start_ns = time.monotonic_ns()
    os.kill(brain, signal.SIGKILL)
    silent_ns = _until(lambda: sum(one.data[0] == 0x80 | CHANNEL_WET for one in list(player.answers)) >= VOICES)
    player.clear()
    played_ns = player.play(bytes((0x90, PITCH + 2, 80)))
    _until(lambda: player.answers)
    thru_ns = player.answers[0].time_ns - played_ns
    daemon.wait_for(PATIENCE_S, event="back")
    back_ns = time.monotonic_ns()
    for pitch in (PITCH, PITCH + 2):
        player.play(bytes((0x80, pitch, 64)))
    _harmony(player)
    player.play(bytes((0x80, PITCH, 64)))
    _until(lambda: sum(one.data[0] == 0x80 | CHANNEL_WET for one in list(player.answers)) >= VOICES)
    return (silent_ns - start_ns) / 1e6, thru_ns / 1e6, (back_ns - start_ns) / 1e9


def _harmony(player: Musician) -> None:
    player.clear()
    player.play(bytes((0x90, PITCH, 80)))
    _until(lambda: sum(one.data[0] == 0x90 | CHANNEL_WET for one in list(player.answers)) >= VOICES)


def _until(true: Callable[[], object]) -> int:
    """Wait for something to become true; gives the moment, in ns."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > end:
            raise ContinuoError("the daemon does not answer any more", "continuo doctor")
        time.sleep(0.0005)
    return time.monotonic_ns()


def _spread(values: list[float]) -> dict[str, float]:
    return {"p50": round(statistics.median(values), 2), "max": round(max(values), 2)}
