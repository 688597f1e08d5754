"""Tells listeners of values that change: not too often, and not of what their own finger is just moving."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from bridge.control.inbox import Address
from bridge.control.state import Value

EVERY_S = 0.02
"""A listener is told of one address so often at most; what comes in between is left out, the last is not."""
FINGER_S = 0.3
"""A finger that has not moved a value for so long rests."""

Send = Callable[[str, Value, list[Address]], None]


class Echo:
    """What listeners have yet to be told. The event loop of control owns it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._owed: dict[str, set[Address]] = {}  # by OSC address: who does not know its value yet
        self._values: dict[str, Value] = {}
        self._not_before: dict[tuple[str, Address], float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def moved(self, address: str, listener: Address, *, knows: bool) -> None:
        """A listener moves a value: it hears of it when its finger rests, if it does not know it itself."""
        if knows:
            self._owed.get(address, set()).discard(listener)
        self._not_before[address, listener] = _now() + FINGER_S
        self._wait()

    def tell(self, address: str, value: Value, listeners: Iterable[Address]) -> None:
        """Have listeners told: those who were not told just now, at once."""
        wanting = set(listeners)
        if wanting:
            self._values[address] = value
            self._owed.setdefault(address, set()).update(wanting)
            self._pay(address)
            self._wait()

    def clear(self) -> None:
        """All have been told everything."""
        self._owed.clear()
        self._values.clear()

    def close(self) -> None:
        """Tell nobody anything any more."""
        self.clear()
        self._not_before.clear()
        if self._timer:
            self._timer.cancel()

    def _pay(self, address: str) -> None:
        now, owed = _now(), self._owed[address]
        due = [one for one in owed if self._not_before.get((address, one), now) <= now]
        if due:
            self._send(address, self._values[address], due)
            owed.difference_update(due)
            self._not_before |= dict.fromkeys(((address, one) for one in due), now + EVERY_S)
        if not owed:
            del self._owed[address], self._values[address]

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._wake)

    def _wake(self) -> None:
        self._timer = None
        for address in list(self._owed):
            self._pay(address)
        now = _now()
        self._not_before = {key: until for key, until in self._not_before.items() if until > now}
        if self._owed or self._not_before:
            self._wait()


def _now() -> float:
    return asyncio.get_running_loop().time()
