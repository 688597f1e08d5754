"""Changes on their way to those who must know of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PAUSE_S = 0.002
"""After changes were handed on, others are gathered for this long: a flood of moves reaches the brain as a trickle."""


class Gather:
    """Hands on which inserts have changed (None: what counts for all). The event loop of control owns it."""

    def __init__(self, hand_on: Callable[[set[int | None]], None]) -> None:
        self._hand_on = hand_on
        self._changed: set[int | None] = set()
        self._busy = False

    def add(self, insert: int | None) -> None:
        """Something has changed there: it is handed on at once, with all that came in the same datagram."""
        self._changed.add(insert)
        if not self._busy:
            self._busy = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        changed, self._changed = self._changed, set()
        self._busy = bool(changed)
        if changed:
            asyncio.get_running_loop().call_later(PAUSE_S, self._flush)
            self._hand_on(changed)
