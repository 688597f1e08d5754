"""The start: how long it may take, and what is said of it meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bridge.control.display import Display
from music.errors import ContinuoError

SILENT_S = 60.0
"""A start that says nothing for so long has failed. One that compiles, the first on a machine, tells of it."""


class Starting:
    """From the start until the brain is there. Control's event loop owns it."""

    def __init__(
        self, display: Display, tell: Callable[[dict[str, Any]], None], fail: Callable[[ContinuoError], None]
    ) -> None:
        self._display = display
        self._tell = tell
        self._fail = fail
        self._timer: asyncio.TimerHandle | None = None
        self._passes = self._compiles = self._told = False

    def begin(self) -> None:
        """Wait for a sign of life, or for the next."""
        self._cancel()
        error = ContinuoError("the daemon does not get ready", "continuo doctor")
        self._timer = asyncio.get_running_loop().call_later(SILENT_S, self._fail, error)

    def passes(self) -> None:
        """Notes pass through from here on."""
        self._passes = True
        self._say()

    def compiled(self, functions: int) -> None:
        """The brain has compiled so many functions by now."""
        if self._timer:
            self.begin()
        self._compiles = True
        self._display.show("preparing", f"compiling, {functions} functions so far")
        self._say()

    def end(self) -> None:
        """It is there, or will never be."""
        self._cancel()
        self._display.show("preparing", "")

    def _cancel(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _say(self) -> None:
        """Tell the terminal, once and only where there is something to wait for."""
        if self._passes and self._compiles and not self._told:
            self._told = True
            text = "The first start on this machine: what plays is being compiled. Notes pass through meanwhile."
            self._tell({"event": "starting", "text": text})
