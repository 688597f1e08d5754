"""A flood of malformed OSC packets on a real daemon, while a musician plays and a surface asks whether it is there."""

from __future__ import annotations

import json
import os
import platform
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import IO, Any

from bridge import realtime
from bridge.bench.figures import figures
from bridge.bench.idle import memory_mb
from bridge.bench.latency import PRIORITY
from bridge.bench.malformed import message
from bridge.bench.musician import Musician, musician
from bridge.bench.notes import GIVE_UP_S, POLL_S, SCALE
from bridge.bench.stage import LiveDaemon, jack_server, live_daemon
from music.errors import ContinuoError

VOICES = 3
"""Of the default preset."""
RATE = 20
CALM_S = 5.0
"""The same without a flood, before it."""
PING_S = 0.02
UNANSWERED_S = 1.0
SETTLE_S = 1.0
GOAL_MS = 50.0


def measure(packets: int, seed: int) -> dict[str, Any]:
    """All figures of `continuo bench osc`."""
    sys.setswitchinterval(0.0005)
    realtime.take(PRIORITY)  # as in `bench latency`
    with (
        TemporaryDirectory() as captures,  # some of the packets ask for one
        jack_server(patient=True),
        live_daemon("--backend", "jack", "--headless", "--capture-folder", captures) as daemon,
        musician() as player,
    ):
        before = _state(daemon.osc_port)
        calm = _played(player, daemon.osc_port, time.monotonic() + CALM_S)
        with _flooder(daemon.osc_port, packets, seed) as flooder:
            _, talk = flooder.stdin, flooder.stdout
            stormy = _played(player, daemon.osc_port, None, flooder)
            sent = json.loads(_line(talk))
        time.sleep(SETTLE_S)
        stormy.hear(player)
        kept = _state(daemon.osc_port) == before
        control_mb = memory_mb(daemon.pid("control")) if sys.platform == "linux" else 0.0
        daemon.drain()
        trouble = [event["text"] for event in daemon.events if event["event"] == "trouble"]
        dropped = [event["text"] for event in daemon.events if event["event"] == "dropped"]
    said = _stderr(daemon)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "sent": sent["sent"],
        "distinct": sent["distinct"],
        "packets_per_s": round(sent["sent"] / sent["seconds"]),
        "seconds": round(sent["seconds"], 1),
        "exceptions": len(trouble) + len(said),
        "said": [*trouble, *said],
        "dropped": dropped[-1:],
        "state_kept": kept,
        "control_mb": control_mb,
        "calm": calm.row(),
        "flood": stormy.row(),
        "met": not trouble and not said and kept and stormy.met(),
    }


@dataclass
class Heard:
    """What came of the notes and the pings of a while."""

    floor: list[float] = field(default_factory=list)
    thru: list[float] = field(default_factory=list)
    ping: list[float] = field(default_factory=list)
    notes: int = 0
    lost: int = 0
    """Dry notes that did not come out."""
    voices_lost: int = 0
    """Onsets of the harmony that came too late and were not played."""
    releases_lost: int = 0
    """Notes that still sounded long after the key was up."""
    unanswered: int = 0
    """Pings without an answer within a second."""
    sounding: set[tuple[int, int]] = field(default_factory=set)

    def hear(self, player: Musician) -> list[tuple[int, bytes]]:
        """Take in what came out of the daemon: (stamp, bytes) of each onset."""
        onsets = []
        while player.answers:
            one = player.answers.popleft()
            key = (one.data[0] & 0x0F, one.data[1] if len(one.data) > 1 else 0)
            if one.data[0] & 0xF0 == 0x90:
                self.sounding.add(key)
                onsets.append((one.time_ns, one.data))
            elif one.data[0] & 0xF0 == 0x80:
                self.sounding.discard(key)
        return onsets

    def row(self) -> dict[str, Any]:
        """The figures."""
        return {
            "notes": self.notes,
            "lost": self.lost,
            "voices_lost": self.voices_lost,
            "releases_lost": self.releases_lost,
            "left_sounding": len(self.sounding),
            "pings": len(self.ping) + self.unanswered,
            "unanswered": self.unanswered,
            "floor_ms": figures(self.floor),
            "thru_ms": figures(self.thru),
            "ping_ms": figures(self.ping),
        }

    def met(self) -> bool:
        """Whether no release was lost and every ping was answered in time."""
        worst = max(self.ping, default=GOAL_MS + 1)
        return not (self.lost or self.releases_lost or self.sounding or self.unanswered) and worst <= GOAL_MS


