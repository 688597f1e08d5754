import numpy as np

from music.pitch import Key
from train.evaluate.agreement import agreement, chosen, likeliest, of_lines, thirds, tonic

C = Key(0, "major")


def test_a_beat_has_the_tones_and_the_root_of_its_chord() -> None:
    lines = np.array([[72, 67, 64, 48]] * 4 + [[74, 67, 59, 55]] * 4)
    found = of_lines(lines)
    assert [(sorted(beat.tones), beat.root) for beat in found] == [([0, 4, 7], 0), ([2, 7, 11], 7)]


def test_a_rest_is_no_tone() -> None:
    (beat,) = of_lines(np.array([[-1, -1, -1, -1]]))
    assert beat.tones == frozenset() and beat.root is None


def test_the_piece_itself_agrees_in_everything() -> None:
    found = of_lines(np.array([[72, 67, 64, 48]] * 8))
    assert set(agreement([(found, found)]).values()) == {1.0}


def test_beats_with_few_tones_of_its_own_do_not_count() -> None:
    bare, full = of_lines(np.array([[72, -1, -1, 48]])), of_lines(np.array([[72, 67, 64, 48]]))
    assert agreement([([*bare, *full], [*full, *bare])])["jaccard"] == 1 / 3


def test_simple_players_give_the_chords_they_stand_for() -> None:
    assert [sorted(beat.tones) for beat in chosen([72, 74], [C, C], tonic, alone=True)] == [[0, 4, 7], [0, 4, 7]]
    (under_c,) = chosen([72], [C], thirds)
    assert sorted(under_c.tones) == [0, 4, 9] and under_c.root == 9
    (cadence,) = chosen([71], [C], likeliest)
    assert cadence.root == 7
