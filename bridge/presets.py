"""Presets: complete states as TOML. Loading one sets every field; an unknown key is an error."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import platformdirs

from bridge import knobs
from bridge.addresses import CLOCK, INSERT, MAX_PARTS, PART, defaults, get, put
from bridge.errors import PresetError, ValueRefused
from bridge.parameters import Parameter
from music.errors import did_you_mean

FORMAT = 1
MAX_BYTES = 1 << 20
DEFAULT = "harmony"
_HEAD = ("format", "name", "effect", "about")
EFFECTS = {
    "harmonize": DEFAULT, "orchestrate": "orchestra", "reduce": "reduce", "fill": "choir", "continue": "continue",
}  # fmt: skip
"""What an insert can do, and the preset to try it with."""

State = dict[str, Any]
"""What a preset holds: `name`, `effect`, `about`, the sections of `addresses.INSERT`, the lists `part` and `control`,
and under `clock` what it wants of the daemon's clock."""


def user_folder() -> Path:
    """Where the user's own presets lie."""
    return Path(platformdirs.user_config_dir("continuo")) / "presets"


def _shelf() -> dict[str, Path]:
    """Preset files by name; the user's own come before the bundled ones.

    What only points out of the user's folder is none: names come over OSC, and would read other files for others.
    """
    own = user_folder()
    inside = own.resolve()
    kept = (path for path in sorted(own.glob("*.toml")) if path.resolve().is_relative_to(inside))
    return _bundled() | {path.stem: path for path in kept}


def _bundled() -> dict[str, Path]:
    return {path.stem: path for path in sorted(Path(str(files("presets"))).glob("*.toml"))}


def bundled() -> list[str]:
    """The names of those that come along."""
    return sorted(_bundled())


def names() -> list[str]:
    """The names under which presets load."""
    return sorted(_shelf())


def melody() -> Path:
    """The bundled melody, for machines without MIDI."""
    return Path(str(files("presets"))) / "melodies" / "ode-to-joy.mid"


def catalogue() -> Iterator[tuple[str, Path, State | PresetError]]:
    """Each preset's name, file and state, or what is wrong with it."""
    for name, path in sorted(_shelf().items()):
        try:
            yield name, path, read(path)
        except PresetError as error:
            yield name, path, error


def load(name: str) -> State:
    """The state that a preset name stands for; PresetError where there is none or it does not read."""
    shelf = _shelf()
    if name not in shelf:
        raise PresetError(f"there is no preset {name!r}", did_you_mean(name, shelf))
    return read(shelf[name])


def read(path: Path) -> State:
    """The complete state in a preset file; PresetError names file and key."""
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for for ever
            raise PresetError(f"{path}: is no file", "Put a preset there")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PresetError(f"{path}: cannot be read ({error})", "Check the file and its rights") from error
    try:
        return parse(data, path.stem)
    except PresetError as error:
        raise PresetError(f"{path}: {error.message}", error.hint) from error


