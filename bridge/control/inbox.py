"""Datagrams that wait to be served, the senders taken in turns."""

from __future__ import annotations

from collections import deque

from pythonosc.osc_message import OscMessage

Address = tuple[str, int]
Waiting = bytes | deque[OscMessage]
"""A datagram, or what is left of one whose first messages are served."""

WAITING = 2048
"""Datagrams that may wait. A sender has its share of them, so that there is always room for one more sender."""
MAX_SENDERS = 128


class Inbox:
    """Who sends a flood waits behind its own flood; nobody else does. Full, it drops what the fullest senders send."""

    def __init__(self) -> None:
        self._waiting: dict[Address, deque[Waiting]] = {}
        self._count = 0
        self.dropped = 0

    def __len__(self) -> int:
        return self._count

    def put(self, data: bytes, sender: Address) -> bool:
        """Keep a datagram; False where it was dropped."""
        own = self._waiting.get(sender)
        crowd = len(self._waiting)
        full = self._count >= 2 * WAITING or (
            crowd >= MAX_SENDERS if own is None else len(own) >= WAITING // (crowd + 1)
        )
        if full:
            self.dropped += 1
            return False
        if own is None:
            own = self._waiting[sender] = deque()
        own.append(data)
        self._count += 1
        return True

    def put_back(self, rest: deque[OscMessage], sender: Address) -> None:
        """Keep the rest of a datagram until its sender's next turn."""
        own = self._waiting.setdefault(sender, deque())
        own.appendleft(rest)
        self._count += 1

    def take(self) -> tuple[Waiting, Address] | None:
        """The oldest of the sender whose turn it is; None where nothing waits."""
        if not self._waiting:
            return None
        sender = next(iter(self._waiting))
        own = self._waiting.pop(sender)
        data = own.popleft()
        self._count -= 1
        if own:
            self._waiting[sender] = own
        return data, sender
