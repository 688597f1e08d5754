"""`continuo config`: where everything is, and what `run` does without options. The file `config.toml` sets that."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from bridge.cli import main, print_json, tell
from music.errors import ContinuoError, did_you_mean

PREFIX = "CONTINUO_"
MAX_BYTES = 1 << 16


class Names(click.types.StringParamType):
    """Names that a variable holds with commas between them: those of ports have spaces in them."""

    envvar_list_splitter = ","

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name, without spaces around it."""
        return str(super().convert(value, param, ctx)).strip()


class Pitch(click.types.StringParamType):
    """The name of a pitch that can be listened for."""

    name = "pitch"
    LOWEST, HIGHEST = 24, 103

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name as we write it."""
        from music.pitch import parse_pitch, pitch_name

        try:
            pitch = parse_pitch(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if not self.LOWEST <= pitch <= self.HIGHEST:
            self.fail(f"{value!r} is outside {pitch_name(self.LOWEST)} to {pitch_name(self.HIGHEST)}", param, ctx)
        return pitch_name(pitch)


def variable(option: str) -> str:
    """The environment variable that stands for an option: CONTINUO_OSC_PORT for --osc-port."""
    return PREFIX + option.lstrip("-").replace("-", "_").upper()


def file() -> Path:
    """The file with what `run` does without options: CONTINUO_CONFIG names another, or none (/dev/null)."""
    import platformdirs

    other = os.environ.get(f"{PREFIX}CONFIG")
    return Path(other) if other else Path(platformdirs.user_config_dir("continuo")) / "config.toml"


def defaults(command: click.Command) -> dict[str, Any]:
    """What the file says, by the names of a command's parameters; ContinuoError names file and key."""
    path, known = file(), {_key(option): option for option in _options(command)}
    found: dict[str, Any] = {}
    for key, value in _table(path).items():
        if key not in known:
            raise ContinuoError(f"{path}: {key}: there is no such key", did_you_mean(key, known))
        option = known[key]
        try:
            found[str(option.name)] = _checked(option, value, click.Context(command))
        except click.BadParameter as error:
            reason = error.message.removesuffix(".")
            raise ContinuoError(f"{path}: {key}: {reason}", f"As for --{key.replace('_', '-')}") from error
    return found


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@click.pass_context
def config(context: click.Context, as_json: bool) -> None:
    """Show where everything is, and what `continuo run` does without options, and why.

    An option on the command line comes first, then its environment variable (CONTINUO_OSC_PORT for --osc-port), then
    config.toml (osc_port = 9001).
    """
    from bridge.cli.run import run

    with run.make_context("run", [], parent=context.parent) as ran:
        values = ran.params | {"presets": ran.params["presets"] or _usual_presets(ran.params["scene"])}
        options = [
            {"option": one.opts[0], "value": values[str(one.name)], "from": _source(ran, one)} for one in _options(run)
        ]
    places = _places(values["capture_folder"])
    if as_json:
        plain = [row | {"value": _plain(row["value"])} for row in options]
        print_json({"places": {name: str(path) for name, path in places.items()}, "options": plain})
        return
    for name, path in places.items():
        missing = "" if path.exists() else "   (not there yet)"
        click.echo(f"{name:<16} {path}{missing}")
    click.echo()
    for row in options:
        click.echo(f"{row['option']:<17} {_shown(row['value']):<24} {row['from']}")
    tell("Change them by option, environment variable or config.toml")


def _usual_presets(scene: str) -> tuple[str, ...]:
    from bridge import presets

    return () if scene else (presets.DEFAULT,)


def _places(captures: Path | None) -> dict[str, Path]:
    from bridge import players, presets, scenes
    from bridge.control.capture import default_folder

    return {
        "config": file(),
        "presets": presets.user_folder(),
        "scenes": scenes.user_folder(),
        "setlist": scenes.setlist_file(),
        "weights": players.user_folder(),
        "captures": captures.expanduser().absolute() if captures else default_folder(),
        "bundled presets": presets.melody().parent.parent,
        "bundled weights": players.bundled_folder(),
        "compiled": _compiled(),
    }


def _compiled() -> Path:
    """Where numba keeps what it has compiled: beside the program, unless it is told otherwise."""
    from importlib.util import find_spec

    found = find_spec("models.rules")
    beside = Path(str(found.origin)).parent / "__pycache__" if found else Path()
    return Path(os.environ.get("NUMBA_CACHE_DIR") or beside)


def _options(command: click.Command) -> list[click.Option]:
    return [one for one in command.params if isinstance(one, click.Option)]


def _key(option: click.Option) -> str:
    return option.opts[0].lstrip("-").replace("-", "_")


def _table(path: Path) -> dict[str, Any]:
    """The file as a table; an empty one where there is none."""
    if not path.exists() or path == Path(os.devnull):
        return {}
    from bridge import presets
    from bridge.errors import PresetError

    try:
        return presets.table(presets.read_bytes(path, MAX_BYTES), MAX_BYTES)
    except PresetError as error:
        raise ContinuoError(f"{path}: {error.message.removeprefix(f'{path}: ')}", error.hint) from error


def _checked(option: click.Option, value: object, context: click.Context) -> Any:
    """A value of the file as the option takes it; click.BadParameter where it does not."""
    wanted = bool if option.is_flag else int if isinstance(option.type, click.IntRange) else str
    values = value if option.multiple and isinstance(value, list) else [value]
    if not all(isinstance(one, wanted) and not (wanted is int and isinstance(one, bool)) for one in values):
        raise click.BadParameter(f"{value!r} is no {'list of texts' if option.multiple else _NAMES[wanted]}")
    return option.type_cast_value(context, tuple(values) if option.multiple else value)


_NAMES: dict[type, str] = {bool: "true or false", int: "whole number", str: "text"}


def _source(ran: click.Context, option: click.Option) -> str:
    source = ran.get_parameter_source(str(option.name))
    if source is ParameterSource.ENVIRONMENT:
        return variable(option.opts[0])
    return "config.toml" if source is ParameterSource.DEFAULT_MAP else "default"


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else str(value) if isinstance(value, Path) else value


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str("" if value is None else value)
