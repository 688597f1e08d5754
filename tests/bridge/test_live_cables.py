"""Devices and programs that go away and come back: connected again by name, with no note left sounding."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from bridge.bench.musician import musician
from bridge.bench.stage import LiveDaemon, live_daemon
from bridge.port.cables import GRACE_S
from tests.bridge.conftest import Synth, until
from tests.bridge.device import Device, hold

G4 = 67
G4_END = bytes((0x80, G4, 64))
STRIKES_AND_HOLDS = """
import sys, time
from bridge.port.jack import open_client
client = open_client(sys.argv[1])
out = client.midi_outports.register("keys")
cycles = [0]
def cycle(_frames):
    out.clear_buffer()
    cycles[0] += 1
    if cycles[0] % 200 == 0:
        out.write_midi_event(0, bytes((0x90, 67, 80)))
client.set_process_callback(cycle)
client.activate()
if len(sys.argv) > 2:
    client.connect(out, sys.argv[2])
time.sleep(600)
"""
LISTENS = """
import sys, time
from bridge.port.jack import open_client
client = open_client("Ear")
sound = client.midi_inports.register("sound")
def cycle(_frames):
    for _, data in sound.incoming_midi_events():
        print(bytes(data).hex(), flush=True)
client.set_process_callback(cycle)
client.activate()
if len(sys.argv) > 1:
    client.connect(sys.argv[1], sound)
time.sleep(600)
"""


@contextmanager
def device(name: str) -> Iterator[Device]:
    one = Device(name)
    try:
        yield one
    finally:
        one.close()


def told(daemon: LiveDaemon, beginning: str) -> str:
    """What the daemon has said, or says next, of a cable, that begins like this."""
    while not (said := [text for one in daemon.events if (text := one.get("text", "")).startswith(beginning)]):
        daemon.wait_for(event="cable")
    return str(said[0])


def plays(one: Device) -> None:
    """A note is answered and ends."""
    hold(one, G4)
    one.play(G4_END)
    until(lambda: not one.sounding, "silence")


def test_a_program_that_ends_and_starts_again_is_connected_again(jack: str) -> None:
    with live_daemon("--backend", "jack", "--name", "Cable") as daemon, musician("Cable", "ear") as ear:
        synth = Synth(ear)
        with device("Keys") as keys:
            keys.plug("Cable")
            hold(keys, G4)
            until(lambda: len(synth.sounding) == 4, "the harmony at the other listener")
        until(lambda: not synth.sounding, "silence when its player has gone")
        assert told(daemon, "Keys:keys is gone: Cable In") and told(daemon, "Keys:sound is gone: Cable Out")
        with device("Keys") as keys:
            until(lambda: keys.plugged == {"Cable In", "Cable Out"}, "both cables")
            assert "is back" in daemon.wait_for(event="cable")["text"]
            plays(keys)


def test_a_killed_program_is_connected_again(jack: str) -> None:
    with live_daemon("--backend", "jack", "--name", "Killed") as daemon, musician("Killed", "ear") as ear:
        synth = Synth(ear)
        program = subprocess.Popen([sys.executable, "-c", STRIKES_AND_HOLDS, "Victim", "Killed:Killed In"])
        until(lambda: (1, G4) in synth.sounding, "its note")
        program.kill()
        program.wait()
        until(lambda: not synth.sounding, "silence")
        daemon.wait_for(
            event="cable", text="Victim:keys is gone: Killed In is connected to it again when it comes back"
        )
        program = subprocess.Popen([sys.executable, "-c", STRIKES_AND_HOLDS, "Victim"])
        daemon.wait_for(event="cable", text="Victim:keys is back, connected to Killed In")
        until(lambda: (1, G4) in synth.sounding, "its note again")
        program.kill()
        program.wait()
        until(lambda: not synth.sounding, "silence again")


def test_a_cable_that_the_user_pulls_stays_pulled(jack: str) -> None:
    with live_daemon("--backend", "jack", "--name", "Pulled"):
        with device("Mine") as mine, device("Other") as other:
            mine.plug("Pulled")
            other.plug("Pulled")
            plays(mine)
            mine.pull()
            forgotten_s = time.monotonic() + GRACE_S + 0.5
            until(lambda: time.monotonic() > forgotten_s, "the end of doubt")
        with device("Mine") as mine, device("Other") as other:
            until(lambda: other.plugged == {"Pulled In", "Pulled Out"}, "the cables of the one that was not pulled")
            assert not mine.plugged


@contextmanager
def started(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A program in a process of its own, ended afterwards."""
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield program
    finally:
        program.terminate()  # a killed server would leave its place in JACK's list of eight taken
        try:
            program.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            program.kill()
            program.communicate()


