"""A musician and a listener as JACK clients: notes go out stamped, what comes back is stamped too."""

from __future__ import annotations

import errno
import secrets
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from bridge.errors import PortError
from bridge.port.jack import open_client
from bridge.port.names import port_names

SOUND_CHECK_S = 5.0
UNDEFINED_CONTROL = bytes((0xB0, 119, 0))
"""Means nothing to anybody (MIDI 1.0 Detailed Specification, table III)."""
PER_CYCLE = 14
"""Messages sent in one cycle at most: 10 500 a second with 64 frames at 48 kHz."""


class Heard(NamedTuple):
    """A message that arrived."""

    time_ns: int
    """When the listener got it, monotonic."""
    frame: int
    """The sample it stands on, by JACK's own count."""
    data: bytes
    insert: int = 0
    """Whose output it came from."""


class Musician:
    """Plays into the daemon, hears its output, and hears itself directly (the floor of the method).

    With several inserts it plays the same into all of them.
    """

    def __init__(self, name: str = "Continuo", own: str = "", inserts: int = 1) -> None:
        own = own or f"bench-{secrets.token_hex(3)}"  # a daemon would connect one that it knows
        self._player = open_client(f"{own}-player")
        self._listener = open_client(f"{own}-listener")
        self._out = self._player.midi_outports.register("out")
        self._ports = port_names(name, inserts)
        self._answers = [self._listener.midi_inports.register(f"answer {send}") for _, send in self._ports]
        self._direct = self._listener.midi_inports.register("direct")
        self._queue: deque[bytes] = deque()
        self.answers: deque[Heard] = deque()
        """From the daemon, oldest first. Any thread may pop."""
        self.directs: deque[Heard] = deque()
        """From the player itself."""
        self.rate = int(self._listener.samplerate)
        self.xruns = 0
        """Cycles that some client did not finish in time; what was written in them may be lost."""
        self._listener.set_xrun_callback(self._xrun)
        self._player.set_process_callback(self._send)
        self._listener.set_process_callback(self._receive)
        self._player.activate()
        self._listener.activate()
        _connect(self._player, self._out, self._direct)
        for (receive, send), answer in zip(self._ports, self._answers, strict=True):
            _connect(self._player, self._out, self._find(receive))
            _connect(self._listener, self._find(send), answer)
        self._sound_check()

    def play(self, data: bytes) -> int:
        """Send a message with the next cycle; gives the stamp of now."""
        now_ns = time.monotonic_ns()
        self._queue.append(data)
        return now_ns

    @property
    def waiting(self) -> int:
        """How many messages are not sent yet."""
        return len(self._queue)

    def clear(self) -> None:
        """Forget what was heard."""
        self.answers.clear()
        self.directs.clear()

    def unplug(self) -> None:
        """Pull the cable to the daemon's input; its output is still heard."""
        for port in self._player.get_all_connections(self._out):
            if port.name != self._direct.name:
                self._player.disconnect(self._out, port)

    def plug(self) -> None:
        """Put it in again."""
        for receive, _ in self._ports:
            self._player.connect(self._out, self._find(receive))

    def close(self) -> None:
        """Leave."""
        for client in (self._player, self._listener):
            client.deactivate()
            client.close()

    def _sound_check(self) -> None:
        """Wait until both ways carry: what is written while JACK sorts its graph anew is lost."""
        end = time.monotonic() + SOUND_CHECK_S
        while not self.directs or len({one.insert for one in list(self.answers)}) < len(self._answers):
            if time.monotonic() > end:
                raise PortError("nothing comes back through the daemon", "Is thru on?")
            self.play(UNDEFINED_CONTROL)
            time.sleep(0.02)
        while self.waiting:
            time.sleep(0.001)
        time.sleep(0.02)  # the last of them is still on its way
        self.clear()

    def _find(self, port: str) -> str:
        """The full name of a port, whatever client it belongs to."""
        found = self._player.get_ports(f":{port}$", is_midi=True)
        if not found:
            raise PortError(f"there is no port {port!r}", "Is the daemon running on this JACK server?")
        return str(found[0].name)

    def _xrun(self, _delay_us: float) -> None:
        self.xruns += 1

    def _send(self, _frames: int) -> None:
        self._out.clear_buffer()
        for _ in range(min(len(self._queue), PER_CYCLE)):
            self._out.write_midi_event(0, self._queue.popleft())

    def _receive(self, _frames: int) -> None:
        start = self._listener.last_frame_time
        for offset, data in self._direct.incoming_midi_events():
            self.directs.append(Heard(time.monotonic_ns(), start + offset, bytes(data)))
        for insert, port in enumerate(self._answers):
            for offset, data in port.incoming_midi_events():
                self.answers.append(Heard(time.monotonic_ns(), start + offset, bytes(data), insert))


def _connect(client: Any, source: Any, target: Any) -> None:
    """Plug a cable; the daemon may have been quicker: it knows who was there before."""
    from jack import JackErrorCode  # noqa: PLC0415 - importing it loads libjack, which not every machine has

    try:
        client.connect(source, target)
    except JackErrorCode as error:
        if error.code != errno.EEXIST:
            raise


@contextmanager
def musician(name: str = "Continuo", own: str = "", inserts: int = 1) -> Iterator[Musician]:
    """A connected musician, gone afterwards; one with a name of its own is known again."""
    playing = Musician(name, own, inserts)
    try:
        yield playing
    finally:
        playing.close()
