"""A controller that moves a parameter: what a preset writes under [[control]] and OSC lists as `controls`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from bridge import players
from bridge.addresses import INSERT, PART
from bridge.errors import ValueRefused
from bridge.parameters import WRITTEN, Parameter
from music.errors import did_you_mean
from music.pitch import NAMES, Key

NEVER = frozenset((1, 2, 7, 10, 11, 64, 65, 66, 67, 119, *range(120, 128)))
"""Controllers that keep their meaning: wheel, breath, volume, pan, expression, pedals, Continuo's own probe, modes."""
KEPT = "1, 2, 7, 10, 11, 64-67 and 119-127 keep their own meaning"
MIDDLE = 64
LARGEST = 127
DIGITS = 4
CHANNELS = ("all", *map(str, range(1, 17)))
KEYS = ("auto", *(str(Key(tonic, mode)) for mode in ("major", "minor") for tonic in range(len(NAMES))))
FIELDS = ("parameter", "cc", "channel", "from", "to")
_CC = Parameter("cc", ("cc",), "int", 0, "Controller", 0, LARGEST)
_CHANNEL = Parameter("channel", ("channel",), "int", 0, "Channel it comes on, 0 = any", 0, 16)


@dataclass(frozen=True, slots=True)
class Knob:
    """A controller, and the stretch of a parameter that it covers."""

    name: str
    """The parameter's address below the insert."""
    cc: int
    channel: int
    """1-16, 0 = any."""
    start: Any
    """The parameter's value at 0 ..."""
    end: Any
    """... and at 127."""
    target: Parameter

    @classmethod
    def read(cls, given: Mapping[str, object], parts: int) -> Knob:
        """The knob of a [[control]] table, for an insert with so many parts; ValueRefused names what is wrong."""
        for key in given:
            if key not in FIELDS:
                raise ValueRefused(f"{key}: there is no such key. {did_you_mean(key, FIELDS)}", 400)
        for key in ("parameter", "cc"):
            if key not in given:
                raise ValueRefused(f"{key} is missing", 400)
        aim = target(given["parameter"], parts)
        cc = _CC.check(given["cc"])
        if cc in NEVER:
            raise ValueRefused(f"cc {cc} moves no parameter: {KEPT}", 422)
        steps = _steps(aim)
        first, last = (steps[0], steps[-1]) if steps else (aim.low, aim.high)
        start, end = (_end(aim, key, given.get(key, end)) for key, end in (("from", first), ("to", last)))
        return cls(str(given["parameter"]), cc, _CHANNEL.check(given.get("channel", 0)), start, end, aim)

    @property
    def tree(self) -> dict[str, Any]:
        """The table that `read` takes."""
        return dict(zip(FIELDS, (self.name, self.cc, self.channel, self.start, self.end), strict=True))

    @property
    def jumps(self) -> bool:
        """Whether it is a button, which is never to be picked up first."""
        return self.target.kind in ("switch", "trigger")

    def at(self, turned: int) -> Any:
        """The parameter's value where the controller stands at 0-127."""
        steps = _steps(self.target)
        if not steps:
            return round(self.start + (self.end - self.start) * _share(turned), DIGITS)
        first, last = steps.index(self.start), steps.index(self.end)
        count = abs(last - first) + 1
        step = turned * count // (LARGEST + 1) if count <= LARGEST + 1 else round(turned * (count - 1) / LARGEST)
        return steps[first + step if first <= last else first - step]

    def reach(self, value: Any) -> tuple[int, int]:
        """Between which positions, both included, a value is taken up; beyond its stretch: at the nearer end."""
        steps = _steps(self.target)
        if steps and value not in steps:  # several channels, a player that has gone: anywhere
            return 0, LARGEST
        here, first, last = (steps.index(one) if steps else one for one in (value, self.start, self.end))
        if first == last:
            return 0, LARGEST
        share = min(max((here - first) / (last - first), 0.0), 1.0)
        count = abs(last - first) + 1
        if steps and count <= LARGEST + 1:
            step = round(share * (count - 1))
            return ceil(step * (LARGEST + 1) / count), ceil((step + 1) * (LARGEST + 1) / count) - 1
        turned = share * LARGEST if steps else _turned(share)
        return floor(turned), ceil(turned)


def listed(knobs: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Knobs as OSC carries them: parameter, CC, channel, from and to of each, one after the other."""
    flat = [knob[field] for knob in knobs for field in FIELDS]
    return [int(value) if isinstance(value, bool) else value for value in flat]


def unlisted(values: Sequence[object]) -> list[dict[str, object]]:
    """What `listed` makes, as tables again."""
    if len(values) % len(FIELDS):
        raise ValueRefused(f"controls takes {len(FIELDS)} values for each: {', '.join(FIELDS)}", 400)
    rows = (values[at : at + len(FIELDS)] for at in range(0, len(values), len(FIELDS)))
    return [dict(zip(FIELDS, row, strict=True)) for row in rows]


def complete(given: Sequence[Mapping[str, object]], parts: int) -> list[dict[str, Any]]:
    """Tables with all their keys; ValueRefused where one will not do, or two are for one parameter."""
    found: dict[str, dict[str, Any]] = {}
    for number, one in enumerate(given, 1):
        try:
            knob = Knob.read(one, parts)
        except ValueRefused as error:
            raise ValueRefused(f"control[{number}]: {error.message}", error.code) from error
        if knob.name in found:
            raise ValueRefused(f"control[{number}]: the parameter {knob.name!r} has a control already", 422)
        found[knob.name] = knob.tree
    return list(found.values())


def target(name: object, parts: int) -> Parameter:
    """The parameter of a name, in an insert with so many parts; ValueRefused where no knob can move it."""
    known = {one.name: one for one in INSERT if one.kind not in WRITTEN}
    known |= {f"part/{part}/{one.name}": one for part in range(1, parts + 1) for one in PART if one.kind not in WRITTEN}
    if not isinstance(name, str) or name not in known:
        raise ValueRefused(f"parameter: there is no {name!r} here. {did_you_mean(str(name), known)}", 400)
    return known[name]


def _end(aim: Parameter, key: str, value: object) -> Any:
    """One end of a stretch."""
    try:
        kept = aim.check(value)
    except ValueRefused as error:
        raise ValueRefused(f"{key}: {error.message}", error.code) from error
    steps = _steps(aim)
    if steps and kept not in steps:
        raise ValueRefused(f"{key}: {aim.name} has no step {kept!r}", 422)
    return kept


def _steps(aim: Parameter) -> Sequence[Any]:
    """All values of a parameter, in the order in which a knob goes through them; none where it glides."""
    match aim.kind:
        case "player":
            return players.names()
        case "channels":
            return CHANNELS
        case "int" | "pitch" | "program":
            return range(int(aim.low), int(aim.high) + 1)
    named: dict[str, Sequence[Any]] = {
        "switch": (False, True),
        "trigger": (False, True),
        "choice": aim.choices,
        "key": KEYS,
    }
    return named.get(aim.kind, ())


def _share(turned: int) -> float:
    """0 at 0, a half at 64 where knobs have their notch, 1 at 127 (min-center-max scaling, MIDI 2.0, M2-115-U)."""
    return turned / (2 * MIDDLE) if turned <= MIDDLE else 0.5 + (turned - MIDDLE) / (2 * (LARGEST - MIDDLE))


def _turned(share: float) -> float:
    """The position of a share, rounded so that what `at` gives is met again."""
    turned = share * 2 * MIDDLE if share <= 0.5 else MIDDLE + (share - 0.5) * 2 * (LARGEST - MIDDLE)
    return round(turned, 1)
