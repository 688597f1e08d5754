"""A microphone as a singer meets it: sound into a real JACK port, harmony out as MIDI."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

from bridge.audio.jack import JackMicrophone
from bridge.bench.musician import Musician, musician
from bridge.bench.sounds import RATE_HZ, TIMBRES, Sound, Tone, sing
from bridge.bench.stage import LiveDaemon, live_daemon
from bridge.port.jack import open_client
from tests.bridge.conftest import WAIT_S, Synth, until
from tests.bridge.test_live_knobs import Screen
from tests.bridge.tui.seat import Seat, seated

MELODY = (60, 64, 67)


class Singer:
    """A JACK client that sings a sound into a port over and over."""

    def __init__(self, sound: Sound, into: str) -> None:
        self._sound = np.concatenate((sound, sound))
        self._at = 0
        self._client = open_client(f"singer-{os.getpid()}")
        self._mouth = self._client.outports.register("mouth")
        self._client.set_process_callback(self._cycle)
        self._client.activate()
        self._client.connect(self._mouth, self._client.get_ports(f":{into}$", is_audio=True)[0])

    def close(self) -> None:
        self._client.deactivate()
        self._client.close()

    def _cycle(self, frames: int) -> None:
        self._mouth.get_array()[:] = self._sound[self._at : self._at + frames]
        self._at = (self._at + frames) % (len(self._sound) // 2)


@pytest.fixture(scope="module")
def listening(jack: str) -> Iterator[LiveDaemon]:
    with live_daemon("--backend", "jack", "--mic", "--name", "Sung") as daemon:
        if not any(event["event"] == "microphone" for event in daemon.events):  # it may be there before the rest
            daemon.wait_for(event="microphone")
        yield daemon


@pytest.fixture
def player(listening: LiveDaemon) -> Iterator[Musician]:
    with musician("Sung") as playing:
        yield playing


@pytest.fixture
def singing() -> Iterator[Callable[[Sound], Singer]]:
    singers: list[Singer] = []

    def begin(sound: Sound) -> Singer:
        singers.append(Singer(sound, "Sung Mic"))
        return singers[-1]

    yield begin
    for singer in singers:
        singer.close()


def harmonized(synth: Synth, pitch: int) -> bool:
    return (1, pitch) in synth.sounding and len(synth.wet()) == 3


def shown(daemon: LiveDaemon, address: str) -> list[Any]:
    daemon.drain()
    return [event["value"] for event in daemon.events if event.get("address") == address]


def test_what_is_sung_comes_back_as_notes_with_their_harmony(
    synth: Synth, singing: Callable[[Sound], Singer], listening: LiveDaemon
) -> None:
    singing(sing([Tone(0.2 + 1.2 * n, 1.0, pitch) for n, pitch in enumerate(MELODY)], TIMBRES["voice"], 3.8))
    for pitch in MELODY:
        until(partial(harmonized, synth, pitch), f"{pitch} and its harmony")
        assert max(synth.wet()) < pitch
    until(lambda: max(shown(listening, "/continuo/microphone_level"), default=-100) > -50, "how loud it is")
    assert shown(listening, "/continuo/microphone")[-1] == "Sung Mic"


def test_its_gate_is_set_and_read_while_it_listens_and_its_meter_says_what_it_hears(
    synth: Synth, singing: Callable[[Sound], Singer], listening: LiveDaemon
) -> None:
    surface = Screen(listening.osc_port)
    singing(sing([Tone(0.2, 0.9, 65)], TIMBRES["flute"], 1.2))
    until(partial(harmonized, synth, 65), "it is heard")
    until(lambda: abs(surface.shows("/continuo/microphone_pitch")[0] - 65) < 0.5, "its pitch")
    until(lambda: surface.shows("/continuo/microphone_confidence")[0] > 85, "how clear it is")
    surface.say("/continuo/mic_gate", -2.0)
    surface.say("/continuo/mic_gate")
    until(lambda: surface.shows("/continuo/mic_gate") == [-2.0] and not synth.sounding, "it is too soft")
    surface.say("/continuo/mic_lowest", "C6")
    surface.say("/continuo/mic_gate", -50.0)
    surface.say("/continuo/mic_lowest")
    until(lambda: surface.shows("/continuo/mic_lowest") == [84], "the range")
    surface.say("/continuo/mic_highest", 60)
    until(lambda: "range" in str(surface.shows("/continuo/error")), "no range at all is refused")
    surface.say("/continuo/mic_lowest", "E2")
    until(partial(harmonized, synth, 65), "it is heard again")
    surface.close()


def test_the_screen_shows_how_loud_it_is_and_which_note(
    singing: Callable[[Sound], Singer], listening: LiveDaemon
) -> None:
    async def look(seat: Seat) -> None:
        seen = seat.app.legend.seen
        await seat.until(lambda: "mic ··········" in seen() and "clear" not in seen(), "nothing is sung")
        singing(sing([Tone(0.0, 60.0, 65)], TIMBRES["flute"], 60.0))
        await seat.until(lambda: re.search(r"mic ■+·* +-\d+ dB  F4 +\d+ % clear", seen()), "the note")

    seated(listening.osc_port, look)


def test_a_microphone_that_dies_leaves_no_note_and_comes_back(
    synth: Synth, singing: Callable[[Sound], Singer], listening: LiveDaemon
) -> None:
    singer = singing(sing([Tone(0.0, 60.0, 69)], TIMBRES["violin"], 60.0))
    until(partial(harmonized, synth, 69), "a long note")
    os.kill(audio(listening), signal.SIGSTOP)  # it hangs: nothing is heard of it
    until(lambda: not synth.sounding, "silence")
    os.kill(audio(listening), signal.SIGKILL)
    assert "The audio process was killed" in listening.wait_for(event="trouble")["text"]
    listening.wait_for(event="microphone")
    singer.close()
    singing(sing([Tone(0.2, 1.0, 72)], TIMBRES["flute"], 1.6))
    until(lambda: (1, 72) in synth.sounding, "it listens again")


def test_a_voice_that_stops_lets_go(synth: Synth, singing: Callable[[Sound], Singer]) -> None:
    singer = singing(sing([Tone(0.0, 60.0, 62)], TIMBRES["violin"], 60.0))
    until(lambda: (1, 62) in synth.sounding, "a long note")
    singer.close()
    until(lambda: not synth.sounding, "silence")


def test_every_sample_of_every_cycle_is_read_once(jack: str) -> None:
    ramp = (np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    ears = JackMicrophone("Ramp Mic", "nothing that is there")
    singer = Singer(ramp, "Ramp Mic")
    pieces: list[Sound] = []
    end = time.monotonic() + WAIT_S
    while sum(map(np.count_nonzero, pieces)) < RATE_HZ and time.monotonic() < end:
        time.sleep(0.01)
        pieces.append(ears.read())
    singer.close()
    ears.close()
    sung = np.trim_zeros(np.concatenate(pieces))
    steps = np.rint(np.diff(sung) * RATE_HZ) % RATE_HZ
    assert len(sung) >= RATE_HZ - 1
    assert set(steps.astype(int)) == {1}


def audio(daemon: LiveDaemon) -> int:
    """The process number of the daemon's newest audio process."""
    return [int(event["pid"]) for event in daemon.events if event["event"] == "microphone"][-1]
