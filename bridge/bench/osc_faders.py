"""Four surfaces move faders on a real daemon: from a message of one of them to what it changes in the sound."""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from bridge import realtime
from bridge.bench.figures import CUTS, figures, work_ms
from bridge.bench.latency import PRIORITY
from bridge.bench.malformed import message
from bridge.bench.musician import Heard, Musician, musician
from bridge.bench.notes import GIVE_UP_S, POLL_S
from bridge.bench.stage import LiveDaemon, jack_server, live_daemon
from music.errors import ContinuoError

SURFACES = 4
EVERY = 10
"""Of the messages of the surface that is measured, so many move a fader and one moves the bypass."""
GOAL_MS = 20.0
C4 = 60
ON, OFF = 0x90, 0x80


@dataclass(frozen=True, slots=True)
class Moved:
    """A bypass that was moved, and what it must do."""

    time_ns: int
    status: int
    """Of the messages that show it: it ends the harmony, or the harmony of the held key begins."""


def measure(rate: int, seconds: float, callers: int = 0) -> dict[str, Any]:
    """All figures of `continuo bench faders`."""
    sys.setswitchinterval(0.0005)
    realtime.take(PRIORITY)  # as in `bench latency`
    alone = work_ms()
    with jack_server(patient=True), live_daemon("--backend", "jack", "--headless") as daemon, musician() as player:
        _hold(player)
        calm, _ = _move(player, daemon, rate, seconds)
        surfaces = _surfaces(daemon.osc_port, rate, seconds + 2)
        asking = [_caller(daemon.ready["query_port"], seconds) for _ in range(callers)]
        try:
            busy, lost = _move(player, daemon, rate, seconds)
        finally:
            told, _ = surfaces.communicate()
            pages = [int(caller.communicate()[0] or 0) for caller in asking]
        daemon.drain()
        shown = {event["address"]: event["value"] for event in daemon.events if event["event"] == "shown"}
        dropped = [event["text"] for event in daemon.events if event["event"] == "dropped"]
    heard = json.loads(told)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "surfaces": SURFACES,
        "rate": rate,
        "machine_ms": figures(alone),
        "one_ms": figures(calm),
        "all_ms": figures(busy),
        "moves": len(busy),
        "lost": lost,
        "late": shown.get("/continuo/1/late", 0),
        "echoes_per_s": round(heard["heard"] / heard["seconds"] / (SURFACES - 1)),
        "callers": callers,
        "pages_per_s": round(sum(pages) / seconds, 1),
        "dropped": dropped,
        "met": not dropped and not lost and figures(busy)["p99"] <= GOAL_MS,
    }


def _hold(player: Musician) -> None:
    """A key that is held to the end, and its harmony."""
    end = time.monotonic() + GIVE_UP_S
    player.play(bytes((ON, C4, 80)))
    while not any(one.data[0] & 0x0F for one in list(player.answers)):
        if time.monotonic() > end:
            raise ContinuoError("the daemon does not answer", "continuo doctor")
        time.sleep(POLL_S)


def _move(player: Musician, daemon: LiveDaemon, rate: int, seconds: float) -> tuple[list[float], int]:
    """Move a fader and the bypass; gives ms until each move of the bypass is heard, and how many were not."""
    player.clear()
    moves: list[Moved] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as surface:
        surface.connect(("127.0.0.1", daemon.osc_port))
        start = time.monotonic()
        for number in range(int(rate * seconds)):
            time.sleep(max(0.0, start + number / rate - time.monotonic()))
            if number % EVERY:
                surface.send(message("/continuo/1/humanize", number % 128 / 127))
            else:
                bypass = 1 - len(moves) % 2
                moves.append(Moved(time.monotonic_ns(), OFF if bypass else ON))
                surface.send(message("/continuo/1/bypass", bypass))
        time.sleep(GIVE_UP_S)
        surface.send(message("/continuo/1/bypass", 0))
    return _matched(moves, list(player.answers))


def _matched(moves: list[Moved], heard: list[Heard]) -> tuple[list[float], int]:
    """What each move did, before the next one."""
    found = []
    for move, after in zip(moves, [*moves[1:], None], strict=True):
        until = after.time_ns if after else move.time_ns + int(GIVE_UP_S * 1e9)
        effects = (one for one in heard if one.data[0] & 0xF0 == move.status and one.data[0] & 0x0F)
        found += [
            next(((one.time_ns - move.time_ns) / 1e6 for one in effects if move.time_ns < one.time_ns < until), -1.0)
        ]
    return [ms for ms in found if ms >= 0], sum(ms < 0 for ms in found)


def _surfaces(port: int, rate: int, seconds: float) -> subprocess.Popen[str]:
    """The others, in a process of their own: they take no time from who measures."""
    command = [sys.executable, "-P", "-m", "bridge.bench.osc_surfaces", str(port), str(SURFACES - 1), str(rate)]
    process = subprocess.Popen([*command, str(seconds)], stdout=subprocess.PIPE, text=True)
    assert process.stdout  # noqa: S101 - it was asked for
    if process.stdout.readline() != "moving\n":
        raise ContinuoError("the surfaces do not begin", "See what their process said")
    return process


def _caller(port: int, seconds: float) -> subprocess.Popen[str]:
    """Somebody who asks for the addresses over HTTP all the while."""
    command = [sys.executable, "-P", "-m", "bridge.bench.http_caller", str(port), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def report(result: dict[str, Any]) -> str:
    """The figures as a table."""
    lines = [f"{result['surfaces']} surfaces, {result['rate']} messages a second each, {result['machine']}", ""]
    lines.append(f"{'ms':<16}" + "".join(f"{name:>9}" for name in (*CUTS, "max")))
    for name, row in (("machine alone", "machine_ms"), ("one surface", "one_ms"), ("all of them", "all_ms")):
        lines.append(f"{name:<16}" + "".join(f"{result[row][cut]:>9.3f}" for cut in (*CUTS, "max")))
    counts = ("moves", "lost", "late", "echoes_per_s", "callers", "pages_per_s")
    lines += ["", "  ".join(f"{name} {result[name]}" for name in counts)]
    return "\n".join([*lines, *result["dropped"]])
