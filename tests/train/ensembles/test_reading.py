from pathlib import Path

import numpy as np
import pytest

from music.orchestra import DESKS, FIRST_SLOT
from tests.train.ensembles.makers import OBOE, orchestra, piano, scale, source
from tests.train.pieces import moved, part, score
from train.ensembles import agreement
from train.ensembles.agreement import Anchors
from train.ensembles.reading import key_of, load, reading_of, store


def test_a_pair_in_one_time(tmp_path: Path) -> None:
    found = reading_of(source(tmp_path, orchestra(), piano()))
    assert found.reason == ""
    assert found.lengths.tolist() == [16]
    assert found.arrays["beat"].tolist() == list(range(16))
    assert found.arrays["phase"].tolist() == [1, 5, 9, 13] * 4
    assert found.arrays["at_piano"].all()
    assert found.tally.notes == {"Flute": 16, "Violin 1": 16, "Violin 2": 16, "Cello": 16}


def test_a_pair_that_is_none_is_refused(tmp_path: Path) -> None:
    found = reading_of(source(tmp_path, orchestra(), moved(piano(), 6)))
    assert found.reason == "piano and orchestra differ"


def test_a_misaligned_pair_is_refused(tmp_path: Path) -> None:
    late = score(part("RH", [*scale(72, 32, 2), *scale(67, 32, 2), *scale(76, 32, 2)]), part("LH", scale(60, 32, 2)))
    found = reading_of(source(tmp_path, orchestra(beats=32), late))
    assert found.reason in {"piano and orchestra are misaligned", "piano and orchestra differ"}


def test_anchors_bring_the_piano_to_the_orchestra(tmp_path: Path) -> None:
    late = piano(start=4)
    found = reading_of(source(tmp_path, orchestra(), late, "1920,0\n9600,7680\n"))
    assert found.lengths.tolist() == [16]
    assert found.arrays["at_piano"].all()


def test_between_anchors_time_goes_straight_on_and_outside_at_its_own_pace() -> None:
    anchors = Anchors(np.array([480.0, 960.0]), np.array([0.0, 960.0]))
    assert anchors(np.array([240, 480, 720, 960, 1200])).tolist() == [-240, 0, 480, 960, 1200]


def test_music_that_the_orchestra_has_not_is_left_out() -> None:
    anchors = Anchors(np.array([0.0, 480.0, 960.0]), np.array([0.0, 480.0, 480.0]))
    assert anchors.shared(np.array([-1, 0, 479, 480, 959, 960])).tolist() == [True, True, True, False, False, True]


def test_anchors_that_fall_are_a_reason(tmp_path: Path) -> None:
    found = reading_of(source(tmp_path, orchestra(), piano(), "0,480\n480,0\n"))
    assert found.reason == "no anchors"


def test_of_a_concerto_only_the_tutti_are_used(tmp_path: Path) -> None:
    solo = part("Piano RH", [(beat, 1, 90) for beat in range(8, 16)])
    found = reading_of(source(tmp_path, orchestra(solo, beats=32), piano(32), "0,0\n15360,15360\n"))
    assert found.arrays["beat"].tolist() == [
        *range(16, 32)
    ]  # the first eight beats hold less than eight from end to end
    assert found.tally.events == {"a soloist plays": 8, "a stretch under 8 beats": 8}
    assert found.tally.left_out == {"Acoustic Grand Piano": 8}


def test_stretches_that_differ_are_not_used(tmp_path: Path) -> None:
    played = score(part("RH", [*scale(72, 16), *((beat, 1, 61) for beat in range(16, 24)), *scale(72, 16, 24)]))
    found = reading_of(source(tmp_path, orchestra(beats=40), played, "0,0\n19200,19200\n"))
    assert found.tally.events == {"piano and orchestra differ": 8}
    assert found.lengths.tolist() == [16, 16]
    assert found.arrays["beat"].tolist() == [*range(16), *range(24, 40)]


def test_three_sections_are_no_orchestra(tmp_path: Path) -> None:
    small = score(*orchestra().tracks[:3], part("Canto", scale(60), 52))
    found = reading_of(source(tmp_path, small))
    assert found.reason == "fewer than 4 sections of the orchestra"


def test_what_finds_no_desk_or_lies_outside_is_counted(tmp_path: Path) -> None:
    oboes = part("Oboe", [*((0, 1, pitch) for pitch in (60, 64, 67)), (1, 1, 30)], OBOE)
    found = reading_of(source(tmp_path, orchestra(oboes)))
    assert found.tally.beyond_desks == {"Oboe": 1}
    assert found.tally.outside == {"Oboe": 1}
    mine = slice(FIRST_SLOT[2], FIRST_SLOT[2] + DESKS[2])
    assert found.arrays["slots"][0, mine].tolist() == [67, 60]


def test_the_fingerprint_knows_a_transposition(tmp_path: Path) -> None:
    found = reading_of(source(tmp_path, orchestra()))
    other = reading_of(source(tmp_path, moved(orchestra(), 2), title="b"))
    third = reading_of(source(tmp_path, orchestra(beats=15), title="c"))
    assert found.fingerprint == other.fingerprint != third.fingerprint


def test_a_reading_round_trips(tmp_path: Path) -> None:
    found = reading_of(source(tmp_path, orchestra(), piano()))
    store(tmp_path / "a.npz", found)
    again = load(tmp_path / "a.npz")
    assert again.tally == found.tally and again.fingerprint == found.fingerprint
    for name, array in found.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], array)


def test_another_piano_is_another_reading(tmp_path: Path) -> None:
    first = key_of(source(tmp_path, orchestra(), piano()))
    assert first != key_of(source(tmp_path, orchestra(), piano(15)))


def test_a_missing_piano_is_a_reason(tmp_path: Path) -> None:
    found = source(tmp_path, orchestra(), piano())
    assert found.piano is not None
    found.piano.unlink()
    assert reading_of(found).reason == "a file is missing"


@pytest.mark.parametrize("shift", [-8, 0, 12])
def test_the_best_lag_is_found(shift: int) -> None:
    random = np.random.default_rng(3)
    played = random.random((200, 12)) < 0.3
    assert agreement.best_lag(played, np.roll(played, shift, 0)) == shift
