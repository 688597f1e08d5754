"""All targets fuzzed one after the other, each in a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PATIENCE_S = 120.0
"""To start, and to end the last input."""
UNBOUNDED_S = 24 * 3600.0


def measure(names: list[str], seconds: float, runs: int, seed: int, *, plain: bool) -> list[dict[str, Any]]:
    """A row of figures for each target; failing inputs are written into the working folder."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = {"seconds": seconds, "runs": runs, "seed": seed, "plain": plain, "folder": str(Path.cwd())}
        return [_probe(wanted | {"target": name, "scratch": f"{folder}/{name}"}) for name in names]


def _probe(wanted: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", "bridge.bench.prober", json.dumps(wanted)]
    limit_s = UNBOUNDED_S if wanted["runs"] else wanted["seconds"] + PATIENCE_S
    try:
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        return crashed(wanted, "an input never ends")
    covered = re.findall(r"cov: (\d+)", ended.stderr)
    try:
        row: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        said = ended.stderr.strip().splitlines()[-1:] or ["nothing said"]
        return crashed(wanted, f"the process ended with code {ended.returncode} ({said[0]})")
    return row | {"coverage": int(covered[-1]) if covered else None}


def crashed(wanted: dict[str, Any], what: str) -> dict[str, Any]:
    """The row of a target that did not survive its last input."""
    scratch = Path(wanted["scratch"])
    data = scratch.read_bytes() if scratch.exists() else b""
    file = Path(wanted["folder"]) / f"fuzz-{wanted['target']}-crash"
    file.write_bytes(data[4 : 4 + int.from_bytes(data[:4], "big")])
    row = dict.fromkeys(("runs", "runs_per_s", "outcomes", "slowest_ms"), 0) | {"guided_by": "", "coverage": None}
    return {"target": wanted["target"], **row, "failures": [{"what": what, "file": str(file)}]}


def report(rows: list[dict[str, Any]]) -> str:
    """The figures as a table, the failures below it."""
    names = ("target", "guided_by", "runs", "runs_per_s", "outcomes", "coverage", "slowest_ms")
    lines = ["".join(f"{name:>12}" for name in (*names, "failures"))]
    for row in rows:
        cells = [*(row[name] if row[name] is not None else "-" for name in names), len(row["failures"])]
        lines.append("".join(f"{cell:>12}" for cell in cells))
    lines += [f"{one['file']}: {one['what']}" for row in rows for one in row["failures"]]
    return "\n".join(lines)
