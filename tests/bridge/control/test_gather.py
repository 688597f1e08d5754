"""Changes are handed on: the first at once, what follows together."""

from __future__ import annotations

import asyncio
import time

from bridge.control.gather import PAUSE_S, Gather


def test_the_first_goes_at_once_and_a_flood_after_it_as_a_trickle() -> None:
    told: list[set[int | None]] = []

    async def flood() -> float:
        changes = Gather(told.append)
        changes.add(0)
        changes.add(1)
        assert not told, "what comes in one datagram goes together"
        await asyncio.sleep(0)
        assert told == [{0, 1}]
        start = time.monotonic()
        for number in range(1000):
            changes.add(number % 3)
            await asyncio.sleep(0)
        taken = time.monotonic() - start
        changes.add(None)
        await asyncio.sleep(10 * PAUSE_S)
        return taken

    taken = asyncio.run(flood())
    assert len(told) <= 3 + taken / PAUSE_S
    assert set().union(*told[1:]) == {0, 1, 2, None}


def test_who_cannot_be_told_once_is_told_of_the_next_change() -> None:
    told: list[set[int | None]] = []

    def hand_on(changed: set[int | None]) -> None:
        told.append(changed)
        if len(told) == 1:
            raise OSError

    async def two() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        changes = Gather(hand_on)
        for number in range(2):
            changes.add(number)
            await asyncio.sleep(5 * PAUSE_S)

    asyncio.run(two())
    assert told == [{0}, {1}]
