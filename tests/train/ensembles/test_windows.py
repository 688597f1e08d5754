"""Windows of ensembles: what a model is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from models.ensemble.config import LOWEST, REST, EnsembleConfig
from models.ensemble.legal import UNKNOWN, Legal
from models.ensemble.summary import STRETCHES
from music.orchestra import FIRST_SLOT, SECTIONS
from tests.train.ensembles.makers import orchestra, pairs, piano
from train.ensembles.arrays import Ensembles
from train.ensembles.prepare import find, open_ensembles
from train.ensembles.windows import EventWindows, Part

CONFIG = EnsembleConfig(ensemble="orchestra", past=2, summary=True)
FLUTE, CELLO = (FIRST_SLOT[[section.name for section in SECTIONS].index(name)] for name in ("Flute", "Cello"))


@pytest.fixture
def made(tmp_path: Path) -> Ensembles:
    pairs(
        tmp_path / "pairs",
        {"a": (piano(40), orchestra(beats=40)), "b": (piano(), orchestra())},
        {"a": "train", "b": "train"},
    )
    return open_ensembles(find(tmp_path, ["pairs"], {}), tmp_path / "cache")


def test_a_window_has_what_is_played_what_sounds_and_what_sounded_before(made: Ensembles) -> None:
    piece = Part(made.piece(made.index[0]), CONFIG)
    whole, window = piece.window(0, 40, 0), piece.window(10, 8, 0)
    assert torch.equal(window.given, whole.given[:, 10:18]) and torch.equal(window.target, whole.target[:, 10:18])
    assert torch.equal(window.before, whole.target[:, [9, 8]])
    assert bool((whole.before == UNKNOWN).all()), "nobody knows what was before a piece"
    assert whole.target[0, 0, FLUTE] == 72 - LOWEST and whole.target[0, 0, CELLO] == 48 - LOWEST
    assert whole.target[0, 0, FLUTE + 1] == REST
    assert [SECTIONS[n].name for n in whole.present[0].nonzero()[:, 0]] == ["Flute", "Violin 1", "Violin 2", "Cello"]
    assert whole.whole is not None and whole.whole.shape == (1, STRETCHES, 88)
    assert len(set(whole.elapsed[0, 1:].tolist())) == 1, "a note on each beat"


@pytest.mark.parametrize("shift", [-5, 0, 6])
def test_piano_and_orchestra_move_together_and_stay_in_their_ranges(made: Ensembles, shift: int) -> None:
    piece = Part(made.piece(made.index[0]), CONFIG)
    plain, moved = piece.window(0, 40, 0), piece.window(0, 40, shift)
    assert torch.equal(moved.given[0, :, 20:60], plain.given[0, :, 20 - shift : 60 - shift])
    assert torch.equal(moved.target[0, :, FLUTE], plain.target[0, :, FLUTE] + shift)
    legal = Legal(CONFIG.groups)(torch.full_like(moved.target, UNKNOWN))
    assert bool(legal.gather(-1, moved.target[..., None]).all())


def test_what_is_after_the_end_of_a_piece_is_not_scored(made: Ensembles) -> None:
    window = Part(made.piece(made.index[1]), CONFIG).window(0, 24, 0)
    assert window.mask[0].tolist() == [True] * 16 + [False] * 8


def test_windows_are_the_same_for_the_same_seed_and_epoch(made: Ensembles) -> None:
    def windows(seed: int) -> EventWindows:
        pieces = [Part(made.piece(entry), CONFIG) for entry in made.of("train")]
        return EventWindows(pieces, window=8, seed=seed, transpose=(-3, 3))

    one, again, other = windows(1).batch(2, [0, 3]), windows(1).batch(2, [0, 3]), windows(2).batch(2, [0, 3])
    assert torch.equal(one.target, again.target) and not torch.equal(one.given, other.given)
    assert len(windows(1)) == 7 and windows(1).events == 56
    assert not np.array_equal(windows(1).batch(3, [0, 3]).given, one.given)
