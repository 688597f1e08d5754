"""The same experiment with other settings, one run after the other, and a table of what came of each."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from music import files
from music.errors import ContinuoError
from train.callbacks import StoppedError, lower_is_better
from train.config import Config, ConfigError, changed
from train.fit import Options, fit
from train.watch import Console

Grid = dict[str, list[Any]]
Row = dict[str, Any]


def grid(texts: Iterable[str]) -> Grid:
    """The values of each key, from texts such as "train.lr=0.001,0.002"; ConfigError where one is none."""
    found: Grid = {}
    for text in texts:
        key, equals, values = text.partition("=")
        if not equals or not key or not values:
            raise ConfigError(f"--grid {text}: not a key with values", "Write it as train.lr=0.001,0.002")
        found[key.strip()] = [_value(value) for value in values.split(",")]
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text.strip()


def combinations(values: Grid, trials: int | None, seed: int) -> list[dict[str, Any]]:
    """Every combination, or so many drawn without repeats."""
    every = [dict(zip(values, row, strict=True)) for row in itertools.product(*values.values())]
    if trials is None or trials >= len(every):
        return every
    return random.Random(seed).sample(every, trials)  # noqa: S311 - no secret


def sweep(config: Config, values: Grid, trials: int | None, options: Options, tell: Callable[[str], None]) -> list[Row]:
    """The rows of the table, the best first; a run that fails is a row too, one that is done is not repeated."""
    chosen = combinations(values, trials, config.train.seed)
    experiments = [changed(config, settings) for settings in chosen]  # a bad value is told before anything runs
    folder = options.folder(f"{config.name}-sweep")
    rows: list[Row] = []
    for number, (settings, experiment) in enumerate(zip(chosen, experiments, strict=True), 1):
        name = _name(settings)
        tell(f"{number} of {len(chosen)}: {name}")
        done = folder / f"{name}.json"
        if not done.exists():
            named = replace(options, out=folder, resume=True)
            row = settings | _trial(changed(experiment, {"name": name}), named)
            files.write(done, json.dumps(row).encode())
        rows.append(json.loads(files.read(done)))
        files.write(folder / "results.csv", _table(_ordered(rows, config.train.monitor)))
    return _ordered(rows, config.train.monitor)


def _trial(config: Config, options: Options) -> Row:
    try:
        with Console(config) as watch:
            run = fit(config, options, watch)
    except StoppedError:
        raise
    except ContinuoError as error:
        return {config.train.monitor: None, "error": str(error)}
    if run is None:
        return {}
    return {config.train.monitor: run.best} | run.cost()


def _name(settings: dict[str, Any]) -> str:
    """A folder's name that tells the settings: "lr=0.001,batch=16"."""
    words = (f"{key.split('.')[-1]}={json.dumps(value)}" for key, value in settings.items())
    kept = "".join(letter if letter.isalnum() or letter in "=.,-_" else "_" for letter in ",".join(words))
    return kept.replace("=", "-").replace(",", "_").strip("._-")


def _ordered(rows: Sequence[Row], monitor: str) -> list[Row]:
    sign = 1 if lower_is_better(monitor) else -1

    def key(row: Row) -> float:
        value = row.get(monitor)
        return sign * value if isinstance(value, int | float) and math.isfinite(value) else math.inf

    return sorted(rows, key=key)


def _table(rows: Sequence[Row]) -> bytes:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


__all__ = ["combinations", "grid", "sweep"]
