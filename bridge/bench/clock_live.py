"""A DAW's time on a private JACK server, and how far from it the clock stands that a real daemon sends."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import Any

from pythonosc.udp_client import SimpleUDPClient

from bridge.bench.stage import jack_server, live_daemon
from bridge.port.jack import open_client
from bridge.port.names import port_names
from music.beat import CLOCKS_PER_BEAT
from music.errors import ContinuoError

BPM = 174.0
"""Its ticks fall between samples."""
BEATS_PER_BAR = 4
TICKS_PER_BEAT = 1920
"""What Ardour and others give JACK."""
SETTLE_S = 4.0
PATIENCE_S = 10.0
ENOUGH = 0.9
"""Of the ticks must come back: a busy machine loses cycles."""
CLOCK, START = b"\xf8", b"\xfa"
JACK, EXACT, PROGRAM = "JACK's transport", "MIDI clock on its samples", "jack_midi_clock"


def ways() -> list[str]:
    """How the daemon may be led here."""
    return [JACK, EXACT, *([PROGRAM] if shutil.which("jack_midi_clock") else [])]


class Song:
    """A song on JACK's transport at a steady tempo. It can send a clock, and listens to one."""

    def __init__(self, *, sends: bool) -> None:
        self.distances_ms: list[float] = []
        """Of each tick that was heard, from the nearest one of the song. Any thread may read."""
        self._client = open_client("song")
        self._sends = sends
        self._rate = self._client.samplerate
        self._frames_per_tick = self._rate * 60 / BPM / CLOCKS_PER_BEAT
        self._in = self._client.midi_inports.register("in")
        self._out = self._client.midi_outports.register("out")
        self._client.set_process_callback(self._process)
        self._client.set_timebase_callback(self._place)
        self._client.activate()

    def connect(self, source: str | None, target: str | None) -> None:
        """Have a port's clock heard, and ours go to another."""
        if source:
            self._client.connect(self._find(source), self._in)
        if target:
            self._client.connect(self._out, self._find(target))

    def join(self, source: str, target: str) -> None:
        """Connect two ports of others, as soon as they can be: a port is there before its client is active."""
        import jack  # noqa: PLC0415 - importing it loads libjack, which not every machine has

        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._client.connect(self._find(source), self._find(target))
            except jack.JackErrorCode:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
            else:
                return

    def start(self) -> None:
        """From the beginning."""
        self._client.transport_frame = 0
        self._client.transport_start()

    def close(self) -> None:
        """Stop, and leave."""
        self._client.transport_stop()
        self._client.deactivate()
        self._client.close()

    def _find(self, port: str) -> str:
        end = time.monotonic() + PATIENCE_S
        while not (found := self._client.get_ports(f"{port}$", is_midi=True)):
            if time.monotonic() > end:
                raise ContinuoError(f"there is no port {port!r}", "continuo doctor")
            time.sleep(0.05)
        return str(found[0].name)

    def _process(self, frames: int) -> None:
        state, position = self._client.transport_query_struct()
        first = position.frame
        self._out.clear_buffer()
        for offset, data in self._in.incoming_midi_events():
            if bytes(data) == CLOCK and state == 1:
                ticks = (first + offset) / self._frames_per_tick
                self.distances_ms.append((ticks - round(ticks)) * self._frames_per_tick / self._rate * 1e3)
        if state != 1 or not self._sends:
            return
        if first == 0:
            self._out.write_midi_event(0, START)
        tick = ceil(first / self._frames_per_tick)
        while (frame := round(tick * self._frames_per_tick)) < first + frames:
            self._out.write_midi_event(max(0, frame - first), CLOCK)
            tick += 1

    def _place(self, _state: int, _frames: int, position: Any, _new: bool) -> None:
        ticks = position.frame / self._rate * BPM / 60 * TICKS_PER_BEAT
        beat, tick = divmod(int(ticks), TICKS_PER_BEAT)
        position.beats_per_bar, position.beat_type, position.ticks_per_beat = float(BEATS_PER_BAR), 4.0, TICKS_PER_BEAT
        position.beats_per_minute = BPM
        position.bar, position.beat, position.tick = beat // BEATS_PER_BAR + 1, beat % BEATS_PER_BAR + 1, tick
        position.bar_start_tick = float((beat // BEATS_PER_BAR) * BEATS_PER_BAR * TICKS_PER_BEAT)
        position.valid = 0x10


def distances_ms(way: str, seconds: float) -> list[float]:
    """How far from the song's the ticks stand that a daemon sends which is led in one of the `ways`."""
    [(receive, send)] = port_names("Continuo", 1)
    with jack_server(patient=True), live_daemon("--backend", "jack", "--headless") as daemon, _song(way) as song:
        surface = SimpleUDPClient("127.0.0.1", daemon.osc_port)
        surface.send_message("/continuo/clock", "jack" if way == JACK else "midi")
        surface.send_message("/continuo/clock_out", 1)
        song.connect(send, receive if way == EXACT else None)
        with _program(way):
            if way == PROGRAM:
                song.join("jack_midi_clock:mclk_out", receive)
            song.start()
            daemon.wait_for(PATIENCE_S, event="shown", address="/continuo/rolling", value=1)
            time.sleep(SETTLE_S)
            song.distances_ms.clear()
            time.sleep(seconds)
            heard = list(song.distances_ms)
    expected = seconds * BPM / 60 * CLOCKS_PER_BEAT
    if len(heard) < expected * ENOUGH:
        raise ContinuoError(f"{len(heard)} of {expected:.0f} ticks came back", "Is the machine too busy?")
    return heard


@contextmanager
def _song(way: str) -> Iterator[Song]:
    song = Song(sends=way == EXACT)
    try:
        yield song
    finally:
        song.close()


@contextmanager
def _program(way: str) -> Iterator[None]:
    if way != PROGRAM:
        yield
        return
    program = subprocess.Popen(["jack_midi_clock"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        program.terminate()
        program.wait()
