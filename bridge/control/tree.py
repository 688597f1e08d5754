"""What can be set, read and done, as the tree of OSCQuery (github.com/Vidvox/OSCQueryProposal), with its values now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bridge import knobs, players, presets
from bridge.actions import ACTIONS, PUBLISHED, Action
from bridge.addresses import INSERT, PART, ROOT
from bridge.control.state import Desk, Value
from bridge.daemon_addresses import DAEMON
from bridge.parameters import Parameter

Json = dict[str, Any]

WRITE, READ_AND_WRITE, READ = 2, 3, 1
UNITS = {"ms": "time.ms", "bpm": "time.bpm"}
"""OSCQuery's names of units, where it has one."""
ATTRIBUTES = ("FULL_PATH", "DESCRIPTION", "ACCESS", "CONTENTS", "TYPE", "VALUE", "RANGE", "UNIT")
CONTAINERS = {"": "Continuo", ROOT: "The daemon"}


@dataclass(frozen=True, slots=True)
class Leaf:
    """An address that does something."""

    address: str
    text: str
    access: int
    types: str
    value: list[Any] | None = None
    bounds: Json | None = None
    """RANGE of its value, where it has one."""
    parameter: Parameter | None = None
    """What it sets."""

    @property
    def node(self) -> Json:
        """As OSCQuery has it."""
        found: Json = {"FULL_PATH": self.address, "DESCRIPTION": self.text, "ACCESS": self.access, "TYPE": self.types}
        if self.value is not None:
            found["VALUE"] = self.value
        if self.bounds:
            found["RANGE"] = [self.bounds]
        if self.parameter and (unit := self.parameter.unit):
            found["UNIT"] = [UNITS.get(unit, unit)]
        return found


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All values at one moment, and the names that there are: reading those looks into folders."""

    values: dict[str, Value]
    presets: list[str]
    models: list[str]

    @classmethod
    def of(cls, desk: Desk) -> Snapshot:
        """Of now."""
        names, models = list(presets.names()), list(players.names())
        lists: dict[str, Value] = {"presets": names, "models": models, "inserts": len(desk.inserts)}
        return cls(dict(desk.values()) | {f"{ROOT}/{name}": value for name, value in lists.items()}, names, models)


def leaves(desk: Desk) -> Iterator[Leaf]:
    """All addresses with their values of now, whatever changes later: of the daemon first, then of each insert."""
    return _leaves(Snapshot.of(desk), [len(state["part"]) for state in desk.inserts])


def _leaves(now: Snapshot, parts: list[int]) -> Iterator[Leaf]:
    yield from (_parameter(f"{ROOT}/{one.name}", one, now) for one in DAEMON)
    for action in (*ACTIONS, *PUBLISHED):
        if "<insert>" not in action.address:
            yield from _action(action.address, action, now)
    for number, count in enumerate(parts, 1):
        here = f"{ROOT}/{number}"
        yield from (_parameter(f"{here}/{one.name}", one, now) for one in INSERT)
        for action in (*ACTIONS, *PUBLISHED):
            if "<insert>" in action.address:
                yield from _action(action.address.replace("<insert>", str(number)), action, now)
        for part in range(1, count + 1):
            yield from (_parameter(f"{here}/part/{part}/{one.name}", one, now) for one in PART)


def root() -> Json:
    """The root node, with nothing below it."""
    return _container("")


def graft(leaf: Leaf, node: Json) -> None:
    """Put a leaf where it belongs, below the root node."""
    path = ""
    *folders, name = leaf.address.strip("/").split("/")
    for folder in folders:
        path += f"/{folder}"
        node = node.setdefault("CONTENTS", {}).setdefault(folder, _container(path))
    below = node.setdefault("CONTENTS", {})
    inner = below[name]["CONTENTS"] if "CONTENTS" in below.get(name, ()) else None  # scene/save comes below scene
    below[name] = leaf.node | ({} if inner is None else {"CONTENTS": inner})


def find(root: Json, path: str) -> Json | None:
    """The node at a path."""
    node: Json | None = root
    for step in path.strip("/").split("/"):
        if step and node is not None:
            node = node.get("CONTENTS", {}).get(step)
    return node


def _container(path: str) -> Json:
    number = path.removeprefix(f"{ROOT}/")
    text = f"Insert {number}" if number.isdecimal() else CONTAINERS.get(path, "")
    return {"FULL_PATH": path or "/", "DESCRIPTION": text, "ACCESS": 0, "CONTENTS": {}}


def _parameter(address: str, parameter: Parameter, now: Snapshot) -> Leaf:
    return Leaf(
        address,
        parameter.text,
        READ_AND_WRITE,
        parameter.osc_type,
        [now.values[address]],
        _bounds(parameter, now),
        parameter,
    )


def _bounds(parameter: Parameter, now: Snapshot) -> Json | None:
    match parameter.kind:
        case "choice":
            return {"VALS": list(parameter.choices)}
        case "player":
            return {"VALS": now.models}
        case "key":
            return {"VALS": list(knobs.KEYS)}
        case "text" | "chart" | "meter" | "channels":
            return None
    return {"MIN": parameter.low, "MAX": parameter.high}


def _action(address: str, action: Action, now: Snapshot) -> Iterator[Leaf]:
    """One that can be neither done nor read is what others hear (an error, a pong): none of our methods."""
    if address in now.values:
        value = now.values[address]
        kept = value if isinstance(value, list) else [value]
        access = READ_AND_WRITE if action in ACTIONS and action.types else READ
        bounds = {"VALS": now.presets} if address.endswith("/preset") else None
        yield Leaf(address, action.text, access, "".join(map(_tag, kept)) or "N", kept, bounds)
    elif action in ACTIONS:
        tags = "".join(letter for letter in action.types if letter.isalpha())
        yield Leaf(address, action.text, WRITE, tags or "N")


def _tag(value: object) -> str:
    return "s" if isinstance(value, str) else "f" if isinstance(value, float) else "i"
