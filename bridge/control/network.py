"""Everything of the daemon that others reach by network: OSC, its addresses over HTTP, and where both are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bridge.control.announce import Announcement, reached_by
from bridge.control.door import Door
from bridge.control.options import Options
from bridge.control.osc import OscServer
from bridge.control.query import QueryServer
from bridge.control.state import Desk

Tell = Callable[[dict[str, Any]], None]


class Network:
    """Opens and closes it. The event loop of control owns it."""

    def __init__(self, options: Options, desk: Desk, osc: OscServer, door: Door, tell: Tell) -> None:
        self._options = options
        self._door = door
        self._osc = osc
        self._query = QueryServer(desk, door)
        self._announcement = Announcement(options.name)
        self._announcing: asyncio.Task[None] | None = None
        self._tell = tell
        self.told: dict[str, Any] = {}
        """Where it is, for the user."""

    async def open(self) -> None:
        """Listen; ContinuoError where the port of OSC is in use."""
        osc_port = await self._osc.open(self._options.osc_port)
        query_port = await self._query.open(osc_port)
        self.told = {"osc_host": self._options.osc_host, "osc_port": osc_port, "query_port": query_port}
        if self._options.announce and (addresses := reached_by(self._door.host)):
            self._announcing = asyncio.create_task(self._announce(addresses, osc_port, query_port))

    async def _announce(self, addresses: list[str], osc_port: int, query_port: int) -> None:
        """Takes about a second, for it is asked first whether the name is free: nobody waits for it."""
        try:
            await self._announcement.open(addresses, osc_port, query_port)
        except Exception as error:  # noqa: BLE001 - surfaces can still be given the address
            text = f"OSC is not announced on the network ({error}): give surfaces address and port by hand"
            self._tell({"event": "trouble", "text": text})

    def shut(self) -> None:
        """Stop listening."""
        self._query.close()
        self._osc.close()

    async def leave(self) -> None:
        """Take the announcement back; what sounds has ended by then."""
        if self._announcing:
            self._announcing.cancel()
            await asyncio.wait([self._announcing])
        await self._announcement.close()
