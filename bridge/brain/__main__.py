"""The brain process: reads the port's records and control's settings, runs the engine, answers the port."""

from __future__ import annotations

import argparse
import gc
import selectors
import signal
import socket
import sys
import time
from typing import Any

from bridge import realtime
from bridge.brain.engine import Engine, Heard, Sent
from bridge.brain.insert import Insert
from bridge.brain.settings import Settings
from bridge.brain.transport import Transport
from bridge.messages import (
    HEARTBEAT,
    HEARTBEAT_S,
    INPUT,
    PLAY,
    RESET,
    SILENCE,
    Lines,
    Record,
    Records,
    connect,
    line,
    pack,
)
from models.rules import harmony
from music.wire import decode, encode

DEADLINE_NS = 30_000_000
"""An onset that reaches the port later than this is not played."""
STALE_NS = 25_000_000
"""Onsets that waited longer than this are not asked for: the answer would be late."""
PRIORITY = 40
"""Below JACK's threads, above everything that is not audio."""
PUBLISH_NS = 50_000_000


class Brain:
    """The loop around the engine."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._port: socket.socket | None = None
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ, self._obey)
        self._lines = Lines()
        self._records = Records()
        self._engine: Engine | None = None
        self._transport = Transport(time.monotonic_ns())
        self._beat_ns = 0
        self._published_ns = 0
        self._shown: list[tuple[str, str, int]] = []
        self._open = True

    def run(self) -> None:
        """Serve until control ends."""
        while self._open:
            for key, _ in self._selector.select(self._pause_s()):
                key.data()
            now_ns = time.monotonic_ns()
            if self._engine:
                self._play(self._engine.advance(now_ns))
                self._publish(now_ns)
            if now_ns >= self._beat_ns:
                self._beat_ns = now_ns + int(HEARTBEAT_S * 1e9)
                self._send([Record(0, 0, HEARTBEAT, 0, b"")])

    def _pause_s(self) -> float:
        now_ns = time.monotonic_ns()
        wake_ns = self._engine.next_wake_ns(now_ns) if self._engine else None
        until_ns = min(self._beat_ns, wake_ns or self._beat_ns)
        return max(0.0, (until_ns - now_ns) / 1e9)

    def _obey(self) -> None:
        """What control says. Control gone means that the daemon ends."""
        data = self._control.recv(65_536)
        if not data:
            self._open = False
        for message in self._lines.feed(data):
            if "settings" in message:
                self._configure(message["settings"])
            if "tempo" in message:
                self._transport.set_tempo(message["tempo"], time.monotonic_ns())
            if "port" in message:
                self._meet_port(message["port"])
            if "panic" in message:
                self._silence()

    def _configure(self, states: dict[str, Any]) -> None:
        now_ns = time.monotonic_ns()
        if self._engine is None:
            settings = [Settings.of(states[str(number)]) for number in range(len(states))]
            self._engine = Engine(settings, self._transport, now_ns)
            return
        for number, state in states.items():
            self._play(self._engine.configure(int(number), Settings.of(state), now_ns))

    def _meet_port(self, number: int) -> None:
        self._lose_port()
        self._port, self._records = connect(number), Records()
        self._selector.register(self._port, selectors.EVENT_READ, self._listen)
        self._beat_ns = 0
        if self._engine:
            self._engine.silence()
            self._play(self._engine.programs(time.monotonic_ns()))

    def _lose_port(self) -> None:
        if self._port:
            self._selector.unregister(self._port)
            self._port.close()
        self._port = None

    def _listen(self) -> None:
        """What the port heard: all that has arrived is one question."""
        try:
            data = self._port.recv(65_536) if self._port else b""
        except OSError:
            data = b""
        if not data or not self._engine:
            self._lose_port()
            return
        now_ns = time.monotonic_ns()
        heard: list[Heard] = []
        for record in self._records.feed(data):
            event = decode(record.data) if record.kind == INPUT else None
            if event is not None and record.insert < len(self._engine.inserts):
                heard.append((record.insert, event, record.time_ns))
            elif record.kind == RESET:
                heard.clear()
                self._silence()
        self._play(self._engine.receive(heard, now_ns - STALE_NS))

    def _silence(self) -> None:
        """Forget what sounds, and have the port end it: its panic may have been before our last onset."""
        if self._engine:
            self._engine.silence()
            self._send([Record(0, 0, SILENCE, number, b"") for number in range(len(self._engine.inserts))])

    def _play(self, sent: list[Sent]) -> None:
        if sent:
            self._send(
                [
                    Record(due.time_ns, due.time_ns + DEADLINE_NS, PLAY, number, encode(due.event))
                    for number, due in sent
                ]
            )

    def _send(self, records: list[Record]) -> None:
        if self._port:
            try:
                self._port.sendall(b"".join(map(pack, records)))
            except OSError:
                self._lose_port()

    def _publish(self, now_ns: int) -> None:
        """Tell control what was answered, at most twenty times a second."""
        if not self._engine or now_ns - self._published_ns < PUBLISH_NS:
            return
        shown = [_shown(insert) for insert in self._engine.inserts]
        if shown != self._shown:
            self._published_ns, self._shown = now_ns, shown
            self._control.sendall(line({"answers": shown}))


def _shown(insert: Insert) -> tuple[str, str, int]:
    """The chord that an insert plays, the key that its player hears, and what it has missed."""
    answer = insert.answer
    return (str(answer.chord or ""), str(answer.key or ""), insert.missed) if answer else ("", "", insert.missed)


def main() -> int:
    """Run the brain process as `continuo run` starts it."""
    parser = argparse.ArgumentParser(prog="bridge.brain")
    parser.add_argument("--control", type=int, required=True)
    arguments = parser.parse_args()
    for number in {signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)}:
        signal.signal(number, signal.SIG_IGN)  # a Ctrl-C reaches the whole group: control decides
    sys.setswitchinterval(0.0005)
    control = connect(arguments.control)
    control.sendall(line({"hello": "brain"}))
    harmony.warm()
    gc.collect()
    gc.freeze()  # what was loaded stays: later collections need not look at it
    realtime.take(PRIORITY)
    control.sendall(line({"ready": True}))
    try:
        Brain(control).run()
    except (BrokenPipeError, ConnectionResetError):  # control is gone: so are we
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
