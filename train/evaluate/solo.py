"""A whole piano one frame ahead: nats of what is struck, goes on and ends, and the next frame foretold."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from models.blocks.samplers.ascending import STRUCK
from train.evaluate.hits import figures, persistence
from train.evaluate.keys import excerpts
from train.evaluate.pieces import Piece
from train.evaluate.stream import Manner, Model, nats, play_all
from train.evaluate.tables import FRAMES_OF_BEAT, CountTable, nothing, past, place_in_beat

REMARK = (
    "Whole pieces on a grid of sixteenths, each frame from all before it, summed over 88 keys; nats_per_note: the same "
    "by struck keys, so what it costs when, which and how long, without loudness. F1: the likeliest next frame, at "
    "most 32 pieces and 256 frames of each"
)


def metrics(model: Model, pieces: Sequence[Piece]) -> dict[str, float]:
    """Nats by frame and by note, and F1 of the likeliest next frame."""
    return costs(model, pieces) | foretold(model, pieces)


def costs(model: Model, pieces: Sequence[Piece]) -> dict[str, float]:
    """Nats per frame, and per note that is struck."""
    found = nats(model, pieces)
    frames, notes = sum(map(len, pieces)), sum(int((piece.batch.target == STRUCK).sum()) for piece in pieces)
    return found | {"nats_per_note": found["nats_per_frame"] * frames / max(1, notes)}


def foretold(model: Model, pieces: Sequence[Piece], most: int = 32) -> dict[str, float]:
    """F1 of the likeliest next frame, the truth heard until then."""
    some = excerpts(pieces, most)
    drawn = play_all(model, some, Manner(warm_up=None))
    return figures([(roll, piece.batch.target[0]) for roll, piece in zip(drawn, some, strict=True)], strikes=True)


def baselines(pieces: Sequence[Piece], train: Sequence[Piece]) -> dict[str, dict[str, float]]:
    """Players that only count, counted on the train split, and the frame before said again."""
    some = excerpts(pieces)
    found = {"persistence": figures([persistence(one.batch.target[0], strikes=True) for one in some], strikes=True)}
    if train:
        keys = train[0].batch.target.shape[2]
        tables = {
            "silence": CountTable(nothing, (keys, 1, 3), shared=True),
            "marginal": CountTable(nothing, (keys, 1, 3)),
            "copy_previous": CountTable(past, (keys, 3, 3), shared=True),
            "count_table": CountTable(_in_beat, (keys, 3 * (FRAMES_OF_BEAT + 1), 3)),
        }
        found |= {name: costs(table.count(train), pieces) for name, table in tables.items()}
    return found


def _in_beat(before: Tensor, given: Tensor, phase: Tensor) -> Tensor:
    """The key before, and the place in the beat."""
    del given
    return before * (FRAMES_OF_BEAT + 1) + place_in_beat(phase)[..., None]
