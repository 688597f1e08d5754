"""The way of a note through a real daemon on a private JACK server, stamped at both ends.

Floor, thru and harmony are taken from the same notes in one run: the player's port goes to the listener directly and
through Continuo. The musician plays at moments that have nothing to do with JACK's cycles. The server is one that
waits for late clients (jackd -S): the usual one loses a cycle when the machine is late, with or without Continuo.
"""

from __future__ import annotations

import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from pythonosc.udp_client import SimpleUDPClient
from rich.console import Console
from rich.progress import track

from bridge import players, presets, realtime
from bridge.bench.musician import Heard, Musician, musician
from bridge.bench.stage import LiveDaemon, jack_server, live_daemon

VOICES = 4
"""Of the default preset; any other has its own."""
PRIORITY = 20  # below the daemon: it must not take its processor
GIVE_UP_S = 0.25
POLL_S = 0.0003
STRUM_MS = 5.0
STRUMMED_NOTES = 500
IDLE_S = 5.0
SETTLE_S = 0.3
ANSWERED_S = 0.03
"""A player with a mind of its own may add nothing to a note; what it plays later than this is no answer to it."""
LAST_VOICE_S = 0.004
"""A learned player may let voices rest: nobody knows how many come, but they come together."""
SCALE = (60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79)

Figures = dict[str, float]


class Expected(NamedTuple):
    """What a preset plays for a note."""

    voices: int
    channels: frozenset[int]
    exact: bool
    """All voices play, beneath the melody, and end with it."""


def measure(notes: int, rate: int, period: int, preset: str | None = None) -> dict[str, Any]:
    """All figures of `continuo bench latency`, the lists of latencies (ms) among them under `histogram`."""
    sys.setswitchinterval(0.0005)
    realtime.take(PRIORITY)  # or a JACK thread of ours waits for the interpreter that a preempted main thread holds
    chosen = preset or presets.DEFAULT
    expected = _expected(chosen, VOICES if preset is None else None)
    arguments = ("--backend", "jack", "--headless", "--preset", chosen)
    with jack_server(period):
        start = time.monotonic()
        with live_daemon(*arguments) as daemon:
            ready_s = time.monotonic() - start
            idle = _idle(daemon)
    with jack_server(period, patient=True), live_daemon(*arguments) as daemon:
        with musician() as player:
            osc = SimpleUDPClient("127.0.0.1", daemon.osc_port)
            for name, value in (("voices", expected.voices), ("latch", 0), ("motion", 0.0), ("rest", 0.0)):
                osc.send_message(f"/continuo/1/{name}", value)
            time.sleep(SETTLE_S)
            taken = _notes(player, notes, rate, expected)
            jitter = {} if preset else _jitter(player, osc)
            xruns = player.xruns
        late, fallbacks = (_newest(daemon, name) for name in ("late", "fallback"))
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "preset": chosen,
        "period_ms": round(period / 48, 3),
        "notes": notes,
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
        **idle,
        "histogram": {"floor": taken.floor, "thru": taken.thru, "harmony": taken.harmony},
    }


def _expected(preset: str, voices: int | None) -> Expected:
    state = presets.load(preset)
    channels = frozenset(part["channel"] - 1 for part in state["part"])
    exact = state["player"]["model"] == players.RULES and state["harmonize"]["placement"] == "below"
    return Expected(voices or state["harmonize"]["voices"], channels, exact and state["harmonize"]["strum_ms"] == 0)


def _jitter(player: Musician, osc: SimpleUDPClient) -> dict[str, Figures]:
    osc.send_message("/continuo/1/strum", STRUM_MS)
    time.sleep(SETTLE_S)
    off = _strummed(player)
    return {"jitter_ms": figures([abs(one) for one in off]) | {"sd": round(statistics.pstdev(off), 4)}}


def figures(values: list[float]) -> Figures:
    """Median, p95, p99, maximum and standard deviation."""
    ordered = sorted(values)
    if not ordered:
        return dict.fromkeys(("p50", "p95", "p99", "max", "sd"), float("nan"))
    cuts = {name: ordered[min(len(ordered) - 1, int(len(ordered) * cut))] for name, cut in _CUTS.items()}
    return {
        name: round(value, 4) for name, value in (cuts | {"max": ordered[-1], "sd": statistics.pstdev(ordered)}).items()
    }


_COUNTS = ("lost", "wrong", "unanswered", "late", "fallbacks", "floor_lost", "xruns", "ready_s")
_CUTS = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


