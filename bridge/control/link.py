"""Ableton Link: the time of others on the same network, told to the brain when it changes.

Needs the extra `link` (LinkPython-extern; Link itself is under the GPL). Its threads are its own: nothing here waits.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

POLL_S = 0.05
TELL_S = 0.5
MOVED_BEATS = 0.004
"""A song further than this from where it should be has been moved, or goes faster: at 120 bpm, 2 ms."""
INSTALL = "pip install 'continuo[link]' (Link is under the GPL), or set link to 0 and clock to daw"

Told = dict[str, Any]
"""`time_ns`, `beat` and `bpm` then, `rolling`, `peers`."""


def installed() -> bool:
    """Whether Link can be had."""
    try:
        import link  # noqa: F401, PLC0415 - an extra
    except ImportError:
        return False
    return True


class LinkWatch:
    """Looks at a Link session twenty times a second. The event loop of control owns it."""

    def __init__(self, tell: Callable[[Told], None]) -> None:
        self._tell = tell
        self._link: Any = None
        self._bar_beats = 4.0
        self._told: Told | None = None
        self._told_s = 0.0
        self._uses_start = False  # somebody has started or stopped the song by Link
        self._timer: asyncio.TimerHandle | None = None

    def set(self, *, on: bool, bpm: float, meter: str) -> None:
        """Join the session of the network, or leave it; bars are those of the meter.

        Who comes later takes over the tempo of a session: `bpm` is what they find if we are the first.
        """
        numerator, denominator = map(int, meter.split("/"))
        self._bar_beats = 4 * numerator / denominator
        if on and self._timer is None and installed():
            self._join(bpm)
        elif not on and self._timer:
            self.close()

    def close(self) -> None:
        """Leave the session."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._link:
            self._link.enabled = False
            self._link = None
        self._told = None

    def _join(self, bpm: float) -> None:
        import link  # noqa: PLC0415 - an extra

        self._link = link.Link(bpm)
        self._link.startStopSyncEnabled = True
        self._link.enabled = True
        self._look()

    def _look(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(POLL_S, self._look)
        state, clock = self._link.captureSessionState(), self._link.clock()
        before_ns = time.monotonic_ns()
        micros = clock.micros()
        now_ns = (before_ns + time.monotonic_ns()) // 2  # its clock is not ours: the same moment on both
        self._uses_start |= state.isPlaying()
        told = {
            "time_ns": now_ns,
            "beat": state.beatAtTime(micros, self._bar_beats),
            "bpm": state.tempo(),
            "rolling": state.isPlaying() or not self._uses_start,
            "peers": self._link.numPeers(),
        }
        if self._is_news(told):
            self._told, self._told_s = told, time.monotonic()
            self._tell(told)

    def _is_news(self, now: Told) -> bool:
        if self._told is None:
            return bool(now["peers"])
        told = self._told
        expected = told["beat"] + (now["time_ns"] - told["time_ns"]) * told["bpm"] / 60e9
        moved = abs(now["beat"] - expected) > MOVED_BEATS
        others = any(now[name] != told[name] for name in ("bpm", "rolling", "peers"))
        return moved or others or (now["peers"] > 0 and time.monotonic() - self._told_s > TELL_S)
