"""Which ports of others are closed: Linux tells who sends to them, if it is asked to."""

from __future__ import annotations

import errno
import socket
import struct
import sys
from collections.abc import Callable, Iterator

from bridge.control.inbox import Address

IP_RECVERR, IPV6_RECVERR = 11, 25
"""From linux/in.h and linux/in6.h: Python names neither."""
MOST = 64
"""Errors that are read at a time."""


def ask(link: socket.socket) -> None:
    """Have the system tell; on other systems subscriptions only run out."""
    if sys.platform == "linux":
        level, option = (
            (socket.IPPROTO_IP, IP_RECVERR) if link.family == socket.AF_INET else (socket.IPPROTO_IPV6, IPV6_RECVERR)
        )
        link.setsockopt(level, option, 1)


def told(link: socket.socket) -> Iterator[Address]:
    """The ports that were found closed since the last time. Unread, they would keep the event loop awake."""
    if sys.platform != "linux":
        return
    for _ in range(MOST):
        try:
            _, details, _, address = link.recvmsg(1, 512, socket.MSG_ERRQUEUE)
        except OSError:  # no more
            return
        codes = [struct.unpack_from("I", data)[0] for _, _, data in details if len(data) >= 4]
        if errno.ECONNREFUSED in codes:
            yield address[:2]


def sent(link: socket.socket, packet: bytes, listener: Address, hear: Callable[[], None]) -> bool:
    """Send now, if there is room. What was refused is heard first: asyncio would lose the packet after it."""
    for _ in range(2):
        try:
            link.sendto(packet, listener)
        except BlockingIOError:
            break
        except OSError:  # the port of somebody told before is closed
            hear()
        else:
            return True
    return False
