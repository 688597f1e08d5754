"""Presets: complete states as TOML. Loading one sets every field; an unknown key is an error."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any

import platformdirs

from bridge import knobs, shelf
from bridge.addresses import INSERT, MAX_PARTS, PART, defaults, get, put
from bridge.daemon_addresses import CLOCK
from bridge.errors import PresetError, ValueRefused
from bridge.parameters import Parameter
from music import files as disk
from music.errors import ContinuoError, did_you_mean

FORMAT = 1
MAX_BYTES = 1 << 20
DEFAULT = "harmony"
_HEAD = ("format", "name", "effect", "about")
EFFECTS = {
    "harmonize": DEFAULT, "orchestrate": "orchestra", "reduce": "reduce", "fill": "choir", "continue": "continue",
}  # fmt: skip
"""What an insert can do, and the preset to try it with."""

Skip = Callable[[ContinuoError], None]
"""Takes what is wrong with a part of a file that is left out, so that the rest can be had."""
State = dict[str, Any]
"""What a preset holds: `name`, `effect`, `about`, the sections of `addresses.INSERT`, the lists `part` and `control`,
and under `clock` what it wants of the daemon's clock."""


def user_folder() -> Path:
    """Where the user's own presets lie."""
    return Path(platformdirs.user_config_dir("continuo")) / "presets"


def _shelf() -> dict[str, Path]:
    """Preset files by name; the user's own come before the bundled ones."""
    return _bundled() | shelf.own(user_folder())


def _bundled() -> dict[str, Path]:
    return {path.stem: path for path in sorted(Path(str(files("presets"))).glob("*.toml"))}


def bundled() -> list[str]:
    """The names of those that come along."""
    return sorted(_bundled())


def own() -> list[str]:
    """The names of the user's own, which can be renamed and deleted."""
    return list(shelf.own(user_folder()))


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


def broken() -> Iterator[PresetError]:
    """What is wrong with the user's own presets."""
    for path in shelf.own(user_folder()).values():
        try:
            read(path)
        except PresetError as error:
            yield error


def load(name: str, skip: Skip | None = None) -> State:
    """The state that a preset name stands for; PresetError where there is none or it does not read.

    With `skip`, a control that will not do is handed to it, and left out.
    """
    found = _shelf()
    if name not in found:
        raise PresetError(f"there is no preset {name!r}", did_you_mean(name, found))
    return read(found[name], skip)


def save(name: object, state: State) -> Path:
    """Write a state as a preset of the user's own, controls included; FileError, or ValueRefused for no name."""
    title = state["name"] if state["preset"] == name else name
    return shelf.write(user_folder(), name, document(state) | {"name": title})


def delete(name: object) -> None:
    """Forget one of the user's own; PresetError where there is none, ValueRefused for one that comes along."""
    disk.delete(_own(name))


def rename(name: str, new: object) -> None:
    """Give one of the user's own another name, and its title too where that was its name.

    PresetError where there is none, ValueRefused for one that comes along, or where there is one of the new name.
    """
    path, new = _own(name), shelf.check_name(new)
    if new in _shelf():
        raise ValueRefused(f"there is a preset {new!r} already. Give another name", 422)
    disk.create(user_folder() / f"{new}{shelf.ENDING}", _retitled(read_bytes(path), name, new))
    disk.delete(path)


def _own(name: object) -> Path:
    """The file of one of the user's own."""
    found = shelf.own(user_folder())
    if isinstance(name, str) and name in found:
        return found[name]
    if name in _bundled():
        raise ValueRefused(f"{name!r} comes with Continuo. Only presets of your own can be deleted or renamed", 422)
    hint = did_you_mean(str(name), found) if found else "Save one first"
    raise PresetError(f"there is no preset {name!r} of your own", hint)


def _retitled(data: bytes, old: str, new: str) -> bytes:
    """A preset's bytes with another title, comments and all; as they are where the title is another one."""
    head, cut, tables = data.partition(b"\n[")
    title = re.compile(rb'^(name\s*=\s*)"' + re.escape(old.encode()) + b'"', re.MULTILINE)
    return title.sub(rb'\g<1>"' + new.encode() + b'"', head, count=1) + cut + tables


