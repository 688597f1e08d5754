"""What is compiled while nobody can play yet, told as it goes on: the first start on a machine takes a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from numba.core import event

EVERY_S = 0.5


class Progress(event.Listener):  # type: ignore[misc] # numba carries no types
    """Counts the functions that numba compiles in the main thread: what another one compiles keeps nobody waiting."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self._count = 0
        self._told_s = -EVERY_S
        event.register("numba:compile", self)

    def on_start(self, event: Any) -> None:
        """One begins: the first of them is said at once."""
        del event
        self._say()

    def on_end(self, event: Any) -> None:
        """One more is compiled."""
        del event
        self._count += 1
        self._say()

    def _say(self) -> None:
        if threading.current_thread() is threading.main_thread() and time.monotonic() - self._told_s > EVERY_S:
            self._told_s = time.monotonic()
            self._tell(self._count)
