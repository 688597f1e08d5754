"""What comes along for other programs: surfaces, scripts for DAWs, example clients."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from music.errors import FileError

TEXTS = {
    "surfaces/continuo.tosc": "TouchOSC: faders, buttons, parts and presets",
    "daw/continuo_reaper.lua": "Reaper: finds the ports by name and builds the tracks",
    "daw/continuo_ardour.lua": "Ardour: builds a melody and a harmony track and plugs them",
    "daw/continuo_ardour_message.lua": "Ardour: an action that sends Continuo an OSC message",
    "clients/continuo.pd": "Pure Data: subscribes, shows the chord, sets the density",
    "clients/continuo.ck": "ChucK: the same",
    "clients/continuo.scd": "SuperCollider: the same",
}


@dataclass(frozen=True, slots=True)
class Script:
    """A file for another program."""

    name: str
    text: str
    path: Path


def scripts() -> list[Script]:
    """All of them."""
    here = Path(str(files("presets")))
    return [Script(name, text, here / name) for name, text in TEXTS.items()]


def copy(folder: Path) -> list[Path]:
    """Copies of all of them in a folder; FileError where one is there already, or the folder cannot be written."""
    found = [(script.path, folder / script.path.name) for script in scripts()]
    for _, target in found:
        if target.exists():
            raise FileError(f"{target} is there already", "Name another folder, or remove it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [Path(shutil.copyfile(source, target)) for source, target in found]
    except OSError as error:
        raise FileError(f"{folder}: cannot be written ({error})", "Name another folder") from error
