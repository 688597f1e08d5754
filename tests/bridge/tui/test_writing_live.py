"""What is written and not moved, as a musician sets it on the screen: keys in, a real daemon behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Input

from bridge.bench.stage import LiveDaemon
from bridge.tui.app import Place, ScreenApp
from bridge.tui.writing import Writing
from tests.bridge.tui.seat import Seat, at_home, seated

CHART = "Am F C G7"


@pytest.fixture(scope="module")
def stage(jack: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveDaemon]:
    """A daemon that goes on where one stops."""
    yield from at_home(tmp_path_factory.mktemp("home"), "continue")


async def opened(seat: Seat, name: str) -> Input:
    """The line of a parameter's sheet."""
    seat.app.panel.choose(name)
    await seat.press("enter")
    await seat.until(lambda: isinstance(seat.app.screen, Writing) and seat.app.screen.query(Input), "the sheet")
    return seat.app.screen.query_one(Input)


async def written(seat: Seat, name: str, text: str) -> Input:
    """The line after Enter, which the pilot would wait for while its sheet goes away."""
    line = await opened(seat, name)
    line.value = text
    seat.app.simulate_key("enter")
    return line


async def closed(seat: Seat) -> None:
    await seat.until(lambda: len(seat.app.screen_stack) == 1, "the sheet closes")


async def emptied(seat: Seat) -> None:
    """Begin without changes, whatever another test has left."""
    seat.surface.say("/continuo/1/changes", "")
    await seat.until(lambda: not seat.app.mirror.get("1/changes"), "no changes")


def note(seat: Seat) -> str:
    return str(seat.app.screen.query_one("#note").render())


def row(seat: Seat, name: str) -> str:
    """What the panel shows between the brackets of a row."""
    seat.app.panel.choose(name)
    found = next(line for line in seat.app.panel.seen().splitlines() if name in line)
    return found[found.index(name) :].partition("[")[2].partition("]")[0].rstrip()


