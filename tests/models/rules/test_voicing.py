from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.player import Wish
from models.rules import parts, score, voicing
from models.rules.parts import Setting, Voices, voice
from models.rules.score import SILENT, changes, faults, nearest_chord, overlap, parallel
from music.pitch import Chord

SATB = ((53, 74), (48, 69), (36, 64))
C, F, G, G7 = Chord(0, ""), Chord(5, ""), Chord(7, ""), Chord(7, "7")


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    voicing.warm()


def setting(
    melody: int,
    melody_before: int | None = None,
    before: Voices = (None, None, None),
    chord_before: Chord | None = None,
    ranges: tuple[tuple[int, int], ...] = SATB,
) -> Setting:
    return Setting(
        Wish(ranges), (melody,), (melody,), melody, melody_before, before, chord_before, chord_before in (G, G7)
    )


def test_common_tones_are_held() -> None:
    pitches, _ = voice(F, False, setting(69, 67, (64, 60, 48), C))
    assert pitches[1] == 60


def test_leading_tone_rises_and_seventh_falls() -> None:
    pitches, _ = voice(C, False, setting(67, 67, (65, 59, 43), G7))
    assert pitches == (64, 60, 48)


def test_bass_prefers_the_root() -> None:
    for melody, chord in ((72, C), (74, G), (77, F)):
        bass = voice(chord, False, setting(melody))[0][-1]
        assert bass is not None
        assert bass % 12 == chord.root


def test_parallel_octaves_and_fifths_are_avoided() -> None:
    before = (67, 64, 48)
    pitches = [pitch for pitch in voice(Chord(2, "m"), False, setting(74, 72, before, C))[0] if pitch is not None]
    moves = list(zip((72, *before), (74, *pitches), strict=True))
    for (upper_before, upper), (lower_before, lower) in combinations(moves, 2):
        assert not parallel((upper_before, lower_before), (upper, lower))


def test_held_pitches_are_left_to_the_musician() -> None:
    held = (60, 64, 67)
    wish = Wish(((48, 72), (40, 72)))
    pitches, _ = voice(C, False, Setting(wish, held, held, 67, None, (None, None), None, False))
    assert not set(pitches) & set(held)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(60, 79),
    st.sampled_from([Chord(root, quality) for root in range(12) for quality in ("", "m", "7", "dim")]),
    st.tuples(st.integers(55, 74), st.integers(50, 66), st.integers(38, 60)),
    st.integers(60, 79),
)
def test_search_finds_what_trying_everything_finds(
    melody: int, chord: Chord, before: tuple[int, int, int], melody_before: int
) -> None:
    ranges = ((55, 67), (50, 62), (40, 55))
    here = setting(melody, melody_before, before, C, ranges)
    pitches, cost = voice(chord, True, here)
    tones = [[p for p in range(low, high + 1) if p % 12 in chord.pitch_classes] for low, high in ranges]
    costs = []
    for choice in product(*tones):
        if melody > choice[0] > choice[1] > choice[2]:
            fixed = Setting(Wish(ranges), (melody,), (melody,), melody, melody_before, before, C, leading_before=False)
            lines = parts._lines(fixed)
            for line, pitch in zip(lines[1:], choice, strict=True):
                line[:2] = pitch
            found = voicing.search(lines, parts._roles(chord), np.array([melody]), parts._rule(chord, True, fixed))
            costs.append(int(found[-1]))
    if costs:
        assert cost == min(costs)
    assert len(pitches) == 3


def test_faults_are_counted_by_kind() -> None:
    lines = np.array([(72, 67, 64, 48), (74, 69, 65, 50), (71, 67, 62, 43), (72, 64, 60, 48), (72, 76, 55, 35)])
    found = faults(lines, SATB, [0] * len(lines))
    assert found["parallels"] == 2
    assert found["crossings"] == 1
    assert found["out of range"] == 2
    assert found["leading tones"] == 0
    assert found["leaps"] == 2


def test_leading_tone_that_falls_is_a_fault() -> None:
    lines = np.array([(74, 71, 67, 43), (72, 67, 64, 48)])
    assert faults(lines, SATB, [0, 0])["leading tones"] == 1


def test_rests_and_held_lines_have_no_parallels() -> None:
    assert not parallel((72, 60), (72, 60))
    lines = np.array([(72, SILENT, 64, 48), (74, SILENT, 65, 53)])
    assert faults(lines, SATB, [0, 0]) == dict.fromkeys(score.FAULTS, 0)


def test_changes_are_the_moments_that_move() -> None:
    lines = np.array([(72, 60), (72, 60), (74, 60), (74, 60), (74, 59)])
    assert changes(lines).tolist() == [0, 2, 4]


def test_nearest_chord_names_sounding_tones() -> None:
    assert nearest_chord(frozenset({0, 4, 7}), 4) == C
    assert nearest_chord(frozenset({7, 11, 5}), 7) == G7
    assert nearest_chord(frozenset({0, 4}), 0) == C
    assert overlap(frozenset({0, 4, 7}), frozenset({0, 4, 9})) == 0.5
