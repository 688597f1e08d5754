"""A value that can be set: its place in the state, its range, its one checker, whoever sets it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from bridge import players
from bridge.charts import chart_of
from bridge.errors import ValueRefused
from music.pitch import Key, parse_pitch

Kind = Literal[
    "switch", "trigger", "int", "float", "choice", "text", "pitch", "program", "channels", "key", "player", "meter",
    "chart",
]  # fmt: skip
WRITTEN = ("text", "chart")
"""Kinds that no knob can move."""
Scope = Literal["daemon", "insert", "part"]


MOST_CHART = 500
"""Letters."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value with a place in the state, a range and a sentence for humans."""

    name: str
    """Last part of the OSC address."""
    path: tuple[str | int, ...]
    """Where it stands in the preset (below the part for the scope `part`)."""
    kind: Kind
    default: Any
    text: str
    low: float = 0
    high: float = 1
    unit: str = ""
    choices: tuple[str, ...] = ()
    scope: Scope = "insert"

    @property
    def osc_type(self) -> str:
        """The type tag that replies carry."""
        return {"switch": "i", "trigger": "i", "int": "i", "float": "f", "pitch": "i", "program": "i"}.get(
            self.kind, "s"
        )

    @property
    def range_text(self) -> str:
        """The range as the docs print it."""
        fixed = {
            "switch": "0 or 1",
            "trigger": "1 does it",
            "choice": ", ".join(self.choices),
            "pitch": f"{self.low:.0f}-{self.high:.0f} or a name (C4)",
            "program": "1-128, 0 = leave as it is",
            "key": "auto, or a key (C major, F# minor)",
            "channels": "all, or 1-16 with commas",
            "text": "text",
            "chart": "chords, one a bar (Am F C G) or between bar lines, or the path of a melody's .mid",
            "meter": "1/4 to 32/4, over 1, 2, 4, 8 or 16",
            "player": f"{', '.join(players.BUNDLED)}, or one of your own",
        }
        return fixed.get(self.kind) or f"{self.low} to {self.high}"

    def check(self, value: object) -> Any:
        """The value as the state keeps it; ValueRefused where the type or the range is wrong.

        Surfaces send floats for everything: a whole float is taken as an integer.
        """
        kept = _CHECKS[self.kind](self, value)
        if kept is None:
            raise ValueRefused(f"{self.name} takes {self.range_text}, not {value!r}", 400)
        if isinstance(kept, int | float) and not self.low <= kept <= self.high:
            raise ValueRefused(f"{self.name} {value!r} is not within {self.range_text}", 422)
        return kept


def _whole(_: Parameter, value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _real(_: Parameter, value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # a whole number beyond all floats
        return None


def _switch(_: Parameter, value: object) -> bool | None:
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else None


def _text(_: Parameter, value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= 200 else None


def _chart(_: Parameter, value: object) -> str | None:
    if not isinstance(value, str) or len(value) > MOST_CHART:
        return None
    chart_of(value)
    return value.strip()


def _choice(parameter: Parameter, value: object) -> str | None:
    number = _whole(parameter, value)
    if number is not None and 0 <= number < len(parameter.choices):
        return parameter.choices[number]
    return value if isinstance(value, str) and value in parameter.choices else None


def _player(_: Parameter, value: object) -> str | None:
    names = players.names()
    number = value if isinstance(value, str) else _whole(_, value)
    if isinstance(number, int):
        return names[number] if 0 <= number < len(names) else None
    return number if number in names else None


def _pitch(parameter: Parameter, value: object) -> int | None:
    if not isinstance(value, str):
        return _whole(parameter, value)
    try:
        return parse_pitch(value)
    except ValueError:
        return None


def _key(_: Parameter, value: object) -> str | None:
    if not isinstance(value, str) or value == "auto":
        return "auto" if value == "auto" else None
    try:
        return str(Key.parse(value))
    except ValueError:
        return None


def _meter(_: Parameter, value: object) -> str | None:
    numerator, slash, denominator = value.partition("/") if isinstance(value, str) else ("", "", "")
    if (
        not slash
        or not (numerator.isascii() and numerator.isdecimal())
        or denominator not in ("1", "2", "4", "8", "16")
    ):
        return None
    return f"{int(numerator)}/{denominator}" if len(numerator) < 4 and 1 <= int(numerator) <= 32 else None


def _channels(parameter: Parameter, value: object) -> str | None:
    if value == "all":
        return "all"
    items: list[Any] = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [value]
    if any(isinstance(item, bool) or (isinstance(item, float) and not item.is_integer()) for item in items):
        return None
    try:
        numbers = sorted({int(item) for item in items})
    except (TypeError, ValueError):
        return None
    if not numbers or not parameter.low <= numbers[0] <= numbers[-1] <= parameter.high:
        return None
    return ",".join(map(str, numbers))


_CHECKS = {
    "switch": _switch,
    "trigger": _switch,
    "int": _whole,
    "float": _real,
    "choice": _choice,
    "text": _text,
    "chart": _chart,
    "pitch": _pitch,
    "program": _whole,
    "channels": _channels,
    "key": _key,
    "player": _player,
    "meter": _meter,
}
