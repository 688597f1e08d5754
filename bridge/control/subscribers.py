"""Who is told of every change: until it says otherwise, its port is closed, or its machine has been silent for long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from bridge.control.inbox import Address

MAX_SUBSCRIBERS = 64
LEASE_S = 3600.0
"""After the last packet of its machine; a screen that only listens subscribes again within it."""
CLOSED_S = 30.0
"""How long a port stays closed before it is forgotten: a program that is started again is not."""


class Subscribers:
    """Addresses that hear everything. The event loop of control owns it; the clock is handed to it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._joined: dict[Address, float] = {}
        self._hosts: dict[str, float] = {}  # when each machine with a subscriber was heard last
        self._closed: dict[Address, tuple[float, float]] = {}  # ports found closed: the first and the last time
        self._hands: dict[Address, Address] = {}  # who speaks from one port and listens at another

    def join(self, who: Address, hand: Address) -> None:
        """Tell somebody, who has maybe said so from another port, of everything; the oldest makes room for too many."""
        self.leave(who)
        self._joined[who] = self._hosts[who[0]] = self._clock()
        if hand != who:
            self._hands[hand] = who
        while len(self._joined) > MAX_SUBSCRIBERS:
            self.leave(next(iter(self._joined)))

    def leave(self, who: Address) -> None:
        """Tell somebody no more."""
        self._joined.pop(who, None)
        self._closed.pop(who, None)
        self._hands = {hand: listener for hand, listener in self._hands.items() if listener != who}
        if all(host != who[0] for host, _ in self._joined):
            self._hosts.pop(who[0], None)

    def hear(self, host: str) -> None:
        """A packet has come from a machine: it is there."""
        if host in self._hosts:
            self._hosts[host] = self._clock()

    def closed(self, who: Address) -> None:
        """Nobody listens at a port: the system has said so."""
        now = self._clock()
        first, last = self._closed.get(who, (now, now))
        first = now if now - last > CLOSED_S else first  # it was open in between
        self._closed[who] = first, now
        if who in self._joined and now - first >= CLOSED_S:
            self.leave(who)

    def listener(self, sender: Address) -> Address:
        """Where somebody listens who speaks from here."""
        return self._hands.get(sender, sender)

    def __contains__(self, who: object) -> bool:
        return who in self._joined

    def __iter__(self) -> Iterator[Address]:
        """All of them; who has been silent for too long is forgotten first."""
        until = self._clock() - LEASE_S
        for host in [host for host, heard in self._hosts.items() if heard < until]:
            for who in [who for who in self._joined if who[0] == host]:
                self.leave(who)
        return iter(list(self._joined))
