"""It goes on where the musician stops, and yields, through real ports."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from pythonosc.udp_client import SimpleUDPClient

from bridge.bench.musician import musician
from bridge.bench.stage import LiveDaemon, live_daemon
from tests.bridge.conftest import Synth, until

SCALE = (60, 62, 64, 65, 67, 65, 64, 62)
NOTE_S = 0.12


@pytest.fixture
def listening(jack: str, request: pytest.FixtureRequest) -> Iterator[LiveDaemon]:
    """One that remembers nothing of what other tests have played to it."""
    with live_daemon("--backend", "jack", "--preset", getattr(request, "param", "continue")) as running:
        yield running


@pytest.fixture
def stage(listening: LiveDaemon) -> Iterator[tuple[Synth, SimpleUDPClient]]:
    with musician() as player:
        yield Synth(player), SimpleUDPClient("127.0.0.1", listening.osc_port)


def play(synth: Synth, *pitches: int, seconds: float = NOTE_S) -> None:
    for pitch in pitches:
        synth.player.play(bytes((0x90, pitch, 80)))
        time.sleep(seconds)
        synth.player.play(bytes((0x80, pitch, 64)))


def begun(synth: Synth, channel: int) -> list[int]:
    """Pitches of all that has begun on a channel. Releases do not count: a lost cycle has them repeated."""
    synth.wet()
    return [data[1] for data in synth.log if data[0] == 0x8F + channel and data[2]]


@pytest.mark.parametrize("listening", ["continue", "improvise"], indirect=True)
def test_after_a_silence_it_goes_on_and_the_first_note_ends_it(stage: tuple[Synth, SimpleUDPClient]) -> None:
    synth, _ = stage
    play(synth, *SCALE)
    assert not synth.wet()
    until(synth.wet, "a continuation")
    until(lambda: len(set(begun(synth, 2))) >= 3, "several notes")
    synth.player.play(bytes((0x90, 72, 80)))
    until(lambda: synth.sounding == {(1, 72)}, "nothing but the musician's note")
    time.sleep(3 * NOTE_S)  # all that it might still have planned
    assert synth.sounding == {(1, 72)}
    synth.player.play(bytes((0x80, 72, 64)))
    until(lambda: not synth.sounding, "silence")


def test_buttons_hand_over_repeat_and_take_back(stage: tuple[Synth, SimpleUDPClient]) -> None:
    synth, osc = stage
    osc.send_message("/continuo/1/handover", "go")
    play(synth, *SCALE)
    for button in ("go", "again", "variation", "go"):
        osc.send_message(f"/continuo/1/{button}", 1)
        until(synth.wet, f"what {button} plays")
        osc.send_message("/continuo/1/yield", 1)
        until(lambda: not synth.sounding, "silence")


def test_what_lasts_goes_to_the_chord_that_osc_has_named(stage: tuple[Synth, SimpleUDPClient]) -> None:
    synth, osc = stage
    osc.send_message("/continuo/1/handover", "go")
    osc.send_message("/continuo/1/changes", "F#")
    play(synth, *SCALE, seconds=0.35)  # at 120 bpm more than half a beat: nothing that it has heard may pass
    osc.send_message("/continuo/1/go", 1)
    until(lambda: len(begun(synth, 2)) >= 8, "several notes")
    wet = {pitch % 12 for pitch in begun(synth, 2)}
    assert wet <= {6, 10, 1, 3, 4, 8}, "F# A# C#, and what is no semitone from them"


def test_in_time_with_a_song_it_plays_a_bar_and_leaves_the_next_one(
    stage: tuple[Synth, SimpleUDPClient], listening: LiveDaemon
) -> None:
    def plays() -> object:
        listening.drain()
        told = (event for event in reversed(listening.events) if event.get("address") == "/continuo/1/playing")
        return next((event["value"] for event in told), 0)

    synth, osc = stage
    osc.send_message("/continuo/tempo", 200.0)
    osc.send_message("/continuo/1/handover", "bar")
    osc.send_message("/continuo/1/bars", 1)
    osc.send_message("/continuo/play", 1)
    play(synth, *SCALE)
    until(plays, "its turn")
    until(synth.wet, "what it plays")
    until(lambda: not plays(), "the end of it")
    until(lambda: not synth.sounding, "silence")
    heard = begun(synth, 2)
    time.sleep(2 * 4 * 60 / 200)
    assert not synth.sounding and begun(synth, 2) == heard, "nobody plays before the musician has played again"
