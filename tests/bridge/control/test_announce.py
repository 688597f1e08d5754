"""Real multicast DNS, on loopback: what one announces, another finds."""

import asyncio
from ipaddress import ip_address

import pytest
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from bridge.control.announce import OSC, QUERY, Announcement, reached_by
from bridge.control.door import Door
from bridge.control.network import Network
from bridge.control.options import Options
from bridge.control.osc import OscServer
from bridge.control.state import Desk
from tests.bridge.control.hall import PATIENCE_S

HERE = "127.0.0.1"


async def found(kind: str, name: str) -> AsyncServiceInfo | None:
    """What a surface on this machine finds of a service."""
    zeroconf = AsyncZeroconf(interfaces=[HERE], ip_version=IPVersion.V4Only)
    try:
        info = AsyncServiceInfo(kind, f"{name}.{kind}")
        return info if await info.async_request(zeroconf.zeroconf, PATIENCE_S * 1000) else None
    finally:
        await zeroconf.async_close()


def test_a_surface_finds_osc_and_its_addresses_by_name() -> None:
    async def scene() -> None:
        announcement = Announcement("Continuo")
        await announcement.open([HERE], 9000, 9001)
        try:
            for kind, port in ((OSC, 9000), (QUERY, 9001)):
                info = await found(kind, announcement._name)
                assert info
                assert (info.port, info.parsed_addresses()) == (port, [HERE])
        finally:
            await announcement.close()

    asyncio.run(scene())


@pytest.mark.parametrize(("host", "addresses"), [(HERE, []), ("::1", []), ("192.168.1.10", ["192.168.1.10"])])
def test_what_only_this_machine_reaches_is_not_announced(host: str, addresses: list[str]) -> None:
    assert reached_by(ip_address(host)) == addresses


def test_all_addresses_are_those_of_the_cards_without_loopback() -> None:
    every = reached_by(ip_address("0.0.0.0"))  # noqa: S104 - it is not opened
    assert HERE not in every
    assert all(ip_address(one).version == 4 for one in every)


def test_a_network_that_takes_no_announcement_is_told_of_and_osc_is_there_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scene() -> None:
        told: list[str] = []
        desk, door = Desk(["harmony"]), Door()
        server = OscServer(desk, lambda _: None, lambda *_: None, door)
        network = Network(
            Options(["harmony"], osc_port=0), desk, server, door, lambda event: told.append(event["text"])
        )
        await network.open()
        assert network._announcing
        await network._announcing
        assert network.told["osc_port"] > 0
        assert "not announced" in told[0]
        network.shut()
        await network.leave()

    nowhere = ["203.0.113.77"]  # an address for documentation: no machine has it
    monkeypatch.setattr("bridge.control.network.reached_by", lambda _: nowhere)
    asyncio.run(scene())
