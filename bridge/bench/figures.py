"""Latencies as numbers and as text."""

from __future__ import annotations

import statistics
import time
from typing import Any

Figures = dict[str, float]

CUTS = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
COUNTS = ("lost", "wrong", "unanswered", "late", "fallbacks", "floor_lost", "xruns", "ready_s")
IDLE = ("idle_cpu_percent", "control_mb", "port_mb", "brain_mb")
STEP_MS = 0.25
"""Of the histogram."""
WIDTH = 40
WORK, WORKS, REST_S = 10_000, 1000, 0.005
"""Turns of a loop, how often it is run, and the sleep before each."""


def figures(values: list[float]) -> Figures:
    """Median, p95, p99, maximum and standard deviation."""
    ordered = sorted(values)
    if not ordered:
        return dict.fromkeys((*CUTS, "max", "sd"), float("nan"))
    cuts = {name: ordered[min(len(ordered) - 1, int(len(ordered) * cut))] for name, cut in CUTS.items()}
    return {
        name: round(value, 4) for name, value in (cuts | {"max": ordered[-1], "sd": statistics.pstdev(ordered)}).items()
    }


def work_ms() -> list[float]:
    """Milliseconds of a small computation, many times: what the machine adds to it is in every latency too.

    A virtual core can be taken away for 10 ms without a trace in what the system tells of itself.
    """
    taken = []
    for _ in range(WORKS):
        time.sleep(REST_S)
        start_ns = time.monotonic_ns()
        for number in range(WORK):
            number * number
        taken.append((time.monotonic_ns() - start_ns) / 1e6)
    return taken


def report(result: dict[str, Any]) -> str:
    """What `latency.measure` gives as a table, and the latencies as a histogram."""
    lines = [f"{title(result)}, {result['machine']}", ""]
    lines.append(f"{'ms':<10}" + "".join(f"{name:>9}" for name in (*CUTS, "max", "sd")))
    for row in (name for name in ("floor_ms", "thru_ms", "harmony_ms", "jitter_ms") if name in result):
        values: Figures = result[row]
        lines.append(f"{row[:-3]:<10}" + "".join(f"{values[name]:>9.3f}" for name in (*CUTS, "max", "sd")))
    lines += ["", "  ".join(f"{name} {result[name]}" for name in COUNTS)]
    if IDLE[0] in result:
        lines.append("  ".join(f"{name} {result[name]}" for name in IDLE))
    return "\n".join([*lines, "", *_histogram(result["histogram"])])


def title(result: dict[str, Any]) -> str:
    """What was measured."""
    inserts = f"{result['inserts']} inserts, " if result["inserts"] > 1 else ""
    load = f", {result['load']} busy processes" if result["load"] else ""
    played = f"{result['notes']} notes, {inserts}preset {result['preset']}, {result['voices']} voices"
    return f"{played}, {result['backend']}, period {result['period_ms']} ms{load}"


def _histogram(latencies: dict[str, list[float]]) -> list[str]:
    """One row a quarter of a millisecond, one column a way."""
    last = int(max((max(values) for values in latencies.values() if values), default=0.0) / STEP_MS)
    most = max((len(values) for values in latencies.values()), default=1) or 1
    lines = []
    for name, values in latencies.items():
        lines.append(f"{name}, notes per {STEP_MS} ms")
        counts = [0] * (last + 1)
        for value in values:
            counts[int(value / STEP_MS)] += 1
        for number, count in enumerate(counts):
            if count:
                lines.append(f"  {number * STEP_MS:5.2f} {'#' * max(1, round(WIDTH * count / most)):<{WIDTH}} {count}")
    return lines
