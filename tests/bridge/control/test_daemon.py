"""What control tells its children, and when."""

from __future__ import annotations

import asyncio
from typing import Any

from bridge.control.daemon import Daemon
from bridge.control.options import Options


class Children:
    """In the place of the supervisor: what they are told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, list[str]]] = []

    def say(self, role: str, **message: Any) -> None:
        for kind, value in message.items():
            self.told.append((role, sorted(value) if kind == "settings" else [kind]))

    def pid(self, role: str) -> None:
        """None: it is down."""


def test_a_brain_that_is_starting_is_told_of_no_insert_alone() -> None:
    async def scene() -> None:
        daemon = Daemon(Options(["harmony"] * 2), list, lambda _event: None)
        children = daemon._supervisor = Children()  # type: ignore[assignment]

        def change() -> list[list[str]]:
            daemon._hand_on({1})
            told, children.told = children.told, []
            return [what for role, what in told if role == "brain"]

        assert change() == []
        daemon._heard("brain", {"ready": True})
        assert change() == [["0", "1"], ["knobs"], ["learning"], ["clock"], ["1"]]
        daemon._ended("brain", -9)
        assert change() == []

    asyncio.run(scene())
