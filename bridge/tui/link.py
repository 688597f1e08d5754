"""The line to a daemon: OSC out and in, and whether anybody answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast

from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket, ParseError

from bridge.addresses import ROOT
from music.errors import ContinuoError

ASK_S = 1.0
"""So often the daemon is asked to go on telling us."""
SILENT_S = 2.5
"""A daemon that has not answered for so long is gone."""

Heard = Callable[[list[tuple[str, list[Any]]]], None]


class Link(asyncio.DatagramProtocol):
    """An OSC client that keeps asking; the event loop of the screen owns it."""

    def __init__(self, host: str, port: int, heard: Heard) -> None:
        self.host, self.port = host, port
        self.there = False
        """Whether the daemon answers."""
        self._heard = heard
        self._heard_s = 0.0
        self._transport: asyncio.DatagramTransport | None = None
        self._asking: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin; ContinuoError where there is no way to such an address."""
        loop = asyncio.get_running_loop()
        try:
            await loop.create_datagram_endpoint(lambda: self, remote_addr=(self.host, self.port))
        except OSError as error:
            raise ContinuoError(
                f"there is no way to {self.host}", "Give the address of the daemon's machine: --osc-host 192.168.1.10"
            ) from error
        self._asking = asyncio.create_task(self._keep_asking())

    def close(self) -> None:
        """End it; the daemon need not tell us any more."""
        self.say("unsubscribe")
        if self._asking:
            self._asking.cancel()
        if self._transport:
            self._transport.close()

    def say(self, name: str, *values: object) -> None:
        """Send a message to an address below the root."""
        builder = OscMessageBuilder(f"{ROOT}/{name}")
        for value in values:
            builder.add_arg(value)
        if self._transport and not self._transport.is_closing():
            self._transport.sendto(builder.build().dgram)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out (asyncio calls this)."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Hand on what the daemon tells (asyncio calls this); what is no OSC is nobody's."""
        del addr
        self._heard_s = time.monotonic()
        self.there = True
        try:
            found = [(one.message.address, list(one.message.params)) for one in OscPacket(data).messages]
        except ParseError:
            return
        self._heard([(address.removeprefix(f"{ROOT}/"), values) for address, values in found])

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there (asyncio calls this)."""
        del exc
        self.there = False

    async def _keep_asking(self) -> None:
        while True:
            if time.monotonic() - self._heard_s > SILENT_S:
                self.there = False
            self.say("watch")
            self.say("ping")
            await asyncio.sleep(ASK_S)
