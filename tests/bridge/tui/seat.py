"""A screen in front of a real daemon, and a surface beside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from bridge.bench.stage import LiveDaemon, live_daemon
from bridge.tui.app import Place, ScreenApp
from tests.bridge.conftest import WAIT_S
from tests.bridge.control.hall import Surface


def at_home(home: Path, preset: str) -> Iterator[LiveDaemon]:
    """A daemon whose user has nothing yet but a folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(home))
        with live_daemon("--backend", "jack", "--preset", preset) as running:
            yield running


@dataclass
class Seat:
    """Who sits there presses keys, looks, and has a surface of their own."""

    app: ScreenApp
    pilot: Pilot[None]
    surface: Surface

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        await self.pilot.press(*keys)

    async def until(self, true: Callable[[], object], what: str) -> None:
        """Wait for something to become true."""
        end_s = time.monotonic() + WAIT_S
        while not true():
            if time.monotonic() > end_s:
                pytest.fail(f"did not happen: {what}")
            await asyncio.sleep(0.01)

    async def until_daemon_has(self, name: str, value: Any) -> None:
        """Wait for a value that the daemon gives by OSC."""
        end_s = time.monotonic() + WAIT_S
        while (found := (await self.surface.ask(f"/continuo/{name}"))[1]) != [pytest.approx(value)]:
            if time.monotonic() > end_s:
                pytest.fail(f"{name} is {found}, not {value}")
            await asyncio.sleep(0.01)


def seated(port: int, play: Callable[[Seat], Awaitable[None]], size: tuple[int, int] = (80, 24)) -> None:
    """Run a scene with a screen that knows the daemon's state."""

    async def scene() -> None:
        app = ScreenApp(Place("127.0.0.1", port))
        async with app.run_test(size=size) as pilot:
            seat = Seat(app, pilot, await Surface(port).open())
            await seat.until(lambda: app.panel.faders and app.mirror.lists.get("presets"), "the daemon's state")
            await play(seat)

    asyncio.run(scene())
