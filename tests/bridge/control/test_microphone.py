"""A microphone that cannot be had: said once, and the daemon goes on."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pythonosc.udp_client import SimpleUDPClient

from bridge.audio.device import inputs
from bridge.audio.inputs import names
from bridge.bench.stage import live_daemon
from music.errors import ContinuoError


def test_without_the_extra_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(ContinuoError, match="sounddevice") as refused:
        inputs()
    assert "pip install" in refused.value.hint


def test_who_asks_for_the_inputs_does_not_become_a_client_of_the_sound_system() -> None:
    with suppress(ContinuoError):  # there may be no PortAudio
        names()
    assert "sounddevice" not in sys.modules


def test_a_daemon_with_neither_midi_nor_the_microphone_stays_and_plays_what_comes_by_osc(tmp_path: Path) -> None:
    with live_daemon("--backend", "loopback", "--mic", "--mic-input", "no such thing", folder=tmp_path) as daemon:
        said: list[dict[str, Any]] = [event for event in daemon.events if event["event"] == "trouble"]
        said = said or [daemon.wait_for(event="trouble")]
        assert "sound input" in said[0]["text"]
        assert daemon.ready["melody_s"] == 0
        SimpleUDPClient("127.0.0.1", daemon.osc_port).send_message("/continuo/1/note", [67, 90])
        daemon.wait_for(event="shown", address="/continuo/1/chord")
        assert daemon.process.poll() is None


def test_a_range_that_is_none_does_not_start() -> None:
    with (
        pytest.raises(ContinuoError, match="C5 is not below C4"),
        live_daemon("--mic-lowest", "C5", "--mic-highest", "C4"),
    ):
        pass
    with pytest.raises(ContinuoError, match="outside"), live_daemon("--mic-lowest", "C0"):
        pass
