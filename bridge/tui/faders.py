"""What of an insert can be moved on the screen: made from the address table, so that what is new there is here too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bridge.addresses import INSERT, PART
from bridge.daemon_addresses import DAEMON
from bridge.knobs import KEYS
from bridge.parameters import Parameter
from music.instruments import PROGRAMS
from music.pitch import pitch_name

PREFERRED = (
    "amount", "density", "register", "surprise", "tightness", "dynamics", "changes", "model", "temperature", "voices",
    "velocity_follow", "key", "placement", "spacing", "strum",
)  # fmt: skip
"""What comes first, where there is such a parameter."""
TYPED = ("text", "chart", "channels", "meter")
"""Kinds that a fader does not move: Enter opens a line to type in."""
NONE, OFF, AS_IT_IS = "none", "off", "as it is"
SECTIONS = {
    "harmonize": ("harmonize",), "orchestrate": ("orchestrate",), "reduce": ("reduce",), "continue": ("continue",),
    "fill": (),
}  # fmt: skip
"""The sections of a preset that only some effects read, by effect."""
STATES = {"switch": ("off", "on"), "trigger": ("press", "now")}
STEPS = 100
SEED = "seed"
LAST = (SEED, "bypass", "thru", "listens_to", "pickup")


@dataclass(frozen=True, slots=True)
class Fader:
    """One parameter, and how it is moved."""

    parameter: Parameter
    choices: tuple[Any, ...] = ()
    """What it steps through; none: between low and high."""

    @property
    def name(self) -> str:
        """The last part of its address."""
        return self.parameter.name

    @property
    def typed(self) -> bool:
        """Whether its values are written, and nothing lies between them."""
        return self.parameter.kind in TYPED

    def share(self, value: Any) -> float:
        """Where a value stands between the ends, 0 to 1."""
        if self.choices:
            at = self.choices.index(value) if value in self.choices else 0
            return at / max(len(self.choices) - 1, 1)
        low, high = self.parameter.low, self.parameter.high
        return min(max((float(value) - low) / (high - low), 0.0), 1.0)

    def at(self, share: float) -> Any:
        """The value that stands there."""
        share = min(max(share, 0.0), 1.0)
        if self.choices:
            return self.choices[round(share * (len(self.choices) - 1))]
        low, high = self.parameter.low, self.parameter.high
        value = low + (high - low) * share
        return round(value, 3) if self.parameter.kind == "float" else round(value)

    def moved(self, value: Any, steps: int) -> Any:
        """The value so many steps away; a choice that can only be chosen goes round."""
        if self.choices:
            at = self.choices.index(value) if value in self.choices else 0
            return self.choices[min(max(at + steps, 0), len(self.choices) - 1)]
        if self.parameter.kind != "float":
            return round(min(max(value + steps, self.parameter.low), self.parameter.high))
        return self.at(round(self.share(value) * STEPS + steps) / STEPS)

    def pressed(self, value: Any) -> Any:
        """The value after Enter: a switch turns, a trigger goes off, a choice is the next one; others are at home."""
        if self.parameter.kind in ("switch", "trigger"):
            return 0 if value and self.parameter.kind == "switch" else 1
        if self.choices:
            at = self.choices.index(value) if value in self.choices else -1
            return self.choices[(at + 1) % len(self.choices)]
        return self.home

    @property
    def home(self) -> Any:
        """The default, as OSC carries it."""
        default = self.parameter.default
        return int(default) if isinstance(default, bool) else default

    def text(self, value: Any) -> str:
        """The value as it is read."""
        kind = self.parameter.kind
        if self.typed:
            return str(value) or NONE
        if kind in STATES:
            return STATES[kind][bool(value)]
        if kind == "program":
            return f"{value} {PROGRAMS[value - 1].name}" if value else AS_IT_IS
        if kind == "pitch":  # one that is 0 at home is none then
            return OFF if not value and not self.home else pitch_name(value)
        if kind == "float" and self.parameter.unit == "ms":
            return f"{value:.0f} ms"
        unit = {"semitones": "st", "beats": "bt"}.get(self.parameter.unit, self.parameter.unit)
        number = (
            f"{value:.2f}" if kind == "float" and abs(value) < 100 else f"{value:.0f}" if kind == "float" else value
        )
        return f"{number} {unit}".rstrip()


def faders(effect: str, models: Iterable[str]) -> list[Fader]:
    """The faders of an effect, those first that are moved most."""
    others = {section for own in SECTIONS.values() for section in own} - set(SECTIONS.get(effect, ()))
    if effect not in SECTIONS:  # one that is not known here: all of them
        others = set()
    if effect in ("orchestrate", "fill", "reduce", "continue"):
        others -= {"harmonize"}  # some of it counts for all
    found = [Fader(parameter, _choices(parameter, models)) for parameter in INSERT if parameter.path[0] not in others]
    return sorted(found, key=lambda fader: _rank(fader.name))


def common() -> list[Fader]:
    """The faders that count for all inserts: the daemon's own parameters."""
    return [Fader(parameter, _choices(parameter, ())) for parameter in DAEMON]


def of_part() -> list[Fader]:
    """The faders of each part."""
    return [Fader(parameter, _choices(parameter, ())) for parameter in PART]


def _rank(name: str) -> int:
    if name in PREFERRED:
        return PREFERRED.index(name)
    return len(PREFERRED) + (name in LAST)


def _choices(parameter: Parameter, models: Iterable[str]) -> tuple[Any, ...]:
    match parameter.kind:
        case "choice":
            return parameter.choices
        case "player":
            return tuple(models) or (parameter.default,)
        case "key":
            return KEYS
        case "switch":
            return (0, 1)
        case "program":
            return tuple(range(len(PROGRAMS) + 1))
        case _:
            return ()
