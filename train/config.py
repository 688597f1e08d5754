"""Configs: one experiment as TOML. What it does not say is at its default; an unknown key is an error."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from models.learned.advice import PLANES
from music.errors import ContinuoError, did_you_mean

FORMAT = 1

Task = Literal["keys", "voices", "hands", "lead", "solo", "orchestra", "reduce", "choir", "tokens"]

_Share = Annotated[float, Meta(ge=0, le=1)]
_Count = Annotated[int, Meta(ge=1)]
_Positive = Annotated[float, Meta(ge=1e-12)]  # gt=0 is "from the least denormal up", which a run flushes to 0
_Interval = Annotated[int, Meta(ge=-24, le=24)]


class ConfigError(ContinuoError):
    """A config that does not read."""


class Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is learned from, and how it is shown."""

    task: Task
    corpora: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Files and folders below the data folder; "music21": the chorales that come with music21."""
    window: Annotated[int, Meta(ge=2)] = 128
    """Frames that are shown at once."""
    overlap: Annotated[float, Meta(ge=0, lt=1)] = 0.5
    """Share of a window that the next one shows again."""
    transpose: tuple[_Interval, _Interval] = (0, 0)
    """Semitones from and to, drawn anew each time a window is seen."""
    stretch: Annotated[tuple[_Positive, ...], Meta(min_length=1)] = (1.0,)
    """Factors of tempo to draw from."""
    advice: bool = False
    """Whether the model is told what the rules would play (voices and lead)."""
    thin: _Share = 0.0
    """Share of the given part's inner notes that are left out (hands and lead)."""
    phase_drop: _Share = 0.0
    """Share of windows without their place in the bar."""
    leave_out: dict[str, tuple[str, ...]] = {}
    """Column of the manifest -> values whose pieces are left out."""
    attribution: tuple[str, ...] = ()
    """Lines that the card must print for these corpora."""


class Train(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How it is learned."""

    epochs: _Count
    batch: _Count = 32
    """Windows of a step, over all devices together."""
    lr: _Positive = 2e-3
    """The highest learning rate: reached after `warmup` steps, then down to nothing along a cosine."""
    warmup: Annotated[int, Meta(ge=0)] = 100
    weight_decay: Annotated[float, Meta(ge=0)] = 0.01
    """Of matrices only."""
    clip: Annotated[float, Meta(ge=0)] = 1.0
    """Largest norm of the gradient; 0: any."""
    ema: Annotated[float, Meta(ge=0, lt=1)] = 0.999
    """Decay of the running mean of the weights, which is what is evaluated and exported; 0: the last weights."""
    init: str = ""
    """What to begin with instead of fresh weights: a model, or the config that another run was trained from."""
    seed: Annotated[int, Meta(ge=0, lt=2**31)] = 0
    precision: Literal["32", "bf16"] = "32"
    """bf16 holds on CUDA only."""
    monitor: str = "nats"
    """The held-out figure that decides what is best: "nats" or one of the musical score."""
    patience: Annotated[int, Meta(ge=0)] = 0
    """Validations without a better figure until the run stops; 0: never."""
    valid_every: _Count = 1
    """Epochs between validations."""
    save_minutes: _Positive = 10.0
    """Longest time between two checkpoints; every epoch has one too."""
    threads: _Count = 2
    """CPU threads of torch."""
    workers: Annotated[int, Meta(ge=0)] = 0
    """Processes that prepare windows; 0: none, which is quickest for small models."""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One experiment."""

    format: int
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    about: str = ""
    licence: str = ""
    """Of the weights that come out: for the card."""
    weaknesses: tuple[str, ...] = ()
    """What was heard to go wrong: for the card."""
    data: Data
    model: dict[str, Any]
    """What `models.assemble.build` takes."""
    train: Train

    def json(self) -> dict[str, Any]:
        """As plain values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def _shelf() -> dict[str, Path]:
    folder = Path(str(files("train"))) / "configs"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def names() -> list[str]:
    """The bundled configs."""
    return sorted(_shelf())


def load(name_or_path: str | Path) -> Config:
    """The config in a file, or the bundled one of that name; ConfigError names file and key."""
    text = str(name_or_path)
    if text.endswith(".toml") or "/" in text or "\\" in text:
        return read(Path(text))
    shelf = _shelf()
    if text not in shelf:
        raise ConfigError(f"there is no config {text!r}", did_you_mean(text, shelf) if shelf else "Give a TOML file")
    return read(shelf[text])


def read(path: Path) -> Config:
    """The config in a file; ConfigError names file and key."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        known = names()
        hint = f"{did_you_mean(path.stem, known)}" if known else "Check the name"
        raise ConfigError(f"{path}: there is no such file", hint) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})", "Check the file and its rights") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: no valid TOML ({error})", "Mend that line") from error
    try:
        return parse(given)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", error.hint) from error