def test_changes_are_typed_taken_by_the_daemon_and_cleared(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        await emptied(seat)
        assert row(seat, "changes") == "none"
        line = await opened(seat, "changes")
        assert line.value == ""
        await seat.press(*"Am", "space", *"F")
        seat.app.simulate_key("enter")
        await seat.until_daemon_has("1/changes", "Am F")
        await closed(seat)
        await seat.until(lambda: row(seat, "changes") == "Am F", "the row")
        assert (await opened(seat, "changes")).value == "Am F"
        await seat.press("space", "C")
        seat.app.simulate_key("enter")
        await seat.until_daemon_has("1/changes", "Am F C")
        await closed(seat)
        await written(seat, "changes", "")
        await seat.until_daemon_has("1/changes", "")
        await closed(seat)
        await seat.until(lambda: row(seat, "changes") == "none", "nothing again")

    seated(stage.osc_port, play)


def test_changes_that_do_not_parse_are_refused_on_the_sheet_and_stay_there(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        await emptied(seat)
        line = await written(seat, "changes", "Am H7 C")
        await seat.until(lambda: "'H7' is no chord" in note(seat), "the sentence")
        assert line.value == "Am H7 C" and len(seat.app.screen_stack) == 2
        await seat.until_daemon_has("1/changes", "")
        line.value = CHART
        await seat.until(lambda: not note(seat), "it was said of something else")
        seat.app.simulate_key("enter")
        await closed(seat)
        await seat.until_daemon_has("1/changes", CHART)

    seated(stage.osc_port, play)


def test_a_melody_that_is_not_there_is_refused(stage: LiveDaemon, tmp_path: Path) -> None:
    async def play(seat: Seat) -> None:
        await written(seat, "changes", str(tmp_path / "none.mid"))
        await seat.until(lambda: "no MIDI file that can be read" in note(seat), "the sentence")

    seated(stage.osc_port, play)


def test_esc_and_the_keys_of_faders_leave_what_is_written(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        await emptied(seat)
        seat.surface.say("/continuo/1/changes", CHART)
        await seat.until(lambda: row(seat, "changes") == CHART, "the row")
        line = await opened(seat, "changes")
        line.value = "C"
        await seat.press("escape")
        await closed(seat)
        await seat.press("left", "right", "shift+left", "pagedown", "home", "end")
        await seat.until_daemon_has("1/changes", CHART)
        assert row(seat, "changes") == CHART
        await seat.press("l")
        await seat.until(lambda: "No knob moves what is written" in seat.app.log_lines.seen(), "no knob can")
        await seat.press("r")
        await seat.until_daemon_has("1/changes", "")

    seated(stage.osc_port, play)


def test_a_click_opens_the_sheet(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        panel = seat.app.panel
        panel.choose("changes")
        await seat.pilot.click(panel, offset=(2, panel.selected - panel._top))
        assert len(seat.app.screen_stack) == 1 and panel.fader and panel.fader.name == "changes"
        await seat.pilot.click(panel, offset=(20, panel.selected - panel._top))
        await seat.until(lambda: isinstance(seat.app.screen, Writing), "the sheet")

    seated(stage.osc_port, play)


def test_what_another_surface_writes_shows_shortened_where_it_is_long(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        await emptied(seat)
        long = "C G | Am | % | F G C | Dm7 G7 | Cmaj7"
        async with ScreenApp(Place("127.0.0.1", stage.osc_port)).run_test(size=(80, 24)) as pilot:
            assert isinstance(pilot.app, ScreenApp)
            other = Seat(pilot.app, pilot, seat.surface)
            await other.until(lambda: other.app.panel.faders, "its state")
            await written(other, "changes", long)
            await seat.until(lambda: row(seat, "changes").endswith("…"), "it is long")
            assert long.startswith(row(seat, "changes")[:-1]) and len(row(seat, "changes")) > len("C G | Am")
            assert (await opened(seat, "changes")).value == long

    seated(stage.osc_port, play)


def test_somebody_elses_change_is_not_taken_for_the_answer(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        await emptied(seat)
        (await opened(seat, "changes")).value = "H7"
        await seat.pilot.pause()  # that it was typed is known
        sheet = seat.app.screen
        assert isinstance(sheet, Writing)
        sheet.on_input_submitted()
        sheet.hear([("1/changes", [CHART])])  # a surface's, on its way when this was asked for
        sheet.hear([("1/changes", [CHART]), ("backend", ["jack"])])  # a preset that somebody loads
        assert sheet.request.open
        await seat.until(lambda: "'H7' is no chord" in note(seat), "the sentence")
        assert len(seat.app.screen_stack) == 2

    seated(stage.osc_port, play)


def test_channels_and_the_meter_are_written_too_and_cannot_be_empty(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        await written(seat, "channels", "3, 1")
        await seat.until_daemon_has("1/channels", "1,3")
        await closed(seat)
        await seat.until(lambda: row(seat, "channels") == "1,3", "as the daemon keeps it")
        await written(seat, "channels", "")
        await seat.until(lambda: "channels takes all, or 1-16" in note(seat), "the sentence")
        await seat.press("escape", "0")
        await seat.until(lambda: "meter" in seat.app.panel.seen(), "the daemon's own")
        await written(seat, "meter", "7/8")
        await seat.until_daemon_has("meter", "7/8")
        await closed(seat)
        await seat.until(lambda: row(seat, "meter") == "7/8", "the row")

    seated(stage.osc_port, play)


def test_the_sheet_fits_the_smallest_usual_terminal_without_colour(
    stage: LiveDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def play(seat: Seat) -> None:
        await written(seat, "changes", "H7")
        await seat.until(lambda: "'H7' is no chord" in note(seat), "the sentence")
        sheet = seat.app.screen.query_one("#sheet")
        assert not sheet.max_scroll_y and sheet.region.bottom <= seat.app.size.height

    seated(stage.osc_port, play, size=(64, 16))
