"""Figures as tables on stdout."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from train.evaluate.report import Report


def figures(name: str, report: Report) -> None:
    """A row for each figure, a column for the model and each baseline."""
    about = (
        f"{report.pieces} pieces, {report.frames} frames, split {report.split}, {report.ms_per_step:.2f} ms per step"
    )
    table = Table(title=name, caption=about)
    table.add_column("figure", no_wrap=True)
    table.add_column("model", justify="right", style="bold", no_wrap=True)
    for baseline in report.baselines:
        table.add_column(baseline.replace("_", " "), justify="right")
    names = dict.fromkeys((*report.metrics, *(key for row in report.baselines.values() for key in row)))
    for figure in names:
        others = (row.get(figure) for row in report.baselines.values())
        table.add_row(figure, *(_number(value) for value in (report.metrics.get(figure), *others)))
    console = _console()
    console.print(table)
    for remark in report.remarks:
        console.print(remark, highlight=False, markup=False)


def trials(rows: Sequence[dict[str, Any]]) -> None:
    """A row for each run of a sweep."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    table = Table(*columns)
    for row in rows:
        table.add_row(*(_number(row.get(column)) for column in columns))
    _console().print(table)


def _console() -> Console:
    """As wide as the terminal; elsewhere as wide as it needs."""
    return Console(width=None if sys.stdout.isatty() else 240)


def _number(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