def document(state: State) -> dict[str, Any]:
    """A state as a preset file holds it; buttons are not pressed in it."""
    pressed = {parameter.path for parameter in INSERT if parameter.kind == "trigger"}
    table: dict[str, Any] = {"format": FORMAT} | {key: state[key] for key in _HEAD if key in state}
    for parameter in INSERT:
        if parameter.path not in pressed:
            put(table, parameter.path, get(state, parameter.path))
    clock = {"clock": state["clock"]} if state["clock"] else {}
    return deepcopy(table | clock | {"part": state["part"], "control": state["control"]})


def read(path: Path, skip: Skip | None = None) -> State:
    """The complete state in a preset file; PresetError names file and key."""
    data = read_bytes(path)
    try:
        return parse(data, path.stem, named(path, skip))
    except PresetError as error:
        raise PresetError(f"{path}: {error.message}", error.hint) from error


def named(path: Path, skip: Skip | None) -> Skip | None:
    """Hand on what is skipped with its file's name."""
    return skip and (lambda error: skip(PresetError(f"{path}: {error.message}", error.hint)))


def read_bytes(path: Path, most: int = MAX_BYTES) -> bytes:
    """What is in a file, up to one byte too many; PresetError where it cannot be read."""
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for for ever
            raise PresetError(f"{path}: is no file", "Put a preset there")
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise PresetError(f"{path}: cannot be read ({error})", "Check the file and its rights") from error


def parse(data: bytes, stem: str, skip: Skip | None = None) -> State:
    """The complete state in the bytes of a preset; PresetError names the key."""
    return complete(table(data), stem, skip)


def table(data: bytes, most: int = MAX_BYTES) -> dict[str, Any]:
    """The bytes of a TOML file as a table; PresetError where they are none."""
    if len(data) > most:
        raise PresetError(f"it has more than {most} bytes", "Is this the file?")
    try:
        with bounded():
            return tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise PresetError(f"no text in UTF-8 ({error})", "Save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise PresetError(f"no valid TOML ({error})", "Mend that line") from error


@contextmanager
def bounded() -> Iterator[None]:
    """What Python cannot hold of a file, or say of it, is a PresetError."""
    try:
        yield
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):  # which are ValueErrors too
        raise
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, tables in tables in tables
        raise PresetError("it holds a number that is too long, or tables that are too deep", "Mend it") from error


def complete(given: dict[str, Any], stem: str, skip: Skip | None = None) -> State:
    """The complete state that a preset's table stands for; PresetError names the key."""
    with bounded():
        return _complete(given, stem, skip)


def _complete(given: dict[str, Any], stem: str, skip: Skip | None) -> State:
    if given.get("format") != FORMAT:
        raise PresetError(f"format is {given.get('format')!r}, not {FORMAT}", f"Write format = {FORMAT} at its top")
    effect = given.get("effect")
    if not isinstance(effect, str) or effect not in EFFECTS:
        hint = did_you_mean(effect, EFFECTS) if isinstance(effect, str) else f"Write one of: {', '.join(EFFECTS)}"
        raise PresetError(f"effect: there is no effect {effect!r}", hint)
    state: State = {"preset": stem, "name": str(given.get("name", stem)), "about": str(given.get("about", ""))}
    body = {key: value for key, value in given.items() if key not in (*_HEAD, "clock", "part", "control")}
    state |= {"effect": effect, "clock": clock(given.get("clock", {}))} | _fill(INSERT, body)
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
    try:
        state["control"] = _controls(given.get("control", []), len(parts))
    except PresetError as error:
        if not skip:
            raise
        skip(error)
        state["control"] = _sound_ones(given["control"], len(parts))
    return state


def _controls(given: Any, parts: int) -> list[dict[str, Any]]:
    """Which controllers move which parameters."""
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise PresetError("control: a control is a table", "Write each as its own [[control]] table")
    try:
        return knobs.complete(given, parts)
    except ValueRefused as error:
        raise PresetError(error.message, "Mend that [[control]] table") from error


def _sound_ones(given: Any, parts: int) -> list[dict[str, Any]]:
    """The controls that will do."""
    found: list[dict[str, Any]] = []
    for one in given if isinstance(given, list) else []:
        with suppress(PresetError):
            found = _controls([*found, one], parts)
    return found


def clock(given: Any) -> dict[str, Any]:
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
