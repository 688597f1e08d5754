"""The OSC server: get, set, subscribe. Every request of who is let in is answered or refused with code and sentence."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any, cast

from pythonosc.osc_message import OscMessage

from bridge import players, presets, scenes
from bridge.addresses import ROOT
from bridge.control import packets, refusals
from bridge.control.door import Door
from bridge.control.echo import Echo
from bridge.control.inbox import Address, Inbox
from bridge.control.keyboard import Keyboard
from bridge.control.packets import PacketRefused
from bridge.control.packing import bundles, message_of
from bridge.control.state import Desk, UnknownAddress, Value, controls_of, learn_of, model_of
from bridge.control.subscribers import Subscribers
from bridge.control.watch import Watch
from bridge.errors import ValueRefused
from music.errors import ContinuoError, FileError

Command = Callable[[str, list[object]], asyncio.Task[str] | None]
"""Do one of COMMANDS, with the values that came with it; ValueRefused where they will not do. Some answer later."""

AT_ONCE = 4096
"""Datagrams taken from the socket before others have their turn in the event loop."""
SERVE_S = 0.0005
"""How long is served before the socket is looked at again: it holds what a flood sends in a few of them."""
LISTS = {"presets": presets.names, "presets/own": presets.own, "models": players.names, "scenes": scenes.names}
ACTIONS = (*LISTS, "inserts", "ping", "preset", "subscribe", "unsubscribe", "watch", "state")
COMMANDS = (
    *("panic", "resume", "tap", "play", "stop", "capture"),
    *("scene/next", "scene/previous", "scene/save", "scene/delete", "scene/rename"),
    *("preset/delete", "preset/rename"),
)
"""What is not for us to do."""
SET_BY_COMMAND = ("scene", "setlist")
"""What is read by its address, and set by a command of this name."""


class OscServer(asyncio.DatagramProtocol):
    """Answers surfaces from a `Desk`; the event loop of control owns it."""

    def __init__(
        self,
        desk: Desk,
        changed: Callable[[int | None], None],
        do: Command,
        door: Door | None = None,
        keyboard: Keyboard | None = None,
    ) -> None:
        self._desk = desk
        self._door = door or Door()
        self._inbox = Inbox()
        self._serving = False
        self._socket: socket.socket | None = None
        self._changed = changed
        self._do = do
        self._keyboard = keyboard or Keyboard(desk, lambda _: None)
        self._subscribers = Subscribers()
        self._echo = Echo(lambda address, value, listeners: self._send([(address, value)], listeners))
        self.watch = Watch(self._send, len(desk.inserts))
        self._choosers: dict[int, tuple[Address, str]] = {}  # who chose an insert's player last, by which address
        self._transport: asyncio.DatagramTransport | None = None
        self._port = 0

    async def open(self, port: int) -> int:
        """Listen; gives the port (0 asks for a free one). ContinuoError where it is in use."""
        loop = asyncio.get_running_loop()
        server = self._door.listen(port)
        self._port = int(server.getsockname()[1])
        if isinstance(loop, asyncio.SelectorEventLoop):  # on Windows the system reads ahead: nobody else may
            self._socket = server
            refusals.ask(server)
        await loop.create_datagram_endpoint(lambda: self, sock=server)
        return self._port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back (asyncio calls this)."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Take a packet in, and all that waits behind it (asyncio calls this); nothing raises."""
        self._admit(data, addr)
        if self._socket:
            self._drain(self._socket)
        if not self._serving:
            self._serve_waiting()

    def error_received(self, exc: Exception) -> None:
        """Something sent was not received (asyncio calls this, and has not read what waits)."""
        del exc  # which, the socket tells
        self._hear_refusals()
        if self._socket:
            self._drain(self._socket)
        if not self._serving:
            self._serve_waiting()

    def _hear_refusals(self) -> None:
        for who in refusals.told(self._socket) if self._socket else ():
            self._subscribers.closed(who)

    def _admit(self, data: bytes, addr: tuple[Any, ...]) -> bool:
        """Whether the sender may send more."""
        sender: Address = addr[:2]
        if not self._door.admits(sender[0]):
            return True
        self._subscribers.hear(sender[0])
        if self._inbox.put(data, sender):
            return True
        self._door.overrun(sender)
        return False

    def _drain(self, server: socket.socket) -> None:
        """Empty the socket: one that is full loses packets of everybody, the inbox only those of who floods it."""
        full: set[tuple[Any, ...]] = set()  # nothing is served meanwhile: these stay full
        for _ in range(AT_ONCE):
            try:
                data, addr = server.recvfrom(packets.MAX_BYTES + 1)
            except BlockingIOError:  # nothing waits
                return
            except OSError:  # no packet: a port that something was sent to is closed
                self._hear_refusals()
                continue
            if addr in full:
                self._inbox.dropped += 1
            elif not self._admit(data, addr):
                full.add(addr)

    def _serve_waiting(self) -> None:
        """Serve, one message of each sender in turn; what is left over waits for the next round of the event loop."""
        end = time.perf_counter() + SERVE_S
        while one := self._inbox.take():
            waiting, sender = one
            rest = self._opened(waiting, sender) if isinstance(waiting, bytes) else waiting
            if rest:
                self._serve_message(rest.popleft(), sender)
            if rest:
                self._inbox.put_back(rest, sender)
            if time.perf_counter() > end:
                break
        self._serving = len(self._inbox) > 0
        if self._serving:
            asyncio.get_running_loop().call_soon(self._serve_waiting)

    def serve(self, data: bytes, sender: Address) -> None:
        """Serve a whole packet of somebody who is let in, at once; nothing raises."""
        for message in self._opened(data, sender):
            self._serve_message(message, sender)

    def _opened(self, data: bytes, sender: Address) -> deque[OscMessage]:
        """The messages of a packet; one that is no OSC is refused and has none."""
        try:
            return deque(packets.messages(data))
        except PacketRefused as error:
            self._refuse(sender, 400, str(error), "")
            return deque()

    def _serve_message(self, message: OscMessage, sender: Address) -> None:
        if message.address == f"{ROOT}/error":  # another Continuo's: to answer it would never end
            return
        self._keyboard.alive(sender)
        try:
            self._serve(message.address, packets.values(message), sender)
        except Exception as error:  # noqa: BLE001 - a surface must not stop the daemon
            self._fail(sender, error, message.address)

    def _fail(self, sender: Address, error: BaseException, address: str) -> None:
        """Refuse with the code of what went wrong."""
        match error:
            case ValueRefused():
                self._refuse(sender, error.code, str(error), address)
            case FileError():
                self._refuse(sender, 500, str(error), address)
            case ContinuoError():
                self._refuse(sender, 404, str(error), address)
            case _:
                self._refuse(sender, 400, f"{address} cannot be done ({error})", address)

    def publish(self, address: str, value: Value, but: Address | None = None) -> None:
        """Tell every subscriber of a value, except the one who set it."""
        self._echo.tell(address, value, (one for one in self._audience() if one != but))

    def publish_state(self) -> None:
        """Tell every subscriber everything."""
        self._echo.clear()
        self._send(list(self._desk.values()), self._audience())

    def take_back(self, insert: int, sentence: str) -> None:
        """Tell all of the player that plays on, and who wanted another what was wrong with it."""
        address = model_of(insert)
        self._send([(address, self._desk.read(address))], self._subscribers)
        if insert in self._choosers:
            sender, wanted = self._choosers.pop(insert)
            self._refuse(sender, 404, sentence, wanted)

    def close(self) -> None:
        """Stop listening."""
        self._echo.close()
        if self._transport:
            self._transport.close()

    def _serve(self, address: str, values: list[object], sender: Address) -> None:
        if not address.startswith(f"{ROOT}/"):
            raise UnknownAddress(f"{address}: there is no such address", f"Continuo's begin with {ROOT}/")
        name = address.removeprefix(f"{ROOT}/")
        if name in ACTIONS:
            self._act(name, values, sender)
        elif name in COMMANDS or (name in SET_BY_COMMAND and values):
            self._command(name, values, sender, address)
        elif name.endswith("/preset/save"):
            insert = self._desk.insert(address.removesuffix("/save"))
            self._command("preset/save", [insert, *values], sender, address)
        elif name.endswith(("/preset", "/note")) and name.count("/") == 1:
            self._of_insert(self._desk.insert(address), address, values, sender)
        elif name.endswith("/unlearn") or (name.endswith("/learn") and values):
            self._learn(self._desk.insert(address), values, forget=name.endswith("/unlearn"))
        elif not values:
            self._reply(sender, address, self._desk.read(address))
        elif address in self._desk.shown:
            raise ValueRefused(f"{address} can be read and not set", 400)
        else:
            self.set(address, values[0] if len(values) == 1 else values, sender)

    def _command(self, command: str, values: list[object], sender: Address, address: str) -> None:
        if answer := self._do(command, values):
            answer.add_done_callback(lambda done: self._answer(sender, done, address))
        if command.startswith("preset/"):  # all are told which there are now, and what those that play are called
            self.publish_state()
            for name in ("presets", "presets/own"):
                self._send([(f"{ROOT}/{name}", LISTS[name]())], self._audience())

    def _act(self, name: str, values: list[object], sender: Address) -> None:
        match name:
            case "ping":
                self._reply(sender, f"{ROOT}/pong", version("continuo"))
            case "preset":
                self._preset(0, f"{ROOT}/preset", values, sender)
            case _ if name in LISTS:
                self._reply(sender, f"{ROOT}/{name}", *LISTS[name]())
            case "inserts":
                self._reply(sender, f"{ROOT}/inserts", len(self._desk.inserts))
            case "state":
                self._send(list(self._desk.values()), self._listeners(sender))
            case "subscribe":
                listener = self._door.listener(values, sender, self._port)
                self._subscribers.join(listener, sender)
                self._send(list(self._desk.values()), [listener])
            case "unsubscribe":
                listener = self._door.listener(values, sender, self._port)
                self._subscribers.leave(listener)
                self.watch.leave(listener)
            case "watch":
                listener = self._door.listener(values, sender, self._port)
                if self.watch.renew(listener):
                    self._send([*self._desk.values(), *self.watch.history()], [listener])

    def _answer(self, sender: Address, done: asyncio.Task[str], address: str) -> None:
        """Tell who asked for a capture of its file; subscribers have been told."""
        if done.cancelled():
            return
        if error := done.exception():
            self._fail(sender, error, address)
        elif sender not in self._subscribers:
            self._datagram(message_of(f"{ROOT}/captured", done.result()), sender)

    def _of_insert(self, insert: int, address: str, values: list[object], sender: Address) -> None:
        """A key to play, or a preset to load."""
        if address.endswith("/note"):
            self._keyboard.play(insert, values, sender)
        else:
            self._preset(insert, address, values, sender)

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

    def _learn(self, insert: int, values: list[object], *, forget: bool) -> None:
        """Have a controller move a parameter, or none."""
        (self._desk.unlearn if forget else self._desk.learn)(insert, values)
        self.learnt(insert)

    def learnt(self, insert: int) -> None:
        """Tell all of an insert's knobs, and of the parameter that waits for one."""
        for address in (controls_of(insert), learn_of(insert)):
            self.publish(address, self._desk.read(address))
        self._changed(insert)

    def set(self, address: str, value: object, sender: Address | None = None) -> None:
        """Set a value for who has moved it, a surface or a knob, and tell all others; raises what `Desk.write` does."""
        before = self._desk.read(address)
        insert = self._desk.write(address, value)
        now = self._desk.read(address)
        if sender and (listener := self._subscribers.listener(sender)) in self._subscribers:
            self._echo.moved(address, listener, knows=listener == sender)
        if now != before:
            if insert is not None and address == model_of(insert) and sender:
                self._choosers[insert] = sender, address
            self._changed(insert)
            self.publish(address, now, but=sender)

    def _audience(self) -> list[Address]:
        """Who is told of every change."""
        return list(dict.fromkeys([*self._subscribers, *self.watch.listeners]))

    def _listeners(self, sender: Address) -> list[Address]:
        """Who gets the answer: the sender, and its machine's subscribers (each `oscsend` has a new port)."""
        return list(dict.fromkeys([sender, *(one for one in self._subscribers if one[0] == sender[0])]))

    def _reply(self, sender: Address, address: str, *values: Value) -> None:
        message = message_of(address, *values)
        for listener in self._listeners(sender):
            self._datagram(message, listener)

    def _refuse(self, sender: Address, code: int, sentence: str, address: str) -> None:
        self._reply(sender, f"{ROOT}/error", code, sentence, address)

    def _send(self, values: list[tuple[str, Value]], listeners: Iterable[Address]) -> None:
        """One message, or all of them as one bundle; as several where they are too many for a datagram."""
        listeners = list(listeners)
        if not listeners:
            return
        for packet in [message_of(*values[0])] if len(values) == 1 else bundles(values):
            for listener in listeners:
                self._datagram(packet, listener)

    def _datagram(self, packet: bytes, listener: Address) -> None:
        if not self._transport or self._transport.is_closing():
            return
        if not self._socket or not refusals.sent(self._socket, packet, listener, self._hear_refusals):
            self._transport.sendto(packet, listener)
