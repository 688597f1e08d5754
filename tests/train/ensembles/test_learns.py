"""A toy corpus with a rule, learned by the bundled training: the melody to the flute, the bass to the cello."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from models import checkpoint
from models.ensemble.model import EnsembleModel
from music.midifile import Score
from music.orchestra import SECTIONS
from tests.train.ensembles.makers import CELLO, FLUTE, pairs
from tests.train.pieces import part, score
from tests.train.runs import trained
from train import config
from train.ensembles import report
from train.ensembles.prepare import find, open_ensembles
from train.evaluate import orchestra
from train.export import export

BEATS = 48
CONFIG = """
format = 1
name = "toy"

[data]
task = "orchestra"
corpora = ["pairs"]
window = 16
transpose = [-5, 6]

[model]
width = 48
key_width = 48
encoder_layers = 1
decoder_layers = 2
context = 8
past = 1
embed = "linear"
dropout = 0.0
embedding_dropout = 0.0
token_dropout = 0.1

[train]
epochs = 14
batch = 4
lr = 4e-3
warmup = 20
ema = 0.9
threads = 1
valid_every = 14
"""


def pair(seed: int) -> tuple[Score, Score]:
    """Three random voices; the middle one is for nobody."""
    dice = np.random.default_rng(seed)
    bass, middle, melody = (
        [(beat, 1, int(pitch)) for beat, pitch in enumerate(dice.integers(low, high, BEATS))]
        for low, high in ((41, 53), (55, 66), (68, 84))
    )
    piano = score(part("RH", [*middle, *melody]), part("LH", bass))
    return piano, score(part("Flute", melody, FLUTE), part("Cello", bass, CELLO))


@pytest.mark.timeout(300)
def test_a_known_rule_is_learned(tmp_path: Path) -> None:
    names = {f"piece {number}": "valid" if number > 9 else "train" for number in range(12)}
    pairs(tmp_path / "pairs", {name: pair(seed) for seed, name in enumerate(names)}, names)
    found = config.parse(tomllib.loads(CONFIG))
    run = trained(found, tmp_path, tmp_path / "runs")
    card = export(found, run, tmp_path, tmp_path / "cache")
    assert card.figures["accuracy_at_changes"] > 0.99
    assert card.figures["free_accuracy_at_changes"] > 0.99
    assert card.figures["shuffled_accuracy_at_changes"] < 0.3
    assert card.figures["nats_per_piano_event"] < card.baselines["table_with_past"]["nats_per_piano_event"]
    assert card.ms_per_step > 0

    model, _ = checkpoint.load(run.folder)
    assert isinstance(model, EnsembleModel)
    ensembles = open_ensembles(find(tmp_path, ["pairs"], {}), tmp_path / "cache")
    played = report.Player(model).play(orchestra.pieces(ensembles, "valid")[0])
    owners = {SECTIONS[orchestra.UNIT_SECTION[unit]].name for unit in np.flatnonzero(played.any(0))}
    assert owners == {"Flute", "Cello"}
