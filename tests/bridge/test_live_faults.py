"""What a stage does to a daemon: killed processes, closed terminals, names in use. No note is left sounding."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pythonosc.udp_client import SimpleUDPClient

from bridge import players
from bridge.bench.musician import Musician, musician
from bridge.bench.stage import LiveDaemon, live_daemon
from tests.bridge.conftest import Synth, strike, until

E4, G4 = 64, 67


@pytest.fixture
def stage(jack: str) -> Iterator[tuple[LiveDaemon, Synth]]:
    """A daemon of the test's own, which holds a G4 and three voices under it."""
    with live_daemon("--backend", "jack", "--name", "Stage") as daemon, musician("Stage") as player:
        synth = Synth(player)
        hold(player, synth)
        yield daemon, synth


def hold(player: Musician, synth: Synth) -> None:
    strike(player, G4, lambda: len(synth.sounding) == 4)


def test_a_killed_brain_leaves_silence_thru_and_comes_back_as_it_was(stage: tuple[LiveDaemon, Synth]) -> None:
    daemon, synth = stage
    SimpleUDPClient("127.0.0.1", daemon.osc_port).send_message("/continuo/1/voices", 2)
    until(lambda: len(synth.wet()) == 2, "two voices")
    os.kill(daemon.pid("brain"), signal.SIGKILL)
    until(lambda: synth.sounding == {(1, G4)}, "only the dry note")
    synth.player.play(bytes((0x90, E4, 80)))
    until(lambda: (1, E4) in synth.sounding, "thru without a brain")
    daemon.wait_for(event="back")
    for pitch in (E4, G4):
        synth.player.play(bytes((0x80, pitch, 0)))
    synth.player.play(bytes((0x90, E4, 80)))
    until(lambda: len(synth.wet()) == 2, "two voices again")
    synth.player.play(bytes((0x80, E4, 0)))
    until(lambda: not synth.sounding, "silence")


def test_a_brain_that_stalls_is_silenced_and_replaced(stage: tuple[LiveDaemon, Synth]) -> None:
    daemon, synth = stage
    os.kill(daemon.pid("brain"), signal.SIGSTOP)
    until(lambda: synth.sounding == {(1, G4)}, "only the dry note")
    daemon.wait_for(event="back")
    synth.player.play(bytes((0x80, G4, 0)))
    until(lambda: not synth.sounding, "silence")


def test_a_brain_that_wakes_up_in_time_goes_on(stage: tuple[LiveDaemon, Synth]) -> None:
    daemon, synth = stage
    os.kill(daemon.pid("brain"), signal.SIGSTOP)
    until(lambda: synth.sounding == {(1, G4)}, "only the dry note")
    os.kill(daemon.pid("brain"), signal.SIGCONT)
    daemon.wait_for(event="shown", address="/continuo/brain", value="ready")
    synth.player.play(bytes((0x80, G4, 0)))
    until(lambda: not synth.sounding, "silence")
    hold(synth.player, synth)
    synth.player.play(bytes((0x80, G4, 0)))
    until(lambda: not synth.sounding, "silence again")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_orderly_end_leaves_no_note(stage: tuple[LiveDaemon, Synth], number: signal.Signals) -> None:
    daemon, synth = stage
    daemon.process.send_signal(number)
    until(lambda: not synth.sounding, "silence")
    assert daemon.process.wait(timeout=10) == 0
    assert not alive(daemon.pid("port")) and not alive(daemon.pid("brain"))


def test_a_killed_control_takes_the_others_and_every_note_with_it(stage: tuple[LiveDaemon, Synth]) -> None:
    daemon, synth = stage
    daemon.process.kill()
    until(lambda: not synth.sounding, "silence")
    until(lambda: not alive(daemon.pid("port")) and not alive(daemon.pid("brain")), "the end of port and brain")
    daemon.process.wait(timeout=10)
    daemon.process.returncode = 0  # it was us: the fixture need not complain