def parse(data: bytes, stem: str) -> State:
    """The complete state in the bytes of a preset; PresetError names the key."""
    if len(data) > MAX_BYTES:
        raise PresetError(f"a preset has at most {MAX_BYTES} bytes", "Is this one?")
    try:
        return _complete(tomllib.loads(data.decode("utf-8")), stem)
    except UnicodeDecodeError as error:
        raise PresetError(f"no text in UTF-8 ({error})", "Save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise PresetError(f"no valid TOML ({error})", "Mend that line") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, tables in tables in tables
        raise PresetError("it holds a number that is too long, or tables that are too deep", "Mend it") from error


def _complete(given: dict[str, Any], stem: str) -> State:
    if given.get("format") != FORMAT:
        raise PresetError(f"format is {given.get('format')!r}, not {FORMAT}", f"Write format = {FORMAT} at its top")
    effect = given.get("effect")
    if not isinstance(effect, str) or effect not in EFFECTS:
        hint = did_you_mean(effect, EFFECTS) if isinstance(effect, str) else f"Write one of: {', '.join(EFFECTS)}"
        raise PresetError(f"effect: there is no effect {effect!r}", hint)
    state: State = {"preset": stem, "name": str(given.get("name", stem)), "about": str(given.get("about", ""))}
    body = {key: value for key, value in given.items() if key not in (*_HEAD, "clock", "part", "control")}
    state |= {"effect": effect, "clock": _clock(given.get("clock", {}))} | _fill(INSERT, body)
    parts = given.get("part", [{}])
    if not isinstance(parts, list) or not 1 <= len(parts) <= MAX_PARTS:
        raise PresetError(f"part: a preset has 1 to {MAX_PARTS} parts", "Write each as its own [[part]] table")
    if not all(isinstance(part, dict) for part in parts):
        raise PresetError("part: a part is a table", "Write each as its own [[part]] table")
    state["part"] = [_fill(PART, part, f"part[{number}].") for number, part in enumerate(parts, 1)]
    for number, part in enumerate(state["part"], 1):
        for key in ("pitches", "velocity"):
            if part[key][0] > part[key][1]:
                raise PresetError(f"part[{number}].{key}: the first is above the second", "Write the lower one first")
    state["control"] = _controls(given.get("control", []), len(parts))
    return state


def _controls(given: Any, parts: int) -> list[dict[str, Any]]:
    """Which controllers move which parameters."""
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise PresetError("control: a control is a table", "Write each as its own [[control]] table")
    try:
        return knobs.complete(given, parts)
    except ValueRefused as error:
        raise PresetError(error.message, "Mend that [[control]] table") from error


def _clock(given: Any) -> dict[str, Any]:
    """What of the clock is given: the rest stays as it is."""
    if not isinstance(given, dict):
        raise PresetError(f"clock is {given!r}, not a table", "Write [clock] and its keys below it")
    tree = _fill(CLOCK, given, "clock.")
    return {key: tree[key] for key in given}


def _fill(parameters: tuple[Parameter, ...], given: dict[str, Any], where: str = "") -> dict[str, Any]:
    """Defaults with the given values over them; every given key must be a parameter's."""
    tree = defaults(parameters)
    known = {parameter.path: parameter for parameter in parameters}
    for path, value in _leaves(given, tree):
        if path not in known and (*path, 0) in known:
            written = ".".join(map(str, path))
            raise PresetError(f"{where}{written} takes two values, not {value!r}", "Write [lowest, highest]")
        if path not in known:
            near = {".".join(map(str, other)).replace(".0", "").replace(".1", "") for other in known}
            written = ".".join(map(str, path))
            raise PresetError(f"{where}{written}: there is no such key", did_you_mean(written, near))
        try:
            put(tree, path, known[path].check(value))
        except ValueRefused as error:
            raise PresetError(f"{where}{'.'.join(map(str, path))}: {error.message}", "Mend that value") from error
    return tree


def _leaves(given: dict[str, Any], tree: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, Any]]:
    """(path, value) of each value; a list of two is walked into where the state has a list there."""
    for key, value in given.items():
        path = (*above, key)
        place = tree.get(key) if isinstance(tree, dict) else None
        if isinstance(value, dict) and (value or isinstance(place, dict)):
            yield from _leaves(value, place, path)
        elif isinstance(value, list) and isinstance(place, list) and len(value) == len(place):
            yield from (((*path, i), item) for i, item in enumerate(value))
        else:
            yield path, value


def parameters(state: State) -> Iterator[tuple[str, Parameter, Any]]:
    """(address below the insert, parameter, value) of everything that can be set in a state."""
    for parameter in INSERT:
        yield parameter.name, parameter, get(state, parameter.path)
    for number, part in enumerate(state["part"], 1):
        for parameter in PART:
            yield f"part/{number}/{parameter.name}", parameter, get(part, parameter.path)