def _played(player: Musician, port: int, until: float | None, flooder: subprocess.Popen[str] | None = None) -> Heard:
    """Play and ask until a moment, or until the flood is over."""
    heard = Heard()
    over = threading.Event()
    pinging = threading.Thread(target=_ping, args=(port, heard, over))
    pinging.start()
    dice = random.Random(1)  # noqa: S311 - a melody, not a secret
    if flooder and flooder.stdin:
        flooder.stdin.write("go\n")
        flooder.stdin.flush()
    while time.monotonic() < until if until else flooder is not None and flooder.poll() is None:
        _note(player, dice.choice(SCALE), heard)
        time.sleep(dice.uniform(0.5, 1.5) / RATE)
    over.set()
    pinging.join()
    return heard


def _note(player: Musician, pitch: int, heard: Heard) -> None:
    player.directs.clear()
    heard.hear(player)
    heard.notes += 1
    onset = bytes((0x90, pitch, 80))
    sent_ns = player.play(onset)
    onsets: list[tuple[int, bytes]] = []
    end = time.monotonic() + GIVE_UP_S
    while len(onsets) <= VOICES and time.monotonic() < end:
        time.sleep(POLL_S)
        onsets += heard.hear(player)
    player.play(bytes((0x80, pitch, 64)))
    end = time.monotonic() + GIVE_UP_S
    while (heard.sounding or len(player.directs) < 2) and time.monotonic() < end:
        time.sleep(POLL_S)
        onsets += heard.hear(player)
    dry = [time_ns for time_ns, data in onsets if data == onset]
    direct = [one.time_ns for one in list(player.directs) if one.data == onset]
    heard.lost += not dry
    heard.voices_lost += max(0, VOICES - (len(onsets) - len(dry)))
    heard.releases_lost += len(heard.sounding)
    heard.floor += [(time_ns - sent_ns) / 1e6 for time_ns in direct[:1]]
    heard.thru += [(time_ns - sent_ns) / 1e6 for time_ns in dry[:1]]


def _ping(port: int, heard: Heard, over: threading.Event) -> None:
    """Ask whether control is there, by a socket of its own."""
    realtime.take(PRIORITY)  # a surface is another machine: how soon it has a processor is not control's affair
    question = message("/continuo/ping")
    while not over.is_set():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            link.connect(("127.0.0.1", port))
            link.settimeout(UNANSWERED_S)
            try:
                while not over.wait(PING_S):
                    start_ns = time.monotonic_ns()
                    link.send(question)
                    link.recv(1024)
                    heard.ping.append((time.monotonic_ns() - start_ns) / 1e6)
            except TimeoutError:  # a late answer must not be taken for the next one's: on with another socket
                heard.unanswered += 1


@contextmanager
def _flooder(port: int, packets: int, seed: int) -> Iterator[subprocess.Popen[str]]:
    """A flooder that is ready and waits for a line."""
    command = [sys.executable, "-P", "-m", "bridge.bench.osc_flooder", str(port), str(packets), str(seed)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if not _line(process.stdout):
            raise ContinuoError("the flood does not begin", "See what its process said")
        yield process
    finally:
        process.kill()
        process.communicate()


def _line(stream: IO[str] | None) -> str:
    assert stream  # noqa: S101 - it was asked for
    return stream.readline()


def _state(port: int) -> bytes:
    """All that can be set, as the daemon tells it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(UNANSWERED_S * 5)
        link.sendto(message("/continuo/state"), ("127.0.0.1", port))
        return link.recv(65_536).partition(b"/continuo/brain")[0]  # what follows is shown and not set


def _stderr(daemon: LiveDaemon) -> list[str]:
    """What the daemon wrote to stderr, all three processes; it has ended by now."""
    assert daemon.process.stderr  # noqa: S101 - it was asked for
    return daemon.process.stderr.read().splitlines()


def report(result: dict[str, Any]) -> str:
    """The figures as a table."""
    names = ("sent", "distinct", "packets_per_s", "seconds", "exceptions", "state_kept", "control_mb")
    lines = [result["machine"], "  ".join(f"{name} {result[name]}" for name in names), *result["said"]]
    lines += [*result["dropped"], "", f"{'ms':<16}" + "".join(f"{name:>9}" for name in ("p50", "p95", "p99", "max"))]
    for when in ("calm", "flood"):
        for what in ("floor", "thru", "ping"):
            row = result[when][f"{what}_ms"]
            lines.append(
                f"{when + ' ' + what:<16}" + "".join(f"{row[name]:>9.3f}" for name in ("p50", "p95", "p99", "max"))
            )
    counts = ("notes", "lost", "voices_lost", "releases_lost", "left_sounding", "pings", "unanswered")
    for when in ("calm", "flood"):
        lines.append(f"{when:<8}" + "  ".join(f"{name} {result[when][name]}" for name in counts))
    return "\n".join(lines)
