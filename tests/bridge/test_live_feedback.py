"""Continuo's own output in its own input, on real JACK: detected, explained, cut, and over when the cable is pulled."""

from __future__ import annotations

import shutil
import subprocess
import time

import pytest

from bridge.bench.musician import Musician, musician
from bridge.bench.stage import live_daemon
from bridge.port.feedback import PROBE
from tests.bridge.conftest import Synth, strike, until

C4, G4 = 60, 67
pytestmark = pytest.mark.skipif(not shutil.which("jack_connect"), reason="jack_connect is not installed")
CABLE = ("Loop:Loop Out", "Loop:Loop In")


def test_a_loop_is_found_explained_kept_harmless_and_let_go(jack: str) -> None:
    with live_daemon("--backend", "jack", "--name", "Loop") as daemon, musician("Loop") as player:
        synth = Synth(player)
        subprocess.run(["jack_connect", *CABLE], check=True)
        player.play(bytes((0x90, G4, 80)))
        found = daemon.wait_for(event="feedback")
        assert found["insert"] == 1 and 0 < found["loop_ms"] < 150
        assert "do not route the track that records Loop Out back into Loop In" in found["text"]
        until(lambda: len(synth.sounding) == 4, "the harmony")
        nothing_goes_round(synth)
        player.play(bytes((0x80, G4, 64)))
        until(lambda: not synth.sounding, "silence")
        real_notes_are_harmonized(player, synth)
        subprocess.run(["jack_disconnect", *CABLE], check=True)
        gone = daemon.wait_for(event="feedback", loop_ms=None)
        assert "does not come back" in gone["text"]
        real_notes_are_harmonized(player, synth)


def nothing_goes_round(synth: Synth) -> None:
    """A second brings at most the probe."""
    sounding, before = set(synth.sounding), len(synth.log)
    end_s = time.monotonic() + 1.0
    until(lambda: time.monotonic() > end_s, "a second")
    assert synth.sounding == sounding
    assert all(data[1] == PROBE for data in synth.log[before:])


def real_notes_are_harmonized(player: Musician, synth: Synth) -> None:
    for pitch in (C4, G4, 72):
        strike(player, pitch, lambda: len(synth.wet()) == 3)
        player.play(bytes((0x80, pitch, 64)))
        until(lambda: not synth.sounding, "silence after the release")


def test_a_short_note_does_not_go_round_for_ever(jack: str) -> None:
    with live_daemon("--backend", "jack", "--name", "Loop") as daemon, musician("Loop") as player:
        synth = Synth(player)
        subprocess.run(["jack_connect", *CABLE], check=True)
        player.play(bytes((0x90, C4, 80)))
        player.play(bytes((0x80, C4, 64)))
        daemon.wait_for(event="feedback")
        until(lambda: not synth.sounding, "silence")
        nothing_goes_round(synth)
