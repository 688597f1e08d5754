"""The port process: opens the ports, connects brain and exchange, obeys control, and ends when control does."""

from __future__ import annotations

import argparse
import gc
import selectors
import signal
import socket
import sys
import time
from typing import Any

from bridge.errors import PortError
from bridge.messages import Lines, accept, connect, headers, line, listen
from bridge.port.cables import Cable, Wish
from bridge.port.exchange import Exchange
from bridge.port.jack import JackPorts
from bridge.port.loopback import LoopbackPorts
from bridge.port.names import port_names
from bridge.port.outlet import Outlet
from bridge.port.rtmidi import RtMidiPorts
from bridge.realtime import Load
from music.errors import ContinuoError

Ports = JackPorts | RtMidiPorts | LoopbackPorts
BACKENDS: dict[str, type[Ports]] = {"jack": JackPorts, "rtmidi": RtMidiPorts, "loopback": LoopbackPorts}
REPORT_S = 0.1
METER_S = 1.0
CLOSE_S = 0.5
CUTS = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def open_ports(backend: str, exchange: Exchange, inserts: int, name: str, wishes: list[Wish]) -> tuple[Ports, str]:
    """The ports of a backend, or of the first that works, and what is missing where none does."""
    if backend != "auto":
        return BACKENDS[backend](exchange, inserts, name, wishes), ""
    missing = ""
    for ports in (JackPorts, RtMidiPorts):
        try:
            return ports(exchange, inserts, name, wishes), ""
        except PortError as error:
            if "in use" in error.message:
                raise
            missing = f"{error}."  # the last one names every remedy
    return LoopbackPorts(exchange, inserts, name), missing


class PortProcess:
    """The main thread of the port: everything that is not MIDI."""

    def __init__(self, control: socket.socket, exchange: Exchange, ports: Ports) -> None:
        self._control = control
        self._exchange = exchange
        self._ports = ports
        self._listener = listen()
        self._lines = Lines()
        self._meters: list[dict[str, float]] = []
        self._metered_s = 0.0
        self._load = Load()
        self._open = True

    def run(self, note: str) -> None:
        """Serve until control ends or asks for the end."""
        signal.signal(signal.SIGTERM, self._terminate)
        ports = self._ports
        self._ports.start()
        self._say(ready=True, backend=ports.backend, ports=ports.ports, note=note, port=self._listener.getsockname()[1])
        selector = selectors.DefaultSelector()
        selector.register(self._control, selectors.EVENT_READ, self._obey)
        selector.register(self._listener, selectors.EVENT_READ, self._admit)
        try:
            while self._open:
                for key, _ in selector.select(REPORT_S):
                    key.data()
                ports.look()
                self._report()
        finally:  # whatever has happened here, no note is left sounding
            self._exchange.commands.append(("close", None))
            self._exchange.closed.wait(CLOSE_S)
            self._report()
            self._ports.close()

    def _terminate(self, *_: object) -> None:
        self._open = False

    def _say(self, **message: Any) -> None:
        try:
            self._control.sendall(line(message))
        except OSError:  # control is gone: so are we
            self._open = False

    def _admit(self) -> None:
        brain = accept(self._listener)
        if brain:
            brain.setblocking(False)
            self._exchange.commands.append(("brain", brain))

    def _obey(self) -> None:
        try:
            data = self._control.recv(65_536)
        except OSError:
            data = b""
        if not data:
            self._open = False
        for message in self._lines.feed(data):
            if "melody" in message and isinstance(self._ports, LoopbackPorts):
                self._ports.play(message["melody"], message["tail_s"])
            elif message.keys() & {"thru", "scene_thru", "panic_cc"}:
                self._exchange.commands.extend(message.items())
            elif "knobs" in message:
                self._exchange.commands.append(("knobs", [headers(port) for port in message["knobs"]]))
            elif "panic" in message or "resume" in message:
                self._exchange.commands.append(("panic" if "panic" in message else "resume", None))
            elif "cables" in message:
                self._ports.remember(Cable(*cable) for cable in message["cables"])
            elif "close" in message:
                self._open = False

    def _report(self) -> None:
        while self._exchange.reports:
            report = self._exchange.reports.popleft()
            self._say(**report)
            if "lost" in report:
                self._open = False
        if time.monotonic() - self._metered_s >= METER_S:
            self._metered_s = time.monotonic()
            meters = [_meter(outlet) for outlet in self._exchange.outlets]
            if meters != self._meters:
                self._meters = meters
                self._say(meters=meters, load=self._load.percent())


def _meter(outlet: Outlet) -> dict[str, float]:
    """Waits of the newest onsets in ms, and what did not sound, by the names of their addresses."""
    waits = sorted(list(outlet.waits_ns))  # noqa: C414 - a list first, at one stroke: another thread appends
    cuts = {name: waits[int(len(waits) * cut)] / 1e6 if waits else 0.0 for name, cut in CUTS.items()}
    return {name: round(ms, 2) for name, ms in cuts.items()} | {"late": outlet.late, "dropped": outlet.dropped}


def main() -> int:
    """Run the port process as `continuo run` starts it."""
    parser = argparse.ArgumentParser(prog="bridge.port")
    parser.add_argument("--backend", choices=["auto", *BACKENDS], required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--inserts", type=int, required=True)
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--input", action="append", default=[])
    parser.add_argument("--output", action="append", default=[])
    arguments = parser.parse_args()
    for number in {signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)}:
        signal.signal(number, signal.SIG_IGN)  # a Ctrl-C reaches the whole group: control decides
    sys.setswitchinterval(0.0005)  # JACK's thread waits for the interpreter at most this long
    control = connect(arguments.control)
    control.sendall(line({"hello": "port"}))
    exchange = Exchange(arguments.inserts)
    receive, send = port_names(arguments.name, 1)[0]
    wishes = [Wish(receive, part, plays=True) for part in arguments.input]
    wishes += [Wish(send, part, plays=False) for part in arguments.output]
    try:
        ports, note = open_ports(arguments.backend, exchange, arguments.inserts, arguments.name, wishes)
    except ContinuoError as error:
        control.sendall(line({"error": error.message, "hint": error.hint}))
        return 2
    gc.disable()  # nothing here makes cycles, and a collection would stop the callback
    PortProcess(control, exchange, ports).run(note)
    return 0


if __name__ == "__main__":
    sys.exit(main())
