"""A start that takes long: what is said of it, and that it is not given up while it goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bridge.control import starting
from bridge.control.daemon import Daemon
from bridge.control.options import Options
from bridge.control.starting import Starting
from music.errors import ContinuoError


def test_a_first_start_says_once_what_it_does_and_shows_how_far_it_is() -> None:
    said: list[dict[str, Any]] = []
    daemon = Daemon(Options(["harmony"]), list, said.append)
    daemon._heard("brain", {"compiled": 3})
    assert [event["event"] for event in said] == ["shown"], "there is nothing yet that notes pass through"
    daemon._starting.passes()
    daemon._heard("brain", {"compiled": 7})
    assert [event["event"] for event in said] == ["shown", "starting", "shown"]
    assert daemon._desk.read("/continuo/preparing") == "compiling, 7 functions so far"
    daemon._starting.end()
    assert daemon._desk.read("/continuo/preparing") == ""


def test_a_start_is_given_up_only_where_it_says_nothing_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "SILENT_S", 0.2)

    async def scene(signs: int) -> ContinuoError:
        failed: asyncio.Future[ContinuoError] = asyncio.get_running_loop().create_future()
        one = Starting(Daemon(Options(["harmony"]), list, lambda _: None)._display, lambda _: None, failed.set_result)
        one.begin()
        timers = {one._timer}
        for number in range(signs):
            one.compiled(number)
            timers.add(one._timer)
        assert len(timers) == signs + 1
        assert sum(not timer.cancelled() for timer in timers if timer) == 1
        return await failed

    assert asyncio.run(scene(3)).hint == "continuo doctor"
