"""How a run looks to whoever watches it: a bar on a terminal, a line per validation elsewhere; all on stderr."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import Self

from rich.console import Console as Terminal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from train.config import Config


class Console:
    """The bar of one run."""

    def __init__(self, config: Config) -> None:
        helper = os.environ.get("LOCAL_RANK", "0") != "0"  # a process that only helps says nothing
        self.terminal = Terminal(stderr=True, quiet=helper)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[curve]}"),
            TimeRemainingColumn(),
            console=self.terminal,
            disable=helper or not sys.stderr.isatty(),
            transient=True,
        )
        self.name, self.epochs = config.name, config.train.epochs
        self.task = self.bar.add_task(config.name, total=None, curve="")
        self.held_out = ""

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.bar.stop()

    def prepared(self, done: int, total: int) -> None:
        """So many pieces are read."""
        self.bar.update(self.task, description=f"{self.name}: reading", completed=done, total=total)

    def step(self, step: int, total: int, loss: float) -> None:
        """A step is done."""
        text = f"{loss:.3f} nats{self.held_out}"
        self.bar.update(self.task, description=self.name, completed=step, total=total, curve=text)

    def validated(self, epoch: int, figures: dict[str, float], best: bool) -> None:
        """The held-out figures after an epoch."""
        text = "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
        self.held_out = f", held out {figures['nats']:.3f}"
        self.tell(f"epoch {epoch} of {self.epochs}: {text}{'  best so far' if best else ''}")

    def tell(self, text: str) -> None:
        """A sentence."""
        self.terminal.print(text, highlight=False, soft_wrap=True, markup=False)