def test_a_pulled_cable_ends_the_harmony_of_what_was_held(stage: tuple[LiveDaemon, Synth]) -> None:
    _, synth = stage
    synth.player.unplug()
    until(lambda: not synth.sounding, "silence")


def test_a_killed_port_is_opened_again(stage: tuple[LiveDaemon, Synth]) -> None:
    daemon, _ = stage
    os.kill(daemon.pid("port"), signal.SIGKILL)
    daemon.wait_for(event="back")
    with musician("Stage", "again") as player:
        synth = Synth(player)
        hold(player, synth)
        player.play(bytes((0x80, G4, 0)))
        until(lambda: not synth.sounding, "silence")


def test_a_name_in_use_is_one_sentence_and_a_remedy(stage: tuple[LiveDaemon, Synth]) -> None:
    ended = continuo("run", "--backend", "jack", "--name", "Stage", "--osc-port", "0")
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        "continuo: the port name 'Stage' is in use.",
        "  Another Continuo runs: stop it, or give this one a --name.",
    ]


def test_an_osc_port_in_use_is_one_sentence_and_a_remedy(jack: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        ended = continuo("run", "--backend", "jack", "--osc-port", str(taken.getsockname()[1]))
    assert ended.returncode == 2
    assert "is in use" in ended.stderr and "--osc-port" in ended.stderr
    assert len(ended.stderr.splitlines()) == 2


def test_without_a_jack_server_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "nobody-starts-this-one")
    ended = continuo("run", "--backend", "jack", "--osc-port", "0")
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 2 and "Traceback" not in ended.stderr


def test_a_folder_called_models_where_the_user_stands_is_not_ours(jack: str, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "__init__.py").write_text("raise SystemExit('not this one')")
    with live_daemon("--backend", "jack", "--name", "Elsewhere", folder=tmp_path) as daemon:
        assert daemon.ready["backend"] == "jack"


def test_weights_that_do_not_load_leave_the_old_player_playing(
    jack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(players, "user_folder", lambda: tmp_path / "continuo" / "weights")
    players.user_folder().mkdir(parents=True)
    (players.user_folder() / "ghost.safetensors").write_bytes(b"boo")
    with live_daemon("--backend", "jack", "--name", "Haunted") as daemon, musician("Haunted") as player:
        osc = SimpleUDPClient("127.0.0.1", daemon.osc_port)
        osc.send_message("/continuo/1/model", "ghost")
        assert "ghost" in daemon.wait_for(event="trouble")["text"]
        synth = Synth(player)
        hold(player, synth)
        player.play(bytes((0x80, G4, 0)))
        until(lambda: not synth.sounding, "silence")


@pytest.mark.skipif(not shutil.which("oscsend"), reason="liblo-tools is not installed")
def test_oscsend_and_oscdump_set_and_read(stage: tuple[LiveDaemon, Synth]) -> None:
    daemon, synth = stage
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    dump = subprocess.Popen(["oscdump", "-L", port], stdout=subprocess.PIPE, text=True)
    assert dump.stdout

    def send(*message: str) -> None:
        subprocess.run(["oscsend", "localhost", str(daemon.osc_port), *message], check=True)

    try:
        heard: list[str] = []
        until(lambda: listens(int(port)), "oscdump")
        send("/continuo/subscribe", "i", port)
        while "/continuo/1/voices" not in "".join(heard):
            heard.append(dump.stdout.readline())
        send("/continuo/1/voices", "f", "2")
        until(lambda: len(synth.wet()) == 2, "two voices")
        send("/continuo/1/voices", "s", "many")
        while "/continuo/error" not in heard[-1]:
            heard.append(dump.stdout.readline())
        assert "400" in heard[-1] and "voices takes 1 to 16" in heard[-1]
    finally:
        dump.terminate()
        dump.wait(timeout=5)


def listens(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return True
    return False


def continuo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "bridge.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][:1]
