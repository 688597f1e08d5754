"""What a panic, a new port or a reset leaves of the keys that were down: nothing that nobody will let go."""

from __future__ import annotations

from music.events import NoteOff, NoteOn
from tests.bridge.brain.stage import Band, state

C = 72


def held(band: Band) -> list[int]:
    return [pitch for _, pitch, _ in band.insert._hands]


def playing(channel: int = 1) -> Band:
    band = Band(state())
    band.play(NoteOn(channel, C, 80))
    return band


def test_a_key_that_is_let_go_while_its_channel_is_not_listened_to_does_not_come_back() -> None:
    band = playing()
    band.panic()
    band.set(input_channels="1")
    band.play(NoteOff(1, C))
    band.set(input_channels="all")
    assert band.plan(band.engine.resume(band.now)) == []
    assert held(band) == []


def test_nor_does_one_that_is_let_go_so_under_a_bypass() -> None:
    band = playing()
    band.set(bypass=True)
    band.set(input_channels="1")
    band.play(NoteOff(1, C))
    band.set(input_channels="all")
    assert band.set(bypass=False) == []
    assert held(band) == []


def test_behind_a_new_port_no_key_is_down_and_a_later_panic_that_is_undone_brings_none_back() -> None:
    band = playing()
    band.engine.silence(for_good=True)
    band.panic()
    assert band.plan(band.engine.resume(band.now)) == []
    assert held(band) == []
