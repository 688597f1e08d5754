"""What an evaluation gives."""

from __future__ import annotations

from typing import Any

import msgspec


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Held-out figures of a model, and what trivial players reach on the same pieces."""

    task: str
    split: str
    metrics: dict[str, float]
    """By names that carry their unit."""
    baselines: dict[str, dict[str, float]]
    """By player the figures of the same names; `data`: what the pieces themselves have."""
    pieces: int
    frames: int
    """Frames of these pieces, scored or not."""
    ms_per_step: float
    """Median of one frame drawn and closed, one piece, one thread."""
    remarks: tuple[str, ...] = ()
    """What a reader must know about these figures."""

    def json(self) -> dict[str, Any]:
        """One object: the metrics by name, then all the rest."""
        rest: dict[str, Any] = msgspec.to_builtins(self)
        metrics: dict[str, Any] = rest.pop("metrics")
        return metrics | rest
