"""The script for Reaper, run by Lua against a stand-in for Reaper's API."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

LUA = shutil.which("lua5.4")
SCRIPT = Path(__file__).parents[1] / "presets" / "daw" / "continuo_reaper.lua"
OUTPUTS, INPUTS = "Midi Through,-Continuo In,Continuo:Continuo In", "Keystation,Midi Through,Continuo Out"
TO, FROM = 2 << 5, 4096 | 2 << 5
TWO = "Continuo 2 Out,Keystation,Continuo Out,Launchkey"

pytestmark = pytest.mark.skipif(LUA is None, reason="lua5.4 is not installed (apt install lua5.4)")


def heard(device: int) -> int:
    """I_RECINPUT: all channels of a device."""
    return 4096 | device << 5


def run(outputs: str = OUTPUTS, inputs: str = INPUTS, channels: str | None = "2-4", **typed: str) -> list[str]:
    """What the stand-in says: messages, questions, and the tracks in the end."""
    assert LUA
    typed |= {} if channels is None else {"CHANNELS": channels}
    settings = os.environ | {"SCRIPT": str(SCRIPT), "OUTPUTS": outputs, "INPUTS": inputs} | typed
    command = [LUA, str(Path(__file__).with_name("reaper.lua"))]
    return subprocess.run(
        command, env=settings, capture_output=True, text=True, check=True, timeout=60
    ).stdout.splitlines()


@pytest.mark.parametrize(("typed", "channels"), [("2", [2]), ("2-4", [2, 3, 4]), ("2, 5-6", [2, 5, 6])])
def test_the_ports_are_found_by_name_and_each_part_gets_its_track_once(typed: str, channels: list[int]) -> None:
    melody = f"Continuo melody\t{heard(0)}\t1\t1\t{TO}"
    assert run(channels=typed) == [melody, *(f"Continuo {on}\t{FROM | on}\t1\t1\t-1" for on in channels)]


@pytest.mark.parametrize(
    ("outputs", "inputs", "missing"),
    [
        ("Midi Through,-Continuo In", INPUTS, "output 'Continuo In'"),
        (OUTPUTS, "Keystation", "input 'Continuo Out'"),
        ("", "", "output 'Continuo In'"),
    ],
)
def test_a_port_that_is_not_there_is_named_with_a_remedy_and_nothing_is_built(
    outputs: str, inputs: str, missing: str
) -> None:
    said = run(outputs, inputs)
    assert len(said) == 2  # it was run twice
    assert f"There is no MIDI {missing}" in said[0] and "continuo run" in said[0]


@pytest.mark.parametrize("typed", ["", "none", "0", "17", "2-40"])
def test_channels_that_are_none_are_refused_and_nothing_is_built(typed: str) -> None:
    assert set(run(channels=typed)) == {f"says '{typed}' names no channels: write 2, or 2-4, or 2,5."}


def test_a_dialog_that_is_cancelled_builds_nothing() -> None:
    assert run(channels=None) == []


def melody_hears(said: list[str]) -> int:
    (melody,) = [line for line in said if line.startswith("Continuo melody")]
    return int(melody.split("\t")[1])


@pytest.mark.parametrize(
    ("inputs", "device"),
    [(INPUTS, 0), ("Continuo 2 Out,Midi Through,Continuo Out", 62), ("-Keys,Piano,Continuo Out", 1)],
)
def test_the_melody_hears_the_keyboard_or_the_one_on_the_screen_and_never_continuo(inputs: str, device: int) -> None:
    assert melody_hears(run(inputs=inputs)) == heard(device)


@pytest.mark.parametrize(("typed", "device"), [("1", 1), ("2", 3), ("launch", 3)])
def test_of_several_keyboards_it_asks_which_and_only_once(typed: str, device: int) -> None:
    said = run(inputs=TWO, KEYBOARD=typed)
    assert melody_hears(said) == heard(device)
    assert [line for line in said if line.startswith("asks")] == [
        "asks Keyboard: 1 Keystation; 2 Launchkey,extrawidth=300"
    ]


@pytest.mark.parametrize("typed", ["", "0", "3", "organ"])
def test_a_keyboard_that_is_not_there_is_refused_and_nothing_is_built(typed: str) -> None:
    said = run(inputs=TWO, KEYBOARD=typed)
    assert f"says '{typed}' is none of: 1 Keystation; 2 Launchkey." in said
    assert not [line for line in said if line.startswith("Continuo")]


def test_a_choice_of_keyboard_that_is_cancelled_builds_nothing() -> None:
    assert all(line.startswith("asks") for line in run(inputs=TWO))


def test_a_melody_that_heard_all_inputs_is_mended_and_one_that_hears_a_keyboard_keeps_it() -> None:
    assert melody_hears(run(MELODY=str(heard(63)))) == heard(0)
    said = run(inputs=TWO, MELODY=str(heard(3)))
    assert melody_hears(said) == heard(3) and not [line for line in said if line.startswith("asks")]
