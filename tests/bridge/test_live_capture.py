"""What was just played and answered, captured from a running daemon over OSC and by the command, through real ports."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from pythonosc.osc_packet import OscPacket
from pythonosc.udp_client import SimpleUDPClient

from bridge import running
from bridge.bench.musician import musician
from bridge.bench.stage import LiveDaemon, live_daemon
from bridge.cli import main
from tests.bridge.conftest import Synth, strike, until
from tests.bridge.control.takes import Heard, heard

ANSWER_S = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "captures"


@pytest.fixture
def house(jack: str, folder: Path) -> Iterator[LiveDaemon]:
    with live_daemon("--backend", "jack", "--preset", "satb", "--capture-folder", str(folder)) as running_here:
        yield running_here


@pytest.fixture
def synth(house: LiveDaemon) -> Iterator[Synth]:
    with musician() as player:
        yield Synth(player)


def play(synth: Synth, pitch: int) -> None:
    """A note, its answer, and the end of both."""
    strike(synth.player, pitch, lambda: (1, pitch) in synth.sounding and synth.wet(2) and synth.wet(4))
    synth.player.play(bytes((0x80, pitch, 64)))
    until(lambda: not synth.sounding, "silence")


def asked(daemon: LiveDaemon, *values: object) -> tuple[str, list[object]]:
    """The answer to a capture over OSC."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as own:
        surface = SimpleUDPClient("127.0.0.1", daemon.osc_port)
        surface._sock.close()
        surface._sock = own
        own.settimeout(ANSWER_S)
        surface.send_message("/continuo/capture", list(values))
        message = OscPacket(own.recv(65_535)).messages[0].message
        return message.address, list(message.params)


def continuo_capture(daemon: LiveDaemon, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["capture", "--osc-port", str(daemon.osc_port), *arguments])
    return result.exit_code, result.stdout.strip(), result.stderr


def pitches(notes: list[Heard], channel: int) -> set[int]:
    return {pitch for _, own, pitch, _, _ in notes if own == channel}


def test_what_was_played_and_answered_is_captured_over_osc_and_by_the_command(
    house: LiveDaemon, synth: Synth, folder: Path, tmp_path: Path
) -> None:
    assert asked(house)[1][0] == 404
    assert running.state(house.osc_port)["captured"] == ""
    for pitch in (67, 72):
        play(synth, pitch)
    address, (path,) = asked(house)
    assert (address, [Path(str(path))]) == ("/continuo/captured", list(folder.iterdir()))
    assert running.state(house.osc_port)["captured"] == path
    notes = heard(Path(str(path)).read_bytes())
    assert pitches(notes, 0) == {67, 72}
    sounded = {(data[0] & 0x0F, data[1]) for data in synth.log if data[0] & 0xF0 == 0x90 and data[2]}
    assert {(channel, pitch) for _, channel, pitch, _, _ in notes} >= sounded
    assert {name for name, *_ in notes} == {"Played, channel 1", "Alto", "Tenor", "Bass"}

    wanted = tmp_path / "wonderful.mid"
    assert continuo_capture(house, "-o", str(wanted), "--minutes", "1") == (0, str(wanted), "")
    assert pitches(heard(wanted.read_bytes()), 0) == {67, 72}
    assert [str(one) for one in folder.iterdir()] == [path], "the command has moved its own"
    before = wanted.read_bytes()
    code, said, complaint = continuo_capture(house, "-o", str(wanted))
    assert (code, said, wanted.read_bytes()) == (2, "", before)
    assert "is there already" in complaint


def test_no_path_is_taken_over_osc(house: LiveDaemon, synth: Synth, folder: Path, tmp_path: Path) -> None:
    play(synth, 67)
    address, (code, _, of) = asked(house, str(tmp_path / "elsewhere.mid"))
    assert (address, code, of) == ("/continuo/error", 400, "/continuo/capture")
    assert not (tmp_path / "elsewhere.mid").exists()
    assert not folder.exists()


def test_capture_holds_what_was_played_before_and_after_the_brain_was_killed(house: LiveDaemon, synth: Synth) -> None:
    play(synth, 67)
    running_brain = house.pid("brain")
    assert asked(house)[0] == "/continuo/captured", "the brain has told of it"
    os.kill(running_brain, signal.SIGKILL)
    house.wait_for(event="back")
    play(synth, 72)
    code, path, _ = continuo_capture(house)
    assert code == 0
    notes = heard(Path(path).read_bytes())
    assert pitches(notes, 0) == {67, 72}
    assert all(pitches(notes, channel) for channel in (1, 2, 3))
