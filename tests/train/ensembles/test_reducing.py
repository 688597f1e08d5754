"""A toy corpus with a rule, learned by the bundled training: the flute to the right hand, the cello to the left."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from music.midifile import Score
from tests.train.ensembles.makers import CELLO, FLUTE, VIOLIN, pairs
from tests.train.pieces import part, score
from tests.train.runs import trained
from train import config
from train.export import export

BEATS = 96
CONFIG = """
format = 1
name = "toy"

[data]
task = "reduce"
corpora = ["pairs"]
window = 16
transpose = [-5, 6]

[model]
width = 48
key_width = 48
encoder_layers = 1
decoder_layers = 1
context = 8
past = 1
dropout = 0.0
embedding_dropout = 0.0
token_dropout = 0.1

[train]
epochs = 24
batch = 4
lr = 8e-3
warmup = 20
ema = 0.9
threads = 1
valid_every = 24
"""


def pair(seed: int) -> tuple[Score, Score]:
    """The hands have the outer voices, the viola's part is left to the orchestra."""
    dice = np.random.default_rng(seed)
    bass, middle, melody = (
        [(beat, 1, int(pitch)) for beat, pitch in enumerate(dice.integers(low, high, BEATS))]
        for low, high in ((41, 53), (55, 66), (68, 84))
    )
    orchestra = score(part("Flute", melody, FLUTE), part("Violin", middle, VIOLIN), part("Cello", bass, CELLO))
    return score(part("RH", melody), part("LH", bass)), orchestra


@pytest.mark.timeout(300)
def test_a_known_rule_is_learned(tmp_path: Path) -> None:
    names = {f"piece {number}": "valid" if number > 9 else "train" for number in range(12)}
    pairs(tmp_path / "pairs", {name: pair(seed) for seed, name in enumerate(names)}, names)
    found = config.parse(tomllib.loads(CONFIG))
    run = trained(found, tmp_path, tmp_path / "runs")
    card = export(found, run, tmp_path, tmp_path / "cache")
    assert card.figures["sounding_f1"] > 0.99
    assert card.figures["free_sounding_f1"] > 0.98
    assert card.figures["free_begins_f1"] > 0.98
    assert card.figures["shuffled_sounding_f1"] < 0.3
    assert card.baselines["outer_voices"]["free_sounding_f1"] == 1
    assert card.baselines["take_all"]["free_sounding_f1"] < 0.9
    assert card.ms_per_step > 0
