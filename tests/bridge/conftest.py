"""A private JACK server for the whole run; daemons, a musician and a synthesizer that remembers on it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from bridge.bench.musician import Musician, musician
from bridge.bench.stage import LiveDaemon, jack_server, live_daemon
from bridge.errors import PortError

WAIT_S = 20.0
NEEDED = "CONTINUO_TESTS_NEED_JACK"
"""Set where a skipped test would hide that nothing was tried."""


@contextmanager
def served(period: int = 64) -> Iterator[str]:
    """The name of a running server; the tests that need one are skipped with the reason where none starts, or fail."""
    with ExitStack() as stack:
        try:
            name = stack.enter_context(jack_server(period, patient=True))
        except PortError as error:
            if os.environ.get(NEEDED):
                raise
            pytest.skip(str(error))
        yield name


@pytest.fixture(scope="session")
def jack() -> Iterator[str]:
    """The server that most tests share."""
    with served() as name:
        yield name


@pytest.fixture(scope="module")
def daemon(jack: str) -> Iterator[LiveDaemon]:
    """A daemon that the tests of a module share: none of them ends it."""
    with live_daemon("--backend", "jack") as running:
        yield running


@pytest.fixture
def player(daemon: LiveDaemon) -> Iterator[Musician]:
    """A musician connected to the shared daemon."""
    with musician() as playing:
        yield playing


class Synth:
    """What a synthesizer at the daemon's output would sound: a note-off ends a note, however often it was struck."""

    def __init__(self, player: Musician) -> None:
        self.player = player
        self.log: list[bytes] = []

    @property
    def sounding(self) -> set[tuple[int, int]]:
        """(channel, pitch), channel 1-16."""
        while self.player.answers:
            self.log.append(self.player.answers.popleft().data)
        sounding: set[tuple[int, int]] = set()
        for data in self.log:
            key = ((data[0] & 0x0F) + 1, data[1] if len(data) > 1 else 0)
            if data[0] & 0xF0 == 0x90 and data[2]:
                sounding.add(key)
            elif data[0] & 0xF0 in (0x80, 0x90):
                sounding.discard(key)
        return sounding

    def wet(self, channel: int = 2) -> set[int]:
        """Pitches that sound on a channel of the harmony."""
        return {pitch for on, pitch in self.sounding if on == channel}


@pytest.fixture
def synth(player: Musician) -> Synth:
    return Synth(player)


def until(true: Callable[[], object], what: str, timeout_s: float = WAIT_S) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > end:
            pytest.fail(f"did not happen: {what}")
        time.sleep(0.001)


def strike(player: Musician, pitch: int, answered: Callable[[], object]) -> None:
    """Hold a note until it is answered; struck again where the machine was late, for then it is not answered."""
    end = time.monotonic() + WAIT_S
    while not answered():
        if time.monotonic() > end:
            pytest.fail(f"{pitch} is not answered")
        player.play(bytes((0x80, pitch, 64)))
        player.play(bytes((0x90, pitch, 80)))
        again = time.monotonic() + 1.0
        while not answered() and time.monotonic() < again:
            time.sleep(0.001)
