"""The screen as a musician meets it: keys in, a real daemon behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from pythonosc.udp_client import SimpleUDPClient

from bridge.bench.stage import LiveDaemon, live_daemon
from bridge.tui.app import Place, ScreenApp
from bridge.tui.lines import Keys
from tests.bridge.conftest import Synth, strike
from tests.bridge.control.hall import Surface
from tests.bridge.tui.seat import Seat, seated

C4 = 60


@pytest.fixture(autouse=True)
def as_it_was(daemon: LiveDaemon) -> Iterator[None]:
    """Each test leaves the shared daemon as it found it."""
    yield
    client = SimpleUDPClient("127.0.0.1", daemon.osc_port)
    client.send_message("/continuo/panic", [])
    client.send_message("/continuo/preset", "harmony")


def test_a_fader_moved_by_keys_is_set_in_the_daemon(daemon: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        seat.app.panel.choose("temperature")
        await seat.press("right", "right", "shift+right")
        await seat.until_daemon_has("1/temperature", 0.24)
        assert "0.24" in seat.app.panel.seen()
        seat.app.panel.choose("voices")
        await seat.press("left")
        await seat.until_daemon_has("1/voices", 2)
        await seat.press("r")
        await seat.until_daemon_has("1/voices", 3)

    seated(daemon.osc_port, play)


def test_a_fader_dragged_by_the_mouse_is_set_in_the_daemon(daemon: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        seat.app.panel.choose("temperature")
        row = seat.app.panel.selected - seat.app.panel._top
        await seat.pilot.click(seat.app.panel, offset=(17, row))
        await seat.until_daemon_has("1/temperature", 0.0)
        bar = seat.app.panel._bar
        await seat.pilot.mouse_down(seat.app.panel, offset=(18, row))
        await seat.pilot.hover(seat.app.panel, offset=(17 + bar - 1, row))
        await seat.pilot.mouse_up(seat.app.panel, offset=(17 + bar - 1, row))
        await seat.until_daemon_has("1/temperature", 2.0)
        words = seat.app.query_one(Keys)
        await seat.pilot.click(words, offset=(words.seen().index("bypass"), 0))
        await seat.until_daemon_has("1/bypass", 1)

    seated(daemon.osc_port, play)


def test_what_a_surface_moves_shows_on_the_screen(daemon: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        seat.app.panel.choose("temperature")
        seat.surface.say("/continuo/1/temperature", 0.77)
        await seat.until(lambda: "0.77" in seat.app.panel.seen(), "the new value")
        seat.surface.say("/continuo/1/voices", 9000)
        await seat.press("b")
        await seat.until_daemon_has("1/bypass", 1)
        assert "BYPASS" in seat.app.inserts.seen()

    seated(daemon.osc_port, play)


def test_music_is_seen_and_panic_ends_it(daemon: LiveDaemon, synth: Synth) -> None:
    async def play(seat: Seat) -> None:
        await seat.until(lambda: "Continuo In" in seat.app.roll.seen(), "what to do")
        await asyncio.to_thread(strike, synth.player, C4, lambda: len(synth.wet()) == 3)
        await seat.until(lambda: seat.app.roll.seen().count("▀") + seat.app.roll.seen().count("▄") > 3, "notes")
        await seat.until(lambda: seat.app.mirror.get("1/chord") in seat.app.header.text, "the chord")
        await seat.press("p")
        await seat.until(lambda: not synth.sounding, "silence")

    seated(daemon.osc_port, play)


def test_a_preset_is_found_by_typing_and_loaded(daemon: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        await seat.press("slash", "s", "a", "t", "enter")
        await seat.until(lambda: "Tenor" in seat.app.legend.text, "the parts of satb")
        assert (await seat.surface.ask("/continuo/1/preset"))[1] == ["satb"]
        await seat.press("slash", "escape")
        assert len(seat.app.screen_stack) == 1

    seated(daemon.osc_port, play)


def test_a_knob_is_learnt_and_forgotten_from_the_screen(daemon: LiveDaemon, synth: Synth) -> None:
    async def play(seat: Seat) -> None:
        seat.app.panel.choose("temperature")
        await seat.press("l")
        await seat.until(lambda: "turn?" in seat.app.panel.seen(), "it waits")
        for value in (0, 127):
            synth.player.play(bytes((0xB0, 30, value)))
        await seat.until(lambda: "CC30" in seat.app.panel.seen(), "the knob")
        await seat.press("x")
        await seat.until(lambda: "CC30" not in seat.app.panel.seen(), "no knob")

    seated(daemon.osc_port, play)


def test_the_computers_keyboard_sounds_and_is_answered_and_ends(daemon: LiveDaemon, synth: Synth) -> None:
    async def play(seat: Seat) -> None:
        await seat.press("k", "q")
        await seat.until(lambda: (1, C4) in {(data[0] - 0x8F, data[1]) for data in heard(synth)}, "the key itself")
        await seat.until(lambda: any(data[0] == 0x91 for data in heard(synth)), "its harmony")
        await seat.until(lambda: not synth.sounding, "it ends by itself")
        await seat.press("k", "question_mark")
        assert len(seat.app.screen_stack) == 2

    seated(daemon.osc_port, play)


def heard(synth: Synth) -> list[bytes]:
    """What has come out so far."""
    assert synth.sounding is not None
    return synth.log


def test_two_screens_that_move_one_fader_agree_in_the_end(daemon: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        async with ScreenApp(Place("127.0.0.1", daemon.osc_port)).run_test() as pilot:
            assert isinstance(pilot.app, ScreenApp)
            other = Seat(pilot.app, pilot, await Surface(daemon.osc_port).open())
            await other.until(lambda: other.app.panel.faders, "its state")
            for step in range(20):
                seat.app.set_value("1/temperature", step / 20)
                other.app.set_value("1/temperature", 1 - step / 20)
                await asyncio.sleep(0)
            await seat.until(lambda: seat.app.settled and other.app.settled, "both faders are at rest")
            kept = (await seat.surface.ask("/continuo/1/temperature"))[1][0]
            await seat.until(lambda: seat.app.mirror.get("1/temperature") == kept, "the one has what the daemon has")
            await seat.until(lambda: other.app.mirror.get("1/temperature") == kept, "and the other")

    seated(daemon.osc_port, play)


def test_a_terminal_that_is_too_small_is_told_and_goes_on_when_it_grows(daemon: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        assert "Too small" in str(seat.app.query_one("#small").render())
        await seat.press("b")
        await seat.until_daemon_has("1/bypass", 1)
        await seat.pilot.resize_terminal(80, 24)
        await seat.until(lambda: seat.app.roll.size.height > 4, "the house")
        assert not seat.app.query_one("#small").display

    seated(daemon.osc_port, play, size=(50, 12))


def test_the_rows_of_a_narrow_terminal_have_nothing_that_is_cut(daemon: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        app = seat.app
        await seat.until(lambda: "late 0 rules 0" in app.inserts.seen() and "p99" in app.inserts.seen(), "the meters")
        assert "p50" not in app.inserts.seen() and "bra" not in app.header.seen()
        app.mirror.set("brain", "starting")
        await seat.until(lambda: "brain: starting" in app.header.seen(), "trouble comes before the tempo")
        app.mirror.set("brain", "ready")
        await seat.pilot.resize_terminal(80, 24)
        await seat.until(lambda: "p50" in app.inserts.seen() and "port" in app.header.seen(), "all of it")

    seated(daemon.osc_port, play, size=(64, 24))


def test_a_value_that_is_refused_is_said_and_taken_back(daemon: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        seat.app.set_value("1/part/1/lowest", 127)
        await seat.until(lambda: "wrong side" in seat.app.log_lines.seen(), "the sentence")
        await seat.until(lambda: seat.app.mirror.get("1/part/1/lowest") != 127, "the old value")

    seated(daemon.osc_port, play)


def test_without_colour_the_glyphs_say_whose_a_note_is(
    daemon: LiveDaemon, synth: Synth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def play(seat: Seat) -> None:
        await asyncio.to_thread(strike, synth.player, C4, lambda: len(synth.wet()) == 3)
        await seat.until(lambda: {"█", "▒"} <= set(seat.app.roll.seen()), "yours and the others")
        synth.player.play(bytes((0x80, C4, 0)))

    seated(daemon.osc_port, play)


def test_a_daemon_that_goes_is_missed_and_found_again(jack: str) -> None:
    async def play(seat: Seat) -> None:
        await asyncio.to_thread(first.stop)
        await seat.until(lambda: "no daemon" in seat.app.header.text, "it is missed")
        assert "continuo run" in seat.app.roll.seen()
        options = ("--backend", "loopback", "--preset", "satb", "--preset", "satb")
        again = await asyncio.to_thread(LiveDaemon, "--osc-port", str(first.osc_port), *options)
        try:
            await seat.until(lambda: seat.app.mirror.inserts == 2, "the new one")
            await seat.until(lambda: "satb" in seat.app.inserts.seen(), "what it has")
        finally:
            await asyncio.to_thread(again.stop)

    with live_daemon("--backend", "jack", "--name", "Gone") as first:
        seated(first.osc_port, play)
