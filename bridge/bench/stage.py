"""A private JACK server and a real daemon on it, for measurements and tests."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from bridge.errors import PortError
from music.errors import ContinuoError

READY_S = 60.0
PORTS = 128  # a server keeps its table of ports in every client's memory: 105 MB with its default of 2048
INSTALL = "Debian, Ubuntu: sudo apt install --no-install-recommends jackd2"


@contextmanager
def jack_server(period: int = 64, rate: int = 48_000, *, patient: bool = False) -> Iterator[str]:
    """The name of a running server without hardware, in `JACK_DEFAULT_SERVER` too; PortError where none starts.

    Real-time where the system permits it. A user's own server is left alone. A patient server waits for clients that
    are late, where the usual one starts the next cycle and loses what they wrote.
    """
    if not shutil.which("jackd"):
        raise PortError("jackd is not installed", INSTALL)
    name = f"continuo-{secrets.token_hex(4)}"
    before = os.environ.get("JACK_DEFAULT_SERVER")
    os.environ["JACK_DEFAULT_SERVER"] = name
    server = None
    try:
        for realtime in (["-R", "-P", "70"], ["-r"]):
            waits = ["-S"] if patient else []
            engine = f"-n {name} -p {PORTS}".split()
            options = [*engine, *waits, *realtime, *f"-d dummy -r {rate} -p {period}".split()]
            server = subprocess.Popen(["jackd", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if _answers(name, server):
                break
        else:
            raise PortError("jackd does not start", "Try by hand: jackd -r -d dummy")
        yield name
    finally:
        if server:
            _end(server)
        if before is None:
            del os.environ["JACK_DEFAULT_SERVER"]
        else:
            os.environ["JACK_DEFAULT_SERVER"] = before


def _end(server: subprocess.Popen[bytes]) -> None:
    """Ask the server to end; one that waits for a client that is gone does not hear it."""
    server.terminate()
    try:
        server.wait(timeout=5)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _answers(name: str, server: subprocess.Popen[bytes]) -> bool:
    """Whether the server is up; waits until it is or has ended."""
    while server.poll() is None:
        if subprocess.run(["jack_wait", "-s", name, "-w", "-t", "1"], capture_output=True, check=False).returncode == 0:
            return True
    return False


class LiveDaemon:
    """A `continuo run` in a process of its own, and what it tells."""

    def __init__(self, *arguments: str, folder: Path | None = None) -> None:
        command = [sys.executable, "-P", "-m", "bridge.cli", "run", "--json", *arguments]
        # whatever the user has set: what is measured and tested is what the arguments say
        usual = {name: value for name, value in os.environ.items() if not name.startswith("CONTINUO_")}
        usual["CONTINUO_CONFIG"] = os.devnull
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, env=usual
        )
        self.events: list[dict[str, Any]] = []
        self._queue: Queue[dict[str, Any] | None] = Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.ready = self.wait_for(event="ready")

    def wait_for(self, timeout_s: float = READY_S, **wanted: object) -> dict[str, Any]:
        """The next event that has these values; ContinuoError where the daemon ends or says nothing of the kind."""
        while True:
            try:
                event = self._queue.get(timeout=timeout_s)
            except Empty:
                raise ContinuoError(f"the daemon did not tell {wanted}", "continuo doctor") from None
            if event is None:
                assert self.process.stderr  # noqa: S101 - it was asked for
                raise ContinuoError(f"the daemon ended: {self.process.stderr.read().strip()}")
            self.events.append(event)
            if wanted.items() <= event.items():
                return event

    def drain(self) -> None:
        """Take in what was told by now, without waiting."""
        while not self._queue.empty():
            event = self._queue.get()
            if event:
                self.events.append(event)

    @property
    def osc_port(self) -> int:
        """Where it listens for OSC."""
        return int(self.ready["osc_port"])

    def pid(self, role: str) -> int:
        """The process number that one of its processes had at the start."""
        return int(self.process.pid if role == "control" else self.ready["pids"][role])

    def newest(self, *path: str) -> Any:
        """The value at a path of the newest event that has it."""
        value: Any = next(event for event in reversed(self.events) if path[0] in event)
        for step in path:
            value = value[step]
        return value

    def stop(self) -> int:
        """End it as a user would; gives its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=10)

    def _read(self) -> None:
        assert self.process.stdout  # noqa: S101 - it was asked for
        for line in self.process.stdout:
            self._queue.put(json.loads(line))
        self._queue.put(None)


@contextmanager
def live_daemon(*arguments: str, folder: Path | None = None) -> Iterator[LiveDaemon]:
    """A daemon that is ready, ended afterwards."""
    daemon = LiveDaemon("--osc-port", "0", *arguments, folder=folder)
    try:
        yield daemon
    finally:
        if daemon.stop() and sys.exc_info()[0] is None:
            raise ContinuoError("the daemon did not end well")
