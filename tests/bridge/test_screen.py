"""The line that lives in the terminal: whatever is shown first, in whatever order."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from random import Random
from typing import Any

import pytest

from bridge.cli.terminal import Terminal
from bridge.control.state import Desk

READY = {
    "event": "ready",
    "backend": "jack",
    "ports": [("Continuo In", "Continuo Out")],
    "presets": ["harmony"],
    "osc_host": "127.0.0.1",
    "osc_port": 9000,
    "query_port": 9000,
    "melody_s": 0,
    "tempo": 90.0,
}


def shown(name: str, value: object) -> dict[str, Any]:
    return {"event": "shown", "address": f"/continuo/{name}", "value": value}


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with ExitStack() as stack:
        screen = Terminal(stack, quiet=False, as_json=False)
        screen.show(READY)
        yield screen


@pytest.mark.parametrize("seed", range(5))
def test_values_come_in_any_order(screen: Terminal, seed: int) -> None:
    values = list(Desk(["harmony"]).shown.items())
    Random(seed).shuffle(values)  # noqa: S311 - an order, not a secret
    for address, value in values:
        screen.show({"event": "shown", "address": address, "value": value or (1 if value == 0 else value)})


def test_it_tells_where_the_song_is_and_who_leads(screen: Terminal) -> None:
    for name, value in (("bar", 3), ("beat", 2), ("leader", "midi"), ("1/chord", "Am"), ("1/heard_key", "C major")):
        screen.show(shown(name, value))
    assert screen._description() == "3.2  90 bpm (midi)  Am     in C major"
    screen.show(shown("clock_lost", 1))
    assert "midi lost" in screen._description()


def test_it_listens_before_anything_is_played(screen: Terminal) -> None:
    assert screen._description() == "listening"
    screen.show(shown("1/fallback", 2))
    assert screen._description() == "playing, 2 by the rules"
