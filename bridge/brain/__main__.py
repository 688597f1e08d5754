"""The brain process: reads the port's records and control's settings, runs the engine, answers the port."""

from __future__ import annotations

import argparse
import gc
import selectors
import signal
import socket
import sys
import time
from collections import deque
from dataclasses import replace
from typing import Any

from bridge import players, realtime
from bridge.brain.change import Changes, Refusal
from bridge.brain.engine import Engine, Heard, Sent
from bridge.brain.in_time import Worker
from bridge.brain.insert import Insert
from bridge.brain.players import Players, check
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
from music.errors import ContinuoError
from music.wire import decode, encode

DEADLINE_NS = 30_000_000
"""An onset that reaches the port later than this is not played."""
STALE_NS = 25_000_000
"""Onsets that waited longer than this are not asked for: the answer would be late."""
PRIORITY = 40
"""Below JACK's threads, above everything that is not audio. The thread of the learned players has one less."""
PUBLISH_NS = 50_000_000

Shown = tuple[str, str, int, int]


class Brain:
    """The loop around the engine."""

    def __init__(self, control: socket.socket, device: str) -> None:
        self._control = control
        self._worker = Worker(prepare=lambda: realtime.take(PRIORITY - 1))
        self._troubles: deque[str] = deque()  # the worker's thread appends
        self._players = Players(device, self._worker, tell=self._troubles.append)
        self._changes = Changes(self._players)
        self._port: socket.socket | None = None
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ, self._obey)
        self._lines = Lines()
        self._records = Records()
        self._engine: Engine | None = None
        self._transport = Transport(time.monotonic_ns())
        self._beat_ns = 0
        self._published_ns = 0
        self._shown: list[Shown] = []
        self._open = True

    def run(self) -> None:
        """Serve until control ends."""
        while self._open:
            for key, _ in self._selector.select(self._pause_s()):
                key.data()
            now_ns = time.monotonic_ns()
            if self._engine:
                self._worker.begin()
                self._play(self._engine.advance(now_ns))
                self._settle(self._engine)
                self._publish(now_ns)
            while self._troubles:
                self._control.sendall(line({"trouble": self._troubles.popleft()}))
            if now_ns >= self._beat_ns:
                self._beat_ns = now_ns + int(HEARTBEAT_S * 1e9)
                self._send([Record(0, 0, HEARTBEAT, 0, b"")])

    def _pause_s(self) -> float:
        now_ns = time.monotonic_ns()
        until_ns = self._beat_ns
        if self._engine:
            wakes = (self._engine.next_wake_ns(now_ns), self._engine.next_frame_ns())
            until_ns = min([until_ns, *(wake_ns for wake_ns in wakes if wake_ns is not None)])
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
        if self._engine is None:
            self._engine = self._first([Settings.of(states[str(number)]) for number in range(len(states))])
            collect()
            self._control.sendall(line({"set": True}))
            return
        for number, state in states.items():
            self._change(self._engine, int(number), Settings.of(state))

    def _first(self, settings: list[Settings]) -> Engine:
        """The engine; players that cannot be had are reported, and the rules play instead."""
        for number, one in enumerate(settings):
            try:
                self._players.get(one.model)
            except ContinuoError as error:
                self._refuse(Refusal(number, one.model, error), players.RULES)
                settings[number] = replace(one, model=players.RULES)
        return Engine(settings, self._transport, time.monotonic_ns(), self._players)

    def _change(self, engine: Engine, number: int, settings: Settings) -> None:
        """Give an insert new settings; while their player is being loaded the old one plays under them."""
        self._changes.want(number, settings)
        if not self._players.ready(settings.model):
            settings = replace(settings, model=engine.inserts[number].settings.model)
        self._worker.begin()
        self._play(engine.configure(number, settings, time.monotonic_ns()))

    def _settle(self, engine: Engine) -> None:
        """What has become of the players that were being loaded."""
        for number, outcome in self._changes.settled():
            if isinstance(outcome, Settings):
                gc.freeze()
                self._change(engine, number, outcome)
            else:
                self._refuse(outcome, engine.inserts[number].settings.model)

    def _refuse(self, refusal: Refusal, plays: str) -> None:
        number, model, error = refusal
        said = {"error": error.message, "hint": error.hint}
        self._control.sendall(line({"refused": number, "model": model, "plays": plays, **said}))

    def _meet_port(self, number: int) -> None:
        self._lose_port()
        try:
            self._port, self._records = connect(number), Records()
        except OSError:  # it has ended meanwhile: its successor will be told of
            return
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
        self._worker.begin()
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


def _shown(insert: Insert) -> Shown:
    """The chord that an insert plays, the key that its player hears, what it has missed, how often the rules helped."""
    answer = insert.answer
    chord, key = (str(answer.chord or ""), str(answer.key or "")) if answer else ("", "")
    return chord, key, insert.missed, insert.fallbacks


def collect() -> None:
    """What was loaded stays: later collections need not look at it."""
    gc.collect()
    gc.freeze()


def main() -> int:
    """Run the brain process as `continuo run` starts it."""
    parser = argparse.ArgumentParser(prog="bridge.brain")
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    for number in {signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)}:
        signal.signal(number, signal.SIG_IGN)  # a Ctrl-C reaches the whole group: control decides
    sys.setswitchinterval(0.0005)
    control = connect(arguments.control)
    control.sendall(line({"hello": "brain"}))
    harmony.warm()
    try:
        check(arguments.device)
    except ContinuoError as error:
        control.sendall(line({"error": error.message, "hint": error.hint}))
        arguments.device = "auto"
    collect()
    realtime.take(PRIORITY)
    control.sendall(line({"ready": True}))
    try:
        Brain(control, arguments.device).run()
    except (BrokenPipeError, ConnectionResetError):  # control is gone: so are we
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