@dataclass
class Taken:
    """What the notes of a run came to: latencies in ms, and what went wrong."""

    floor: list[float] = field(default_factory=list)
    thru: list[float] = field(default_factory=list)
    harmony: list[float] = field(default_factory=list)
    """Of the last of the voices."""
    floor_lost: int = 0
    """Notes that did not even come directly: the server lost their cycle."""
    lost: int = 0
    """Onsets that never came, thru or harmony."""
    wrong: int = 0
    """Messages that should not be as they are."""
    unanswered: int = 0
    """Notes to which a player with a mind of its own added nothing."""


def _notes(player: Musician, notes: int, rate: int, expected: Expected) -> Taken:
    """Play a melody; each note is held until it is answered, and the next one waits until all has ended."""
    taken = Taken()
    dice = random.Random(1)  # noqa: S311 - a melody, not a secret
    place = 4
    quiet = not sys.stderr.isatty()
    for _ in track(range(notes), "Playing", console=Console(stderr=True), transient=True, disable=quiet):
        place = min(max(place + dice.choice((-2, -1, 1, 2)), 0), len(SCALE) - 1)
        until = time.monotonic() + dice.uniform(0.8, 1.2) / rate
        _one(player, SCALE[place], dice.randint(40, 110), expected, taken)
        time.sleep(max(0.0, until - time.monotonic()))
    return taken


def _one(player: Musician, pitch: int, velocity: int, expected: Expected, taken: Taken) -> None:
    player.clear()
    onset, release = bytes((0x90, pitch, velocity)), bytes((0x80, pitch, 64))
    sent_ns = player.play(onset)
    wanted, patience_s = (expected.voices, GIVE_UP_S) if expected.exact else (1, ANSWERED_S)
    _wait(lambda: player.directs and len(_sounding(player)) > wanted, patience_s)
    if not expected.exact:
        time.sleep(LAST_VOICE_S)
    player.play(release)
    _wait(lambda: len(player.directs) > 1 and not _sounding(player))
    answers = list(player.answers)
    dry = [one for one in answers if one.data == onset]
    wet = [one for one in answers if one.data[0] & 0xF0 == 0x90 and one.data[0] & 0x0F in expected.channels]
    if not expected.exact:  # an accompaniment may have gone on meanwhile
        wet = [one for one in wet if one.time_ns - sent_ns < ANSWERED_S * 1e9]
    direct = [one for one in player.directs if one.data == onset]
    taken.floor_lost += not direct
    taken.lost += not dry
    taken.floor += [(one.time_ns - sent_ns) / 1e6 for one in direct[:1]]
    taken.thru += [(one.time_ns - sent_ns) / 1e6 for one in dry[:1]]
    if expected.exact:
        taken.lost += max(0, expected.voices - len(wet))
        taken.wrong += _wrong(answers, pitch, len(dry), expected)
    else:
        taken.unanswered += not wet
        taken.wrong += max(0, len(dry) - 1) + max(0, len(wet) - expected.voices)
    if len(wet) >= (expected.voices if expected.exact else 1):
        taken.harmony.append((wet[: expected.voices][-1].time_ns - sent_ns) / 1e6)


def _sounding(player: Musician) -> set[tuple[int, int]]:
    """(channel, pitch) of what sounds since the newest note, dry and wet."""
    sounding: set[tuple[int, int]] = set()
    for one in list(player.answers):
        if one.data[0] & 0xF0 in (0x80, 0x90):
            change = sounding.add if one.data[0] & 0xF0 == 0x90 else sounding.discard
            change((one.data[0] & 0x0F, one.data[1]))
    return sounding


def _wait(true: Callable[[], object], patience_s: float = GIVE_UP_S) -> None:
    """Until something is true or nothing more will come."""
    end = time.monotonic() + patience_s
    while not true() and time.monotonic() < end:
        time.sleep(POLL_S)


