"""OSCQuery over HTTP: the addresses as JSON for programs, as a page for browsers. It changes nothing."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from importlib.metadata import version
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import h11
import msgspec

from bridge.control import tree
from bridge.control.door import Door
from bridge.control.page import page
from bridge.control.state import Desk
from bridge.control.tree import ATTRIBUTES, Json
from music.errors import ContinuoError

MAX_CALLERS = 16
"""Who comes when so many are served is turned away."""
MAX_REQUEST = 8192
PATIENCE_S = 5.0
"""How long a caller may take, from its first byte to the last of its answer."""
AT_ONCE = 32
"""Addresses that are looked at before others have their turn in the event loop."""
SHARE = 0.1
"""Of control's time: faders come before pages."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller gets."""

    status: HTTPStatus
    body: bytes = b""
    kind: str = "application/json"
    length: int | None = None
    """Of the body that it would have; None where it has it."""

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What goes before the body."""
        found = [
            ("Connection", "close"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
        ]
        if self.status != HTTPStatus.NO_CONTENT:
            length = len(self.body) if self.length is None else self.length
            found += [("Content-Type", self.kind), ("Content-Length", str(length))]
        return found


class QueryServer:
    """Serves one request a connection, one answer at a time; the event loop of control owns it."""

    def __init__(self, desk: Desk, door: Door) -> None:
        self._desk = desk
        self._door = door
        self._server: asyncio.Server | None = None
        self._turn = asyncio.Lock()
        self._callers = 0
        self._osc_port = 0

    async def open(self, osc_port: int) -> int:
        """Listen at the number that OSC has, or at a free one where another program has it; gives it."""
        self._osc_port = osc_port
        try:
            listener = self._door.listen(osc_port, socket.SOCK_STREAM)
        except ContinuoError:
            listener = self._door.listen(0, socket.SOCK_STREAM)
        self._server = await asyncio.start_server(self._meet, sock=listener, backlog=MAX_CALLERS)
        return int(listener.getsockname()[1])

    def close(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a caller who is let in; one that is slow is hung up on."""
        self._callers += 1
        try:
            peer = writer.get_extra_info("peername")
            if self._callers <= MAX_CALLERS and peer and self._door.admits(peer[0]):
                async with asyncio.timeout(PATIENCE_S):
                    await self._converse(reader, writer)
        except (OSError, TimeoutError, asyncio.CancelledError):  # gone, too slow, or we are closing
            pass
        finally:
            self._callers -= 1
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_REQUEST)
        try:
            while (event := line.next_event()) is h11.NEED_DATA:
                line.receive_data(await reader.read(MAX_REQUEST))
            if not isinstance(event, h11.Request):  # who called has hung up
                return
            answer = await self._in_turn(event)
            if event.method == b"HEAD":
                answer = replace(answer, length=len(answer.body), body=b"")
        except h11.RemoteProtocolError as error:
            answer = Answer(HTTPStatus(error.error_status_hint), _sentence(f"This is no request: {error}"))
        head = h11.Response(status_code=answer.status, headers=answer.headers, reason=answer.status.phrase)
        parts = [line.send(head), line.send(h11.Data(data=answer.body)), line.send(h11.EndOfMessage())]
        writer.write(b"".join(part or b"" for part in parts))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def _in_turn(self, request: h11.Request) -> Answer:
        async with self._turn:
            started = time.perf_counter()
            answer = await self._answer(request)
            await asyncio.sleep((time.perf_counter() - started) * (1 / SHARE - 1))
        return answer

    async def _answer(self, request: h11.Request) -> Answer:
        headers = {name: value.decode("latin-1") for name, value in request.headers}
        if not _is_ours(headers.get(b"host", "")):  # a page of another site that has its name point here
            return Answer(HTTPStatus.FORBIDDEN, _sentence("Ask by this machine's address, not by a name of the web"))
        if request.method not in (b"GET", b"HEAD"):
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED, _sentence("OSCQuery only reads: set values by OSC"))
        url = urlsplit(request.target.decode("latin-1"))
        if url.query == "HOST_INFO":
            return _json(self._host_info())
        if "text/html" in headers.get(b"accept", "") and not url.query and url.path in ("", "/"):
            found = [leaf async for leaf in self._leaves()]
            return Answer(HTTPStatus.OK, page(found).encode(), "text/html; charset=utf-8")
        root = tree.root()
        async for leaf in self._leaves():
            tree.graft(leaf, root)
        return _node(tree.find(root, unquote(url.path)), unquote(url.path), url.query)

    async def _leaves(self) -> AsyncIterator[tree.Leaf]:
        """All addresses as they stand now; a fader need not wait for the last of them."""
        for number, leaf in enumerate(tree.leaves(self._desk)):
            yield leaf
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)

    def _host_info(self) -> Json:
        where = {} if self._door.host.is_unspecified else {"OSC_IP": str(self._door.host)}
        extensions = dict.fromkeys(("ACCESS", "VALUE", "RANGE", "DESCRIPTION", "TYPE", "UNIT"), True)
        return {
            "NAME": "Continuo",
            "VERSION": version("continuo"),
            **where,
            "OSC_PORT": self._osc_port,
            "OSC_TRANSPORT": "UDP",
            "EXTENSIONS": extensions | {"LISTEN": False, "PATH_CHANGED": False},
        }


def _node(node: Json | None, path: str, attribute: str) -> Answer:
    """A node, or one attribute of it (204 where it has none of that name)."""
    if node is None:
        return Answer(HTTPStatus.NOT_FOUND, _sentence(f"There is nothing at {path}: / has all"))
    if not attribute:
        return _json(node)
    if attribute not in ATTRIBUTES:
        known = ", ".join(("HOST_INFO", *ATTRIBUTES))
        return Answer(HTTPStatus.BAD_REQUEST, _sentence(f"There is no attribute {attribute!r}: {known}"))
    return _json({attribute: node[attribute]}) if attribute in node else Answer(HTTPStatus.NO_CONTENT)


def _json(value: Json) -> Answer:
    return Answer(HTTPStatus.OK, msgspec.json.encode(value))


def _sentence(text: str) -> bytes:
    return msgspec.json.encode({"ERROR": text})


def _is_ours(host: str) -> bool:
    """Whether a Host header names a machine of this network: an address, localhost, or a name that no site has."""
    name = urlsplit(f"//{host}").hostname or ""
    with suppress(ValueError):
        ip_address(name)
        return True
    return name in ("", "localhost") or name.endswith(".local") or name == socket.gethostname().lower()
