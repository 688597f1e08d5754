"""A real OSC server, and surfaces that talk to it over real sockets."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from bridge.control.door import Door
from bridge.control.osc import OscServer
from bridge.control.state import Desk

Message = tuple[str, list[Any]]
PATIENCE_S = 10


def osc(address: str, *values: object) -> bytes:
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    return bytes(builder.build().dgram)


class Surface(asyncio.DatagramProtocol):
    """An OSC client on a port of its own."""

    def __init__(self, server: int) -> None:
        self._server = server
        self._packets: asyncio.Queue[bytes] = asyncio.Queue()
        self._transport: Any = None

    async def open(self) -> "Surface":
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    @property
    def port(self) -> int:
        return int(self._transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: object) -> None:
        del addr
        self._packets.put_nowait(data)

    def say(self, address: str, *values: object) -> None:
        self.throw(osc(address, *values))

    def throw(self, packet: bytes) -> None:
        self._transport.sendto(packet, ("127.0.0.1", self._server))

    def close(self) -> None:
        self._transport.close()

    async def packet(self) -> list[Message]:
        data = await asyncio.wait_for(self._packets.get(), PATIENCE_S)
        return [(timed.message.address, list(timed.message.params)) for timed in OscPacket(data).messages]

    async def ask(self, address: str, *values: object) -> Message:
        self.say(address, *values)
        return (await self.packet())[0]

    async def rest(self) -> list[Message]:
        """All that has come and was not read, up to the answer to a ping."""
        self.say("/continuo/ping")
        found: list[Message] = []
        while (messages := await self.packet())[0][0] != "/continuo/pong":
            found += messages
        return found


class Hall:
    """A server and what it has told the daemon."""

    def __init__(self, *names: str, door: Door | None = None) -> None:
        self.desk = Desk(list(names) or ["harmony"])
        self.changed: list[int | None] = []
        self.panics = 0
        self.change = asyncio.Event()
        self.server = OscServer(self.desk, self._change, self._do, door)
        self.port = 0

    def _change(self, insert: int | None) -> None:
        self.changed.append(insert)
        self.change.set()

    def _do(self, command: str, _values: list[object]) -> None:
        self.panics += command == "panic"

    @staticmethod
    def now() -> float:
        """The time of the event loop, in seconds."""
        return asyncio.get_running_loop().time()

    async def surface(self) -> Surface:
        return await Surface(self.port).open()


def on_stage(play: Callable[[Hall], Awaitable[None]], *names: str, door: Door | None = None) -> None:
    """Run a scene with a real server on a free port."""

    async def scene() -> None:
        hall = Hall(*names, door=door)
        hall.port = await hall.server.open(0)
        try:
            await play(hall)
        finally:
            hall.server.close()

    asyncio.run(scene())


def one_or_all(values: list[Any]) -> Any:
    """The value of a message, or the list of them: a plan has any number."""
    return values[0] if len(values) == 1 else values
