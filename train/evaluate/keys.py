"""Protocol A: polyphony one frame ahead, nats per frame over all keys; the first frame of a piece is not scored."""

from __future__ import annotations

from collections.abc import Sequence

from train.evaluate.hits import figures, persistence
from train.evaluate.pieces import Piece, spread
from train.evaluate.stream import Manner, Model, nats, play_all
from train.evaluate.tables import CountTable, nothing, past

REMARK = (
    "Whole pieces, frame t from frames before t, the first frame not scored, summed over 88 keys. F1: the likeliest "
    "next frame, at most 32 pieces and 256 frames of each"
)
DRAWN_PIECES = 32
DRAWN_FRAMES = 256
"""Foretelling frame by frame is slow: so many pieces, and of each so many frames."""


def metrics(model: Model, pieces: Sequence[Piece]) -> dict[str, float]:
    """Nats per frame, and F1 of the likeliest next frame."""
    return nats(model, pieces) | foretold(model, pieces)


def foretold(model: Model, pieces: Sequence[Piece], most: int = DRAWN_PIECES) -> dict[str, float]:
    """F1 of the likeliest next frame, the truth heard until then."""
    some = excerpts(pieces, most)
    drawn = play_all(model, some, Manner(warm_up=None))
    return figures([(roll, piece.batch.target[0]) for roll, piece in zip(drawn, some, strict=True)], strikes=False)


def excerpts(pieces: Sequence[Piece], most: int = DRAWN_PIECES) -> list[Piece]:
    """What is foretold frame by frame."""
    return [piece.cut(DRAWN_FRAMES) for piece in spread(pieces, most)]


def baselines(pieces: Sequence[Piece], train: Sequence[Piece]) -> dict[str, dict[str, float]]:
    """Players that only count, counted on the train split."""
    some = excerpts(pieces)
    found = {"persistence": figures([persistence(p.batch.target[0], strikes=False) for p in some], strikes=False)}
    if train:
        keys = train[0].batch.target.shape[2]
        tables = {
            "silence": CountTable(nothing, (keys, 1, 2), shared=True),
            "marginal": CountTable(nothing, (keys, 1, 2)),
            "copy_previous": CountTable(past, (keys, 2, 2), shared=True),
            "markov": CountTable(past, (keys, 2, 2)),
        }
        found |= {name: nats(table.count(train), pieces) for name, table in tables.items()}
    return found
