"""Latencies as a picture; matplotlib is an extra that only this needs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from bridge.bench.figures import CUTS, title
from music.errors import ContinuoError

COLOURS = {"floor": "#5f6f7a", "thru": "#2e86ab", "harmony": "#e4572e"}
STEP_MS = 0.05
BEYOND = 1.5
"""The picture ends so far beyond the highest p99; what is farther is said in words."""


ENDINGS = (".svg", ".png", ".pdf")


def check(path: Path) -> None:
    """Raise ContinuoError where the picture could not be drawn: before anything is measured."""
    if not find_spec("matplotlib"):
        raise ContinuoError("matplotlib is not installed", "pip install 'continuo[plot]'")
    if path.suffix not in ENDINGS:
        raise ContinuoError(f"{path}: no kind of picture ends like this", f"One of {', '.join(ENDINGS)}")
    if not path.absolute().parent.is_dir():
        raise ContinuoError(f"{path}: there is no such folder", "Make it first")


def plot(result: dict[str, Any], path: Path) -> None:
    """Write the histogram of what `latency.measure` gives: SVG, PNG or PDF by the name's ending."""
    from matplotlib import rc_context  # noqa: PLC0415 - an extra
    from matplotlib.figure import Figure  # noqa: PLC0415 - without a window

    latencies: dict[str, list[float]] = result["histogram"]
    end = BEYOND * max(result[f"{way}_ms"]["p99"] for way in latencies)
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "continuo", "font.size": 9}):
        figure = Figure(figsize=(7.2, 3.6), layout="constrained")
        rows = figure.subplots(len(latencies), 1, sharex=True)
        for row, (way, values) in zip(rows, latencies.items(), strict=True):
            row.hist(
                values, bins=np.arange(0, end + STEP_MS, STEP_MS).tolist(), color=COLOURS[way], histtype="stepfilled"
            )
            cuts = {cut: result[f"{way}_ms"][cut] for cut in CUTS}
            for at in cuts.values():
                row.axvline(at, color="black", linewidth=0.6)
            said = "   ".join(f"{cut} {at:.2f}" for cut, at in cuts.items())
            row.text(1, 0.8, said, transform=row.transAxes, ha="right", size=8)
            beyond = sum(value > end for value in values)
            row.set_ylabel(way + (f"\n({beyond} later)" if beyond else ""))
            row.set_yticks([])
            row.spines[["top", "right", "left"]].set_visible(False)
        rows[0].set_title(title(result), size=9)
        rows[-1].set_xlabel("ms from the stamp at the sender to the stamp at the listener")
        rows[-1].set_xlim(0, end)
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