def _wrong(answers: list[Heard], melody: int, dry: int, expected: Expected) -> int:
    """How many messages of one note should not be as they are: a voice too many, twice, too high, cut off, or hanging.

    Releases of notes that do not sound are no fault: after an xrun they are repeated.
    """
    wet = [one.data for one in answers if one.data[0] & 0x0F in expected.channels]
    onsets = [(data[0] & 0x0F, data[1]) for data in wet if data[0] & 0xF0 == 0x90]
    faults = max(0, dry - 1) + max(0, len(onsets) - expected.voices)
    faults += len(onsets) - len(set(onsets)) + sum(pitch >= melody for _, pitch in onsets)
    order = [one.data[:2] for one in answers]
    ended = order.index(bytes((0x80, melody))) if bytes((0x80, melody)) in order else len(order)
    for channel, pitch in set(onsets):
        struck = order.index(bytes((0x90 | channel, pitch)))
        released = [at for at, data in enumerate(order) if at > struck and data == bytes((0x80 | channel, pitch))]
        faults += not released or released[0] < ended
    return faults


def _strummed(player: Musician) -> list[float]:
    """How far (ms, with sign) each planned voice stands from its place behind the voice before it.

    The first voice is not planned: it comes as soon as it can.
    """
    off: list[float] = []
    for number in range(STRUMMED_NOTES):
        pitch = SCALE[number % len(SCALE)]
        player.clear()
        player.play(bytes((0x90, pitch, 80)))
        time.sleep(VOICES * STRUM_MS / 1000 + 0.015)
        frames = [one.frame for one in player.answers if one.data[0] == 0x91]
        player.play(bytes((0x80, pitch, 64)))
        time.sleep(0.01)
        if len(frames) == VOICES:
            steps = [(after - before) * 1000 / player.rate for before, after in pairwise(frames[1:])]
            off += [step - STRUM_MS for step in steps]
    return off


def _newest(daemon: LiveDaemon, count: str) -> int:
    """The newest value that was told of a count."""
    daemon.drain()
    return int(next((e["value"] for e in reversed(daemon.events) if e.get("address") == f"/continuo/1/{count}"), 0))


def _idle(daemon: LiveDaemon) -> dict[str, float]:
    """CPU (percent of a core, all processes) and memory (MB) of a daemon with nothing to do; Linux only."""
    if sys.platform != "linux":
        return {}
    roles = ("control", "port", "brain")
    time.sleep(1)
    before = sum(_cpu_s(daemon.pid(role)) for role in roles)
    time.sleep(IDLE_S)
    used_s = sum(_cpu_s(daemon.pid(role)) for role in roles) - before
    memory = {f"{role}_mb": memory_mb(daemon.pid(role)) for role in roles}
    return {"idle_cpu_percent": round(100 * used_s / IDLE_S, 2), **memory}


def _cpu_s(pid: int) -> float:
    """Time on a processor, all threads; by the scheduler's own count, the ticks of `stat` are too coarse."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def memory_mb(pid: int) -> float:
    """Resident memory of a process; Linux only."""
    rows = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return round(int(rows["VmRSS"].split()[0]) / 1024, 1)


def report(result: dict[str, Any]) -> str:
    """The figures as a table, and the latencies as a histogram."""
    played = f"{result['notes']} notes, preset {result['preset']}, {result['voices']} voices"
    lines = [f"{played}, period {result['period_ms']} ms, {result['machine']}", ""]
    lines.append(f"{'ms':<10}" + "".join(f"{name:>9}" for name in ("p50", "p95", "p99", "max", "sd")))
    for row in ("floor_ms", "thru_ms", "harmony_ms", "jitter_ms"):
        values = result.get(row)
        if values is None:
            continue
        lines.append(
            f"{row[:-3]:<10}" + "".join(f"{values[name]:>9.3f}" for name in ("p50", "p95", "p99", "max", "sd"))
        )
    lines += [
        "",
        "  ".join(f"{name} {result[name]}" for name in _COUNTS),
    ]
    if "idle_cpu_percent" in result:
        names = ("idle_cpu_percent", "control_mb", "port_mb", "brain_mb")
        lines.append("  ".join(f"{name} {result[name]}" for name in names))
    return "\n".join([*lines, "", *_histogram(result["histogram"])])


def _histogram(latencies: dict[str, list[float]], step: float = 0.25, width: int = 40) -> list[str]:
    """One row a quarter of a millisecond, one column a way."""
    last = int(max((max(values) for values in latencies.values() if values), default=0.0) / step)
    most = max((len(values) for values in latencies.values()), default=1) or 1
    lines = []
    for name, values in latencies.items():
        lines.append(f"{name}, notes per {step} ms")
        counts = [0] * (last + 1)
        for value in values:
            counts[int(value / step)] += 1
        for number, count in enumerate(counts):
            if count:
                lines.append(f"  {number * step:5.2f} {'#' * max(1, round(width * count / most)):<{width}} {count}")
    return lines
