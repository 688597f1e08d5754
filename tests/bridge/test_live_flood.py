"""Broken OSC packets and too many notes thrown at a real daemon: it plays on, answers others, and says nothing."""

import itertools
import os
import random
import socket

from bridge.bench.malformed import LARGEST, Judge, deep, malformed, message
from bridge.bench.midi_flood import Flood
from bridge.bench.musician import Musician
from bridge.bench.osc_flood import Heard
from bridge.bench.stage import LiveDaemon
from tests.bridge.conftest import Synth, strike, until

G4 = 67


def test_broken_packets_harm_no_note_and_no_state(daemon: LiveDaemon, synth: Synth) -> None:
    here = ("127.0.0.1", daemon.osc_port)
    judge = Judge()
    noise = filter(judge.harmless, malformed(random.Random(3)))  # noqa: S311 - noise, not a secret
    packets = [*itertools.islice(noise, 3000), b"x" * LARGEST, deep(message("/continuo/panic"), 3000)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood, socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.settimeout(20)
        asking.sendto(message("/continuo/1/voices"), here)
        before = asking.recv(1024)
        strike(synth.player, G4, lambda: len(synth.sounding) == 4)
        for packet in packets:
            flood.sendto(packet, here)
        asking.sendto(message("/continuo/1/voices"), here)
        assert asking.recv(1024) == before
        synth.player.play(bytes((0x80, G4, 64)))
        until(lambda: not synth.sounding, "silence")
    daemon.drain()
    assert not [event for event in daemon.events if event["event"] == "trouble"]


def test_what_control_starts_does_not_go_before_others(daemon: LiveDaemon) -> None:
    own = max(0, os.getpriority(os.PRIO_PROCESS, 0))  # a test before may have run a daemon in this very process
    for role in ("port", "brain"):
        assert os.getpriority(os.PRIO_PROCESS, daemon.pid(role)) == own
    assert os.getpriority(os.PRIO_PROCESS, daemon.pid("control")) <= own


def test_figures_of_a_flood_count_what_was_lost() -> None:
    heard = Heard(notes=2, ping=[3.0, 4.0])
    assert heard.met()
    assert heard.row()["ping_ms"]["max"] == 4.0
    for harmed in (
        Heard(ping=[3.0], lost=1), Heard(ping=[3.0], releases_lost=1), Heard(ping=[3.0], unanswered=1),
        Heard(ping=[51.0]), Heard(ping=[3.0], sounding={(0, 60)}), Heard(),
    ):  # fmt: skip
        assert not harmed.met()


def test_a_flood_of_notes_passes_whole_and_in_its_cycle(player: Musician) -> None:
    flood = Flood(player, seed=1)
    flood.play(3_000, 1.0)
    flood.rest()
    row = flood.row()
    assert row["sent"] >= 3_000 and row["wet_onsets"]
    assert (row["lost_onsets"], row["lost_releases"], row["left_sounding"]) == (0, 0, 0)


def test_a_flood_knows_what_was_lost(player: Musician) -> None:
    flood = Flood(player, seed=1)
    flood.play(100, 0.1)
    player.unplug()
    flood.play(100, 0.1)
    player.plug()
    flood.rest()
    row = flood.row()
    assert row["lost_onsets"] and row["lost_releases"], row
