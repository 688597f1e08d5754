"""The knobs of a keyboard, through real ports: they move the orchestra, are learnt, and do not pass."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from bridge.bench.musician import musician
from bridge.bench.stage import LiveDaemon, live_daemon
from tests.bridge.conftest import Synth, until

CHORD = (43, 55, 60, 64, 76)
STRINGS = {12, 13, 14, 15, 16}


@pytest.fixture(scope="module")
def orchestra(jack: str) -> Iterator[LiveDaemon]:
    with live_daemon("--backend", "jack", "--preset", "orchestra") as running:
        yield running


class Screen:
    """A surface that has subscribed: what it was told last, by address."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))
        self._socket.setblocking(False)
        self._told: dict[str, list[Any]] = {}
        self.say("/continuo/subscribe")

    def say(self, address: str, *values: object) -> None:
        builder = OscMessageBuilder(address)
        for value in values:
            builder.add_arg(value)
        self._socket.send(builder.build().dgram)

    def shows(self, address: str) -> list[Any]:
        while True:
            try:
                packet = OscPacket(self._socket.recv(65_536))
            except BlockingIOError:
                return self._told.get(address, [])
            self._told |= {one.message.address: list(one.message.params) for one in packet.messages}

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def hall(orchestra: LiveDaemon) -> Iterator[tuple[Synth, Screen]]:
    screen = Screen(orchestra.osc_port)
    screen.say("/continuo/1/preset", "orchestra")
    until(lambda: screen.shows("/continuo/1/controls"), "the state")
    with musician() as player:
        yield Synth(player), screen
    screen.close()


def knob(synth: Synth, number: int, value: int) -> bytes:
    data = bytes((0xB0, number, value))
    synth.player.play(data)
    return data


def channels(synth: Synth) -> set[int]:
    return {channel for channel, _ in synth.sounding} - {1}


def test_a_knob_mutes_the_strings_under_a_held_chord_and_the_screen_shows_it(hall: tuple[Synth, Screen]) -> None:
    synth, screen = hall
    for key in CHORD:
        synth.player.play(bytes((0x90, key, 80)))
    until(lambda: channels(synth) & STRINGS, "the strings")
    turned = [knob(synth, 26, value) for value in (0, 20, 64)]
    until(lambda: channels(synth) and not channels(synth) & STRINGS, "the winds alone")
    until(lambda: screen.shows("/continuo/1/strings") == ["mute"], "what the knob has set")
    assert {(1, key) for key in CHORD} <= synth.sounding
    knob(synth, 26, 5)
    until(lambda: channels(synth) & STRINGS, "the strings again")
    for key in CHORD:
        synth.player.play(bytes((0x80, key, 64)))
    until(lambda: not synth.sounding, "silence")
    assert not set(turned) & set(synth.log), "a knob does not move the synthesizer too"


def test_a_knob_is_learnt_and_then_passes_no_more_until_it_is_forgotten(hall: tuple[Synth, Screen]) -> None:
    synth, screen = hall
    passed = knob(synth, 74, 1)
    until(lambda: synth.sounding == set() and passed in synth.log, "it passes")
    screen.say("/continuo/1/learn", "velocity_follow")
    until(lambda: screen.shows("/continuo/1/learn") == ["velocity_follow"], "it waits")
    until(lambda: knob(synth, 74, 100) and screen.shows("/continuo/1/learn") == [""], "it is learnt")
    assert screen.shows("/continuo/1/controls")[-5:] == ["velocity_follow", 74, 1, 0.0, 1.0]
    for value in (127, 64):
        knob(synth, 74, value)
    until(lambda: screen.shows("/continuo/1/velocity_follow") == [0.5], "it moves")
    turned = knob(synth, 74, 65)
    until(lambda: screen.shows("/continuo/1/velocity_follow") != [0.5], "it moves on")
    screen.say("/continuo/1/unlearn", "velocity_follow")
    until(lambda: "velocity_follow" not in screen.shows("/continuo/1/controls"), "it is forgotten")
    assert not synth.sounding and turned not in synth.log
    until(lambda: knob(synth, 74, 99) and not synth.sounding and knob(synth, 74, 99) in synth.log, "it passes again")
