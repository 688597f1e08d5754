"""The script for Reaper, run by Lua against a stand-in for Reaper's API."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

LUA = shutil.which("lua5.4")
SCRIPT = Path(__file__).parents[1] / "presets" / "daw" / "continuo_reaper.lua"
OUTPUTS, INPUTS = "Midi Through,-Continuo In,Continuo:Continuo In", "Keystation,Midi Through,Continuo Out"
TO, FROM, ALL = 2 << 5, 4096 | 2 << 5, 4096 | 63 << 5

pytestmark = pytest.mark.skipif(LUA is None, reason="lua5.4 is not installed (apt install lua5.4)")


def run(outputs: str = OUTPUTS, inputs: str = INPUTS, channels: str | None = "2-4") -> list[str]:
    """What the stand-in says: messages, and the tracks in the end."""
    assert LUA
    typed = {} if channels is None else {"CHANNELS": channels}
    settings = os.environ | {"SCRIPT": str(SCRIPT), "OUTPUTS": outputs, "INPUTS": inputs} | typed
    command = [LUA, str(Path(__file__).with_name("reaper.lua"))]
    return subprocess.run(
        command, env=settings, capture_output=True, text=True, check=True, timeout=60
    ).stdout.splitlines()


@pytest.mark.parametrize(("typed", "channels"), [("2", [2]), ("2-4", [2, 3, 4]), ("2, 5-6", [2, 5, 6])])
def test_the_ports_are_found_by_name_and_each_part_gets_its_track_once(typed: str, channels: list[int]) -> None:
    melody = f"Continuo melody\t{ALL}\t1\t1\t{TO}"
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
