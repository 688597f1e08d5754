"""What comes over OSC names presets and players, never files."""

import os
from pathlib import Path

import pytest

from bridge import players, presets
from tests.bridge.control.hall import Hall, on_stage

GOOD = 'format = 1\nname = "Elsewhere"\neffect = "harmonize"\n'


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of presets and one of weights, with a secret beside them and ways to it inside."""
    own = tmp_path / "presets"
    (tmp_path / "weights").mkdir()
    own.mkdir()
    (tmp_path / "secret.toml").write_text(GOOD)
    (tmp_path / "secret.safetensors").write_bytes(b"")
    (own / "mine.toml").write_text(GOOD.replace("Elsewhere", "Mine"))
    (own / "linked.toml").symlink_to(tmp_path / "secret.toml")
    (own / "climbing.toml").symlink_to(Path("..") / "secret.toml")
    (own / "folder").symlink_to(tmp_path)
    (own / "twin.toml").symlink_to("mine.toml")
    os.mkfifo(own / "pipe.toml")
    monkeypatch.setattr(presets, "user_folder", lambda: own)
    monkeypatch.setattr(players, "user_folder", lambda: tmp_path / "weights")
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "../secret.toml",
        "folder/secret",
        "./mine",
        "mine.toml",
        "MINE/../mine",
        "linked",
        "climbing",
        "{house}/secret",
        "{house}/presets/mine",
        "/etc/passwd",
        "~/.bashrc",
        "file:///etc/passwd",
        "C:\\Windows\\win.ini",
        "..\\secret",
        "",
        ".",
        "..",
        "*",
        "m?ne",
        "mine\n",
        "mine ",
        "\u202emine",
        "x" * 3000,
        "../" * 900,
    ],
)
def test_name_of_a_preset_or_player_reaches_no_file_elsewhere(house: Path, name: str) -> None:
    wanted = name.replace("{house}", str(house))

    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        for address in ("/continuo/preset", "/continuo/1/preset", "/continuo/1/model"):
            answer, (code, sentence, about) = await surface.ask(address, wanted)
            assert (answer, about) == ("/continuo/error", address)
            assert code in (400, 404)
            assert "Elsewhere" not in sentence and "root:" not in sentence
        assert await surface.ask("/continuo/preset") == ("/continuo/preset", ["harmony"])
        assert hall.changed == []

    on_stage(play)


def test_name_ends_where_its_zero_is(house: Path) -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        surface.throw(b"/continuo/preset\0\0\0\0,s\0\0mine\0/../../secret\0\0")
        assert await surface.rest() == []
        assert hall.desk.inserts[0]["name"] == "Mine"

    on_stage(play)


def test_pipe_in_the_folder_is_not_waited_for(house: Path) -> None:
    async def play(hall: Hall) -> None:
        answer, (code, sentence, _) = await (await hall.surface()).ask("/continuo/preset", "pipe")
        assert (answer, code) == ("/continuo/error", 404)
        assert "is no file" in sentence

    on_stage(play)


def test_link_within_the_folder_and_a_linked_folder_are_the_user_s_own(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert presets.load("twin")["name"] == "Mine"
    (house / "linked-folder").symlink_to(house / "presets")
    monkeypatch.setattr(presets, "user_folder", lambda: house / "linked-folder")
    assert presets.load("mine")["name"] == "Mine"
    assert {"linked", "climbing"}.isdisjoint(presets.names())
