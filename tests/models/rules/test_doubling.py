from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.player import Answer, Frame, Moment, Placement, Sound, Spacing, Wish
from models.rules.doubling import LED
from models.rules.harmony import RuleHarmony, warm
from models.rules.parts import Setting, voice
from models.rules.score import parallel
from music.pitch import Chord

MOST = 16
WIDE = (12, 108)
NARROW = (36, 84)
C, G7 = Chord(0, ""), Chord(7, "7")
Range = tuple[int, int]


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    warm()


def laid_out(chord: Chord, melody: int, wish: Wish) -> tuple[int | None, ...]:
    here = Setting(wish, (melody,), (melody,), melody, None, (None,) * len(wish.ranges), None, leading_before=False)
    return voice(chord, chord == G7, here)[0]


def answers(melody: list[int], wish: Wish) -> list[Answer]:
    player = RuleHarmony()
    state, last, given_ = player.start(), None, []
    for number, pitch in enumerate(melody):
        held = (Sound(pitch, 80),)
        last = player.answer(state, held, Moment(float(number), wish, last, number - 1.0, held))
        given_.append(last)
        for frame in range(4):
            state = player.hear(state, Frame(() if frame else held, held, last))
    return given_


def most_voices(chord: Chord, melody: int, wish: Wish) -> int:
    """How many voices can sound at pitches of their own, in order: the longest chain, by trying all of them."""
    best = {128: 0}  # the lowest pitch so far: the most voices down to it
    for low, high in wish.ranges:
        longer = dict(best)
        for pitch in range(max(0, low), min(127, high) + 1):
            sounds = pitch < melody if wish.placement == "below" else pitch > melody
            if sounds and pitch % 12 in chord.pitch_classes:
                chain = max((count for above, count in best.items() if above > pitch), default=-1) + 1
                longer[pitch] = max(longer.get(pitch, 0), chain)
        best = longer
    return max(best.values())


@pytest.mark.parametrize(
    ("chord", "melody", "voices", "expected"),
    [
        (C, 84, 7, (79, 76, 72, 67, 64, 55, 48)),
        (C, 84, 8, (79, 76, 72, 67, 64, 60, 55, 48)),
        (C, 84, 12, (79, 76, 72, 67, 64, 60, 55, 52, 48, 43, 40, 36)),
        (C, 84, 16, (79, 76, 72, 67, 64, 60, 55, 52, 48, 43, 40, 36, 31, 28, 24, 12)),
        (G7, 86, 8, (83, 79, 74, 67, 65, 62, 55, 43)),
        (G7, 86, 12, (83, 79, 74, 67, 65, 62, 55, 53, 50, 43, 38, 31)),
    ],
)
def test_many_voices_under_a_melody_are_a_close_chord_its_octaves_and_a_bass(
    chord: Chord, melody: int, voices: int, expected: tuple[int, ...]
) -> None:
    assert laid_out(chord, melody, Wish((WIDE,) * voices)) == expected


def test_many_voices_above_a_melody_stand_on_those_next_to_it() -> None:
    assert laid_out(C, 48, Wish((NARROW,) * 8, placement="above")) == (79, 76, 72, 67, 64, 60, 55, 52)


def test_bass_is_the_root_and_close_intervals_are_not_low() -> None:
    for melody, chord in ((84, C), (83, G7), (86, G7), (88, C)):
        for voices in range(7, 13):
            pitches = laid_out(chord, melody, Wish((WIDE,) * voices))
            assert None not in pitches
            assert pitches[-1] is not None
            assert pitches[-1] % 12 == chord.root
            low = [pitch for pitch in pitches if pitch is not None and pitch < 40]
            assert all(upper - lower >= 3 for upper, lower in pairwise(low))


def test_leading_tone_and_seventh_are_doubled_least() -> None:
    for voices in (7, 8, 9, 10):
        tones = [pitch % 12 for pitch in laid_out(G7, 86, Wish((WIDE,) * voices)) if pitch is not None]
        assert {7, 11, 2, 5} <= set(tones)
        assert tones.count(11) <= 2
        assert tones.count(5) <= 2
        assert tones.count(7) >= tones.count(11)


@settings(max_examples=200, deadline=None)
@example(20, Chord(2, ""), [(0, 5)] * 5 + [(0, 14), (0, 5)], "below", "close")
@given(
    st.integers(20, 110),
    st.sampled_from([Chord(root, quality) for root in range(12) for quality in ("", "m", "7", "dim", "m7b5")]),
    st.lists(st.tuples(st.integers(-5, 100), st.integers(5, 60)), min_size=LED + 1, max_size=MOST),
    st.sampled_from(("below", "above")),
    st.sampled_from(("close", "open")),
)
def test_voices_rest_only_where_there_is_no_pitch_left_for_them(
    melody: int, chord: Chord, spans: list[Range], placement: Placement, spacing: Spacing
) -> None:
    wish = Wish(tuple((low, low + span) for low, span in spans), placement, spacing)
    pitches = laid_out(chord, melody, wish)
    sounding = [pitch for pitch in pitches if pitch is not None]
    assert len(pitches) == len(spans)
    assert sounding == sorted(set(sounding), reverse=True)
    assert all(pitch < melody if placement == "below" else pitch > melody for pitch in sounding)
    assert all(pitch % 12 in chord.pitch_classes for pitch in sounding)
    for pitch, (low, high) in zip(pitches, wish.ranges, strict=True):
        assert pitch is None or max(0, low) <= pitch <= min(127, high)
    assert len(sounding) == most_voices(chord, melody, wish)


@pytest.mark.parametrize("voices", [7, 8, 12, 16])
def test_outer_voices_of_many_hardly_ever_move_in_parallels(voices: int) -> None:
    melodies = (
        [83, 84, 86, 88, 89, 91, 93, 95, 96],
        [96, 95, 93, 91, 89, 88, 86, 84, 83],
        [88, 88, 89, 91, 91, 89, 88, 86, 84, 84, 86, 88, 88, 86, 86],
        [93, 89, 86, 83, 81, 83, 84, 86, 88, 84, 91, 88, 86, 83, 84],
    )
    found = pairs = 0
    for melody in melodies:
        rows = [
            (pitch, one.pitches) for pitch, one in zip(melody, answers(melody, Wish((WIDE,) * voices)), strict=True)
        ]
        for (before, voices_before), (now, voices_now) in pairwise(rows):
            for here, there in ((voices_before[0], voices_now[0]), (voices_before[-1], voices_now[-1])):
                assert here is not None
                assert there is not None
                pairs += 1
                found += parallel((before, here), (now, there))
    assert found <= pairs // 50  # the search ends early where it takes long


@pytest.mark.parametrize("voices", [7, 11, 16])
def test_common_tones_of_many_voices_are_held(voices: int) -> None:
    first, second = answers([84, 91], Wish((WIDE,) * voices))
    assert first.chord == second.chord == C
    kept = set(first.pitches) & set(second.pitches)
    assert len(kept) >= voices - 2


def test_the_same_is_answered_to_the_same() -> None:
    melody = [72, 76, 79, 77, 74, 83, 84, 81, 78, 72]
    wish = Wish((NARROW,) * MOST, spacing="open")
    assert answers(melody, wish) == answers(melody, wish)
