"""A real DAW's clock: headless Ardour starts, is relocated, loops and stops; the accompaniment stays on its grid."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pythonosc.udp_client import SimpleUDPClient

from bridge.bench.stage import LiveDaemon, live_daemon
from bridge.bench.synth import Synth
from bridge.port.jack import open_client
from bridge.port.names import port_names
from tests.bridge.conftest import served, until
from tests.test_ardour import ARDOUR

PASS_S = 4
CLOCKS_PER_SIXTEENTH = 6
BEAT_FRAMES = 24_000
"""At 120 bpm and 48 kHz."""
PERIOD = 512
"""Frames of JACK's cycle: a core that sleeps wakes up to 10 ms late on some machines, and shorter cycles are then lost
with the clocks in them. Each event keeps its frame.
"""
NEAR_FRAMES = 96
"""2 ms. Ardour itself leaves out a clock now and then, and whoever counts them is then one off: two of three notes are
to be near a clock, and one of three near a sixteenth as they are counted here. On a quiet machine all are.
"""
ENOUGH = 5
"""Notes that say something; an accompaniment under held keys chooses how many it plays (measured: 9 and more)."""
TRIES = 3
"""A machine that is busy with other things comes too late now and then; whoever is off the grid always is."""
STARTS = 5
"""Ardour 7 asks JACK from several threads at once when it loads a session; where the words mix, JACK throws it out."""
NAME = "Grid"
PRESETS = ("lead-comp", "left-hand")
MELODY = (72, 76, 79, 77)


@dataclass
class Message:
    frame: int
    data: bytes


class Spy:
    """Hears the DAW's clock and Continuo's answers on one time line, and plays a melody."""

    def __init__(self) -> None:
        self.client = open_client("grid-spy")
        self.clock: list[Message] = []
        self.answers: tuple[list[Message], ...] = tuple([] for _ in PRESETS)
        """Of each insert."""
        self._in = self.client.midi_inports.register("clock")
        self._ports = [self.client.midi_inports.register(f"answer {number}") for number in range(len(PRESETS))]
        self._out = self.client.midi_outports.register("out")
        self._queue: list[bytes] = []
        self.client.set_process_callback(self._process)
        self.client.activate()
        for (receive, send), port in zip(port_names(NAME, len(PRESETS)), self._ports, strict=True):
            self._connect(f"{send}$", port)
            self.client.connect(self._out, self.client.get_ports(f"{receive}$")[0])

    def _process(self, _frames: int) -> None:
        start = self.client.last_frame_time
        for port, heard in zip((self._in, *self._ports), (self.clock, *self.answers), strict=True):
            for offset, data in port.incoming_midi_events():
                heard.append(Message(start + offset, bytes(data)))
        self._out.clear_buffer()
        while self._queue:
            self._out.write_midi_event(0, self._queue.pop(0))

    def _connect(self, source: str, target: Any) -> None:
        until(lambda: self.client.get_ports(source), f"a port {source}", 60)
        self.client.connect(self.client.get_ports(source)[0], target)

    def hear_the_clock(self) -> bool:
        """Whether the DAW has one in JACK."""
        found = self.client.get_ports("MIDI Clock out$")
        for clock in found:
            self.client.connect(clock, self._in)
            self.client.connect(clock, self.client.get_ports(f"{NAME} In$")[0])
        return bool(found)

    def play(self, pitch: int, before: int) -> None:
        self._queue += [bytes((0x80, before, 64)), bytes((0x90, pitch, 80))]

    def close(self) -> None:
        self.client.deactivate()
        self.client.close()


def sixteenths(clock: list[Message]) -> tuple[list[int], list[int], list[int]]:
    """Frames of the song's sixteenths, of its starts and of its stops."""
    grid, starts, stops, tick = [], [], [], 0
    for message in clock:
        if message.data == b"\xf8":
            if tick % CLOCKS_PER_SIXTEENTH == 0:
                grid.append(message.frame)
            tick += 1
        elif message.data[0] in (0xFA, 0xFB):
            tick = 0 if message.data[0] == 0xFA else tick
            starts.append(message.frame)
        elif message.data[0] == 0xF2:
            tick = message.data[1] | message.data[2] << 7  # Ardour 7 counts clocks
        elif message.data[0] == 0xFC:
            stops.append(message.frame)
    return grid, starts, stops


