"""How soon a continuation takes its turn and leaves it, and whether all that it plays is there when it is due.

Through a real daemon on a private JACK server. Turns are handed over by a pedal, and taken back by a key.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from typing import Any

from pythonosc.udp_client import SimpleUDPClient

from bridge import players, realtime
from bridge.bench.figures import CUTS, figures
from bridge.bench.latency import PRIORITY, newest
from bridge.bench.musician import Musician, musician
from bridge.bench.stage import LiveDaemon, jack_server, live_daemon
from music.events import Control, NoteOff, NoteOn
from music.wire import encode

PRESET, CHANNEL, PEDAL = "continue", 1, 66
BPM = 160.0
SIXTEENTH_S = 60 / BPM / 4
CHORDS = ((48, 55, 64, 72), (50, 57, 65, 74), (52, 59, 67, 76), (53, 60, 69, 77), (55, 62, 71, 79))
"""Four voices, as they are played to be gone on with."""
BARS = 4
SETTLE_S, SILENT_S = 0.3, 1.0
LOADED_S = 120.0
"""In which a player is loaded, and compiled where that was never done on a machine."""
LISTEN_S = 0.3
"""Of each turn until a key takes it back, and a little more each time: to meet every place in a cycle."""


def measure(player: str, turns: int, seconds: float, period: int = 64) -> dict[str, Any]:
    """All figures of `continuo bench turns`."""
    players.require(player)
    sys.setswitchinterval(0.0005)
    realtime.take(PRIORITY)
    with jack_server(period, patient=True), live_daemon("--headless", "--preset", PRESET) as daemon:
        osc = SimpleUDPClient("127.0.0.1", daemon.osc_port)
        settings = {"tempo": BPM, "1/handover": "pedal", "1/model": player, "1/distance": 1.0}
        for address, value in settings.items():
            osc.send_message(f"/continuo/{address}", value)
        _meet(daemon, player)
        with musician() as playing:
            _play(playing)
            taken, left, dry = _turns(playing, turns)
            openings = newest(daemon, "fallback", 1)
            osc.send_message("/continuo/play", 1)  # without a clock a turn begins at once, with one in time
            onsets = _listen(playing, seconds)
            xruns = playing.xruns
        late, fallbacks, missed = (newest(daemon, name, 1) for name in ("late", "fallback", "missed"))
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "player": player,
        "period_ms": round(period / 48, 3),
        "turns": turns,
        "handover_ms": figures(taken),
        "yield_ms": figures(left),
        "dry_ms": figures(dry),
        "seconds": seconds,
        "notes_per_s": round(onsets / max(seconds, 1e-9), 1),
        "late": late,
        "missed": missed,
        "fallbacks": fallbacks - openings,
        "openings": openings,
        "on_time": round(1 - (late + missed + fallbacks - openings) / max(1, onsets), 5),
        "xruns": xruns,
    }


def report(result: dict[str, Any]) -> str:
    """The figures as text."""
    lines = [f"{result['turns']} turns of {result['player']}, period {result['period_ms']} ms, {result['machine']}", ""]
    lines.append(f"{'ms':<10}" + "".join(f"{name:>9}" for name in (*CUTS, "max", "sd")))
    lines += [
        f"{row[:-3]:<10}" + "".join(f"{result[row][name]:>9.2f}" for name in (*CUTS, "max", "sd"))
        for row in ("handover_ms", "yield_ms", "dry_ms")
    ]
    lines.append(f"begun by the memory, the player still thinking: {result['openings']} of {result['turns']}")
    counts = "  ".join(f"{name} {result[name]}" for name in ("notes_per_s", "late", "missed", "fallbacks", "xruns"))
    return "\n".join([*lines, "", f"{result['seconds']:g} s at {BPM:g} bpm: on time {result['on_time']:.3%}", counts])


def _meet(daemon: LiveDaemon, player: str) -> None:
    """Wait until a player is loaded."""
    if player != players.RULES:
        daemon.wait_for(LOADED_S, event="shown", address="/continuo/1/player", value=player)
    time.sleep(SETTLE_S)


def _play(playing: Musician) -> None:
    """Some bars of sixteenths in four voices."""
    for number in range(16 * BARS):
        chord = CHORDS[number % len(CHORDS)]
        _send(playing, *(NoteOn(0, pitch, 80) for pitch in chord))
        time.sleep(0.9 * SIXTEENTH_S)
        _send(playing, *(NoteOff(0, pitch) for pitch in chord))
        time.sleep(0.1 * SIXTEENTH_S)


def _turns(playing: Musician, turns: int) -> tuple[list[float], list[float], list[float]]:
    """Ms from a pedal to the first note, and from a key to the last release and to its own way through."""
    taken, left, dry = list[float](), list[float](), list[float]()
    down, up = encode(Control(0, PEDAL, 127)), encode(Control(0, PEDAL, 0))
    key = encode(NoteOn(0, 60, 80))
    for turn in range(turns):
        playing.clear()
        begun = playing.play(down)
        taken.append(_wait(playing, begun, _begins))
        playing.play(up)
        time.sleep(LISTEN_S + 0.0007 * turn)
        playing.clear()
        begun = playing.play(key)
        time.sleep(SILENT_S / 20)
        silent = _ended_ns(playing)
        left += [(silent - begun) / 1e6] if silent else []
        dry.append(_wait(playing, begun, lambda data: data == key))
        playing.play(encode(NoteOff(0, 60)))
        time.sleep(SIXTEENTH_S)
    return taken, left, dry


def _ended_ns(playing: Musician) -> int:
    """When the last key went up; one that was told twice, since a cycle was lost, did so at first. 0: none did."""
    ends: dict[int, int] = {}
    for one in list(playing.answers):
        if _ends(one.data):
            ends.setdefault(one.data[1], one.time_ns)
    return max(ends.values(), default=0)


def _wait(playing: Musician, begun: int, wanted: Callable[[bytes], bool]) -> float:
    """Ms until a message is heard; one that does not come within a second counts as infinitely late."""
    while time.monotonic_ns() - begun < SILENT_S * 1e9:
        found = next((one for one in list(playing.answers) if wanted(one.data)), None)
        if found:
            return (found.time_ns - begun) / 1e6
        time.sleep(0.0002)
    return float("inf")


def _listen(playing: Musician, seconds: float) -> int:
    """How many notes a long turn has."""
    _play(playing)
    playing.clear()
    playing.play(encode(Control(0, PEDAL, 127)))
    time.sleep(seconds)
    playing.play(encode(Control(0, PEDAL, 0)))
    return sum(_begins(one.data) for one in list(playing.answers))


def _send(playing: Musician, *events: NoteOn | NoteOff) -> None:
    for event in events:
        playing.play(encode(event))


def _begins(data: bytes) -> bool:
    return data[0] == 0x90 | CHANNEL and data[2] > 0


def _ends(data: bytes) -> bool:
    return data[0] == 0x80 | CHANNEL or (data[0] == 0x90 | CHANNEL and data[2] == 0)
