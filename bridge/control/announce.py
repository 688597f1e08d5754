"""Says on the local network where OSC is, so that surfaces find it by name (DNS-SD over multicast DNS)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncZeroconf

OSC, QUERY = "_osc._udp.local.", "_oscjson._tcp.local."
"""What TouchOSC browses, and what OSCQuery says."""
FAREWELL_S = 1.0


def reached_by(host: IPv4Address | IPv6Address) -> list[str]:
    """The addresses at which other machines find what listens on this one; none where it is loopback."""
    if host.is_loopback:
        return []
    if not host.is_unspecified:
        return [str(host)]
    import ifaddr  # noqa: PLC0415 - only where OSC is open to the network

    found = [ip.ip if isinstance(ip.ip, str) else ip.ip[0] for card in ifaddr.get_adapters() for ip in card.ips]
    known = [ip_address(one) for one in found]
    wanted = [one for one in known if not one.is_loopback and not one.is_link_local]
    return [str(one) for one in wanted if host.version == 6 or one.version == 4]


class Announcement:
    """Two services at some addresses of this machine. The event loop of control owns it."""

    def __init__(self, name: str) -> None:
        self._name = f"{name} on {socket.gethostname().partition('.')[0]}"
        self._zeroconf: AsyncZeroconf | None = None

    async def open(self, addresses: Iterable[str], osc_port: int, query_port: int) -> None:
        """Say it until `close`; OSError where no multicast can be sent."""
        from zeroconf import Error, IPVersion  # noqa: PLC0415 - only where OSC is open to the network
        from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf  # noqa: PLC0415 - the same

        where = list(addresses)
        version = IPVersion.All if any(":" in one for one in where) else IPVersion.V4Only
        self._zeroconf = AsyncZeroconf(interfaces=where, ip_version=version)
        try:
            for kind, port in ((OSC, osc_port), (QUERY, query_port)):
                info = AsyncServiceInfo(
                    kind,
                    f"{self._name}.{kind}",
                    port=port,
                    properties={"txtvers": "1"},
                    server=f"{socket.gethostname().partition('.')[0]}.local.",
                    parsed_addresses=where,
                )
                said = await self._zeroconf.async_register_service(info, allow_name_change=True)
                await said
        except Error as error:
            raise OSError(f"{type(error).__name__} {error}".strip()) from error

    async def close(self) -> None:
        """Say that it is over."""
        if self._zeroconf:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(FAREWELL_S):
                    await self._zeroconf.async_unregister_all_services()
                    await self._zeroconf.async_close()
            self._zeroconf = None
