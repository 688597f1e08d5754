"""How many nats a note costs, as it is written and as somebody plays it who hears no clock."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from models.tokens.batch import TokenBatch
from models.tokens.model import TokenModel
from music.tokens import NOTHING, PITCH
from train.evaluate.pieces import spread
from train.tokens.corpus import Tokens
from train.tokens.windows import collate, free

EXCERPTS, ABREAST = 64, 16
"""How many pieces training looks at the middle of, and how many at a time."""

Excerpts = Sequence[tuple[str, TokenBatch]]


def excerpts(tokens: Tokens, split: str, window: int) -> list[tuple[str, TokenBatch]]:
    """The middle of some pieces of a split, evenly from all of it: as written, and freely played."""
    middles = []
    for entry in spread(tokens.of(split), EXCERPTS):
        start = max(0, (entry.rows - window - 1) // 2)
        middles.append(tokens.piece(entry)[start : start + window + 1].copy())
    played = [free(rows.copy(), np.random.default_rng(number)) for number, rows in enumerate(middles)]
    return [
        (name, collate(some[first : first + ABREAST], window))
        for name, some in (("", middles), ("free_", played))
        for first in range(0, len(some), ABREAST)
    ]


@torch.inference_mode()
def quick(model: TokenModel, some: Excerpts) -> dict[str, float]:
    """Nats of a note, all of it and by field."""
    device = model.last.weight.device
    sums: dict[str, float] = {}
    notes = {"": 0, "free_": 0}
    for name, batch in ((name, one.to(device)) for name, one in some):
        notes[name] += int((batch.mask & (batch.rows[:, 1:, PITCH] != NOTHING)).sum())
        for field, nats in model.nats(batch).items():
            sums[f"{name}{field}"] = sums.get(f"{name}{field}", 0.0) + float((nats * batch.mask).sum())
            sums[name] = sums.get(name, 0.0) + float((nats * batch.mask).sum())
    figures = {"nats": sums[""] / max(1, notes[""]), "free_nats": sums["free_"] / max(1, notes["free_"])}
    fields = {f"nats_{field}": sums[field] / max(1, notes[""]) for field in ("wait", "pitch", "velocity", "length")}
    return figures | fields
