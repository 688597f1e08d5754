import asyncio
import socket

import pytest

from bridge.control.door import MAX_NAMED, Door
from bridge.control.inbox import WAITING
from bridge.control.packets import MAX_BYTES
from music.errors import ContinuoError
from tests.bridge.control.hall import Hall, on_stage, osc

OPEN = "0.0.0.0"  # noqa: S104 - what the allow-list is for


@pytest.mark.parametrize(
    ("host", "allow", "sentence", "remedy"),
    [
        (OPEN, [], "nobody is allowed in", "--osc-allow"),
        ("192.168.1.10", [], "nobody is allowed in", "--osc-allow"),
        ("::", [], "nobody is allowed in", "--osc-allow"),
        ("studio", ["192.168.1.20"], "'studio' is no address", OPEN),
        (OPEN, ["tablet"], "'tablet' is no address and no network", "192.168.1.0/24"),
        (OPEN, ["192.168.1.0/33"], "no address and no network", "192.168.1.0/24"),
        ("127.0.0.1", ["192.168.1.20"], "lets nobody in", "--osc-host"),
    ],
)
def test_door_that_cannot_be_kept_is_a_sentence_with_a_remedy(
    host: str, allow: list[str], sentence: str, remedy: str
) -> None:
    with pytest.raises(ContinuoError) as error:
        Door(host, allow)
    assert sentence in error.value.message
    assert remedy in error.value.hint


@pytest.mark.parametrize(
    ("sender", "admitted"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.168.1.20", True),
        ("::ffff:192.168.1.20", True),
        ("192.168.1.21", False),
        ("10.1.255.1", True),
        ("10.2.0.1", False),
        ("fe80::5%eth0", True),
        ("fe81::5", False),
        ("", False),
        ("tablet", False),
    ],
)
def test_loopback_and_the_allowed_are_let_in(sender: str, admitted: bool) -> None:
    door = Door(OPEN, ["192.168.1.20", "10.1.0.0/16", "fe80::/16"])
    assert [door.admits(sender) for _ in range(2)] == [admitted] * 2
    assert door.turned_away == (0 if admitted else 2)


def test_each_stranger_is_told_of_once_and_many_together() -> None:
    told: list[str] = []
    door = Door(OPEN, ["192.168.1.20"], told.append)
    for last in range(256):
        for _ in range(3):
            assert not door.admits(f"10.0.0.{last}")
    assert len(told) == MAX_NAMED + 1
    assert told[0] == "OSC from 10.0.0.0 is dropped: it is not allowed in (--osc-allow 10.0.0.0 lets it in)"
    assert "no others are named" in told[-1]
    assert door.turned_away == 3 * 256


def test_what_is_known_of_senders_is_bounded() -> None:
    door = Door(OPEN, ["192.168.1.20"])
    for number in range(5000):
        door.admits(f"10.0.{number >> 8}.{number & 255}")
    assert len(door._known) <= 1024
    assert len(door._named) <= MAX_NAMED + 1


def test_address_of_another_machine_is_a_sentence() -> None:
    with pytest.raises(ContinuoError, match=r"192\.0\.2\.1 is no address of this machine"):
        Door("192.0.2.1", ["192.168.1.20"]).listen(0)


def lan() -> str:
    """An address of this machine that is not loopback; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no network")
        return str(probe.getsockname()[0])


async def surface(host: str) -> tuple[socket.socket, asyncio.AbstractEventLoop]:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind((host, 0))
    return sock, asyncio.get_running_loop()


def test_subscriber_on_an_allowed_machine_hears_every_change() -> None:
    here = lan()

    async def play(hall: Hall) -> None:
        sock, loop = await surface(here)
        with sock:
            await loop.sock_sendto(sock, osc("/continuo/subscribe"), (here, hall.port))
            assert (await asyncio.wait_for(loop.sock_recv(sock, 65_536), 10)).startswith(b"#bundle")
            local = await hall.surface()
            local.say("/continuo/1/voices", 2)
            assert await asyncio.wait_for(loop.sock_recv(sock, 65_536), 10) == osc("/continuo/1/voices", 2)

    on_stage(play, door=Door(OPEN, [here]))


def test_stranger_is_not_answered_and_changes_nothing() -> None:
    here = lan()
    told: list[str] = []

    async def play(hall: Hall) -> None:
        sock, loop = await surface(here)
        with sock:
            for packet in (osc("/continuo/1/voices", 5), osc("/continuo/panic"), b"hello", osc("/continuo/subscribe")):
                await loop.sock_sendto(sock, packet, (here, hall.port))
            local = await hall.surface()
            while hall.server._door.turned_away < 4:
                assert await local.rest() == []
            assert hall.desk.read("/continuo/1/voices") == 3
            assert (hall.panics, hall.changed, list(hall.server._subscribers)) == (0, [], [])
            with pytest.raises(BlockingIOError):
                sock.recv(100)
        assert told == [f"OSC from {here} is dropped: it is not allowed in (--osc-allow {here} lets it in)"]

    on_stage(play, door=Door(OPEN, ["192.0.2.1"], told.append))


def test_server_on_all_addresses_does_not_subscribe_to_itself() -> None:
    here = lan()

    async def play(hall: Hall) -> None:
        sock, loop = await surface(here)
        with sock:
            await loop.sock_sendto(sock, osc("/continuo/subscribe", hall.port), (here, hall.port))
            assert b"the port of Continuo itself" in await asyncio.wait_for(loop.sock_recv(sock, 65_536), 10)

    on_stage(play, door=Door(OPEN, [here]))


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_ipv6_loopback_is_served() -> None:
    async def play(hall: Hall) -> None:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect(("::1", hall.port))
            sock.send(osc("/continuo/ping"))
            assert (await asyncio.wait_for(loop.sock_recv(sock, 65_536), 10)).startswith(b"/continuo/pong")

    try:
        on_stage(play, door=Door("::1"))
    except ContinuoError:
        pytest.skip("no IPv6 here")


def test_packet_over_the_limit_is_refused_and_the_next_one_served() -> None:
    async def play(hall: Hall) -> None:
        player = await hall.surface()
        for size in (MAX_BYTES - 40, MAX_BYTES, 60_000):
            player.say("/continuo/1/key", "x" * size)
        assert [values[1][:30] for _, values in await player.rest()] == [
            "key takes auto, or a key (C ma",
            f"this packet has more than {MAX_BYTES}",
            f"this packet has more than {MAX_BYTES}",
        ]

    on_stage(play)


def test_a_flood_of_one_keeps_nobody_else_waiting_and_is_told_of() -> None:
    told: list[str] = []

    async def play(hall: Hall) -> None:
        flood, other = await hall.surface(), await hall.surface()
        for _ in range(2 * WAITING):
            flood.throw(b"no OSC")
        assert await other.ask("/continuo/1/voices") == ("/continuo/1/voices", [3])
        assert "comes faster than it can be served" in told[0]

    on_stage(play, door=Door(tell=told.append))
