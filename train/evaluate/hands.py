"""The left hand under a right hand: nats, the next frame foretold, and what it plays by itself after a warm-up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.blocks.samplers.ascending import GOES_ON, STRUCK
from models.frames import Batch, Choice
from models.learned.hands import lean
from models.player import FRAMES_PER_BEAT
from train.advice import answers, top
from train.evaluate.hits import figures, persistence
from train.evaluate.keys import excerpts
from train.evaluate.pieces import Piece, exchanged, spread, with_given
from train.evaluate.stream import GREEDY, Manner, Model, nats, play_all, sampling, shuffled_rise
from train.evaluate.tables import FRAMES_OF_BEAT, CountTable, nothing, past, place_in_beat
from train.evaluate.texture import LOWEST, MEASURES, Texture, classes, quartiles, shared, summary, texture

REMARK = (
    "nats and onset_f1: the right hand's frame is known. Alone, decided at the frame's beginning as on stage and with "
    "the rules' opinion of each key: 16 beats of the written left hand, then 32 of the model's at temperature 1, from "
    "the bar of its first strike, at most 32 pieces; left_hand_precision: of its pitch classes in a beat, how many the "
    "written one has; inside_share: of pieces inside the middle half of the written ones (which are so by half)"
)
WARM_UP_FRAMES = 16 * FRAMES_PER_BEAT
ALONE_FRAMES = 32 * FRAMES_PER_BEAT
ALONE_PIECES = 32


def metrics(model: Model, pieces: Sequence[Piece]) -> dict[str, float]:
    """Everything about the left hand."""
    some = takeovers(pieces)
    greedy = described(play_all(model, some, _alone(GREEDY)), some)
    return (
        nats(model, pieces)
        | {"right_hand_shuffled_rise_nats_per_frame": shuffled_rise(model, excerpts(pieces))}
        | foretold(model, pieces)
        | played_alone(model, some, sampling(model))
        | {f"{name}_at_temperature_0": value for name, value in greedy.items()}
    )


def foretold(model: Model, pieces: Sequence[Piece], most: int = 32) -> dict[str, float]:
    """F1 of the likeliest next frame, the truth heard until then."""
    some = excerpts(pieces, most)
    drawn = play_all(model, some, Manner(warm_up=None))
    return figures([(roll, piece.batch.target[0]) for roll, piece in zip(drawn, some, strict=True)], strikes=True)


def _alone(choice: Choice) -> Manner:
    """By itself after the warm-up; on stage a frame is decided before the right hand has played in it."""
    return Manner(choice, WARM_UP_FRAMES, late=True, leans=_leans)


def _leans(batch: Batch) -> NDArray[np.float32]:
    """What the rules think of every key, from what the right hand has done before each frame."""
    keys = batch.target.shape[2]
    found = np.zeros(batch.target.shape, np.float32)
    for piece, given in zip(found, batch.given.cpu(), strict=True):
        for t, advised in enumerate(answers(top(given[:-1], LOWEST))):
            said = lean(advised, LOWEST, keys)
            if said is not None:
                piece[t + 1] = said
    return found


def takeovers(pieces: Sequence[Piece]) -> list[Piece]:
    """Where the model takes over after the warm-up: from the bar in which the left hand first strikes."""
    found = []
    for piece in pieces:
        struck = torch.nonzero((piece.batch.target[0] == 2).any(1))[:, 0]
        if len(struck):
            first = int(struck[0])
            bars = torch.nonzero(piece.batch.phase[0, : first + 1] == 1)[:, 0]
            start = int(bars[-1]) if len(bars) else first
            cut = piece.cut(start + WARM_UP_FRAMES + ALONE_FRAMES, start)
            if len(cut) == WARM_UP_FRAMES + ALONE_FRAMES:
                found.append(cut)
    return spread(found, ALONE_PIECES)


def played_alone(model: Model, some: Sequence[Piece], choice: Choice) -> dict[str, float]:
    """16 beats of the left hand as written, then 32 beats of the model's under the written right hand."""
    played = play_all(model, some, _alone(choice))
    crossed = play_all(model, _other_right_hands(some), _alone(choice))
    found = described(played, some)
    pairs = [shared(_classes(roll), _classes(piece.batch.target[0])) for roll, piece in zip(crossed, some, strict=True)]
    return found | {"left_hand_jaccard_right_hand_shuffled": _mean(pairs)}


