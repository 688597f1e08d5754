"""What "continue" learns from: pieces note by note, shown in other keys and freely played, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import checkpoint
from models.tokens.model import TokenModel
from music import midifile
from music.errors import ContinuoError
from music.phrase import Onset, Tone
from music.tokens import LENGTH, LONGEST_WAIT, NO_CLOCK, NOTHING, PHASE, PITCH, VELOCITY, WAIT, Rows, encode
from tests.train.pieces import song
from tests.train.runs import Witness
from train import config as configs
from train.evaluate.continuation import Known
from train.export import export
from train.fit import Options, fit
from train.tokens.corpus import Tokens, open_tokens
from train.tokens.counted import Chain
from train.tokens.windows import TokenWindows, free, louder, transposed

CONFIG = {
    "format": 1,
    "name": "small",
    "data": {"task": "tokens", "corpora": ["songs"], "window": 32, "transpose": [-2, 2]},
    "model": {"width": 64, "heads": 2, "layers": 1, "context": 32, "near": 4},
    "train": {"epochs": 2, "batch": 4, "warmup": 2, "ema": 0.9},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora")
    (folder / "songs").mkdir()
    for seed in range(14):
        midifile.write(song(seed, beats=48), folder / "songs" / f"tune {chr(97 + seed)}.mid")
    return folder


@pytest.fixture(scope="module")
def tokens(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Tokens:
    return open_tokens(data, ["songs"], {}, tmp_path_factory.mktemp("cache"))


def test_pieces_are_read_once_and_found_again(data: Path, tmp_path: Path) -> None:
    first = open_tokens(data, ["songs"], {}, tmp_path)
    folder = first.folder
    assert folder and {entry.split for entry in first.index} >= {"train", "valid"}
    stamp = (folder / "rows.npy").stat().st_mtime_ns
    again = open_tokens(data, ["songs"], {}, tmp_path)
    assert (folder / "rows.npy").stat().st_mtime_ns == stamp
    assert np.array_equal(first.rows, again.rows) and first.index == again.index


def test_windows_are_the_same_each_time_and_others_in_each_epoch(tokens: Tokens) -> None:
    windows = TokenWindows(tokens, "train", window=32, transpose=(-2, 2), seed=3)
    one, again, other = (windows.batch(epoch, [0, 1, 2]).rows for epoch in (0, 0, 1))
    assert one.equal(again) and not one.equal(other)
    with pytest.raises(ContinuoError, match="no piece in the split 'test!'"):
        TokenWindows(tokens, "test!", window=32, transpose=(0, 0), seed=0)


@st.composite
def pieces(draw: st.DrawFn) -> Rows:
    onsets, beat = [], 0.0
    for _ in range(draw(st.integers(2, 12))):
        beat += draw(st.integers(1, 300)) / 24
        pitches = sorted(draw(st.sets(st.integers(21, 108), min_size=1, max_size=4)))
        tones = tuple(Tone(pitch, draw(st.integers(1, 127)), draw(st.integers(1, 400)) / 24) for pitch in pitches)
        onsets.append(Onset(beat, tones))
    return encode(onsets)


@given(pieces(), st.integers(0, 1000))
def test_whatever_is_changed_chords_stay_whole_and_tokens_in_their_vocabulary(rows: Rows, seed: int) -> None:
    random = np.random.default_rng(seed)
    played = free(louder(transposed(rows.copy(), (-5, 6), random), 20), random)
    together, before = rows[:, WAIT] == 0, played[:-1, PITCH]
    together[0] = False
    assert ((played[:, WAIT] == 0)[1:] == together[1:]).all()
    assert (played[1:, PITCH] > before)[together[1:]].all()
    nothing = rows[:, PITCH] == NOTHING
    assert ((played[:, PITCH] == NOTHING) == nothing).all() and (played[nothing, WAIT] == LONGEST_WAIT).all()
    assert (played[~nothing, VELOCITY] >= 1).all() and (played[:, PHASE] == NO_CLOCK).all()
    assert played.min() >= 0 and played[:, LENGTH].max() < 384 and played[~nothing, PITCH].max() <= 108


def line(start: float, pitches: Sequence[int]) -> list[Onset]:
    return [Onset(start + number / 2, (Tone(pitch, 80, 0.5),)) for number, pitch in enumerate(pitches)]


def test_who_counts_more_pays_less_and_a_piece_that_repeats_is_cheap() -> None:
    motif = (60, 64, 67, 65, 62, 67, 59)
    corpus = [encode(line(0, [pitch + key for pitch in motif * 6])) for key in range(-5, 5)]
    piece = encode(line(0, [pitch + 6 for pitch in motif * 6]))  # in a key that nobody has heard
    costs = []
    for orders in ((0, None), (1, None), (2, None)):
        chain = Chain(*orders)
        for rows in corpus:
            chain.learn(rows)
        costs.append(sum(chain.nats(piece).values()))
    assert costs[0] > costs[1] > costs[2] > 0
    nobody, once = Chain(0, 4), corpus[0][:7]
    assert sum(nobody.nats(np.concatenate([once] * 2)).values()) < 1.7 * sum(nobody.nats(once).values())


def test_seventeen_notes_of_a_piece_are_found_and_sixteen_are_not() -> None:
    known = Known([line(0, range(30, 90))])
    assert known.has([*line(100, range(20, 22)), *line(101, range(40, 57))])
    assert not known.has([*line(100, range(20, 22)), *line(101, range(40, 56)), *line(109, range(20, 40, 2))])
    assert not known.has(line(0, range(31, 61, 2)))
    heard = line(0, range(40, 57))
    assert not known.has(line(100, range(40, 57)), heard) and known.has(line(100, range(40, 58)), heard)


def test_a_run_learns_and_its_card_says_what_it_is_worth(data: Path, tmp_path: Path) -> None:
    config = configs.parse(CONFIG)
    run = fit(config, Options(data, tmp_path / "runs", cache=tmp_path / "cache"), Witness())
    assert run is not None
    card = export(config, run, data, tmp_path / "cache")
    model, again = checkpoint.load(run.folder)
    assert isinstance(model, TokenModel) and again.figures == card.figures
    assert 0 < card.figures["nats_per_note"] < 1.2 * run.best  # it is played with what it remembers, too
    assert {"unigram", "bigram", "markov"} <= card.baselines.keys() and card.ms_per_step > 0