def serve(name: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """A JACK server that can be killed and started again under its name."""
    return started(*f"jackd -n {name} -p 128 -r -d dummy -r 48000 -p 64".split())


def hears(listener: subprocess.Popen[str]) -> None:
    """Wait for the note at the listener."""
    assert listener.stdout
    assert f"90{G4:02x}50\n" in iter(listener.stdout.readline, "")


@pytest.mark.skipif(not shutil.which("jackd"), reason="jackd is not installed")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_jack_server_that_restarts_gets_ports_and_cables_back(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    # Every client is a process of its own: libjack does not survive in one that has clients of two servers.
    name = "continuo-again"  # always the same: only under its name can the place of a killed server be taken again
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
    ear = (sys.executable, "-c", LISTENS)
    keys = (sys.executable, "-c", STRIKES_AND_HOLDS, "Keys")
    with serve(name) as server:
        subprocess.run(["jack_wait", "-s", name, "-w", "-t", "20"], capture_output=True, check=True)
        daemon = LiveDaemon("--osc-port", "0", "--name", "Again")
        try:
            with started(*ear, "Again:Again Out") as listener, started(*keys, "Again:Again In"):
                hears(listener)
                server.send_signal(number)
                server.wait()
                assert "MIDI is gone" in daemon.wait_for(event="trouble")["text"]
            with serve(name):
                daemon.wait_for(event="back")
                with started(*ear) as listener:
                    daemon.wait_for(event="cable", text="Ear:sound is back, connected to Again Out")
                    with started(*keys):
                        daemon.wait_for(event="cable", text="Keys:keys is back, connected to Again In")
                        hears(listener)
                assert daemon.stop() == 0
        finally:
            daemon.process.kill()
            daemon.process.wait()
    told = [event["text"] for event in daemon.events if event["event"] == "trouble"]
    assert len(told) == len(set(told)), "the same is not said twice"


@pytest.mark.parametrize("backend", ["jack", "rtmidi"])
def test_named_devices_are_connected_whenever_they_are_there(jack: str, backend: str) -> None:
    named = ("--input", "KEYSTATION", "--output", "keystation")
    daemon_of = live_daemon("--backend", backend, "--name", f"Named {backend}", *named)
    with daemon_of as daemon, musician(f"Named {backend}", "ear") as ear:
        synth = Synth(ear)
        said = told(daemon, "Waiting for MIDI input 'KEYSTATION'; there is: ")
        assert f"Named {backend}:" not in said
        with device("Keystation 49") as keys:
            daemon.wait_for(event="cable", text=f"Keystation 49:keys connected to Named {backend} In")
            hold(keys, G4)
        until(lambda: not synth.sounding, "silence when it is unplugged")
        with device("Keystation 49") as keys:
            daemon.wait_for(event="cable", text=f"Keystation 49:keys is back, connected to Named {backend} In")
            plays(keys)


def test_our_own_ports_are_not_what_a_name_means(jack: str) -> None:
    with live_daemon("--backend", "jack", "--name", "Self", "--input", "self", "--output", "self") as daemon:
        assert told(daemon, "Waiting for MIDI input 'self'") and told(daemon, "Waiting for MIDI output 'self'")


def test_cables_outlive_a_killed_port(jack: str) -> None:
    with live_daemon("--backend", "jack", "--name", "Reborn") as daemon, device("Keys") as keys:
        keys.plug("Reborn")
        daemon.wait_for(event="cables", cables=[["Reborn In", "Keys:keys"], ["Reborn Out", "Keys:sound"]])
        os.kill(daemon.pid("port"), signal.SIGKILL)
        daemon.wait_for(event="back")
        until(lambda: keys.plugged == {"Reborn In", "Reborn Out"}, "both cables")
        plays(keys)
