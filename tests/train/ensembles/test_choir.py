"""Windows of a choir, and what is made of a choir that some voices are given to."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from models.assemble import build
from models.ensemble.config import KEYS, LOWEST, REST, EnsembleConfig
from models.ensemble.legal import UNKNOWN
from models.ensemble.model import EnsembleModel
from tests.train.pieces import chorale, corpus, part, score
from train import config
from train.config import Config
from train.ensembles import singing
from train.ensembles.choir import VOICES, ChoirPart, ChoirWindows, Sung, moments, subset, sung
from train.material import gather

CONFIG = EnsembleConfig(ensemble="choir", past=2)
SOPRANO = np.arange(VOICES) == 0


def experiment(**model: object) -> Config:
    return config.parse(
        {
            "format": 1, "name": "choir",
            "data": {"task": "choir", "corpora": ["chorales"], "window": 8, "transpose": [-3, 3]},
            "model": {"width": 16, "key_width": 8, "heads": 2, "context": 6, "reach": 6, **model},
            "train": {"epochs": 1, "batch": 4},
        }
    )  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Path:
    eighths = [(beat / 2, 0.5, 72 + beat % 3) for beat in range(16)]
    moving = score(
        part("S", eighths, 52), *(part(name, [(0, 8, key)], 52) for name, key in zip("ATB", (67, 60, 48), strict=True))
    )
    pieces = {"moving": moving, **{str(seed): chorale(seed) for seed in range(5)}}
    corpus(tmp_path / "chorales", pieces)
    return tmp_path


@pytest.fixture
def moving(made: Path) -> Sung:
    rolls = singing.open_voices(experiment(), made, made / "cache")
    return next(sung(rolls, entry) for entry in rolls.index if entry.title == "moving")


def test_events_are_the_onsets_of_given_voices_and_the_grid(moving: Sung) -> None:
    assert moments(moving, SOPRANO, 4).tolist() == list(range(0, 32, 2))
    assert moments(moving, ~SOPRANO, 4).tolist() == list(range(0, 32, 4))


def test_planes_tell_of_the_given_voices_alone(moving: Sung) -> None:
    rows = moments(moving, SOPRANO, 4)
    window = ChoirPart(moving, CONFIG).window(rows, 1, 4, SOPRANO, 0)
    assert window.target[0].tolist() == [[key - LOWEST for key in (s, 67, 60, 48)] for s in (73, 74, 72, 73)]
    assert window.before[0].tolist() == [[key - LOWEST for key in (72, 67, 60, 48)], [UNKNOWN] * VOICES]
    assert window.given[0, :, :, 2:].sum() == 0
    assert window.given[0, 0].nonzero().tolist() == [[73 - LOWEST, 0], [73 - LOWEST, 1]]
    others = ChoirPart(moving, CONFIG).window(rows, 1, 4, ~SOPRANO, 0)
    assert others.given[0, 0].nonzero().tolist() == [[48 - LOWEST, 6], [60 - LOWEST, 4], [67 - LOWEST, 2]], "held on"


def test_all_voices_move_together_within_their_ranges(moving: Sung) -> None:
    piece = ChoirPart(moving, CONFIG)
    assert piece.shifts(-30, 30) == range(-12, 11)
    rows = moments(moving, SOPRANO, 4)
    plain, higher = piece.window(rows, 0, 8, SOPRANO, 0), piece.window(rows, 0, 8, SOPRANO, 3)
    assert torch.equal(higher.target, plain.target + 3)
    assert torch.equal(higher.given[0, :, 3:], plain.given[0, :, : KEYS - 3])


def test_what_no_voice_of_that_range_has_is_an_octave_nearer() -> None:
    low = Sung("low", np.array([[50 - LOWEST, REST, 60 - LOWEST, 10 - LOWEST]]), np.ones((1, VOICES), bool))
    window = ChoirPart(low, CONFIG).window(np.array([0]), 0, 1, SOPRANO, 0)
    assert window.target[0, 0].tolist() == [62 - LOWEST, REST, 60 - LOWEST, REST]


def test_some_voices_are_given_and_never_all() -> None:
    many = np.array([subset(np.random.default_rng(seed)) for seed in range(200)])
    assert set(many.sum(1)) == {1, 2, 3} and many.any(0).all()
    assert (many == SOPRANO).all(1).mean() > 0.3


def test_windows_are_the_same_for_the_same_seed_and_epoch(made: Path) -> None:
    def windows(seed: int) -> ChoirWindows:
        rolls = singing.open_voices(experiment(), made, made / "cache")
        parts = [ChoirPart(sung(rolls, entry), CONFIG) for entry in rolls.of("train")]
        return ChoirWindows(parts, window=8, seed=seed, transpose=(-3, 3))

    one, again, other = windows(1).batch(2, [0, 3]), windows(1).batch(2, [0, 3]), windows(2).batch(2, [0, 3])
    assert torch.equal(one.given, again.given) and not torch.equal(one.given, other.given)


def test_figures_are_of_the_voices_that_are_asked(made: Path) -> None:
    found = experiment()
    model = build(found.model)
    assert isinstance(model, EnsembleModel)
    assert set(gather(found, made, made / "cache").examine(model)) >= {"nats", "soprano_accuracy", "any_accuracy"}
    report = singing.evaluate(model, made, found, "valid", made / "cache")
    assert 0 <= report.metrics["free_soprano_accuracy"] < 0.5
    assert report.metrics["outer_nats_per_voice"] > 1
    assert report.baselines["data"]["free_soprano_faults_per_100_changes"] > 0
    assert report.baselines["rules"]["free_soprano_jaccard"] > 0
    json = msgspec.json.encode(report.json())
    assert b"NaN" not in json