def parse(given: dict[str, Any]) -> Config:
    """The config that these values stand for; ConfigError names the key."""
    if given.get("format") != FORMAT:
        raise ConfigError(f"format is {given.get('format')!r}, not {FORMAT}", f"Write format = {FORMAT} at its top")
    _refuse_unknown(given)
    try:
        config = msgspec.convert(given, Config)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from error
    if config.data.transpose[0] > config.data.transpose[1]:
        raise ConfigError("data.transpose: the first is above the second", "Write the lower one first")
    return msgspec.structs.replace(config, model=_completed(config))


_SHAPES = {
    "keys": {"lowest": 21, "keys": 88, "given": 0},
    "voices": {"lowest": 36, "keys": 46, "given": 0},
    "hands": {"lowest": 21, "keys": 88, "given": 2},
    "lead": {"lowest": 0, "keys": 12, "given": 2},
    "solo": {"lowest": 21, "keys": 88, "given": 0},
}
"""What the task says about the model: its lowest pitch, how many keys, planes of what is given."""


def _completed(config: Config) -> dict[str, Any]:
    """The model's config with what data and training say about it."""
    task = config.data.task
    if config.data.advice and task not in {"voices", "lead"}:
        raise ConfigError(f"data.advice: for {task!r} there are no rules", "Leave it out")
    if task == "tokens":
        return {"kind": "tokens"} | config.model
    if task in _ENSEMBLES:
        return _ensemble(config.model, _ENSEMBLES[task])
    own = _SHAPES[task]["given"]
    if config.model.get("given", own) not in {own, own + PLANES}:
        raise ConfigError(f"model.given is {config.model['given']!r} and not {own}", "Leave it out: the task says it")
    given = {"given": own + PLANES if config.data.advice else own}
    model: dict[str, Any] = {"kind": "frame", "task": task} | _SHAPES[task] | config.model | given
    if model["task"] != task:
        raise ConfigError(f"model.task is {model['task']!r} and data.task {task!r}", "Leave model.task out")
    return model


_ENSEMBLES = {"orchestra": "orchestra", "reduce": "piano", "choir": "choir"}
"""Who plays, by the task."""


def _ensemble(model: dict[str, Any], name: str) -> dict[str, Any]:
    if model.get("ensemble", name) != name or model.get("kind", "ensemble") != "ensemble":
        raise ConfigError(f"model is no ensemble model of {name!r}", "Leave model.kind and model.ensemble out")
    return {"kind": "ensemble", "ensemble": name} | model


def changed(config: Config, changes: dict[str, Any]) -> Config:
    """The config with other values at dotted keys, such as {"train.lr": 0.001}; ConfigError names the key."""
    tree = config.json()
    for key, value in changes.items():
        *above, last = key.split(".")
        place = tree
        for step in above:
            place = place.get(step, {}) if isinstance(place, dict) else {}
        if not isinstance(place, dict) or (last not in place and above != ["model"]):
            raise ConfigError(f"{key}: there is no such key", did_you_mean(key, _keys(tree)))
        place[last] = value
    return parse(tree)


def _keys(tree: dict[str, Any]) -> list[str]:
    inner = [f"{name}.{key}" for name, part in tree.items() if isinstance(part, dict) for key in part]
    return inner + [name for name, part in tree.items() if not isinstance(part, dict)]


def _refuse_unknown(given: dict[str, Any]) -> None:
    """Msgspec names the table, not the nearest key."""
    tables: tuple[tuple[str, Any, type[msgspec.Struct]], ...] = (
        ("", given, Config),
        ("data.", given.get("data"), Data),
        ("train.", given.get("train"), Train),
    )
    for where, table, kind in tables:
        known = kind.__struct_fields__
        for key in table if isinstance(table, dict) else ():
            if key not in known:
                raise ConfigError(f"{where}{key}: there is no such key", did_you_mean(key, known))


def _explained(message: str) -> ConfigError:
    """Msgspec's "Expected `float`, got `str` - at `$.train.lr`" one with the key in front."""
    what, _, place = message.partition(" - at ")
    key = place.strip("`").removeprefix("$").removeprefix(".")
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", what):
        name = f"{key}.{missing[1]}" if key else missing[1]
        return ConfigError(f"{name} is missing", "Write it into the config")
    said = what.replace("`", "").replace("Expected", "expected").replace("Invalid", "invalid")
    return ConfigError(f"{key}: {said}" if key else said, "Mend that value")
