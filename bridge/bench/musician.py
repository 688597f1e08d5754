"""A musician and a listener as JACK clients: notes go out stamped, what comes back is stamped too."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from bridge.port.jack import open_client

QUEUE_LIMIT = 1000


class Heard(NamedTuple):
    """A message that arrived."""

    time_ns: int
    """When the listener got it, monotonic."""
    frame: int
    """The sample it stands on, by JACK's own count."""
    data: bytes


class Musician:
    """Plays into the daemon, hears its output, and hears itself directly (the floor of the method)."""

    def __init__(self, name: str = "Continuo") -> None:
        self._player = open_client("bench-player")
        self._listener = open_client("bench-listener")
        self._out = self._player.midi_outports.register("out")
        self._answer = self._listener.midi_inports.register("answer")
        self._direct = self._listener.midi_inports.register("direct")
        self._queue: deque[bytes] = deque()
        self.answers: deque[Heard] = deque()
        """From the daemon, oldest first. Any thread may pop."""
        self.directs: deque[Heard] = deque()
        """From the player itself."""
        self.rate = int(self._listener.samplerate)
        self._player.set_process_callback(self._send)
        self._listener.set_process_callback(self._receive)
        self._player.activate()
        self._listener.activate()
        self._player.connect(self._out, f"{name}:{name} In")
        self._player.connect(self._out, self._direct)
        self._listener.connect(f"{name}:{name} Out", self._answer)

    def play(self, data: bytes) -> int:
        """Send a message with the next cycle; gives the stamp of now."""
        now_ns = time.monotonic_ns()
        self._queue.append(data)
        return now_ns

    def clear(self) -> None:
        """Forget what was heard."""
        self.answers.clear()
        self.directs.clear()

    def close(self) -> None:
        """Leave."""
        for client in (self._player, self._listener):
            client.deactivate()
            client.close()

    def _send(self, frames: int) -> None:
        self._out.clear_buffer()
        for _ in range(min(len(self._queue), frames * 8)):
            self._out.write_midi_event(0, self._queue.popleft())

    def _receive(self, _frames: int) -> None:
        start = self._listener.last_frame_time
        for port, heard in ((self._answer, self.answers), (self._direct, self.directs)):
            for offset, data in port.incoming_midi_events():
                heard.append(Heard(time.monotonic_ns(), start + offset, bytes(data)))


@contextmanager
def musician(name: str = "Continuo") -> Iterator[Musician]:
    """A connected musician, gone afterwards."""
    playing = Musician(name)
    try:
        yield playing
    finally:
        playing.close()