def described(played: Sequence[Tensor], some: Sequence[Piece]) -> dict[str, float]:
    """Texture beside the middle half of the written left hands, and pitch classes beside both hands."""
    textures = [each for roll in played if (each := texture(roll[WARM_UP_FRAMES:]))]
    written = _written(some)
    left, right, right_ones = [], [], []
    for roll, piece in zip(played, some, strict=True):
        own = _classes(roll)
        truth = _classes(piece.batch.target[0])
        left.append(shared(own, truth))
        right_ones.append([len(a & b) / len(a) for a, b in zip(own, truth, strict=True) if a and b])
        right.append(shared(own, _classes(piece.batch.given[0, :, :, 0])))
    found = summary(textures) | _middle(textures, written)
    return found | {
        "left_hand_jaccard": _mean(left),
        "left_hand_precision": _mean(right_ones),
        "right_hand_jaccard": _mean(right),
        "silent_pieces_share": 1 - len(textures) / max(1, len(played)),
    }


def baselines(pieces: Sequence[Piece], train: Sequence[Piece]) -> dict[str, dict[str, float]]:
    """Players that only count, the frame before said again, and the written left hand."""
    some = takeovers(pieces)
    cut = excerpts(pieces)
    found = {
        "data": described([piece.batch.target[0] for piece in some], some) | _bounds(some),
        "persistence": figures([persistence(piece.batch.target[0], strikes=True) for piece in cut], strikes=True),
    }
    found["rules"] = described([_by_the_rules(piece) for piece in some], some)
    if train:
        tables = _tables(train[0].batch.target.shape[2])
        found |= {name: nats(table.count(train), pieces) for name, table in tables.items()}
        found["count_table"] |= foretold(tables["count_table"], pieces)
        found["count_table"] |= played_alone(tables["count_table"], some, sampling(tables["count_table"]))
    return found


def _by_the_rules(piece: Piece) -> Tensor:
    """Three voices under the right hand's top line, struck when they change: after each frame, as `_leans`."""
    roll = torch.zeros_like(piece.batch.target[0])
    before: set[int] = set()
    for t, answer in enumerate(answers(top(piece.batch.given[0, :-1], LOWEST))):
        sounding = {pitch - LOWEST for pitch in (answer.pitches if answer else ()) if pitch is not None}
        for key in sounding:
            roll[t + 1, key] = GOES_ON if key in before else STRUCK
        before = sounding
    return roll


def _tables(keys: int) -> dict[str, CountTable]:
    return {
        "silence": CountTable(nothing, (keys, 1, 3), shared=True),
        "marginal": CountTable(nothing, (keys, 1, 3)),
        "copy_previous": CountTable(past, (keys, 3, 3), shared=True),
        "count_table": CountTable(_around, (keys, 3 * 2 * (FRAMES_OF_BEAT + 1), 3)),
    }


def _around(before: Tensor, given: Tensor, phase: Tensor) -> Tensor:
    """The key before, whether the right hand strikes, and the place in the beat."""
    strikes = (given[..., 1] > 0).any(-1).long()[..., None]  # (B, T, 1)
    return (before * 2 + strikes) * (FRAMES_OF_BEAT + 1) + place_in_beat(phase)[..., None]


def _other_right_hands(some: Sequence[Piece]) -> list[Piece]:
    """Each with its own right hand during the warm-up and another one after it."""
    found = []
    for piece, other in zip(some, exchanged(some), strict=True):
        own = piece.batch.given[:, :WARM_UP_FRAMES]
        found.append(with_given(piece, torch.cat([own, other.batch.given[:, WARM_UP_FRAMES:]], 1)))
    return found


def _middle(textures: Sequence[Texture], written: Sequence[Texture]) -> dict[str, float]:
    """Share of pieces inside the middle half of the written ones (they: a half), and whether the mean is inside."""
    if not textures or not written:
        return {}
    found = {}
    for measure, (low, high) in quartiles(written).items():
        values = [getattr(texture, MEASURES[measure]) for texture in textures]
        found[f"{measure}_inside_share"] = float(np.mean([low <= value <= high for value in values]))
        found[f"{measure}_mean_inside"] = float(low <= float(np.mean(values)) <= high)
    return found


def _written(some: Sequence[Piece]) -> list[Texture]:
    return [each for piece in some if (each := texture(piece.batch.target[0, WARM_UP_FRAMES:]))]


def _bounds(some: Sequence[Piece]) -> dict[str, float]:
    written = _written(some)
    if not written:
        return {}
    bounds = quartiles(written)
    return {
        f"{MEASURES[name]}_quartile_{n}": value
        for name in bounds
        for n, value in zip((1, 3), bounds[name], strict=True)
    }


def _classes(roll: Tensor) -> list[frozenset[int]]:
    return classes(roll[WARM_UP_FRAMES:])


def _mean(pieces: Sequence[Sequence[float]]) -> float:
    beats = [value for piece in pieces for value in piece]
    return float(np.mean(beats)) if beats else 0.0
