"""What `run` does without options, and where everything is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bridge import presets, scenes
from bridge.cli import main
from bridge.cli.config import variable
from bridge.cli.run import run

# What the file says: what is named.
BROKEN = {
    "osc_prot = 9": "osc_prot: there is no such key",
    "osc_port = 70000": "osc_port: 70000 is not in the range",
    'osc_port = "nine"': "osc_port: 'nine' is no whole number",
    "osc_port = true": "osc_port: True is no whole number",
    "osc_port = [1]": "osc_port: [1] is no whole number",
    'backend = "jill"': "backend: 'jill' is not one of",
    "preset = 3": "preset: 3 is no list of texts",
    "preset = [3]": "preset: [3] is no list of texts",
    'chain = "yes"': "chain: 'yes' is no true or false",
    "name = 3": "name: 3 is no text",
    "[run]\nname = 'x'": "run: there is no such key",
    "name = ": "no valid TOML",
    "osc_port = 1" + "0" * 5000: "too long",
}


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("CONTINUO_CONFIG", str(path))
    return path


def continuo(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="continuo")


def shown() -> dict[str, tuple[Any, str]]:
    found = json.loads(continuo("config", "--json").stdout)
    return {row["option"]: (row["value"], row["from"]) for row in found["options"]}


def test_an_option_comes_before_its_variable_and_that_before_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown()["--osc-port"] == (9000, "default")
    assert shown()["--preset"] == ([presets.DEFAULT], "default")
    file.write_text('osc_port = 9001\npreset = ["satb", "duet"]\nchain = true\nname = "Duo"\n')
    monkeypatch.setenv("CONTINUO_OSC_PORT", "9002")
    monkeypatch.setenv("CONTINUO_INPUT", "USB MIDI, Key 2")
    found = shown()
    assert found["--osc-port"] == (9002, "CONTINUO_OSC_PORT")
    assert found["--preset"] == (["satb", "duet"], "config.toml")
    assert (found["--chain"], found["--name"]) == ((True, "config.toml"), ("Duo", "config.toml"))
    assert found["--input"] == (["USB MIDI", "Key 2"], "CONTINUO_INPUT")
    file.write_text('preset = ["nobody"]\n')
    assert "there is no preset 'nobody'" in continuo("run").stderr
    assert "there is no preset 'somebody'" in continuo("run", "--preset", "somebody").stderr


@pytest.mark.parametrize("text", BROKEN)
def test_a_file_that_will_not_do_is_named_with_key_and_remedy(file: Path, text: str) -> None:
    file.write_text(text)
    for command in ("run", "config"):
        result = continuo(command)
        assert result.exit_code == 2
        assert "Traceback" not in result.output
        said, advised = result.stderr.splitlines()
        assert said.startswith(f"continuo: {file}: ") and BROKEN[text] in said
        assert advised.strip()


def test_other_commands_do_without_a_broken_file(file: Path) -> None:
    file.write_text("name = ")
    assert continuo("presets").exit_code == 0


def test_every_option_of_run_has_a_variable_of_its_own() -> None:
    names = [option.opts[0] for option in run.params]
    assert [option.envvar for option in run.params] == [variable(name) for name in names]
    assert set(shown()) == set(names)


def test_all_folders_are_shown_and_captures_go_where_they_are_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    places = json.loads(continuo("config", "--json").stdout)["places"]
    assert places["config"] == str(file)
    assert places["presets"] == str(presets.user_folder())
    assert places["scenes"] == str(scenes.user_folder())
    assert Path(places["bundled presets"], "harmony.toml").is_file()
    assert Path(places["bundled weights"], "chorale.json").is_file()
    monkeypatch.setenv("CONTINUO_CAPTURE_FOLDER", str(tmp_path / "takes"))
    assert str(tmp_path / "takes") in continuo("config").stdout
    assert "CONTINUO_CAPTURE_FOLDER" in continuo("config").stdout
