"""The one state that every surface sees: what can be set can be read, by the same address. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

from bridge import knobs, players, presets
from bridge.addresses import INSERT, PART, ROOT, defaults, get, put
from bridge.daemon_addresses import CLOCK, DAEMON
from bridge.errors import ValueRefused
from bridge.knobs import Knob
from bridge.parameters import Parameter
from bridge.scenes import Scene
from music.errors import ContinuoError, did_you_mean

Value = str | int | float | list[Any]
SCENE, SETLIST = f"{ROOT}/scene", f"{ROOT}/setlist"

TAIL_S = 0.5
BARS, BEATS_OF_A_BAR = 8, 4
"""How long an endless continuation is listened to."""


class UnknownAddress(ContinuoError):  # noqa: N818 - the name says what happened
    """There is nothing at this OSC address."""


class Desk:
    """The state trees of all inserts and of the daemon."""

    def __init__(
        self,
        names: list[str],
        *,
        chain: bool = False,
        scene: Scene | None = None,
        skip: presets.Skip = lambda _error: None,
    ) -> None:
        """`scene` instead of presets; `skip` takes what is wrong with a control that is left out."""
        self._skip = skip
        loaded = [presets.load(name, skip) for name in names] if scene is None else deepcopy(scene.inserts)
        self.inserts = [_playable(state, insert) for insert, state in enumerate(loaded)]
        for insert, state in enumerate(self.inserts):
            if chain:
                state["input"]["insert"] = insert  # counted from 1: the one before
        self.daemon = defaults(DAEMON)
        for state in self.inserts:
            self.daemon |= state["clock"]
        self.daemon |= scene.clock if scene else {}
        self.shown: dict[str, Value] = {f"{ROOT}/{name}": 0 for name in ("brain_load", "port_load")}
        clock = {"leader": "internal", "clock_lost": 0, "rolling": 0, "bpm": self.daemon["tempo"], "bar": 0, "beat": 0}
        self.shown |= {
            f"{ROOT}/brain": "starting",
            f"{ROOT}/captured": "",
            f"{ROOT}/backend": "",
        }
        self.shown |= {f"{ROOT}/preparing": "", f"{ROOT}/microphone": "", f"{ROOT}/microphone_level": -100}
        self.shown |= {f"{ROOT}/microphone_pitch": 0.0, f"{ROOT}/microphone_confidence": 0}
        self.shown |= {SCENE: "", SETLIST: []} | {f"{ROOT}/{name}": value for name, value in clock.items()}
        for number in range(1, len(self.inserts) + 1):
            here = f"{ROOT}/{number}"
            nothing: dict[str, Value] = {
                "player": "",
                "playing": 0,
                "chord": "",
                "heard_key": "",
                "plan": [],
                "late": 0,
                "dropped": 0,
                "fallback": 0,
            }
            nothing |= {"p50": 0.0, "p95": 0.0, "p99": 0.0, "feedback": 0.0, "learn": ""}
            nothing |= {"input_port": "", "output_port": "", "effect": self.inserts[number - 1]["effect"]}
            self.shown |= {f"{here}/{name}": value for name, value in nothing.items()}
        """What is published and cannot be set, by address."""

    def read(self, address: str) -> Value:
        """The value at an address; UnknownAddress where there is none."""
        if address in self.shown:
            return self.shown[address]
        if address.endswith("/controls"):
            return knobs.listed(self.inserts[self.insert(address)]["control"])
        tree, parameter, _ = self._find(address)
        return _sent(parameter, get(tree, parameter.path))

    def write(self, address: str, value: object) -> int | None:
        """Set a value; gives the insert that changed, None for the daemon.

        Raises UnknownAddress, ValueRefused, or ContinuoError where a player has no weights.
        """
        if address.endswith("/controls"):
            return self._control(self.insert(address), value if isinstance(value, list) else [value])
        tree, parameter, insert = self._find(address)
        kept = parameter.check(value)
        if parameter.kind == "player":
            players.require(kept)
        if parameter.name == "listens_to" and insert is not None:
            _check_listening(insert, kept)
        if parameter.path[-1] in (0, 1):  # a range stays a range: low <= high
            low, high = get(tree, parameter.path[:-1])
            if (kept > high) if parameter.path[-1] == 0 else (kept < low):
                raise ValueRefused(f"{parameter.name} {kept} is on the wrong side of its range's other end", 422)
        if parameter.kind == "trigger" and not kept:  # a button that is let go before it was told of is pressed still
            return insert
        put(tree, parameter.path, kept)
        return insert

    def released(self, inserts: set[int]) -> list[str]:
        """Let go the triggers of some inserts, when the brain was told; gives the addresses of those that were on."""
        found = []
        for insert in sorted(inserts):
            for parameter in INSERT:
                if parameter.kind == "trigger" and get(self.inserts[insert], parameter.path):
                    put(self.inserts[insert], parameter.path, parameter.default)
                    found.append(f"{ROOT}/{insert + 1}/{parameter.name}")
        return found

    def load(self, insert: int, name: str) -> None:
        """Put a preset into an insert: every field of it is set, and of the clock what it names.

        ContinuoError where it or its player is not there.
        """
        self.inserts[insert] = _playable(presets.load(name, self._skip), insert)
        self.daemon |= self.inserts[insert]["clock"]
        self.shown |= {learn_of(insert): "", f"{ROOT}/{insert + 1}/effect": self.inserts[insert]["effect"]}

    def scene(self) -> Scene:
        """All that is set, as a scene; what is asked to be done once is not part of it."""
        return Scene(deepcopy(self.inserts), {str(one.path[0]): get(self.daemon, one.path) for one in CLOCK})

    def take(self, scene: Scene) -> None:
        """Have all inserts be a scene's; those that it does not have stay. ContinuoError where one cannot be had."""
        if len(scene.inserts) > len(self.inserts):
            many, few = len(scene.inserts), len(self.inserts)
            raise ContinuoError(f"this scene has {many} inserts, and here are {few}", f"Start with {many} presets")
        states = [_playable(state, insert) for insert, state in enumerate(deepcopy(scene.inserts))]
        self.inserts[: len(states)] = states
        self.daemon |= scene.clock
        for insert, state in enumerate(states):
            self.shown |= {learn_of(insert): "", f"{ROOT}/{insert + 1}/effect": state["effect"]}

    def settings(self, inserts: set[int]) -> dict[str, Any]:
        """The state trees of some inserts, as the brain takes them."""
        return {str(insert): deepcopy(self.inserts[insert]) for insert in sorted(inserts)}

    def thru(self) -> list[bool]:
        """Thru of each insert, as the port takes it."""
        return [state["input"]["thru"] for state in self.inserts]

    def tail_s(self) -> float:
        """How long there may be something to hear after the last note of a song."""
        turns = [state["continue"] for state in self.inserts if state["effect"] == "continue"]
        beats = max((one["after_beats"] + BEATS_OF_A_BAR * (one["bars"] or BARS) for one in turns), default=0.0)
        return TAIL_S + beats * 60 / float(self.daemon["tempo"])

    def knobs(self, insert: int, channel: int, cc: int) -> list[Knob]:
        """What a controller on a channel, from 1, moves of an insert."""
        state = self.inserts[insert]
        found = [one for one in state["control"] if one["cc"] == cc and one["channel"] in (0, channel)]
        return [Knob.read(one, len(state["part"])) for one in found]

    def learn(self, insert: int, values: Sequence[object]) -> None:
        """Have the next controller that moves be a parameter's (none's for ""), or with a CC and a channel that one."""
        name, *controller = values
        if len(controller) > 2:
            raise ValueRefused("learn takes a parameter, and maybe a CC and a channel", 400)
        state = self.inserts[insert]
        if name != "" or controller:
            knobs.target(name, len(state["part"]))
        if controller:
            before = {one["parameter"]: one for one in state["control"]}
            placed = {"parameter": name, "channel": 0} | dict(zip(("cc", "channel"), controller, strict=False))
            knob = Knob.read(before.pop(str(name), {}) | placed, len(state["part"]))  # it keeps its stretch
            state["control"] = [*before.values(), knob.tree]
        self.shown[learn_of(insert)] = "" if controller else str(name)

    def unlearn(self, insert: int, values: Sequence[object]) -> None:
        """Have no controller move a parameter any more, or ("") any parameter."""
        if len(values) != 1:
            raise ValueRefused("unlearn takes a parameter, or an empty name for all", 400)
        before = self.inserts[insert]["control"]
        left = [one for one in before if values[0] != "" and one["parameter"] != values[0]]
        if values[0] != "" and len(left) == len(before):
            raise ValueRefused(f"no controller moves {values[0]!r}", 422)
        self.inserts[insert]["control"] = left
        self.shown[learn_of(insert)] = ""

    def sources(self, insert: int) -> list[int]:
        """The inputs whose knobs an insert hears: its own, and those of whom it listens to."""
        found = [insert]
        while source := self.inserts[found[-1]]["input"]["insert"]:
            found.append(source - 1)
        return found

    def controllers(self) -> list[list[tuple[int, int]]]:
        """(channel, CC) of all knobs of each input, without the one that panics."""
        found: list[set[tuple[int, int]]] = [set() for _ in self.inserts]
        for insert, state in enumerate(self.inserts):
            own = {(one["channel"], one["cc"]) for one in state["control"] if one["cc"] != self.daemon["panic_cc"]}
            for source in self.sources(insert):
                found[source] |= own
        return [sorted(one) for one in found]

    def learning(self) -> list[int]:
        """The inputs where a knob is to be learnt."""
        waiting = [insert for insert in range(len(self.inserts)) if self.shown[learn_of(insert)]]
        return sorted({source for insert in waiting for source in self.sources(insert)})

    def values(self) -> Iterator[tuple[str, Value]]:
        """(address, value) of all that can be read."""
        for parameter in DAEMON:
            yield f"{ROOT}/{parameter.name}", _sent(parameter, get(self.daemon, parameter.path))
        yield f"{ROOT}/preset", self.inserts[0]["preset"]
        for number, state in enumerate(self.inserts, 1):
            yield f"{ROOT}/{number}/preset", state["preset"]
            yield f"{ROOT}/{number}/controls", knobs.listed(state["control"])
            for name, parameter, value in presets.parameters(state):
                yield f"{ROOT}/{number}/{name}", _sent(parameter, value)
        yield from self.shown.items()

    def insert(self, address: str) -> int:
        """The insert of an address directly below it; UnknownAddress where there is none."""
        number, slash, rest = address.removeprefix(f"{ROOT}/").partition("/")
        if not slash or "/" in rest:
            raise UnknownAddress(f"{address}: there is no such address", "continuo addresses lists all")
        return self._insert(number, address)

    def _control(self, insert: int, values: list[Any]) -> int:
        """Take a whole list of knobs."""
        state = self.inserts[insert]
        state["control"] = knobs.complete(knobs.unlisted(values), len(state["part"]))
        return insert

    def _find(self, address: str) -> tuple[Any, Parameter, int | None]:
        """(tree, parameter in it, insert or None) of an address."""
        tree: Any
        parameters: tuple[Parameter, ...]
        insert: int | None
        match address.removeprefix(f"{ROOT}/").split("/"):
            case [name]:
                tree, parameters, insert = self.daemon, DAEMON, None
            case [number, name]:
                insert = self._insert(number, address)
                tree, parameters = self.inserts[insert], INSERT
            case [number, "part", part, name]:
                insert = self._insert(number, address)
                parts = self.inserts[insert]["part"]
                if not part.isdecimal() or not 1 <= int(part) <= len(parts):
                    raise UnknownAddress(f"{address}: there is no part {part!r}", f"This insert has {len(parts)}")
                tree, parameters = parts[int(part) - 1], PART
            case _:
                raise UnknownAddress(f"{address}: there is no such address", "continuo addresses lists all")
        for parameter in parameters:
            if parameter.name == name:
                return tree, parameter, insert
        raise UnknownAddress(
            f"{address}: there is no parameter {name!r}",
            did_you_mean(name, (parameter.name for parameter in parameters)),
        )

    def _insert(self, number: str, address: str) -> int:
        if not number.isdecimal() or not 1 <= int(number) <= len(self.inserts):
            raise UnknownAddress(f"{address}: there is no insert {number!r}", f"There are {len(self.inserts)}")
        return int(number) - 1


def learn_of(insert: int) -> str:
    """The address of the parameter that waits for a knob."""
    return f"{ROOT}/{insert + 1}/learn"


def model_of(insert: int) -> str:
    """The address of an insert's player."""
    return f"{ROOT}/{insert + 1}/model"


def controls_of(insert: int) -> str:
    """The address of an insert's knobs."""
    return f"{ROOT}/{insert + 1}/controls"


def _playable(state: presets.State, insert: int) -> presets.State:
    players.require(state["player"]["model"])
    _check_listening(insert, state["input"]["insert"])
    return state


def _check_listening(insert: int, source: int) -> None:
    """An insert hears those before it only: no chain can be a ring."""
    if source > insert:
        raise ValueRefused(f"insert {insert + 1} can listen to an insert before it only, not to {source}", 422)


def _sent(parameter: Parameter, value: Any) -> Value:
    """A value as OSC carries it."""
    return int(value) if parameter.osc_type == "i" else value
