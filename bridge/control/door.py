"""Where OSC listens, and who is let in: this machine, and on the LAN those whom the user has named."""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from bridge.errors import ValueRefused
from music.errors import ContinuoError

LOOPBACK = "127.0.0.1"
RECEIVE_BUFFER = 4 << 20  # measured: with the system's default a burst of a few hundred messages is lost
MAX_KNOWN = 1024
MAX_NAMED = 16
"""Strangers that are told of in the terminal; each once, the others together."""
OVERRUN_S = 10.0
"""A flood is told of once in so many seconds."""


class Door:
    """Lets loopback in always, others by address or network. UDP proves no sender: this keeps out, it does not hide."""

    def __init__(
        self, host: str = LOOPBACK, allow: Iterable[str] = (), tell: Callable[[str], None] = lambda _: None
    ) -> None:
        self.host = _address(host)
        self._allowed = [_network(text) for text in allow]
        self._tell = tell
        self._known: dict[str, bool] = {}
        self._named: set[str] = set()
        self._quiet_until = 0.0
        self.turned_away = 0
        """Datagrams of strangers."""
        if self.host.is_loopback and self._allowed:
            raise ContinuoError(f"--osc-allow lets nobody in while OSC is on {host}", "Add --osc-host 0.0.0.0")
        if not self.host.is_loopback and not self._allowed:
            raise ContinuoError(
                f"OSC on {host} is open to the network, and nobody is allowed in",
                "Name who may: --osc-allow 192.168.1.20 or --osc-allow 192.168.1.0/24",
            )

    def listen(self, port: int, kind: socket.SocketKind = socket.SOCK_DGRAM) -> socket.socket:
        """A socket there (port 0 asks for a free one); ContinuoError where it cannot be had."""
        family = socket.AF_INET if self.host.version == 4 else socket.AF_INET6
        server = socket.socket(family, kind)
        if kind == socket.SOCK_DGRAM:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        elif os.name == "posix":  # a connection that has just ended does not keep the port
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and self.host.is_unspecified:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        try:
            server.bind((str(self.host), port))
        except OSError as error:
            server.close()
            if error.errno == errno.EADDRNOTAVAIL:
                raise ContinuoError(
                    f"{self.host} is no address of this machine", "Give one that it has, or 0.0.0.0 for all of them"
                ) from error
            raise ContinuoError(
                f"OSC port {port} is in use", "Give another with --osc-port (0 takes a free one)"
            ) from error
        return server

    def admits(self, host: str) -> bool:
        """Whether a sender is let in; a stranger is counted, and told of the first time."""
        known = self._known.get(host)
        if known is None:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            known = self._known[host] = self._allows(host)
        if not known:
            self.turned_away += 1
            self._name(host)
        return known

    def overrun(self, sender: tuple[str, int]) -> None:
        """Tell, now and then, that somebody sends more than can be served."""
        if time.monotonic() >= self._quiet_until:
            self._quiet_until = time.monotonic() + OVERRUN_S
            host, port = sender
            self._tell(f"OSC from {host} port {port} comes faster than it can be served: what is too much is dropped")

    def listener(self, values: Sequence[object], sender: tuple[str, int], own: int) -> tuple[str, int]:
        """Who subscribes: the sender, or another port of its machine, if it is not our own; else ValueRefused."""
        if not values:
            return sender
        port = values[0]
        if isinstance(port, float) and port.is_integer():
            port = int(port)
        if not isinstance(port, int) or not 1 <= port <= 65535:
            raise ValueRefused(f"subscribe takes a port, 1 to 65535, not {values[0]!r}", 400)
        if port == own and self.is_here(sender[0]):  # it would load its own preset for ever
            raise ValueRefused(f"{port} is the port of Continuo itself", 422)
        return sender[0], port

    def is_here(self, host: str) -> bool:
        """Whether an address is one of this machine."""
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((host, 0))
            except OSError:
                return False
            return True

    def _allows(self, host: str) -> bool:
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return address.is_loopback or any(address in network for network in self._allowed)

    def _name(self, host: str) -> None:
        if host in self._named or len(self._named) > MAX_NAMED:
            return
        self._named.add(host)
        if len(self._named) > MAX_NAMED:
            self._tell("More senders of OSC are not allowed in and dropped: no others are named")
        else:
            self._tell(f"OSC from {host} is dropped: it is not allowed in (--osc-allow {host} lets it in)")


def _address(text: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text)
    except ValueError as error:
        hint = "Give an address of this machine, such as 192.168.1.10, or 0.0.0.0 for all it has"
        raise ContinuoError(f"--osc-host: {text!r} is no address", hint) from error


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        hint = "Give an address such as 192.168.1.20, or a network such as 192.168.1.0/24"
        raise ContinuoError(f"--osc-allow: {text!r} is no address and no network", hint) from error
