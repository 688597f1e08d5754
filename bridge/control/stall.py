"""A brain that is silent for too long is ended; another one is started then."""

from __future__ import annotations

import asyncio

from bridge.control.supervisor import Supervisor

STALL_S = 2.0


class Stall:
    """How long the brain may be silent. Control's event loop."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """It has fallen silent."""
        self._timer = asyncio.get_running_loop().call_later(STALL_S, self._supervisor.kill, "brain")

    def end(self) -> None:
        """It is heard again, or gone: it needs no ending any more."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
