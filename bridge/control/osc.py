"""The OSC server: get, set, subscribe. Loopback only. Every request is answered or refused with code and sentence."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any, cast

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from bridge import players, presets
from bridge.addresses import ROOT
from bridge.control.state import Desk, UnknownAddress, Value
from bridge.errors import ValueRefused
from music.errors import ContinuoError

Address = tuple[str, int]

Command = Callable[[str, list[object]], None]
"""Do one of COMMANDS, with the values that came with it; ValueRefused where they will not do."""

RECEIVE_BUFFER = 4 << 20  # measured: with the system's default a burst of a few hundred messages is lost
MAX_SUBSCRIBERS = 64
ACTIONS = ("ping", "preset", "presets", "models", "inserts", "subscribe", "unsubscribe", "state")
COMMANDS = ("panic", "resume", "tap", "play", "stop")
"""What is not for us to do."""


class OscServer(asyncio.DatagramProtocol):
    """Answers surfaces from a `Desk`; the event loop of control owns it."""

    def __init__(self, desk: Desk, changed: Callable[[int | None], None], do: Command) -> None:
        self._desk = desk
        self._changed = changed
        self._do = do
        self._subscribers: dict[Address, None] = {}
        self._choosers: dict[int, tuple[Address, str]] = {}  # who chose an insert's player last, by which address
        self._lists: dict[str, Callable[[], list[Any]]] = {
            "presets": presets.names,
            "models": players.names,
            "inserts": lambda: [len(desk.inserts)],
        }
        self._transport: asyncio.DatagramTransport | None = None
        self._here: Address | None = None

    async def open(self, port: int) -> int:
        """Listen on loopback; gives the port (0 asks for a free one). ContinuoError where it is in use."""
        loop = asyncio.get_running_loop()
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        try:
            server.bind(("127.0.0.1", port))
        except OSError as error:
            server.close()
            raise ContinuoError(
                f"OSC port {port} is in use", "Give another with --osc-port (0 takes a free one)"
            ) from error
        await loop.create_datagram_endpoint(lambda: self, sock=server)
        self._here = server.getsockname()
        return int(server.getsockname()[1])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back (asyncio calls this)."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Serve a packet (asyncio calls this); what is no OSC is refused, nothing raises."""
        try:
            messages = [timed.message for timed in OscPacket(data).messages]  # time tags are not waited for
        except Exception:  # noqa: BLE001 - whatever the parser stumbles over
            self._refuse(addr, 400, "this packet is no OSC", "")
            return
        for message in messages:
            if message.address == f"{ROOT}/error":  # another Continuo's: to answer it would never end
                continue
            try:
                self._serve(message.address, list(message.params), addr)
            except UnknownAddress as error:
                self._refuse(addr, 404, str(error), message.address)
            except ValueRefused as error:
                self._refuse(addr, error.code, str(error), message.address)
            except ContinuoError as error:
                self._refuse(addr, 404, str(error), message.address)
            except Exception as error:  # noqa: BLE001 - a surface must not stop the daemon
                self._refuse(addr, 400, f"{message.address} cannot be done ({error})", message.address)

    def publish(self, address: str, value: Value, but: Address | None = None) -> None:
        """Tell every subscriber of a value, except the one who set it."""
        self._send([(address, value)], (one for one in self._subscribers if one != but))

    def publish_state(self) -> None:
        """Tell every subscriber everything."""
        self._send(list(self._desk.values()), self._subscribers)

    def take_back(self, insert: int, sentence: str) -> None:
        """Tell all of the player that plays on, and who wanted another what was wrong with it."""
        address = model_of(insert)
        self.publish(address, self._desk.read(address))
        if insert in self._choosers:
            sender, wanted = self._choosers.pop(insert)
            self._refuse(sender, 404, sentence, wanted)

    def close(self) -> None:
        """Stop listening."""
        if self._transport:
            self._transport.close()

    def _serve(self, address: str, values: list[object], sender: Address) -> None:
        if not address.startswith(f"{ROOT}/"):
            raise UnknownAddress(f"{address}: there is no such address", f"Continuo's begin with {ROOT}/")
        name = address.removeprefix(f"{ROOT}/")
        if name in ACTIONS:
            self._act(name, values, sender)
        elif name in COMMANDS:
            self._do(name, values)
        elif name.endswith("/preset") and name.count("/") == 1:
            number = name.removesuffix("/preset")
            if not number.isdecimal() or not 1 <= int(number) <= len(self._desk.inserts):
                raise UnknownAddress(
                    f"{address}: there is no insert {number!r}", f"There are {len(self._desk.inserts)}"
                )
            self._preset(int(number) - 1, address, values, sender)
        elif not values:
            self._reply(sender, address, self._desk.read(address))
        elif address in self._desk.shown:
            raise ValueRefused(f"{address} can be read and not set", 400)
        else:
            self._set(address, values, sender)

    def _act(self, name: str, values: list[object], sender: Address) -> None:
        match name:
            case "ping":
                self._reply(sender, f"{ROOT}/pong", version("continuo"))
            case "preset":
                self._preset(0, f"{ROOT}/preset", values, sender)
            case "presets" | "models" | "inserts":
                self._reply(sender, f"{ROOT}/{name}", *self._lists[name]())
            case "state":
                self._send(list(self._desk.values()), self._listeners(sender))
            case "subscribe":
                listener = self._listener(values, sender)
                self._subscribers.pop(listener, None)
                self._subscribers[listener] = None
                while len(self._subscribers) > MAX_SUBSCRIBERS:
                    del self._subscribers[next(iter(self._subscribers))]
                self._send(list(self._desk.values()), [listener])
            case "unsubscribe":
                self._subscribers.pop(self._listener(values, sender), None)

    def _preset(self, insert: int, address: str, values: list[object], sender: Address) -> None:
        if not values:
            self._reply(sender, address, self._desk.inserts[insert]["preset"])
            return
        if not isinstance(values[0], str):
            raise ValueRefused(f"preset takes a name, not {values[0]!r}", 400)
        self._desk.load(insert, values[0])
        self._choosers[insert] = sender, address
        self._changed(insert)
        if self._desk.inserts[insert]["clock"]:
            self._changed(None)
        self.publish_state()

    def _set(self, address: str, values: list[object], sender: Address) -> None:
        value = values[0] if len(values) == 1 else values
        before = self._desk.read(address)
        insert = self._desk.write(address, value)
        now = self._desk.read(address)
        if now != before:
            if insert is not None and address == model_of(insert):
                self._choosers[insert] = sender, address
            self._changed(insert)
            self.publish(address, now, but=sender)

    def _listeners(self, sender: Address) -> list[Address]:
        """Who gets the answer: the sender, and its machine's subscribers (each `oscsend` has a new port)."""
        return list(dict.fromkeys([sender, *(one for one in self._subscribers if one[0] == sender[0])]))

    def _listener(self, values: list[object], sender: Address) -> Address:
        """Who subscribes: the sender, or another port of its machine."""
        if not values:
            return sender
        port = values[0]
        if isinstance(port, float) and port.is_integer():
            port = int(port)
        if not isinstance(port, int) or not 1 <= port <= 65535:
            raise ValueRefused(f"subscribe takes a port, 1 to 65535, not {values[0]!r}", 400)
        if (sender[0], port) == self._here:  # it would load its own preset for ever
            raise ValueRefused(f"{port} is the port of Continuo itself", 422)
        return sender[0], port

    def _reply(self, sender: Address, address: str, *values: Value) -> None:
        message = _message(address, *values)
        for listener in self._listeners(sender):
            self._datagram(message, listener)

    def _refuse(self, sender: Address, code: int, sentence: str, address: str) -> None:
        self._reply(sender, f"{ROOT}/error", code, sentence, address)

    def _send(self, values: list[tuple[str, Value]], listeners: Iterable[Address]) -> None:
        """One message, or all of them as one bundle."""
        listeners = list(listeners)
        if not listeners:
            return
        if len(values) == 1:
            packet = _message(*values[0])
        else:
            bundle = OscBundleBuilder(IMMEDIATELY)
            for value in values:
                bundle.add_content(_builder(*value).build())
            packet = bundle.build().dgram
        for listener in listeners:
            self._datagram(packet, listener)

    def _datagram(self, packet: bytes, listener: Address) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.sendto(packet, listener)


def model_of(insert: int) -> str:
    """The address of an insert's player."""
    return f"{ROOT}/{insert + 1}/model"


def _builder(address: str, *values: Value) -> OscMessageBuilder:
    builder = OscMessageBuilder(address)
    for value in values:
        for one in value if isinstance(value, list) else [value]:  # a list is the message's values, not one of them
            builder.add_arg(one)
    return builder


def _message(address: str, *values: Value) -> bytes:
    return bytes(_builder(address, *values).build().dgram)
