"""The names of those who can play. Light: the process that reads OSC asks too, and has no torch."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import platformdirs

from music.errors import ContinuoError

RULES = "rules"
BUNDLED = (RULES, "chorale", "left-hand", "lead-comp", "orchestra", "choir", "reduce", "goes-on", "solo")
"""Their numbers on a surface; always the same, whether the weights are installed or not."""
WEIGHTS = ".safetensors"


def bundled_folder() -> Path:
    """Where the weights lie that come with Continuo."""
    return Path(str(files("presets"))) / "weights"


def user_folder() -> Path:
    """Where the user's own weights lie, each with its card."""
    return Path(platformdirs.user_config_dir("continuo")) / "weights"


def names() -> list[str]:
    """Every name that the parameter `model` takes: the bundled players, then the user's own."""
    own = {path.stem for path in user_folder().glob(f"*{WEIGHTS}")}
    return [*BUNDLED, *sorted(own - set(BUNDLED))]


def playable(name: str) -> bool:
    """Whether a player has what it plays with; whether its weights are any good is seen when they are loaded."""
    return name == RULES or any((folder / f"{name}{WEIGHTS}").is_file() for folder in (bundled_folder(), user_folder()))


def require(name: str) -> None:
    """Raise ContinuoError where a player has nothing to play with."""
    if not playable(name):
        hint = f"Put {name}{WEIGHTS} and {name}.json into {user_folder()}, or set model to rules"
        raise ContinuoError(f"the player {name!r} has no weights here", hint)
