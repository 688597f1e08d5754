"""Scenes on a real daemon: saved by OSC, chosen by program change through real ports, under held keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.bench.musician import musician
from bridge.bench.stage import LiveDaemon, live_daemon
from tests.bridge.conftest import Synth, strike, until
from tests.bridge.test_live_knobs import Screen

BROKEN = 'format = 1\neffect = "harmonize"\n[harmonize]\nvoises = 3\n'
UNMAPPED = 'format = 1\neffect = "harmonize"\n[[control]]\ncc = 7\nparameter = "voices"\n'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The user's folders, with a preset and a scene in them that do not read, and one whose mapping does not."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("XDG_CONFIG_HOME", str(folder))
        own = folder / "continuo"
        for name in ("presets", "scenes"):
            (own / name).mkdir(parents=True)
        (own / "presets" / "broken.toml").write_text(BROKEN)
        (own / "presets" / "unmapped.toml").write_text(UNMAPPED)
        (own / "scenes" / "torn.toml").write_text("format = ")
        yield own


@pytest.fixture(scope="module")
def stage(jack: str, home: Path) -> Iterator[LiveDaemon]:
    with live_daemon("--backend", "jack", "--preset", "unmapped", "--scene-channel", "16") as running:
        yield running


@pytest.fixture
def hall(stage: LiveDaemon) -> Iterator[tuple[Synth, Screen]]:
    screen = Screen(stage.osc_port)
    until(lambda: screen.shows("/continuo/1/controls") is not None, "the state")
    with musician() as player:
        yield Synth(player), screen
    screen.close()


def test_what_is_broken_is_named_and_the_daemon_is_there_without_it(stage: LiveDaemon, home: Path) -> None:
    wrong = {"presets/broken": "harmonize.voises", "presets/unmapped": "cc 7", "scenes/torn": "TOML"}

    def told(file: str, key: str) -> bool:
        stage.drain()
        texts = [event["text"] for event in stage.events if event["event"] == "trouble"]
        return any(text.startswith("Skipped: ") and f"{home / file}.toml" in text and key in text for text in texts)

    for file, key in wrong.items():
        until(lambda file=file, key=key: told(file, key), f"{file} is named")  # type: ignore[misc]


def test_a_program_change_chooses_a_scene_and_held_notes_sound_on(hall: tuple[Synth, Screen]) -> None:
    synth, screen = hall

    def saved(preset: str, name: str) -> None:
        screen.say("/continuo/1/preset", preset)
        screen.say("/continuo/scene/save", name)
        until(lambda: name in screen.shows("/continuo/setlist"), "it is saved")

    saved("harmony", "Verse")
    saved("satb", "Chorus")
    screen.say("/continuo/scene", "Verse")
    until(lambda: screen.shows("/continuo/1/preset") == ["harmony"], "the first scene")
    strike(synth.player, 60, lambda: len(synth.wet(2)) == 3)
    held = synth.wet(2)
    synth.player.play(bytes((0xCF, 2)))  # the first of the setlist does not read
    until(lambda: screen.shows("/continuo/scene") == ["Chorus"], "the second scene")
    until(lambda: screen.shows("/continuo/1/preset") == ["satb"], "its preset")
    assert synth.wet(2) == held and not synth.wet(3), "from the next note on"
    strike(synth.player, 79, lambda: synth.wet(3) and synth.wet(4))
    assert held <= synth.wet(2), "what is held sounds on"
    synth.player.play(bytes((0x80, 60, 64)))
    until(lambda: not held & synth.wet(2), "it ends with its key")
    assert synth.wet(3) and synth.wet(4)
    synth.player.play(bytes((0x80, 79, 64)))
    until(lambda: not synth.sounding, "silence")
    synth.player.play(bytes((0xC0, 0)))  # on another channel
    screen.say("/continuo/scene/next")
    until(lambda: screen.shows("/continuo/error"), "there is none after it")
    assert screen.shows("/continuo/scene") == ["Chorus"]
    screen.say("/continuo/scene/previous")
    until(lambda: screen.shows("/continuo/scene") == ["Verse"], "back")


def test_a_scene_without_thru_lets_a_held_note_end_and_the_next_one_does_not_pass(hall: tuple[Synth, Screen]) -> None:
    synth, screen = hall
    screen.say("/continuo/1/preset", "harmony")
    for thru, name in ((0, "Hidden"), (1, "Heard")):
        screen.say("/continuo/1/thru", thru)
        screen.say("/continuo/scene/save", name)
        until(lambda name=name: name in screen.shows("/continuo/setlist"), "it is saved")  # type: ignore[misc]
    strike(synth.player, 60, lambda: (1, 60) in synth.sounding and synth.wet(2))
    screen.say("/continuo/scene", "Hidden")
    until(lambda: screen.shows("/continuo/1/thru") == [0], "the scene")
    strike(synth.player, 79, lambda: max(synth.wet(2)) > 60)
    assert (1, 60) in synth.sounding and (1, 79) not in synth.sounding
    synth.player.play(bytes((0x80, 60, 64)))
    until(lambda: (1, 60) not in synth.sounding, "it ends with its key")
    synth.player.play(bytes((0x80, 79, 64)))
    until(lambda: not synth.sounding, "silence")
    screen.say("/continuo/scene", "Heard")
    until(lambda: screen.shows("/continuo/1/thru") == [1], "all passes again")


def test_a_preset_is_saved_and_loaded_by_osc_with_what_was_learnt(hall: tuple[Synth, Screen], home: Path) -> None:
    _, screen = hall
    screen.say("/continuo/1/preset", "duet")
    screen.say("/continuo/1/learn", "amount", 21, 1)
    screen.say("/continuo/1/amount", 0.5)
    screen.say("/continuo/1/preset/save", "My duet")
    until((home / "presets" / "My duet.toml").exists, "the file")
    screen.say("/continuo/1/preset", "harmony")
    until(lambda: screen.shows("/continuo/1/controls") == [], "others")
    screen.say("/continuo/1/preset", "My duet")
    until(lambda: screen.shows("/continuo/1/preset") == ["My duet"], "it is back")
    assert screen.shows("/continuo/1/controls") == ["amount", 21, 1, 0, 1]
    assert screen.shows("/continuo/1/amount") == [0.5]


def test_a_preset_that_is_renamed_and_deleted_plays_on(hall: tuple[Synth, Screen], home: Path) -> None:
    synth, screen = hall
    screen.say("/continuo/1/preset", "duet")
    screen.say("/continuo/1/amount", 0.5)
    screen.say("/continuo/1/preset/save", "Fleeting")
    until(lambda: "Fleeting" in (screen.shows("/continuo/presets/own") or []), "all are told of it")
    screen.say("/continuo/preset/rename", "Fleeting", "Passing")
    until(lambda: screen.shows("/continuo/1/preset") == ["Passing"], "its new name")
    until(lambda: "Passing" in screen.shows("/continuo/presets"), "in the list too")
    assert "Fleeting" not in screen.shows("/continuo/presets")
    assert not (home / "presets" / "Fleeting.toml").exists()
    strike(synth.player, 60, lambda: synth.wet(2))
    screen.say("/continuo/preset/delete", "Passing")
    until(lambda: "Passing" not in screen.shows("/continuo/presets/own"), "it is in no list")
    assert "Passing" not in screen.shows("/continuo/presets")
    assert not (home / "presets" / "Passing.toml").exists()
    assert synth.wet(2), "what sounds sounds on"
    synth.player.play(bytes((0x80, 60, 64)))
    until(lambda: not synth.sounding, "it ends with its key")
    strike(synth.player, 64, lambda: synth.wet(2))
    assert screen.shows("/continuo/1/amount") == [0.5]
    synth.player.play(bytes((0x80, 64, 64)))
    until(lambda: not synth.sounding, "silence")


@pytest.mark.parametrize(
    ("address", "values", "says"),
    [
        ("/continuo/1/preset/save", ["../../escape"], "is no name for a file"),
        ("/continuo/1/preset/save", [], "takes one value"),
        ("/continuo/9/preset/save", ["a"], "there is no insert"),
        ("/continuo/preset/save", ["a"], "there is no insert"),
        ("/continuo/preset/delete", ["satb"], "'satb' comes with Continuo. Only presets of your own can be deleted"),
        ("/continuo/preset/delete", ["unmaped"], "Did you mean 'unmapped'"),
        ("/continuo/preset/delete", ["../scenes/torn"], "there is no preset"),
        ("/continuo/preset/delete", [], "takes one value"),
        ("/continuo/preset/rename", ["broken", "satb"], "there is a preset 'satb' already. Give another name"),
        ("/continuo/preset/rename", ["broken", "../satb"], "is no name for a file"),
        ("/continuo/preset/rename", ["broken"], "takes two names"),
        ("/continuo/scene/save", ["/escape"], "is no name for a file"),
        ("/continuo/scene", ["Verso"], "Did you mean 'Verse'"),
        ("/continuo/scene", [99], "scene 99 is not within the setlist"),
        ("/continuo/scene", ["torn"], "no valid TOML"),
        ("/continuo/scene/delete", ["../presets/unmapped"], "there is no scene"),
        ("/continuo/scene/rename", ["Verse", "../Verse"], "is no name for a file"),
        ("/continuo/scene/rename", ["Verse"], "takes two names"),
        ("/continuo/setlist", ["Verse", "gone"], "there is no scene 'gone'"),
    ],
)
def test_what_cannot_be_done_is_answered_with_a_sentence(
    hall: tuple[Synth, Screen], home: Path, address: str, values: list[object], says: str
) -> None:
    _, screen = hall
    before = sorted(home.parent.rglob("*"))
    screen.say(address, *values)
    until(lambda: says in str(screen.shows("/continuo/error")), says)
    assert screen.shows("/continuo/error")[2] == address
    assert sorted(home.parent.rglob("*")) == before
