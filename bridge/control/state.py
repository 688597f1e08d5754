"""The one state that every surface sees: what can be set can be read, by the same address. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from bridge import players, presets
from bridge.addresses import DAEMON, INSERT, PART, ROOT, defaults, get, put
from bridge.errors import ValueRefused
from bridge.parameters import Parameter
from music.errors import ContinuoError, did_you_mean

Value = str | int | float | list[Any]


class UnknownAddress(ContinuoError):  # noqa: N818 - the name says what happened
    """There is nothing at this OSC address."""


class Desk:
    """The state trees of all inserts and of the daemon."""

    def __init__(self, names: list[str], *, chain: bool = False) -> None:
        self.inserts = [_playable(name, insert) for insert, name in enumerate(names)]
        for insert, state in enumerate(self.inserts):
            if chain:
                state["input"]["insert"] = insert  # counted from 1: the one before
        self.daemon = defaults(DAEMON)
        for state in self.inserts:
            self.daemon |= state["clock"]
        self.shown: dict[str, Value] = {f"{ROOT}/{name}": 0 for name in ("brain_load", "port_load")}
        clock = {"leader": "internal", "clock_lost": 0, "rolling": 0, "bpm": self.daemon["tempo"], "bar": 0, "beat": 0}
        self.shown |= {f"{ROOT}/brain": "starting"} | {f"{ROOT}/{name}": value for name, value in clock.items()}
        for number in range(1, len(names) + 1):
            here = f"{ROOT}/{number}"
            nothing: dict[str, Value] = {
                "chord": "",
                "heard_key": "",
                "plan": [],
                "late": 0,
                "dropped": 0,
                "fallback": 0,
            }
            nothing |= {"p50": 0.0, "p95": 0.0, "p99": 0.0, "feedback": 0.0}
            self.shown |= {f"{here}/{name}": value for name, value in nothing.items()}
        """What is published and cannot be set, by address."""

    def read(self, address: str) -> Value:
        """The value at an address; UnknownAddress where there is none."""
        if address in self.shown:
            return self.shown[address]
        tree, parameter, _ = self._find(address)
        return _sent(parameter, get(tree, parameter.path))

    def write(self, address: str, value: object) -> int | None:
        """Set a value; gives the insert that changed, None for the daemon.

        Raises UnknownAddress, ValueRefused, or ContinuoError where a player has no weights.
        """
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
        put(tree, parameter.path, kept)
        return insert

    def load(self, insert: int, name: str) -> None:
        """Put a preset into an insert: every field of it is set, and of the clock what it names.

        ContinuoError where it or its player is not there.
        """
        self.inserts[insert] = _playable(name, insert)
        self.daemon |= self.inserts[insert]["clock"]

    def settings(self, inserts: set[int]) -> dict[str, Any]:
        """The state trees of some inserts, as the brain takes them."""
        return {str(insert): deepcopy(self.inserts[insert]) for insert in sorted(inserts)}

    def thru(self) -> list[bool]:
        """Thru of each insert, as the port takes it."""
        return [state["input"]["thru"] for state in self.inserts]

    def values(self) -> Iterator[tuple[str, Value]]:
        """(address, value) of all that can be read."""
        for parameter in DAEMON:
            yield f"{ROOT}/{parameter.name}", _sent(parameter, get(self.daemon, parameter.path))
        yield f"{ROOT}/preset", self.inserts[0]["preset"]
        for number, state in enumerate(self.inserts, 1):
            yield f"{ROOT}/{number}/preset", state["preset"]
            for name, parameter, value in presets.parameters(state):
                yield f"{ROOT}/{number}/{name}", _sent(parameter, value)
        yield from self.shown.items()

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


def _playable(name: str, insert: int) -> presets.State:
    state = presets.load(name)
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
