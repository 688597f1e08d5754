"""Whether beats drift: hours of a followed clock and of our own, judged by the clock that the brain sends."""

from __future__ import annotations

import random

from bridge.addresses import defaults
from bridge.brain.players import Players
from bridge.brain.session import Session
from bridge.control.state import Desk
from bridge.daemon_addresses import DAEMON
from bridge.messages import INPUT, PLAY, Record
from music.beat import CLOCKS_PER_BEAT

CLOCK, START = b"\xf8", b"\xfa"
JITTER_NS = 1_000_000
BPM = 30.0
TICK_NS = 60e9 / BPM / CLOCKS_PER_BEAT
NS_PER_HOUR = 3600e9
WARM_TICKS = 2_000
SHARE = 100
"""The first and the last hundredth of the ticks are compared."""


class Ruler:
    """Compares ticks with where they should be, a hundredth of them at a time."""

    def __init__(self, expected: int) -> None:
        self.count = 0
        self.worst_ns = 0.0
        self._sum, self._size, self._each = 0.0, 0, max(1, expected // SHARE)
        self._means: list[float] = []

    def measure(self, error_ns: float) -> None:
        """One more tick."""
        self.count += 1
        self.worst_ns = max(self.worst_ns, abs(error_ns))
        self._sum, self._size = self._sum + error_ns, self._size + 1
        if self._size == self._each:
            self._means.append(self._sum / self._size)
            self._sum, self._size = 0.0, 0

    @property
    def drift_ms(self) -> float:
        """How much further off the last ticks are than the first, on the mean."""
        return abs(self._means[-1] - self._means[0]) / 1e6 if len(self._means) > 1 else 0.0


def measure(hours: float, seed: int) -> dict[str, float]:
    """Drift and worst error of a followed clock with jitter and of our own, in ms; ticks that are too few or many."""
    ticks = max(2 * WARM_TICKS, round(hours * NS_PER_HOUR / TICK_NS))
    followed, own = _followed(ticks, seed), _own(ticks)
    return {
        "followed_drift_ms": round(followed.drift_ms, 3),
        "followed_worst_ms": round(followed.worst_ns / 1e6, 3),
        "own_drift_ms": round(own.drift_ms, 6),
        "own_worst_ms": round(own.worst_ns / 1e6, 6),
        "ticks_wrong": abs(followed.count - (ticks - WARM_TICKS)) + abs(own.count - (ticks - WARM_TICKS)),
    }


def _session() -> Session:
    session = Session(Players(), 0)
    clock = defaults(DAEMON) | {"tempo": BPM, "out": True}
    session.obey({"settings": Desk(["harmony"]).settings({0}), "clock": clock}, 0)
    return session


def _sent(session: Session) -> list[int]:
    """The moments of the ticks that it has sent since it was asked last."""
    records, session.to_port = session.to_port, []
    session.to_control.clear()
    return [one.time_ns for one in records if one.kind == PLAY and one.data == CLOCK]


def _followed(ticks: int, seed: int) -> Ruler:
    """A host's steady clock: each tick is a little early or late, its sum is not."""
    dice = random.Random(seed)  # noqa: S311 - noise, not a secret
    session, ruler = _session(), Ruler(ticks)
    session.hear([Record(0, 0, INPUT, 0, START)], 0)
    warm_ns = (WARM_TICKS - 0.5) * TICK_NS
    end_ns = (ticks - 0.5) * TICK_NS
    last_ns = 0
    for number in range(ticks + 2):
        late_ns = min(max(dice.gauss(0, JITTER_NS), -3 * JITTER_NS), 3 * JITTER_NS)
        last_ns = max(last_ns, round(number * TICK_NS + late_ns))
        session.hear([Record(last_ns, 0, INPUT, 0, CLOCK)], last_ns)
        session.advance(last_ns)
        for ns in _sent(session):
            if warm_ns <= ns < end_ns:
                ruler.measure(ns - round(ns / TICK_NS) * TICK_NS)
    return ruler


def _own(ticks: int) -> Ruler:
    """Our own tempo, from wake to wake."""
    session, ruler, now_ns = _session(), Ruler(ticks), 0
    warm_ns, end_ns = (WARM_TICKS - 0.5) * TICK_NS, (ticks - 0.5) * TICK_NS
    while now_ns < end_ns:
        wake_ns = session.wake_ns(now_ns)
        now_ns = now_ns + 20_000_000 if wake_ns is None else max(wake_ns, now_ns + 1_000_000)
        session.advance(now_ns)
        for ns in _sent(session):
            if warm_ns <= ns < end_ns:
                ruler.measure(ns - round(ns / TICK_NS) * TICK_NS)
    return ruler
