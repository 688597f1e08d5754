"""The parts of an insert, as a musician sets them on the screen: keys and clicks in, a real daemon behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual.widgets import Input

from bridge.addresses import PART
from bridge.bench.stage import LiveDaemon
from bridge.tui.writing import Writing
from tests.bridge.tui.seat import Seat, at_home, seated

OWN = [parameter.name for parameter in PART]


@pytest.fixture(scope="module")
def stage(jack: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveDaemon]:
    """A choir of three parts beneath the melody."""
    yield from at_home(tmp_path_factory.mktemp("home"), "satb")


def shown(seat: Seat) -> list[str]:
    return [fader.name for fader in seat.app.panel.faders]


async def of_part(seat: Seat, part: int) -> None:
    """Until a part's rows are there."""
    here = f"part/{part}/"
    await seat.until(lambda: seat.app.panel.learnt.startswith(here) and shown(seat) == OWN, f"the rows of part {part}")


def test_v_goes_from_part_to_part_and_a_number_back(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        names = [name for name, _ in seat.app.mirror.parts(1)]
        for part, name in enumerate(names, 1):
            await seat.press("v")
            await of_part(seat, part)
            assert f"{name} in satb" in seat.app.inserts.seen()
            assert f"[{name}" in seat.app.panel.seen().replace(" [ ", "[")
        await seat.press("v")
        await seat.until(lambda: "amount" in shown(seat), "the insert's own")
        await seat.press("V")
        await of_part(seat, len(names))
        await seat.press("1")
        await seat.until(lambda: "amount" in shown(seat), "the insert's own")
        await seat.press("0", "v")
        await seat.until(lambda: "meter" in shown(seat), "what counts for all has no parts")

    seated(stage.osc_port, play)


def test_what_is_set_there_the_daemon_has_and_reads_as_a_musician_says_it(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        panel = seat.app.panel
        seat.surface.say("/continuo/1/part/2/highest", "B4")
        seat.surface.say("/continuo/1/part/2/program", 41)
        await seat.press("v", "v")
        await of_part(seat, 2)
        await seat.until(lambda: "B4" in panel.seen() and "41 Violin" in panel.seen(), "what a surface has set")
        panel.choose("highest")
        await seat.press("right")
        await seat.until_daemon_has("1/part/2/highest", 72)
        panel.choose("program")
        await seat.press("right")
        await seat.until_daemon_has("1/part/2/program", 42)
        await seat.until(lambda: "C5" in panel.seen() and "42 Viola" in panel.seen(), "what was moved")
        panel.choose("name")
        seat.app.simulate_key("enter")
        await seat.until(lambda: isinstance(seat.app.screen, Writing) and seat.app.screen.query(Input), "the sheet")
        assert seat.app.screen.query_one("#sheet").border_title == "name, part 2 of insert 1"
        seat.app.screen.query_one(Input).value = "Violas"
        seat.app.simulate_key("enter")
        await seat.until_daemon_has("1/part/2/name", "Violas")
        await seat.until(lambda: "Violas" in seat.app.legend.text, "its name in the legend")

    seated(stage.osc_port, play)


def test_a_lowest_pitch_above_the_highest_is_refused_and_shown_as_it_is(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        await seat.press("v")
        await of_part(seat, 1)
        before = seat.app.mirror.get("1/part/1/lowest")
        seat.app.panel.choose("lowest")
        await seat.press("end")
        await seat.until_daemon_has("1/part/1/lowest", before)
        await seat.until(lambda: seat.app.mirror.get("1/part/1/lowest") == before, "back where it was")
        assert "lowest" in seat.app.log_lines.seen()

    seated(stage.osc_port, play)


def test_a_knob_learns_what_is_a_part_s(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        await seat.press("v")
        await of_part(seat, 1)
        seat.app.panel.choose("loudest")
        await seat.press("l")
        await seat.until_daemon_has("1/learn", "part/1/loudest")
        await seat.until(lambda: "turn?" in seat.app.panel.seen(), "it waits")
        seat.surface.say("/continuo/1/learn", "part/1/loudest", 30)
        await seat.until(lambda: "CC30" in seat.app.panel.seen(), "the knob")
        await seat.press("v")
        await of_part(seat, 2)
        assert "CC30" not in seat.app.panel.seen()
        await seat.press("V")
        await of_part(seat, 1)
        assert "CC30" in seat.app.panel.seen()
        await seat.press("x")
        await seat.until(lambda: "CC30" not in seat.app.panel.seen(), "no knob")

    seated(stage.osc_port, play)


def test_a_click_on_its_name_selects_a_part_and_fewer_parts_leave_none_that_is_not_there(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        last, (name, _) = len(seat.app.mirror.parts(1)), seat.app.mirror.parts(1)[-1]
        await seat.pilot.click(seat.app.legend, offset=(seat.app.legend.text.index(name), 0))
        await of_part(seat, last)
        await seat.pilot.click(seat.app.legend, offset=(1, 0))
        assert seat.app.part == last, "that is you, and no part"
        seat.surface.say("/continuo/1/preset", "descant")
        await seat.until(lambda: seat.app.part < last and "amount" in shown(seat), "the insert")
        seat.surface.say("/continuo/1/preset", "satb")
        await seat.until(lambda: len(seat.app.mirror.parts(1)) == last, "its parts")

    seated(stage.osc_port, play)
