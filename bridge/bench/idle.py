"""What a daemon with nothing to do costs."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bridge.bench.stage import LiveDaemon

WATCH_S = 5.0
ROLES = ("control", "port", "brain")


def idle(daemon: LiveDaemon) -> dict[str, float]:
    """CPU (percent of a core, all processes) and memory (MB); Linux only."""
    if sys.platform != "linux":
        return {}
    time.sleep(1)
    before = sum(cpu_s(daemon.pid(role)) for role in ROLES)
    time.sleep(WATCH_S)
    used_s = sum(cpu_s(daemon.pid(role)) for role in ROLES) - before
    memory = {f"{role}_mb": memory_mb(daemon.pid(role)) for role in ROLES}
    return {"idle_cpu_percent": round(100 * used_s / WATCH_S, 2), **memory}


def cpu_s(pid: int) -> float:
    """Time on a processor, all threads; by the scheduler's own count, the ticks of `stat` are too coarse."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def memory_mb(pid: int) -> float:
    """Resident memory of a process; Linux only."""
    rows = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return round(int(rows["VmRSS"].split()[0]) / 1024, 1)
