"""A flood of notes on sixteen channels through a real daemon: none may be lost, and none may be left sounding."""

from __future__ import annotations

import os
import platform
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from bridge import realtime
from bridge.bench.figures import figures
from bridge.bench.latency import PRIORITY
from bridge.bench.musician import Heard, Musician, musician
from bridge.bench.stage import jack_server, live_daemon
from bridge.bench.synth import Ledger, Synth

CHANNELS = 16
LOWEST, HIGHEST = 24, 103
SILENCE_S = 5.0
POLL_S = 0.001


class Flood:
    """What was played, what came directly, and what came through the daemon."""

    def __init__(self, player: Musician, seed: int) -> None:
        self.sent = self.wet = 0
        self._player = player
        self._dice = random.Random(seed)  # noqa: S311 - noise, not a secret
        self._down: list[tuple[int, int]] = []
        self._synth, self._ledger = Synth(), Ledger()
        self._gone: dict[bytes, list[Heard]] = defaultdict(list)
        """Per message, those that came directly and not through the daemon yet."""
        self._thru_ms: list[float] = []

    def play(self, rate: int, seconds: float) -> None:
        """Send messages at a rate, as many note-offs as note-ons; at the end let every key go."""
        start, messages, before = time.monotonic(), self._messages(), self.sent
        while (now := time.monotonic()) < start + seconds:
            while self.sent - before < (now - start) * rate:
                self._send(next(messages))
            self._hear()
            time.sleep(POLL_S)
        for channel, pitch in self._down:
            self._send(bytes((0x80 | channel, pitch, 64)))
        self._down.clear()

    def rest(self) -> float:
        """Wait until all is silent, at most five seconds; gives how long it took."""
        start = time.monotonic()
        while self._player.waiting or self._synth.sounding or self._lost:
            self._hear()
            time.sleep(POLL_S)
            if time.monotonic() > start + SILENCE_S:
                break
        return time.monotonic() - start

    def row(self) -> dict[str, Any]:
        """The figures. What is written in a cycle that JACK gives up (an xrun) is lost, but releases come again."""
        lost = [data for data, waiting in self._gone.items() for _ in waiting]
        return {
            "sent": self.sent,
            "wet_onsets": self.wet,
            "lost_onsets": sum(data[0] & 0xF0 == 0x90 for data in lost),
            "lost_releases": len(self._ledger.owed),
            "left_sounding": len(self._synth.sounding),
            "xruns": self._player.xruns,
            "thru_ms": figures(self._thru_ms),
        }

    @property
    def _lost(self) -> bool:
        return any(self._gone.values())

    def _messages(self) -> Iterator[bytes]:
        dice, down = self._dice, self._down
        while True:
            if down and dice.random() < 0.5:
                channel, pitch = down.pop(dice.randrange(len(down)))
                yield bytes((0x80 | channel, pitch, 64))
            else:
                key = dice.randrange(CHANNELS), dice.randint(LOWEST, HIGHEST)
                if key not in down:
                    down.append(key)
                    yield bytes((0x90 | key[0], key[1], dice.randint(1, 127)))

    def _send(self, data: bytes) -> None:
        self._player.play(data)
        self.sent += 1

    def _hear(self) -> None:
        player = self._player
        while player.directs:
            one = player.directs.popleft()
            self._ledger.passed(one.data)
            self._gone[one.data].append(one)
        while player.answers:
            one = player.answers.popleft()
            self._synth.play(one.data)
            gone = self._gone[one.data]
            dry = gone.pop() if gone else None  # the newest: one that was lost must not make all that follow late
            if dry:
                self._thru_ms.append((one.frame - dry.frame) * 1000 / player.rate)
            self._ledger.arrived(one.data, dry=bool(dry))
            self.wet += not dry and one.data[0] & 0xF0 == 0x90


def measure(rate: int, seconds: float, seed: int) -> dict[str, Any]:
    """All figures of `continuo bench flood`."""
    sys.setswitchinterval(0.0005)
    realtime.take(PRIORITY)  # as in `bench latency`
    with jack_server(patient=True), live_daemon("--backend", "jack", "--headless") as daemon, musician() as player:
        flood = Flood(player, seed)
        start = time.monotonic()
        flood.play(rate, seconds)
        lasted_s = time.monotonic() - start
        silent_s = flood.rest()
        daemon.drain()
        trouble = [event["text"] for event in daemon.events if event["event"] == "trouble"]
    row = flood.row()
    ended = not (row["lost_releases"] or row["left_sounding"] or trouble)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "messages_per_s": round(row["sent"] / lasted_s),
        "seconds": round(lasted_s, 1),
        **row,
        "silent_s": round(silent_s, 3),
        "trouble": trouble,
        "met": ended and bool(row["xruns"] or not row["lost_onsets"]),
    }


def report(result: dict[str, Any]) -> str:
    """The figures, one a line."""
    lines = [f"{name:<16}{value}" for name, value in result.items() if not isinstance(value, dict | list)]
    thru = "  ".join(f"{name} {value:.3f}" for name, value in result["thru_ms"].items())
    return "\n".join([*lines, f"{'thru_ms':<16}{thru}", *result["trouble"]])
