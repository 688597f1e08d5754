"""A keyboard that is a synthesizer too, as a JACK client that comes and goes."""

from __future__ import annotations

import time
from collections import deque

from bridge.bench.synth import Synth
from bridge.port.jack import open_client


class Device:
    """Ports `NAME:keys` and `NAME:sound`; what it is sent sounds in `synth`."""

    def __init__(self, name: str) -> None:
        self.client = open_client(name)
        self.keys = self.client.midi_outports.register("keys")
        self.sound = self.client.midi_inports.register("sound")
        self.log: list[bytes] = []
        self._queue: deque[bytes] = deque()
        self._heard: deque[bytes] = deque()
        self._synth = Synth()
        self.client.set_process_callback(self._cycle)
        self.client.activate()

    def play(self, *messages: bytes) -> None:
        self._queue.extend(messages)

    @property
    def sounding(self) -> set[tuple[int, int]]:
        """(channel, pitch), channel 0-15."""
        while self._heard:
            self.log.append(self._heard.popleft())
            self._synth.play(self.log[-1])
        return self._synth.sounding

    @property
    def plugged(self) -> set[str]:
        """Short names of all ports that its two ports are connected to."""
        ports = (*self.client.get_all_connections(self.keys), *self.client.get_all_connections(self.sound))
        return {port.shortname for port in ports}

    def plug(self, name: str) -> None:
        """Connect both ports to a Continuo's, as a user does in a patchbay."""
        receive, send = (self.client.get_ports(f":{name} {which}$")[0] for which in ("In", "Out"))
        self.client.connect(self.keys, receive)
        self.client.connect(send, self.sound)

    def pull(self) -> None:
        """Disconnect both ports, as a user does in a patchbay."""
        for port in self.client.get_all_connections(self.keys):
            self.client.disconnect(self.keys, port)
        for port in self.client.get_all_connections(self.sound):
            self.client.disconnect(port, self.sound)

    def close(self) -> None:
        self.client.deactivate()
        self.client.close()

    def _cycle(self, _frames: int) -> None:
        self.keys.clear_buffer()
        while self._queue:
            self.keys.write_midi_event(0, self._queue.popleft())
        for _, data in self.sound.incoming_midi_events():
            self._heard.append(bytes(data))


def hold(device: Device, pitch: int, voices: int = 3, timeout_s: float = 20.0) -> None:
    """Hold a key until it is answered; struck again where the machine was late, for then it is not answered."""
    end = time.monotonic() + timeout_s
    while True:
        device.play(bytes((0x80, pitch, 64)), bytes((0x90, pitch, 80)))
        again = time.monotonic() + 1.0
        while time.monotonic() < again:
            if len(device.sounding) == voices + 1:
                return
            time.sleep(0.001)
        assert time.monotonic() < end, f"{pitch} is not answered"
