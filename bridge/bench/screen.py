"""What the screen costs: its own processor time, the way of a key to its sound, and what the music notices of it."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from typing import Any

from pythonosc.udp_client import SimpleUDPClient

from bridge import realtime
from bridge.bench.figures import figures
from bridge.bench.latency import PRIORITY, Course
from bridge.bench.musician import Musician, musician
from bridge.bench.notes import play
from bridge.bench.spectator import Spectator, spectator
from bridge.bench.stage import LiveDaemon, jack_server, live_daemon

SIZES = {"80x24": (80, 24), "160x48": (160, 48)}
RATE = 10
"""Notes a second: sixteenths at 150 bpm, each with three voices beneath it."""
KEYS = "zxcvbnm"
"""One after the other, so that none is struck while it sounds."""
LOWEST = (48, 50, 52, 53, 55, 57, 59)
APART_S = 0.12
GIVE_UP_S = 1.0
SETTLE_S = 1.0
PRESET = "satb"


def measure(notes: int, strokes: int) -> dict[str, Any]:
    """All figures of `continuo bench screen`."""
    sys.setswitchinterval(0.0005)
    realtime.take(PRIORITY)
    arguments = ("--backend", "jack", "--headless", "--preset", PRESET)
    with jack_server(patient=True), live_daemon(*arguments) as daemon, musician() as player:
        result: dict[str, Any] = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "notes": notes}
        result |= _music(daemon, player, notes)
        result |= _keys(daemon, player, strokes)
    return result


def _music(daemon: LiveDaemon, player: Musician, notes: int) -> dict[str, Any]:
    """The daemon's latency without and with a screen, by turns, and what the screen costs meanwhile."""
    expected = Course(preset=PRESET).expected()
    found: dict[str, list[float]] = {"without": [], "with": []}
    costs: dict[str, dict[str, float]] = {}
    for name, size in SIZES.items():
        for options in ((), ("--every-frame",)):
            found["without"] += play(player, notes, RATE, expected).harmony
            with spectator(daemon.osc_port, size, *options) as watching:
                time.sleep(SETTLE_S)
                before_s, frames, start_s = watching.cpu_s, watching.frames, time.monotonic()
                found["with"] += play(player, notes, RATE, expected).harmony
                took_s = time.monotonic() - start_s
                costs[" ".join((name, *options))] = {
                    "cpu_percent": round(100 * (watching.cpu_s - before_s) / took_s, 1),
                    "frames_per_s": round((watching.frames - frames) / took_s, 1),
                }
    return {"costs": costs} | {f"{name}_ms": figures(values) for name, values in found.items()}


def _keys(daemon: LiveDaemon, player: Musician, strokes: int) -> dict[str, Any]:
    """Milliseconds from a key to its own sound: by a bare OSC message, and by the screen."""
    osc = SimpleUDPClient("127.0.0.1", daemon.osc_port)

    def send(stroke: int) -> None:
        osc.send_message("/continuo/1/note", [LOWEST[stroke % len(LOWEST)], 95])

    bare = [_sounds(player, stroke, send) for stroke in range(strokes)]
    osc.send_message("/continuo/panic", [])
    with spectator(daemon.osc_port, SIZES["80x24"]) as watching:
        watching.press(b"k")
        watching.until(b"octave")
        typed = [_sounds(player, stroke, lambda one: _type(watching, one)) for stroke in range(strokes)]
    heard = {
        "osc_to_sound_ms": figures([one for one in bare if one]),
        "key_to_sound_ms": figures([one for one in typed if one]),
    }
    return {"strokes": strokes, "unheard": bare.count(None) + typed.count(None)} | heard


def _type(watching: Spectator, stroke: int) -> None:
    watching.press(KEYS[stroke % len(KEYS)].encode())


def _sounds(player: Musician, stroke: int, strike: Callable[[int], None]) -> float | None:
    """How long it takes until a key sounds, in ms; None where it does not: it was late, and dropped."""
    onset = 0x90, LOWEST[stroke % len(LOWEST)]
    player.clear()
    start_ns = time.monotonic_ns()
    strike(stroke)
    end_ns = start_ns + int(GIVE_UP_S * 1e9)
    while time.monotonic_ns() < end_ns:
        for heard in list(player.answers):
            if (heard.data[0], heard.data[1]) == onset and heard.data[2]:
                time.sleep(APART_S)
                return (heard.time_ns - start_ns) / 1e6
        time.sleep(0.0003)
    return None


def report(result: dict[str, Any]) -> str:
    """The figures as text."""
    cuts = ("p50", "p95", "p99", "max")
    lines = [f"{result['notes']} notes a run, {RATE} a second, preset {PRESET}, {result['machine']}", ""]
    for name, cost in result["costs"].items():
        lines.append(f"{name:<24} {cost['cpu_percent']:5.1f} % of a core, {cost['frames_per_s']:5.1f} frames a second")
    lines += ["", f"{'ms':<24}" + "".join(f"{cut:>9}" for cut in cuts)]
    rows = {"harmony, no screen": "without_ms", "harmony, with a screen": "with_ms"}
    rows |= {"OSC note to sound": "osc_to_sound_ms", "key to sound": "key_to_sound_ms"}
    for title, row in rows.items():
        lines.append(f"{title:<24}" + "".join(f"{result[row][cut]:>9.2f}" for cut in cuts))
    lines.append(f"{2 * result['strokes']} strokes, {result['unheard']} not heard")
    return "\n".join(lines)
