"""The daemon as a DAW meets it: real JACK ports, real processes, real OSC."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
from pythonosc.udp_client import SimpleUDPClient

from bridge.bench.musician import musician
from bridge.bench.stage import LiveDaemon, live_daemon
from bridge.doctor import _running, examine
from tests.bridge.conftest import WAIT_S, Synth, strike, until

C4, E4, G4 = 60, 64, 67
TAKES = 8


@pytest.fixture
def osc(daemon: LiveDaemon) -> Iterator[SimpleUDPClient]:
    """A client of the shared daemon, which leaves it as it was."""
    client = SimpleUDPClient("127.0.0.1", daemon.osc_port)
    yield client
    client.send_message("/continuo/panic", [])
    client.send_message("/continuo/preset", "harmony")


def on(pitch: int, velocity: int = 80, channel: int = 1) -> bytes:
    return bytes((0x8F + channel, pitch, velocity))


def off(pitch: int, channel: int = 1) -> bytes:
    return bytes((0x7F + channel, pitch, 64))


def harmony_of(synth: Synth, pitch: int, voices: int = 3) -> set[int]:
    """Hold a note; gives the harmony once it is complete."""
    strike(synth.player, pitch, lambda: len(synth.wet()) == voices)
    return synth.wet()


def test_a_melody_comes_back_with_three_voices_beneath_it(synth: Synth) -> None:
    for pitch in (C4, E4, G4, 72):
        assert max(harmony_of(synth, pitch)) < pitch
        assert (1, pitch) in synth.sounding
        synth.player.play(off(pitch))
        until(lambda: not synth.sounding, "silence after the release")


def test_every_channel_voice_message_passes_unchanged(synth: Synth) -> None:
    played = [
        bytes((status | channel, 3, 5)[: 2 if status in (0xC0, 0xD0) else 3])
        for status in (0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0x90, 0x80)
        for channel in range(16)
    ]
    played += [bytes((0x90, 61, 9)), bytes((0x90, 61, 0)), bytes((0xF0, 0x7D, 1, 2, 3, 0xF7))]
    for data in played:
        synth.player.play(data)
    until(lambda: not synth.sounding and len(synth.log) >= len(played), "all of it")
    until(lambda: not synth.sounding, "silence")
    dry = dict.fromkeys(data for data in synth.log if data in played)  # after a lost cycle releases are repeated
    assert [data for data in dry if data[0] & 0x0F != 1] == [data for data in played if data[0] & 0x0F != 1]
    assert set(played) <= set(synth.log)


def test_the_transports_clock_is_not_passed_through(synth: Synth) -> None:
    for data in (b"\xfa", b"\xf8", b"\xfc", on(C4), off(C4)):
        synth.player.play(data)
    until(lambda: off(C4) in synth.log or (not synth.sounding and synth.log), "the note")
    until(lambda: not synth.sounding, "silence")
    assert not [data for data in synth.log if data[0] >= 0xF0]


def test_bypass_ends_the_harmony_and_thru_goes_on(synth: Synth, osc: SimpleUDPClient) -> None:
    harmony_of(synth, C4)
    osc.send_message("/continuo/1/bypass", 1)
    until(lambda: synth.sounding == {(1, C4)}, "only the dry note")
    synth.player.play(on(E4))
    until(lambda: (1, E4) in synth.sounding, "thru")
    osc.send_message("/continuo/1/bypass", 0)
    until(lambda: len(synth.wet()) == 3, "the harmony of what is still held")
    synth.player.play(off(C4))
    synth.player.play(off(E4))
    until(lambda: not synth.sounding, "silence")


def test_what_osc_sets_is_read_over_http(daemon: LiveDaemon, osc: SimpleUDPClient) -> None:
    def read(path: str) -> Any:
        line = http.client.HTTPConnection("127.0.0.1", daemon.ready["query_port"], timeout=WAIT_S)
        with closing(line):
            line.request("GET", f"/continuo/{path}?VALUE")
            return json.loads(line.getresponse().read())["VALUE"][0]

    assert read("brain") == "ready"
    osc.send_message("/continuo/1/voices", 5)
    until(lambda: read("1/voices") == 5, "what was set")


def test_panic_ends_dry_and_wet_and_lifts_the_pedal(synth: Synth, osc: SimpleUDPClient) -> None:
    harmony_of(synth, C4)
    osc.send_message("/continuo/panic", [])
    until(lambda: not synth.sounding and bytes((0xB0, 64, 0)) in synth.log, "silence and pedals up")
    assert max(harmony_of(synth, E4)) < E4
    synth.player.play(off(E4))
    until(lambda: not synth.sounding, "silence")


def test_a_panic_is_undone_for_what_is_still_held(synth: Synth, osc: SimpleUDPClient) -> None:
    harmony_of(synth, C4)
    synth.player.play(on(67, channel=3))
    until(lambda: (3, 67) in synth.sounding, "another note")
    osc.send_message("/continuo/panic", [])
    until(lambda: not synth.sounding, "silence")
    synth.player.play(off(67, channel=3))
    osc.send_message("/continuo/resume", [])
    until(lambda: len(synth.wet()) == 3 and (1, C4) in synth.sounding, "it is back")
    until(lambda: (3, 67) not in synth.sounding, "but for what was let go")
    synth.player.play(off(C4))
    until(lambda: not synth.sounding, "silence")


def test_panic_is_on_a_controller_too(synth: Synth, osc: SimpleUDPClient) -> None:
    osc.send_message("/continuo/panic_cc", 85)
    harmony_of(synth, C4)
    pressed, let_go = bytes((0xB0, 85, 127)), bytes((0xB0, 85, 0))

    def press(what: str, done: Callable[[], object]) -> None:
        """Again after a while: the first may come before the daemon knows its controller."""
        end = time.monotonic() + WAIT_S
        while not done() and time.monotonic() < end:
            synth.player.play(pressed)
            synth.player.play(let_go)
            again = time.monotonic() + 1
            while not done() and time.monotonic() < again:
                time.sleep(0.001)
        assert done(), what

    press("silence", lambda: not synth.sounding)
    press("it is back", lambda: len(synth.wet()) == 3 and (1, C4) in synth.sounding)
    synth.player.play(off(C4))
    until(lambda: not synth.sounding, "silence")
    osc.send_message("/continuo/panic_cc", 0)


def test_a_preset_change_under_a_held_note_ends_every_note_on_its_old_channel(
    synth: Synth, osc: SimpleUDPClient
) -> None:
    harmony_of(synth, G4)
    osc.send_message("/continuo/preset", "satb")
    until(lambda: {channel for channel, _ in synth.sounding} == {1, 2, 3, 4}, "a voice on each channel")
    assert len(synth.sounding) == 4
    synth.player.play(off(G4))
    until(lambda: not synth.sounding, "silence")


def test_a_channel_change_under_a_held_note_leaves_nothing_behind(synth: Synth, osc: SimpleUDPClient) -> None:
    harmony_of(synth, G4)
    osc.send_message("/continuo/1/part/1/channel", 7)
    until(lambda: len(synth.wet(7)) == 3 and not synth.wet(2), "the harmony on the new channel")
    synth.player.play(off(G4))
    until(lambda: not synth.sounding, "silence")


def test_a_flood_on_sixteen_channels_loses_no_release(synth: Synth, osc: SimpleUDPClient) -> None:
    # The musician sends 10 500 messages a second. Beside busy processes a flood may leave notes: mostly cycles
    # that JACK has lost on the musician's direct line too. Whoever loses releases by itself does so in each.
    keys = [(pitch, channel) for pitch in range(24, 104) for channel in range(1, 17)]
    for _ in range(TAKES):
        for data in [*(on(pitch, 90, channel) for pitch, channel in keys), *(off(*key) for key in keys)]:
            synth.player.play(data)
        until(lambda: not synth.player.waiting, "the flood", 60)
        with suppress(pytest.fail.Exception):
            until(lambda: not synth.sounding, "silence after the flood", 5)
            break
        osc.send_message("/continuo/panic", [])
        synth.log.clear()
    else:
        pytest.fail(f"{TAKES} floods have left notes sounding")
    assert sum(data[0] & 0xF0 == 0x80 for data in synth.log) >= 80 * 16


def test_an_osc_flood_disturbs_no_note(synth: Synth, osc: SimpleUDPClient) -> None:
    for number in range(10_000):
        osc.send_message("/continuo/1/velocity_follow", (number % 100) / 100)
        if number % 500 == 0:
            harmony_of(synth, C4)
            synth.player.play(off(C4))
            until(lambda: not synth.sounding, "silence")


def test_two_inserts_have_ports_and_presets_of_their_own(jack: str) -> None:
    arguments = ("--backend", "jack", "--name", "Pair", "--preset", "duet", "--preset", "satb")
    with live_daemon(*arguments) as pair, musician("Pair") as first:
        assert pair.ready["ports"] == [["Pair In", "Pair Out"], ["Pair 2 In", "Pair 2 Out"]]
        assert pair.ready["presets"] == ["duet", "satb"]
        synth = Synth(first)
        harmony_of(synth, G4, voices=1)
        first.play(off(G4))
        until(lambda: not synth.sounding, "silence")


def test_rtmidi_serves_the_same_ports(jack: str) -> None:
    with live_daemon("--backend", "rtmidi", "--name", "Poll") as polled:
        assert polled.ready["backend"] == "rtmidi"
        with musician("Poll") as player:
            synth = Synth(player)
            harmony_of(synth, G4)
            player.play(off(G4))
            until(lambda: not synth.sounding, "silence")


def test_doctor_examines_a_machine_with_jack(daemon: LiveDaemon) -> None:
    findings = list(examine(daemon.osc_port))
    assert {"MIDI", "JACK's transport", "running daemon", "self-test"} <= {finding.what for finding in findings}
    assert not [finding for finding in findings if finding.grade == "bad"]


def test_doctor_reads_the_meters_of_a_running_daemon(synth: Synth, osc: SimpleUDPClient, daemon: LiveDaemon) -> None:
    harmony_of(synth, C4)
    synth.player.play(off(C4))

    def answered() -> bool:
        findings = {finding.what: finding for finding in _running(daemon.osc_port)}
        assert findings["running daemon"].grade == "good"
        assert "internal, 120.0 bpm" in findings["its clock"].text
        return "after 0.0/0.0/0.0 ms" not in findings["insert 1"].text

    until(answered, "the wait of the last answers")
