"""All figures of a token model: what a note costs it beside those who count, and how what it goes on with compares."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from models.blocks.live.dense import Floats
from models.learned.phrases import PhrasePlayer
from models.rules.markov import MemoryPlayer
from models.tokens.live import Heard, Live
from models.tokens.model import TokenModel
from music.errors import ContinuoError
from music.tokens import LENGTH, NOTHING, PHASE, PITCH, VELOCITY, WAIT, Rows, decode
from train.config import Config
from train.evaluate import continuation
from train.evaluate.continuation import Opening
from train.evaluate.pieces import spread
from train.evaluate.report import Report
from train.tokens import judge
from train.tokens.chain import ChainOdds
from train.tokens.corpus import Tokens, open_tokens
from train.tokens.counted import Chain

PIECES, ROWS = 60, 1024
"""How many pieces are looked at, evenly from all of them, and how much of each."""
COUNTED_PIECES = 1500
"""Of the train split, for those who count."""
HEARD_BEATS, BEATS = 64.0, 64.0
OPENINGS = 60
TIMED = 200
"""Notes heard to tell how long one takes."""
CHAINS = {"unigram": (0, None), "bigram": (1, None), "markov": (2, 4)}
"""Orders of those who count: in the corpus, and in the piece while it goes on."""
REMARK = (
    "Nats of a note given all before it: its time, pitch, velocity and length; the first note of a piece is not "
    "scored. Distances: of statistics of 64 beats played after 64 heard to how the piece goes on, see "
    "train.evaluate.continuation."
)

Figures = dict[str, float]


def evaluate(model: TokenModel, data: Path, config: Config, split: str, cache: Path) -> Report:
    """Figures of a split; ContinuoError where there is no piece of it."""
    tokens = open_tokens(data, config.data.corpora, {}, cache)
    if not tokens.of(split):
        raise ContinuoError(f"{data}: there is no piece of the split {split!r} in it", "Give another split")
    pieces = [tokens.piece(entry)[:ROWS] for entry in spread(tokens.of(split), PIECES)]
    some = openings(tokens, split, OPENINGS)
    played = judge.quick(model, judge.excerpts(tokens, split, config.data.window))
    metrics = costs(model, pieces) | {"free_nats_per_note": played["free_nats"]} | going_on(model, some)
    chains = {name: learned(Chain(*orders), tokens) for name, orders in CHAINS.items()}
    baselines: dict[str, Figures] = {name: counted(chain, pieces) for name, chain in chains.items()}
    baselines["markov"] |= _distances(PhrasePlayer(ChainOdds(chains["markov"]), "markov"), some)
    baselines |= {"memory": _distances(MemoryPlayer(), some), "data": _halves(some)}
    rows = sum(map(len, pieces))
    return Report(
        task=config.data.task, split=split, metrics=metrics, baselines=baselines, pieces=len(pieces), frames=rows,
        ms_per_step=ms_per_note(model, max(pieces, key=len)), remarks=(REMARK,),
    )  # fmt: skip


def costs(model: TokenModel, pieces: Sequence[Rows]) -> Figures:
    """Nats of a note, all of it and by field, as it is played: a note at a time, with what it remembers."""
    live, sums = Live(model), dict.fromkeys(("wait", "pitch", "velocity", "length"), 0.0)
    for rows in pieces:
        state, recalls = live.start(), live.recalls()
        for last, row in pairwise([tuple(row) for row in rows.tolist()]):
            before = Heard(state, last)
            if state.rows:
                sums["wait"] += _nats(live.wait(state, last, recalls.wait), row[WAIT])
            state = live.hear(*before, row[WAIT], row[PHASE])
            sums["pitch"] += _nats(live.pitch(state, last, row[WAIT], recalls.pitch), row[PITCH])
            if row[PITCH] != NOTHING:
                sums["velocity"] += _nats(live.velocity(state, row, recalls.velocity), row[VELOCITY])
                sums["length"] += _nats(live.length(state, row, recalls.length), row[LENGTH])
            live.remember(recalls, before, Heard(state, row), ended=True)
    return _per_note(sums, pieces)


def _nats(logits: Floats, token: int) -> float:
    return float(np.logaddexp.reduce(logits) - logits[token])


def learned(chain: Chain, tokens: Tokens) -> Chain:
    """A chain that has counted the train split."""
    for entry in spread(tokens.of("train"), COUNTED_PIECES):
        chain.learn(tokens.piece(entry))
    return chain


def counted(chain: Chain, pieces: Sequence[Rows]) -> Figures:
    """What a note costs somebody who counts."""
    sums: Figures = {}
    for rows in pieces:
        for field, nats in chain.nats(rows).items():
            sums[field] = sums.get(field, 0.0) + nats
    return _per_note(sums, pieces)


def _per_note(sums: Figures, pieces: Sequence[Rows]) -> Figures:
    notes = sum(int((rows[1:, PITCH] != NOTHING).sum()) for rows in pieces)
    by_field = {f"nats_{field}": nats / max(1, notes) for field, nats in sums.items()}
    return {"nats_per_note": sum(by_field.values())} | by_field


def openings(tokens: Tokens, split: str, most: int) -> list[Opening]:
    """The openings of pieces that are long enough, evenly from all of them."""
    cuts = (
        continuation.cut(entry.title, list(decode(tokens.piece(entry))), HEARD_BEATS, BEATS)
        for entry in tokens.of(split)
    )
    return spread([one for one in cuts if one], most)


def going_on(model: TokenModel, some: Sequence[Opening]) -> Figures:
    """How what it goes on with compares to how the pieces do."""
    return _distances(PhrasePlayer(Live(model), "model"), some)


def _distances(player: PhrasePlayer | MemoryPlayer, some: Sequence[Opening]) -> Figures:
    if not some:
        return {}
    found = [continuation.goes_on(player, one, BEATS, seed) for seed, one in enumerate(some)]
    figures = continuation.distances(found, [one.truth for one in some])
    copied = [continuation.copied(mine, one.heard) for mine, one in zip(found, some, strict=True)]
    repeated = list(map(continuation.repeated, found))
    return {f"distance_{name}": value for name, value in figures.items()} | {
        "copied": float(np.mean(copied)), "repeated": float(np.mean(repeated)),
    }  # fmt: skip


def _halves(some: Sequence[Opening]) -> Figures:
    """How far two halves of the same music are apart."""
    if not some:
        return {}
    before, after = zip(*(continuation.halves(one.truth) for one in some), strict=True)
    return {f"distance_{name}": value for name, value in continuation.distances(before, after).items()}


def ms_per_note(model: TokenModel, rows: Rows) -> float:
    """Median of one note heard and remembered, one piece, one thread."""
    live, spent = Live(model), list[float]()
    state, recalls = live.start(), live.recalls()
    for last, row in pairwise([tuple(row) for row in rows[: TIMED + 1].tolist()]):
        begun, before = time.perf_counter(), Heard(state, last)
        state = live.hear(*before, row[WAIT], row[PHASE])
        live.remember(recalls, before, Heard(state, row), ended=True)
        spent.append((time.perf_counter() - begun) * 1e3)
    return float(np.median(spent))
