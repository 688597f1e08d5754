"""A short soak leaves nothing sounding, and a soak sees what it is there to see."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from bridge.bench import soak_drift
from bridge.bench.soak import Plan, Soak
from bridge.bench.synth import Ledger, Synth
from bridge.cli import main
from bridge.port.exchange import Exchange


def soaked(seed: int, events: int = 4_000, faults: int = 12, kinds: tuple[str, ...] = ()) -> Soak:
    soak = Soak(Plan(events, faults, seed=seed, kinds=kinds))
    while soak.goes_on:
        soak.scene()
    soak.control.finish()
    return soak


@pytest.mark.parametrize("seed", [5, 6])
def test_whatever_is_played_and_broken_ends_in_silence(seed: int) -> None:
    soak = soaked(seed)
    found = [*soak.count.found, *soak.control.wrong, *soak.control.crashes]
    assert found == [], f"seed {seed}"
    assert (soak.count.left, soak.control.left, soak.count.lost) == (0, 0, 0)
    assert soak.control.notes > 100


def test_same_seed_gives_the_same_soak() -> None:
    first, again = soaked(3, 1_000, 2), soaked(3, 1_000, 2)
    assert first.count == again.count and first.hours == again.hours
    assert first.control.notes == again.control.notes


def test_notes_of_a_dead_brain_that_nobody_ends_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Exchange, "_silence", lambda _: None)
    assert soaked(5, 3_000, 30, ("brain killed",)).count.left


def test_synth_and_ledger_know_what_is_owed() -> None:
    synth, ledger = Synth(), Ledger()
    for data in (b"\x90\x3c\x40", b"\xb0\x40\x7f", b"\x80\x3c\x00"):
        synth.play(data)
        ledger.passed(data)
    assert ledger.owed == {(0, 0x3C)}
    assert ledger.arrived(b"\x90\x3c\x00", dry=True) and not ledger.owed
    ledger.passed(b"\x90\x3c\x40")
    assert not ledger.arrived(b"\x80\x3c\x00", dry=False)
    assert synth.clear() == 1


def test_followed_and_own_beats_do_not_drift() -> None:
    drift = soak_drift.measure(0.0, 1)
    assert drift["ticks_wrong"] == 0
    assert drift["followed_worst_ms"] < 2.0
    assert drift["own_worst_ms"] < 0.001


def test_command_prints_figures_and_says_whether_they_will_do() -> None:
    command = ["bench", "soak", "--accelerated", "--events", "500", "--faults", "1", "--json"]
    result = CliRunner().invoke(main, command)
    row = json.loads(result.stdout)
    assert (row["left_sounding"], row["lost_releases"], row["wrong"]) == (0, 0, 0)
    assert result.exit_code == (0 if row["met"] else 1)
