"""MIDI through python-rtmidi: the ALSA sequencer, CoreMIDI, WinMM, and JACK where asked for.

Inputs are polled: a callback would wait for the interpreter inside the MIDI system's thread (measured: under JACK
that costs xruns for the whole graph). Windows has no virtual ports: there, existing loopback ports are taken by name.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from bridge import realtime
from bridge.errors import PortError
from bridge.port.cables import Cable, Wish
from bridge.port.devices import Devices
from bridge.port.exchange import Exchange
from bridge.port.names import port_names

PRIORITY = 60
POLL_S = 0.0005
IDLE_POLL_S = 0.002
IDLE_AFTER_NS = 2_000_000_000
LOOPBACK_HINT = "Windows: install loopMIDI and create ports named 'Continuo In' and 'Continuo Out'"


class RtMidiPorts:
    """An input and an output per insert, driving an `Exchange` from a thread of its own."""

    backend = "rtmidi"

    def __init__(self, exchange: Exchange, inserts: int, name: str, wishes: Iterable[Wish] = ()) -> None:
        self._exchange = exchange
        rtmidi, api = usable_api()
        self.ports = port_names(name, inserts)
        self._ins = [_open(rtmidi.MidiIn(api, name=name), receive) for receive, _ in self.ports]
        self._outs = [_open(rtmidi.MidiOut(api, name=name), send) for _, send in self.ports]
        for port in self._ins:
            port.ignore_types(sysex=False, timing=False, active_sense=True)
        self._devices = Devices(rtmidi, api, name, [one for pair in self.ports for one in pair], wishes)
        self._sources = tuple(enumerate(self._ins))  # replaced whole when a device comes or goes
        self._thread = threading.Thread(target=self._run, name="rtmidi", daemon=True)
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin; from here on the poll thread owns the exchange."""
        self._thread.start()

    def remember(self, _cables: Iterable[Cable]) -> None:
        """Nothing: rtmidi does not tell who is connected to our own ports, and named devices are found again."""

    def look(self) -> None:
        """Open named devices that have come. The main thread, every now and then."""
        news, unplugged = self._devices.look(time.monotonic())
        self._exchange.reports.extend(news)
        self._sources = (*enumerate(self._ins), *((0, device) for device in self._devices.inputs))
        if unplugged:
            self._exchange.commands.append(("unplugged", 0))

    def close(self) -> None:
        """Take the ports away."""
        self._stop.set()
        self._thread.join(timeout=1)
        self._devices.close()
        for port in (*self._ins, *self._outs):
            port.close_port()

    def _run(self) -> None:
        realtime.take(PRIORITY)
        busy_ns = 0
        while not self._stop.is_set():
            now_ns = time.monotonic_ns()
            try:
                if self._cycle(now_ns):
                    busy_ns = now_ns
            except Exception as error:  # noqa: BLE001 - a dead poll thread would hang notes
                self._exchange.reports.append({"fault": repr(error)})
            pause = POLL_S if now_ns - busy_ns < IDLE_AFTER_NS else IDLE_POLL_S
            due_ns = self._exchange.next_due_ns()
            if due_ns is not None:
                pause = min(pause, max(0.0, (due_ns - time.monotonic_ns()) / 1e9))
            time.sleep(pause)

    def _cycle(self, now_ns: int) -> bool:
        """Pass on what has arrived and send what is due; True where there was anything."""
        busy = False
        for insert, port in self._sources:
            while message := port.get_message():
                busy = True
                data = bytes(message[0])
                if self._exchange.arrive(insert, data, now_ns):
                    self._send(insert, data)
        for insert, _, data in self._exchange.cycle(now_ns + 1, now_ns):
            busy = True
            self._send(insert, data)
        return busy

    def _send(self, insert: int, data: bytes) -> None:
        if insert == 0:
            for device in self._devices.outputs:
                with suppress(Exception):  # it has just gone: nobody hears what it does not release
                    device.send_message(data)
        try:
            self._outs[insert].send_message(data)
        except Exception:  # noqa: BLE001 - the system refuses: a full queue, a device that went away
            self._exchange.outlets[insert].refused(data)


def usable_api() -> tuple[Any, int]:
    """The module python-rtmidi and an API of it that works here; PortError where none does."""
    try:
        import rtmidi  # noqa: PLC0415 - not installed everywhere
    except ImportError as error:
        raise PortError("python-rtmidi is not installed", "pip install python-rtmidi (Python 3.12 or older)") from error
    compiled = rtmidi.get_compiled_api()
    for api in (rtmidi.API_MACOSX_CORE, rtmidi.API_WINDOWS_MM, rtmidi.API_LINUX_ALSA, rtmidi.API_UNIX_JACK):
        if api in compiled and _works(rtmidi, api):
            return rtmidi, api
    raise PortError("no MIDI system answers", "Linux: load the ALSA sequencer (sudo modprobe snd-seq) or start JACK")


def _works(rtmidi: Any, api: int) -> bool:
    if api == rtmidi.API_LINUX_ALSA:
        return os.path.exists("/dev/snd/seq")  # noqa: PTH110 - os is loaded, pathlib is not
    if api == rtmidi.API_UNIX_JACK:
        return _jack_answers()
    return True


def _jack_answers() -> bool:
    """Ask by libjack itself: python-rtmidi takes a JACK without a server for a working one."""
    from bridge.port.jack import open_client  # noqa: PLC0415 - only where JACK is the last choice

    try:
        open_client(f"continuo-probe-{os.getpid()}").close()
    except PortError:
        return False
    return True


def _open(port: Any, name: str) -> Any:
    """Open a virtual port of this name, or on Windows an existing one whose name holds it."""
    existing = [i for i, known in enumerate(port.get_ports()) if name in known]
    if sys.platform != "win32":
        if existing:
            raise PortError(
                f"the port name {name!r} is in use", "Another Continuo runs: stop it, or give this one a --name"
            )
        return port.open_virtual_port(name)
    if not existing:
        raise PortError(f"there is no MIDI port {name!r}", LOOPBACK_HINT)
    return port.open_port(existing[0])
