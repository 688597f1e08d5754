"""Real-time scheduling for the calling thread, where the system grants it; and how busy a process is."""

from __future__ import annotations

import os
import time

NICE = -10
"""Measured under a flood of OSC on a machine short of processors: see docs/benchmarks.md."""


def take(priority: int) -> bool:
    """Ask for first-in-first-out scheduling (JACK's own threads have 70 and more); False where it is not granted.

    The threads and processes that it starts do not inherit it.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except (AttributeError, OSError):  # not Linux, or no right to it
        return False
    return True


class Load:
    """How busy this process has been since it was asked last."""

    def __init__(self) -> None:
        self._wall_s, self._busy_s = time.monotonic(), time.process_time()

    def percent(self) -> int:
        """Of one core, all threads."""
        wall_s, busy_s = time.monotonic(), time.process_time()
        percent = 100 * (busy_s - self._busy_s) / max(wall_s - self._wall_s, 1e-6)
        self._wall_s, self._busy_s = wall_s, busy_s
        return round(percent)


def prefer() -> bool:
    """Ask that this process goes before others where processors are short, without real time; False where it cannot.

    What it starts does not inherit it.
    """
    try:
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
        os.sched_setscheduler(0, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))
    except (AttributeError, OSError):  # not Linux, or no right to it
        return False
    return True
