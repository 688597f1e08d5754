"""Scenes and presets as a musician keeps them on the screen: keys in, a real daemon behind it, files on disk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual.widgets import Input, OptionList, Static

from bridge import presets, scenes
from bridge.bench.stage import LiveDaemon
from bridge.tui.app import Place, ScreenApp
from bridge.tui.lines import Keys
from tests.bridge.tui.seat import Seat, at_home, seated


@pytest.fixture(scope="module")
def stage(jack: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveDaemon]:
    """A daemon whose user has nothing yet."""
    yield from at_home(tmp_path_factory.mktemp("home"), "harmony")


@pytest.fixture(autouse=True)
def empty(stage: LiveDaemon) -> None:
    """No scene and no preset is left from another test."""
    for name in scenes.names():
        scenes.delete(name)
    for name in presets.own():
        presets.delete(name)


async def save(seat: Seat, name: str, *, preset: bool = False) -> None:
    await seat.press("w", *(["tab"] if preset else []))
    seat.app.screen.query_one(Input).value = name
    seat.app.simulate_key("enter")  # the pilot would wait for a sheet that goes away meanwhile


async def saved(seat: Seat, name: str) -> None:
    await save(seat, name)
    await seat.until(lambda: len(seat.app.screen_stack) == 1, f"{name} is saved")


def note(seat: Seat) -> str:
    return str(seat.app.screen.query_one("#note").render())


def listed(seat: Seat) -> list[str]:
    """What the list shows."""
    options = seat.app.screen.query_one(OptionList).options
    return [str(option.prompt)[2:] for option in options if not option.disabled]


def test_a_scene_is_saved_left_and_brought_back(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        seat.app.set_value("1/voices", 2)
        await saved(seat, "Verse")
        await seat.until(lambda: "Scene 'Verse' is saved" in seat.app.log_lines.seen(), "it is said")
        await seat.until(lambda: "Verse" in seat.app.header.text, "where we are")
        seat.app.set_value("1/voices", 4)
        await seat.until_daemon_has("1/voices", 4)
        await seat.press("slash", *"vers", "enter")
        await seat.until_daemon_has("1/voices", 2)

    seated(stage.osc_port, play)


def test_nothing_is_replaced_unasked(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        await saved(seat, "Verse")
        before = scenes.stamp("Verse")
        seat.app.set_value("1/voices", 5)
        await seat.until_daemon_has("1/voices", 5)
        await seat.until(lambda: "Verse" in seat.app.mirror.lists["scenes"], "its name is known")
        await save(seat, "Verse")
        await seat.until(lambda: "Enter once more replaces it" in note(seat), "the question")
        assert scenes.stamp("Verse") == before
        seat.app.simulate_key("enter")
        await seat.until(lambda: len(seat.app.screen_stack) == 1, "it is replaced")
        assert scenes.load("Verse").inserts[0]["harmonize"]["voices"] == 5

    seated(stage.osc_port, play)


def test_a_preset_that_comes_along_is_not_replaced_by_one_of_its_name(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        seat.app.set_value("1/voices", 2)
        await save(seat, "satb", preset=True)
        await seat.until(
            lambda: "'satb' comes with Continuo. Enter once more saves yours" in note(seat), "what it does"
        )
        assert presets.own() == []
        seat.app.simulate_key("enter")
        await seat.until(lambda: len(seat.app.screen_stack) == 1, "it is saved")
        assert presets.load("satb")["harmonize"]["voices"] == 2
        await seat.until(lambda: seat.app.mirror.lists["presets/own"] == ["satb"], "it is one's own")
        await save(seat, "satb", preset=True)
        await seat.until(lambda: "Enter once more replaces it" in note(seat), "that one is replaced")
        presets.delete("satb")
        assert presets.load("satb")["harmonize"]["voices"] == 3

    seated(stage.osc_port, play)


def test_a_preset_of_ones_own_is_saved_and_found(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        seat.app.set_value("1/amount", 0.5)
        await save(seat, "Half", preset=True)
        await seat.until(lambda: len(seat.app.screen_stack) == 1, "it is saved")
        assert presets.load("Half")["style"]["amount"] == 0.5
        await seat.press("slash", *"harmony", "enter")
        await seat.until_daemon_has("1/amount", 1.0)
        await seat.press("slash", *"half", "enter")
        await seat.until_daemon_has("1/amount", 0.5)

    seated(stage.osc_port, play)


@pytest.mark.parametrize("preset", [False, True])
def test_a_name_that_is_none_is_refused_on_the_sheet_and_harms_nothing(stage: LiveDaemon, *, preset: bool) -> None:
    async def play(seat: Seat) -> None:
        await saved(seat, "Verse")
        before = scenes.stamp("Verse"), sorted(scenes.user_folder().parent.rglob("*"))
        await save(seat, "../escape", preset=preset)
        await seat.until(lambda: "is no name for a file" in note(seat), "the sentence")
        await seat.until_daemon_has("1/bypass", 0)  # what it said has been served
        assert (scenes.stamp("Verse"), sorted(scenes.user_folder().parent.rglob("*"))) == before
        await seat.press("escape")
        assert len(seat.app.screen_stack) == 1

    seated(stage.osc_port, play)


def test_a_scene_is_renamed_moved_in_the_setlist_and_deleted(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        for name in ("Verse", "Chorus", "Coda"):
            await saved(seat, name)
        await seat.press("slash", *"coda")
        await seat.press("ctrl+up")
        await seat.until(lambda: scenes.order() == ["Verse", "Coda", "Chorus"], "earlier")
        await seat.press("ctrl+r")
        seat.app.screen.query_one(Input).value = "Chorus"
        await seat.press("enter")
        await seat.until(lambda: "is there already" in note(seat), "refused")
        await seat.press(*"coda", "ctrl+r")
        seat.app.screen.query_one(Input).value = "End"
        await seat.press("enter")
        await seat.until(lambda: scenes.order() == ["Verse", "End", "Chorus"], "its new name")
        await seat.press(*"end", "ctrl+d")
        assert "once more deletes 'End'" in note(seat) and "End" in scenes.names()
        await seat.press("ctrl+d")
        await seat.until(lambda: scenes.names() == ["Chorus", "Verse"], "it is gone")
        await seat.until(lambda: seat.app.mirror.lists["setlist"] == ["Verse", "Chorus"], "and known to be")

    seated(stage.osc_port, play)


def test_a_preset_of_ones_own_is_renamed_and_deleted_on_every_screen(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        await save(seat, "Half", preset=True)
        await seat.until(lambda: len(seat.app.screen_stack) == 1, "it is saved")
        await seat.until(lambda: seat.app.mirror.get("1/preset") == "Half", "its name")
        await seat.until(lambda: seat.app.mirror.parts(1), "its parts are still there")
        async with ScreenApp(Place("127.0.0.1", stage.osc_port)).run_test() as pilot:
            assert isinstance(pilot.app, ScreenApp)
            other = Seat(pilot.app, pilot, seat.surface)
            await other.until(lambda: other.app.mirror.lists.get("presets/own") == ["Half"], "another screen has it")
            await other.press("slash")
            await seat.press("slash", *"half", "ctrl+r")
            seat.app.screen.query_one(Input).value = "satb"
            await seat.press("enter")
            await seat.until(lambda: "is a preset 'satb' already" in note(seat), "refused")
            await seat.press(*"half", "f2")
            seat.app.screen.query_one(Input).value = "Whole"
            await seat.press("enter")
            await other.until(lambda: "Whole" in listed(other), "its new name")
            assert "Half" not in listed(other)
            await seat.until(lambda: "Whole" in seat.app.inserts.seen(), "what plays is called so")
            await seat.press(*"whole", "ctrl+d")
            assert "once more deletes 'Whole'" in note(seat) and presets.own() == ["Whole"]
            await seat.press("ctrl+d")
            await other.until(lambda: "Whole" not in listed(other), "it is gone")
            await seat.until(lambda: not listed(seat), "here too")
            assert presets.own() == []
            await seat.until_daemon_has("1/preset", "Whole")

    seated(stage.osc_port, play)


def test_what_is_out_of_sight_is_not_deleted(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        await saved(seat, "Verse")
        await seat.press("slash", *"verse", "ctrl+d", *"xyz", "ctrl+d", "ctrl+d")
        assert not listed(seat) and "delete" not in seat.app.screen.query_one(Keys).seen()
        await seat.until_daemon_has("1/bypass", 0)  # what it said has been served
        assert scenes.names() == ["Verse"]

    seated(stage.osc_port, play)


def test_what_comes_with_continuo_is_neither_renamed_nor_deleted(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        before = presets.names()
        await seat.press("slash", *"satb")
        assert "delete" not in seat.app.screen.query_one(Keys).seen()
        for key in ("ctrl+d", "ctrl+d", "ctrl+r"):
            await seat.press(key)
            assert "'satb' comes with Continuo" in note(seat)
        assert seat.app.screen.query_one(Input).value == "satb"
        await seat.until_daemon_has("1/bypass", 0)  # what it said has been served
        assert presets.names() == before

    seated(stage.osc_port, play)


def test_the_mouse_saves_and_deletes_too(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        await saved(seat, "Verse")
        foot = seat.app.query_one(Keys)
        await seat.pilot.click(foot, offset=(foot.seen().index("load"), 0))
        await seat.press(*"verse")
        words = seat.app.screen.query_one(Keys)
        for _ in range(2):
            await seat.pilot.click(words, offset=(words.seen().index("delete"), 0))
        await seat.until(lambda: scenes.names() == [], "it is gone")
        await seat.press("escape")
        await seat.pilot.click(foot, offset=(foot.seen().index("save"), 0))
        await seat.pilot.click("#kinds", offset=(3, 1))
        assert seat.app.screen.query_one(Input).value == seat.app.mirror.get("1/preset")

    seated(stage.osc_port, play)


def test_the_keys_of_the_setlist_go_on_and_back(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        for name in ("Verse", "Chorus"):
            await saved(seat, name)
        await seat.press("N")
        await seat.until_daemon_has("scene", "Verse")
        await seat.press("n")
        await seat.until_daemon_has("scene", "Chorus")

    seated(stage.osc_port, play)


def test_what_is_refused_and_is_no_value_is_not_asked_for_again(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        seat.app.link.say("scene/next")  # there is none
        await seat.until(lambda: "no scene in the setlist" in seat.app.log_lines.seen(), "the sentence")
        seat.app.set_value("1/voices", 99)
        await seat.until(lambda: seat.app.mirror.get("1/voices") != 99, "a value is taken back")
        told = [text for _, text in seat.app.mirror.log if "no scene in the setlist" in text]
        assert len(told) == 1

    seated(stage.osc_port, play)


def test_what_counts_for_all_inserts_is_moved_too(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        await seat.press("0")
        await seat.until(lambda: "scene channel" in seat.app.panel.seen(), "the daemon's own faders")
        assert "amount" not in seat.app.panel.seen()
        seat.app.panel.choose("scene_channel")
        await seat.press("right", "right")
        await seat.until_daemon_has("scene_channel", 2)
        await seat.press("r")
        await seat.until_daemon_has("scene_channel", 0)
        await seat.press("1")
        await seat.until(lambda: "amount" in seat.app.panel.seen(), "the insert's")

    seated(stage.osc_port, play)


def test_the_list_of_keys_fits_the_smallest_usual_terminal(stage: LiveDaemon) -> None:
    async def play(seat: Seat) -> None:
        await seat.press("question_mark")
        sheet = seat.app.screen.query_one("#sheet")
        await seat.until(lambda: "ends" in str(sheet.query_one(Static).render()), "the page")
        assert not sheet.max_scroll_y

    seated(stage.osc_port, play)
