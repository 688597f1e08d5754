"""The brain process: reads the port's records and control's settings, runs the session, answers both."""

from __future__ import annotations

import argparse
import gc
import selectors
import signal
import socket
import sys
import time

from bridge import realtime
from bridge.brain.in_time import Worker
from bridge.brain.players import Players, check
from bridge.brain.progress import Progress
from bridge.brain.session import Session
from bridge.messages import HEARTBEAT, HEARTBEAT_S, Lines, Record, Records, connect, line, pack
from models.rules import harmony
from music.errors import ContinuoError

PRIORITY = 40
"""Below JACK's threads, above everything that is not audio. The thread of the learned players has one less."""


METER_S = 1.0


class Brain:
    """The loop around a session: its sockets and its clock."""

    def __init__(self, control: socket.socket, device: str) -> None:
        self._control = control
        worker = Worker(prepare=lambda: realtime.take(PRIORITY - 1))
        self._session = Session(Players(device, worker, tell=self._trouble), time.monotonic_ns())
        self._port: socket.socket | None = None
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ, self._obey)
        self._lines = Lines()
        self._records = Records()
        self._beat_ns = 0
        self._meter_s = 0.0
        self._load = realtime.Load()
        self._open = True

    def run(self) -> None:
        """Serve until control ends."""
        while self._open:
            for key, _ in self._selector.select(self._pause_s()):
                key.data()
                self._send()
            self._session.advance(time.monotonic_ns())
            if time.monotonic_ns() >= self._beat_ns:
                self._beat_ns = time.monotonic_ns() + int(HEARTBEAT_S * 1e9)
                self._session.to_port.append(Record(0, 0, HEARTBEAT, 0, b""))
            if time.monotonic() >= self._meter_s:
                self._meter_s = time.monotonic() + METER_S
                self._session.show({"brain_load": self._load.percent()})
            self._send()
            self._tell()

    def _pause_s(self) -> float:
        now_ns = time.monotonic_ns()
        wake_ns = self._session.wake_ns(now_ns)
        until_ns = self._beat_ns if wake_ns is None else min(self._beat_ns, wake_ns)
        return max(0.0, (until_ns - now_ns) / 1e9)

    def _trouble(self, text: str) -> None:
        """Any thread."""
        self._session.to_control.append({"trouble": text})

    def _obey(self) -> None:
        """What control says. Control gone means that the daemon ends."""
        data = self._control.recv(65_536)
        if not data:
            self._open = False
        for message in self._lines.feed(data):
            self._session.obey(message, time.monotonic_ns())
            if "port" in message:
                self._meet_port(message["port"])
        if any("set" in told for told in self._session.to_control):
            collect()

    def _meet_port(self, number: int) -> None:
        self._lose_port()
        try:
            self._port, self._records = connect(number), Records()
        except OSError:  # it has ended meanwhile: its successor will be told of
            return
        self._selector.register(self._port, selectors.EVENT_READ, self._listen)
        self._beat_ns = 0
        self._session.meet_port(time.monotonic_ns())

    def _lose_port(self) -> None:
        if self._port:
            self._selector.unregister(self._port)
            self._port.close()
        self._port = None

    def _listen(self) -> None:
        """What the port says."""
        try:
            data = self._port.recv(65_536) if self._port else b""
        except OSError:
            data = b""
        if data:
            self._session.hear(self._records.feed(data), time.monotonic_ns())
        else:
            self._lose_port()

    def _send(self) -> None:
        """Hand on what the session has for the port; with no port it is for nobody."""
        records, self._session.to_port = self._session.to_port, []
        if self._port and records:
            try:
                self._port.sendall(b"".join(map(pack, records)))
            except OSError:
                self._lose_port()

    def _tell(self) -> None:
        while self._session.to_control:
            self._control.sendall(line(self._session.to_control.popleft()))


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
    Progress(lambda compiled: control.sendall(line({"compiled": compiled})))
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