def perform(daemon: LiveDaemon, folder: Path) -> Spy | None:
    """Run the session through; a key is held and changed now and then. None where the DAW's clock is not there."""
    assert ARDOUR
    folder.mkdir()
    osc = SimpleUDPClient("127.0.0.1", daemon.osc_port)
    for name, value in (("lookahead", 1.0), ("commit", 0.25), ("entry", "beat"), ("rest", 64.0), ("split", 0)):
        osc.send_message(f"/continuo/2/{name}", value)
    spy = Spy()
    ardour = subprocess.Popen(
        [ARDOUR, str(Path(__file__).with_name("ardour_clock.lua"))],
        env=os.environ | {"SESSION_DIR": str(folder / "session"), "PASS": str(PASS_S)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert ardour.stdout
        said, keys = [], iter(MELODY * 9)
        key = next(keys)
        for line in ardour.stdout:
            said.append(line.strip())
            if said[-1] == "ready" and not spy.hear_the_clock():
                return None
            if said[-1] in ("roll", "locate", "loop"):
                before, key = key, next(keys)
                spy.play(key, before)
            if said[-1] == "done":
                break
        ardour.communicate(timeout=60)
        assert "done" in said, said
    finally:
        ardour.kill()
        spy.close()
    return spy


def is_onset(message: Message) -> bool:
    return message.data[0] & 0xF0 == 0x90 and message.data[2] > 0 and message.data[0] & 0x0F > 0


def hanging(messages: list[Message]) -> set[tuple[int, int]]:
    """(channel, pitch) of Continuo's own notes that were never ended."""
    synth = Synth()
    for message in messages:
        synth.play(message.data)
    return {key for key in synth.sounding if key[0]}


def off_grid(spy: Spy) -> str | None:
    """What is wrong with the time of the notes, in words."""
    grid, starts, stops = sixteenths(spy.clock)
    clocks = [message.frame for message in spy.clock if message.data == b"\xf8"]
    for preset, answers in zip(PRESETS, spy.answers, strict=True):
        onsets = [one.frame for one in answers if is_onset(one)]
        settled = [at for at in onsets if not any(-BEAT_FRAMES / 4 < at - start < BEAT_FRAMES for start in starts)]
        between = [at for at in settled if any(start < at < stop for start, stop in zip(starts, stops, strict=True))]
        if len(between) <= ENOUGH:
            return f"{preset} plays {len(between)} notes"
        for frames, share in ((clocks, 2 / 3), (grid, 1 / 3)):
            off = sorted(min(abs(at - frame) for frame in frames) for at in between)
            if off[int(len(off) * share)] >= NEAR_FRAMES:
                return f"{preset}: of {share:.2f} of its notes the furthest is off its place, in frames: {off}"
    return None


@pytest.mark.skipif(ARDOUR is None, reason="Ardour is not installed (apt install --no-install-recommends ardour)")
def test_every_note_is_on_the_grid_through_start_relocation_loop_and_stop(tmp_path: Path) -> None:
    presets = [argument for preset in PRESETS for argument in ("--preset", preset)]
    complaints: list[str] = []
    while len(complaints) < TRIES:
        with served(PERIOD), live_daemon("--backend", "jack", "--name", NAME, *presets) as daemon:
            folders = (tmp_path / f"take {len(complaints) + 1}-{start}" for start in range(STARTS))
            spy = next((spy for folder in folders if (spy := perform(daemon, folder))), None)
            daemon.drain()
            told = [(e["address"], e["value"]) for e in daemon.events if e["event"] == "shown"]
        assert spy, "Ardour is ready, and its clock is not in JACK"
        assert ("/continuo/leader", "midi") in told
        assert [value for address, value in told if address == "/continuo/rolling"][-1] == 0
        _, starts, stops = sixteenths(spy.clock)
        assert len(starts) >= 5, "start, relocation, continue, and the loop at least twice"
        for preset, answers in zip(PRESETS, spy.answers, strict=True):
            onsets = [one.frame for one in answers if is_onset(one)]
            ends = (stops[1], stops[-1])
            late = [at for at in onsets if any(BEAT_FRAMES / 4 < at - stop < BEAT_FRAMES for stop in ends)]
            assert not late, f"{preset} plays on after a stop"
            assert not hanging(answers), preset
        complaint = off_grid(spy)
        if complaint is None:
            return
        complaints.append(complaint)
    pytest.fail("\n".join(complaints))
