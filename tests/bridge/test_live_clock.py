"""Time as a DAW gives it: a MIDI clock into a real port, JACK's own transport, and the clock that goes out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median
from typing import Any

import pytest
from pythonosc.udp_client import SimpleUDPClient

from bridge.bench.musician import Musician, musician
from bridge.bench.stage import LiveDaemon, live_daemon
from bridge.port.jack import open_client
from tests.bridge.conftest import Synth, strike, until

BPM = 100.0
"""Not the daemon's own."""
TICK_S = 60 / BPM / 24
NAME = "Timed"


@pytest.fixture(scope="module")
def timed(jack: str) -> Iterator[LiveDaemon]:
    with live_daemon("--backend", "jack", "--name", NAME) as running:
        yield running


@pytest.fixture
def drummer(timed: LiveDaemon) -> Iterator[Musician]:
    with musician(NAME, "drummer") as playing:
        yield playing


@pytest.fixture
def osc(timed: LiveDaemon) -> Iterator[SimpleUDPClient]:
    client = SimpleUDPClient("127.0.0.1", timed.osc_port)
    yield client
    for name, value in (("clock", "daw"), ("tempo", 120.0), ("meter", "4/4"), ("clock_out", 0), ("stop", [])):
        client.send_message(f"/continuo/{name}", value)


def newest(daemon: LiveDaemon, name: str) -> Any:
    daemon.drain()
    told = (event for event in reversed(daemon.events) if event.get("address") == f"/continuo/{name}")
    return next((event["value"] for event in told), None)


def tick(player: Musician, beats: float, tick_s: float = TICK_S) -> None:
    """A clock as a busy machine sends it."""
    start = time.monotonic()
    for number in range(round(beats * 24)):
        time.sleep(max(0.0, start + number * tick_s - time.monotonic()))
        player.play(b"\xf8")
    time.sleep(tick_s)


def test_a_midi_clock_starts_moves_stops_and_is_lost(timed: LiveDaemon, drummer: Musician) -> None:
    synth = Synth(drummer)
    drummer.play(b"\xfa")
    tick(drummer, 6.2)
    assert (newest(timed, "leader"), newest(timed, "rolling")) == ("midi", 1)
    told = [event["value"] for event in timed.events if event.get("address") == "/continuo/bpm"]
    settled = median(told[len(told) // 2 :])  # the last one may be of ticks that came in a bunch
    assert settled == pytest.approx(BPM, abs=5), told
    assert (newest(timed, "bar"), newest(timed, "beat")) == (2, 3)
    drummer.play(bytes((0xF2, 64, 0)))
    tick(drummer, 1.3)
    assert (newest(timed, "bar"), newest(timed, "beat")) == (5, 2)
    strike(drummer, 60, lambda: len(synth.wet()) == 3)
    drummer.play(b"\xfc")
    until(lambda: newest(timed, "rolling") == 0, "the stop is shown")
    until(lambda: synth.sounding == {(1, 60)}, "all that Continuo sounds ends, though the key is down")
    drummer.play(bytes((0x80, 60, 64)))
    until(lambda: not synth.sounding, "silence")
    drummer.play(b"\xfb")
    tick(drummer, 1)
    until(lambda: newest(timed, "clock_lost") == 1, "the loss is shown")
    assert newest(timed, "rolling") == 1


def test_jack_s_transport_leads_and_its_stop_ends_a_latched_chord(
    timed: LiveDaemon, drummer: Musician, osc: SimpleUDPClient
) -> None:
    synth = Synth(drummer)
    master = open_client("timebase")
    rate = master.samplerate

    def timebase(_state: int, _frames: int, position: Any, _new: bool) -> None:
        beats = position.frame / rate * 90 / 60
        position.beats_per_bar, position.beat_type, position.ticks_per_beat = 3.0, 4.0, 960.0
        position.beats_per_minute = 90.0
        position.bar, position.beat = int(beats // 3) + 1, int(beats % 3) + 1
        position.tick = int(beats % 1 * 960)
        position.valid = 0x10

    try:
        master.set_timebase_callback(timebase)
        master.activate()
        osc.send_message("/continuo/1/latch", 1)
        master.transport_locate(int(rate * 20))  # beat 30, bar 11
        master.transport_start()
        until(lambda: newest(timed, "leader") == "jack" and newest(timed, "rolling") == 1, "JACK leads")
        until(lambda: newest(timed, "bpm") == pytest.approx(90, abs=0.1), "the tempo of JACK")
        until(lambda: (newest(timed, "bar"), newest(timed, "beat")) == (11, 2), "bar and beat")
        strike(drummer, 60, lambda: len(synth.wet()) == 3)
        drummer.play(bytes((0x80, 60, 64)))
        until(lambda: (1, 60) not in synth.sounding, "the key is up")
        assert len(synth.wet()) == 3, "latched"
        master.transport_stop()
        until(lambda: not synth.sounding, "the transport's stop ends it")
        until(lambda: newest(timed, "rolling") == 0, "the stop is shown")
    finally:
        osc.send_message("/continuo/1/latch", 0)
        master.transport_stop()
        master.deactivate()
        master.close()


def test_the_clock_that_goes_out_is_steady(timed: LiveDaemon, drummer: Musician, osc: SimpleUDPClient) -> None:
    for name, value in (("clock", "internal"), ("tempo", 150.0), ("clock_out", 1), ("play", 3)):
        osc.send_message(f"/continuo/{name}", value)
    until(lambda: sum(one.data == b"\xf8" for one in list(drummer.answers)) > 80, "ticks")
    heard = list(drummer.answers)
    [(where, _)] = [one.data[1:] for one in heard if one.data[0] == 0xF2]
    assert 33 <= where < 40, "a sixteenth soon after the beginning of bar 3"
    started = [one.data[0] for one in heard].index(0xFB)
    ticks = [one.time_ns / 1e9 for one in heard[started:] if one.data == b"\xf8"]
    assert (ticks[-1] - ticks[0]) / (len(ticks) - 1) == pytest.approx(60 / 150 / 24, rel=0.02)
    assert newest(timed, "leader") == "internal" and newest(timed, "rolling") == 1
    osc.send_message("/continuo/stop", [])
    until(lambda: any(one.data == b"\xfc" for one in list(drummer.answers)), "stop is sent")


def test_taps_make_the_tempo_that_everybody_reads(timed: LiveDaemon, drummer: Musician, osc: SimpleUDPClient) -> None:
    osc.send_message("/continuo/clock", "internal")
    for _ in range(5):
        osc.send_message("/continuo/tap", [])
        time.sleep(0.3)
    until(lambda: newest(timed, "bpm") == pytest.approx(200, abs=15), "the tempo of the taps")
