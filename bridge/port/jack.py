"""MIDI through JACK (and PipeWire's JACK): one client, thru in the same cycle, planned events on their sample."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from bridge.errors import PortError
from bridge.port.cables import Cable, Wish
from bridge.port.exchange import Exchange
from bridge.port.jack_transport import JackTransport
from bridge.port.memory import unlock_shared_table
from bridge.port.names import port_names
from bridge.port.patchbay import Patchbay

LOST_NS = 20_000_000
"""How far back releases are repeated after a lost cycle."""
DLL_GAIN = 0.005
DLL_JUMP_NS = 20_000_000


class JackPorts:
    """A JACK client with an input and an output per insert, driving an `Exchange` from its process callback."""

    backend = "jack"

    def __init__(self, exchange: Exchange, inserts: int, name: str, wishes: Iterable[Wish] = ()) -> None:
        self._exchange = exchange
        self._client = open_client(name)
        self.ports = port_names(name, inserts)
        self._ins = [self._client.midi_inports.register(receive) for receive, _ in self.ports]
        self._outs = [self._client.midi_outports.register(send) for _, send in self.ports]
        self._patchbay = Patchbay(self._client, self.ports, wishes)
        self._ns_per_frame = 1e9 / self._client.samplerate
        self._frame = 0  # of the cycle's start, counted without wrapping
        self._offset_ns: float | None = None
        self._lost_cycle = False
        self._transport = JackTransport(self._client)
        self._client.set_process_callback(self._process)
        self._client.set_xrun_callback(self._xrun)
        self._client.set_port_connect_callback(self._connected, only_available=False)
        self._client.set_port_registration_callback(self._patchbay.registered, only_available=False)
        self._client.set_shutdown_callback(self._shutdown)

    def start(self) -> None:
        """Begin; from here on JACK's thread owns the exchange."""
        self._client.activate()
        unlock_shared_table()

    def remember(self, cables: Iterable[Cable]) -> None:
        """Take over cables of an earlier life. The main thread."""
        self._patchbay.remember(cables)

    def look(self) -> None:
        """Plug what is to be plugged. The main thread, every now and then."""
        if not self._exchange.closed.is_set():
            self._exchange.reports.extend(self._patchbay.look(time.monotonic()))

    def close(self) -> None:
        """Take the ports away."""
        self._client.deactivate()
        self._client.close()

    def _shutdown(self, _status: object, reason: str) -> None:
        self._exchange.reports.append({"lost": f"the JACK server went away ({reason})"})
        self._exchange.closed.set()

    def _connected(self, source: Any, target: Any, made: bool) -> None:
        """A cable was plugged in or pulled (JACK calls this)."""
        self._patchbay.connected(source, target, made)
        for insert, port in enumerate(self._ins):
            if not made and port in (source, target):
                self._exchange.commands.append(("unplugged", insert))

    def _xrun(self, _delay_us: float) -> None:
        """A cycle came too late and nobody got its messages: the next one repeats the releases (JACK calls this)."""
        self._lost_cycle = True

    def _process(self, frames: int) -> None:
        try:
            self._cycle(frames)
        except Exception as error:  # noqa: BLE001 - JACK never calls a callback again that has raised
            self._exchange.reports.append({"fault": repr(error)})

    def _cycle(self, frames: int) -> None:
        exchange = self._exchange
        start_ns = self._cycle_start_ns(time.monotonic_ns())
        leaving: list[tuple[int, int, bytes]] = []  # insert, offset in the cycle, message
        for insert, port in enumerate(self._ins):
            for offset, buffer in port.incoming_midi_events():
                data = bytes(buffer)
                if exchange.arrive(insert, data, start_ns + int(offset * self._ns_per_frame)):
                    leaving.append((insert, offset, data))
        for port in self._outs:
            port.clear_buffer()
        exchange.tell(self._transport.look(start_ns))
        until_ns = start_ns + int(frames * self._ns_per_frame)
        if self._lost_cycle:
            self._lost_cycle = False
            for outlet in exchange.outlets:
                outlet.repeat(start_ns - LOST_NS)
        for insert, due_ns, data in exchange.cycle(until_ns, start_ns):
            offset = round((due_ns - start_ns) / self._ns_per_frame)
            leaving.append((insert, min(max(offset, 0), frames - 1), data))
        if leaving:
            self._write(start_ns, leaving)

    def _write(self, start_ns: int, leaving: list[tuple[int, int, bytes]]) -> None:
        leaving.sort(key=lambda event: event[1])  # JACK refuses what is out of order; dry goes before wet
        for insert, offset, data in leaving:
            try:
                self._outs[insert].write_midi_event(offset, data)
                self._exchange.outlets[insert].sent(start_ns, data)
            except Exception:  # noqa: BLE001 - the buffer of this cycle is full
                self._exchange.outlets[insert].refused(data)

    def _cycle_start_ns(self, now_ns: int) -> int:
        """Monotonic time of this cycle's first frame.

        A first-order delay-locked loop over JACK's frame counter takes the jitter of the wake-up out of the stamps
        (Adriaensen, "Using a DLL to filter time", 2005).
        """
        counter = self._client.last_frame_time
        self._frame += (counter - self._frame) & 0xFFFFFFFF  # the counter has 32 bits
        nominal_ns = self._frame * self._ns_per_frame
        error = 0.0 if self._offset_ns is None else now_ns - nominal_ns - self._offset_ns
        if self._offset_ns is None or abs(error) > DLL_JUMP_NS:  # the start, a suspended machine, a stalled server
            self._offset_ns = now_ns - nominal_ns
        else:
            self._offset_ns += DLL_GAIN * error
        return int(nominal_ns + self._offset_ns)


def open_client(name: str) -> Any:
    """A JACK client under exactly this name; PortError where that cannot be."""
    try:
        import jack  # noqa: PLC0415 - importing it loads libjack, which not every machine has
    except OSError as error:
        raise PortError(
            "JACK is not installed", "Debian, Ubuntu: sudo apt install jackd2 (or pipewire-jack)"
        ) from error
    jack.set_error_function(_quiet)
    jack.set_info_function(_quiet)
    try:
        client = jack.Client(name, no_start_server=True)
    except jack.JackOpenError as error:
        raise PortError("no JACK server answers", "Start one (qjackctl, or: jackd -d dummy), then try again") from error
    if client.name != name:  # JACK has made it unique by itself
        client.close()
        raise PortError(
            f"the port name {name!r} is in use", "Another Continuo runs: stop it, or give this one a --name"
        )
    return client


def _quiet(_message: str) -> None:
    """Libjack writes to stderr by default; what matters is raised."""
