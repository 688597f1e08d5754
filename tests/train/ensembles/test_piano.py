"""An orchestra and two hands: what the reducer is shown, and what is said of its answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.ensemble.config import LOWEST, REST, EnsembleConfig
from models.ensemble.legal import UNKNOWN
from music.midifile import Score
from tests.train.ensembles.makers import CELLO, FLUTE, OBOE, orchestra, pairs, piano
from tests.train.pieces import part, score
from train.ensembles.arrays import Ensembles
from train.ensembles.parting import parted
from train.ensembles.piano import DOUBLED, HELD, STRUCK, PianoPart, reduced
from train.ensembles.prepare import find, open_ensembles
from train.evaluate import reduction

CONFIG = EnsembleConfig(ensemble="piano", past=2)
FREE = [0] * 5


def little() -> tuple[Score, Score]:
    """The oboe doubles the flute; the piano also plays where the orchestra rests."""
    tune = [(2 * number, 2, pitch) for number, pitch in enumerate((72, 74, 77, 71, 79, 68))]
    bass = [(0, 4, 48), (4, 4, 53), (8, 4, 43)]
    found = score(part("Flute", tune, FLUTE), part("Oboe", tune, OBOE), part("Cello", bass, CELLO))
    return score(part("RH", [*tune, (3, 1, 76)]), part("LH", bass)), found


@pytest.fixture
def made(tmp_path: Path) -> Ensembles:
    found = {"little": little(), "scales": (piano(), orchestra())}
    pairs(tmp_path / "pairs", found, dict.fromkeys(found, "train"))
    return open_ensembles(find(tmp_path, ["pairs"], {}), tmp_path / "cache")


def test_a_window_has_what_is_doubled_and_who_plays_it_on_the_piano(made: Ensembles) -> None:
    piece = reduced(made.piece(made.index[0]))
    assert piece.beat.tolist() == [0, 2, 4, 6, 8, 10], "where only the piano strikes, nobody is asked"
    window = PianoPart(piece, CONFIG).window(0, 7, 2)
    flute, cello = 74 - LOWEST, 50 - LOWEST
    assert window.given[0, 0].nonzero().tolist() == [
        [cello, HELD], [cello, STRUCK], [flute, HELD], [flute, STRUCK], [flute, DOUBLED],
    ]  # fmt: skip
    assert window.given[0, 1].nonzero().tolist()[0] == [cello, HELD] and window.given[0, 1, cello, STRUCK] == 0
    assert window.target[0, 0].tolist() == [flute, *[REST] * 4, cello, *[REST] * 4]
    assert window.mask[0].tolist() == [True] * 6 + [False]
    assert bool((window.before == UNKNOWN).all())


def test_keys_are_parted_where_the_hands_are() -> None:
    rows = np.zeros((3, 88), np.uint8)
    rows[0, [43 - LOWEST, 48 - LOWEST, 72 - LOWEST, 76 - LOWEST]] = 2
    rows[1, [43 - LOWEST, 62 - LOWEST, 72 - LOWEST]] = 1, 2, 1
    rows[2, [30 - LOWEST, 32 - LOWEST, 34 - LOWEST, 36 - LOWEST, 38 - LOWEST, 40 - LOWEST]] = 2
    found = parted(rows).tolist()
    assert found[0] == [76, 72, 0, 0, 0, 48, 43, 0, 0, 0]
    assert found[1] == [72, 62, 0, 0, 0, 43, 0, 0, 0, 0], "within an octave of the held note"
    assert sorted(filter(None, found[2])) == [30, 32, 34, 36, 38, 40]


def test_two_hands_reach_an_octave_each() -> None:
    rows = np.zeros((4, 88), bool)
    rows[0, [10, 22, 40, 52]] = True
    rows[1, [10, 23, 40, 53]] = True
    rows[2, 20:30] = True
    rows[3, 20:31] = True
    assert reduction.playable(rows).tolist() == [True, False, True, False]


def test_simple_players_are_measured(made: Ensembles) -> None:
    pieces = [reduced(made.piece(entry)) for entry in made.index]
    found = reduction.baselines(pieces[:1])
    assert found["outer_voices"]["free_sounding_recall"] == 1 and found["take_all"]["free_coverage"] == 1
    assert found["data"]["free_playable_share"] == 1 and found["data"]["free_foreign_notes"] == 0
    assert found["repeat"]["sounding_recall"] == pytest.approx(3 / 12)
    assert reduction.shuffled(pieces)[0].slots.shape == pieces[0].slots.shape


def test_a_piano_comes_back_from_an_orchestra(made: Ensembles) -> None:
    arrays = made.piece(made.index[1])
    trip = reduction.orchestrated(arrays, 12)
    assert len(trip) == 12
    assert reduction.returned([reduction.rules(trip.slots, trip.struck)], [arrays.piano[:12] > 0]) > 0.8
