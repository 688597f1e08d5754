"""A piano becomes an orchestra, an orchestra a piano, and one voice a choir, through real ports."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from pythonosc.udp_client import SimpleUDPClient

from bridge import presets
from bridge.bench.musician import musician
from bridge.bench.stage import LiveDaemon, live_daemon
from tests.bridge.conftest import WAIT_S, Synth, until

CHORD = (43, 55, 60, 64, 81)


@pytest.fixture(scope="module")
def orchestra(jack: str) -> Iterator[LiveDaemon]:
    with live_daemon("--backend", "jack", "--preset", "orchestra") as running:
        yield running


@pytest.fixture
def hall(orchestra: LiveDaemon) -> Iterator[tuple[Synth, SimpleUDPClient]]:
    osc = SimpleUDPClient("127.0.0.1", orchestra.osc_port)
    osc.send_message("/continuo/1/preset", "orchestra")
    with musician() as player:
        yield Synth(player), osc


def on(pitch: int, velocity: int = 80, channel: int = 1) -> bytes:
    return bytes((0x8F + channel, pitch, velocity))


def off(pitch: int, channel: int = 1) -> bytes:
    return bytes((0x7F + channel, pitch, 64))


def channels(synth: Synth) -> set[int]:
    return {channel for channel, _ in synth.sounding} - {1}


def play(synth: Synth, *messages: bytes) -> None:
    for message in messages:
        synth.player.play(message)


def settled(synth: Synth) -> set[tuple[int, int]]:
    """What sounds besides the keys, when for a tenth of a second nothing more has come."""
    before: set[tuple[int, int]] | None = None
    while before != (now := {note for note in synth.sounding if note[0] != 1}):
        before = now
        time.sleep(0.1)
    return now


def strike(synth: Synth, chord: Sequence[int], answered: Callable[[], bool]) -> None:
    """Hold a chord until it is answered; struck again where the brain was late: it was loading a player."""
    end = time.monotonic() + WAIT_S
    while not answered():
        if time.monotonic() > end:
            pytest.fail(f"{chord} is not answered")
        play(synth, *(off(key) for key in chord), *(on(key, 100) for key in chord))
        again = time.monotonic() + 2.0
        while not answered() and time.monotonic() < again:
            time.sleep(0.001)


def test_the_piano_is_heard_and_many_instruments_with_it(hall: tuple[Synth, SimpleUDPClient]) -> None:
    synth, _ = hall
    strike(synth, CHORD, lambda: len(channels(synth)) >= 6)
    assert {(1, key) for key in CHORD} <= synth.sounding
    play(synth, off(CHORD[-1]))
    until(lambda: all(pitch != CHORD[-1] for _, pitch in synth.sounding), "the end of the melody's note")
    assert len(channels(synth)) >= 3, "the others go on"
    play(synth, *(off(key) for key in CHORD[:-1]))
    until(lambda: not synth.sounding, "silence")


@pytest.mark.parametrize("preset", ["strings", "chamber-winds", "orchestra"])
@pytest.mark.parametrize("model", ["rules", "orchestra"])
def test_every_ensemble_plays_what_is_played(hall: tuple[Synth, SimpleUDPClient], preset: str, model: str) -> None:
    synth, osc = hall
    ensemble = {part["channel"] for part in presets.load(preset)["part"]}
    osc.send_message("/continuo/1/preset", preset)
    osc.send_message("/continuo/1/model", model)
    for chord in (CHORD, (41, 53, 60, 65, 82)):
        strike(synth, chord, lambda: len(channels(synth)) >= 3 and channels(synth) <= ensemble)
        melody = chord[-1]
        until(lambda: any(pitch == melody for channel, pitch in synth.sounding if channel != 1), "the melody")  # noqa: B023
        play(synth, *(off(key) for key in chord))
        until(lambda: not synth.sounding, "silence")


def test_the_pedal_holds_the_orchestra(hall: tuple[Synth, SimpleUDPClient]) -> None:
    synth, _ = hall
    play(synth, b"\xb0\x40\x7f")
    strike(synth, CHORD, lambda: len(channels(synth)) >= 6)
    before = settled(synth)
    play(synth, *(off(key) for key in CHORD))
    until(lambda: not any(channel == 1 for channel, _ in synth.sounding), "the keys' own releases")
    assert {note for note in synth.sounding if note[0] != 1} == before
    play(synth, b"\xb0\x40\x00")
    until(lambda: not synth.sounding, "silence")


def test_a_family_is_muted_while_it_plays(hall: tuple[Synth, SimpleUDPClient]) -> None:
    synth, osc = hall
    play(synth, *(on(key, 60) for key in CHORD))
    until(lambda: 11 in channels(synth) or 12 in channels(synth), "the violins")
    osc.send_message("/continuo/1/strings", "mute")
    until(lambda: channels(synth) and not channels(synth) & {11, 12, 13, 14, 15, 16}, "the winds alone")
    play(synth, *(off(key) for key in CHORD))
    until(lambda: not synth.sounding, "silence")


def test_an_orchestra_comes_out_in_two_hands(hall: tuple[Synth, SimpleUDPClient]) -> None:
    synth, osc = hall
    osc.send_message("/continuo/1/preset", "reduce")
    play(synth, on(60, 80, 5), off(60, 5))
    until(lambda: not synth.sounding, "silence before it")
    for number, key in enumerate((76, 72, 67, 60, 48, 36)):
        play(synth, on(key, 80, 5 + number))
    until(lambda: channels(synth) >= {2, 3}, "two hands")
    until(lambda: {(2, 76), (3, 36)} <= synth.sounding, "melody and bass")
    for number, key in enumerate((76, 72, 67, 60, 48, 36)):
        play(synth, off(key, 5 + number))
    until(lambda: not synth.sounding, "silence")


@pytest.mark.parametrize(("given", "sing"), [((72,), {3, 4, 5}), ((72, 48), {3, 4}), ((48,), {2, 3, 4})], ids=str)
def test_who_is_missing_in_a_choir_sings(
    hall: tuple[Synth, SimpleUDPClient], given: tuple[int, ...], sing: set[int]
) -> None:
    synth, osc = hall
    osc.send_message("/continuo/1/preset", "choir")
    play(synth, on(60, 80, 9), off(60, 9))
    until(lambda: not synth.sounding, "silence before it")
    play(synth, *(on(key) for key in given))
    until(lambda: channels(synth) == sing, "the other voices")
    play(synth, *(off(key) for key in given))
    until(lambda: not synth.sounding, "silence")
