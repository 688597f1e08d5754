from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.player import Answer, Frame, Moment, Sound, Wish
from models.rules.reduction import Reduction, RuleReducer, reduce_events, warm
from music.orchestra import REST, SLOTS
from music.pitch import parse_pitch, pitch_name

pytestmark = pytest.mark.timeout(400)  # the first time on a machine, the kernels are compiled

PIANO = Wish(((21, 108),) * 10)
Hands = tuple[str, str]
"""Right and left, from the top down; a star where a note is struck."""


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    warm()


def events_of(*lines: str) -> tuple[np.ndarray, np.ndarray]:
    """Events as they are written: `C4*` is struck, `C4` goes on."""
    pitches = np.zeros((len(lines), len(SLOTS)), np.uint8)
    struck = np.zeros(pitches.shape, np.bool_)
    for event, line in enumerate(lines):
        for slot, note in enumerate(line.split()):
            pitches[event, slot] = parse_pitch(note.rstrip("*"))
            struck[event, slot] = note.endswith("*")
    return pitches, struck


def written(pitches: np.ndarray, struck: np.ndarray) -> str:
    notes = zip(pitches.tolist(), struck.tolist(), strict=True)
    return " ".join(pitch_name(pitch) + "*" * fresh for pitch, fresh in notes if pitch != REST)


def reduced(*lines: str, span: int = 12, fingers: int = 5) -> list[Hands]:
    found = reduce_events(*events_of(*lines), span=span, fingers=fingers)
    rows = zip(found.right, found.right_struck, found.left, found.left_struck, strict=True)
    return [(written(right, fresh), written(left, new)) for right, fresh, left, new in rows]


@pytest.mark.parametrize(
    ("sounding", "expected"),
    [
        ("C5* E4* G3* C3*", ("C5* E4*", "G3* C3*")),  # a quartet
        ("C6* C5* G4* E4* C4* C3* C2*", ("C6* G5* E5* C5*", "C3* C2*")),  # a tutti: what is out of reach comes nearer
        ("G4*", ("G4*", "")),
        ("E5* C3*", ("E5*", "C3*")),  # two voices stay two
        ("G2*", ("", "G2*")),
        ("C3* C2*", ("", "C3* C2*")),
        ("E5* E5* E5* C5* C5* C3*", ("E5* C5*", "C3*")),  # whoever doubles in unison
        ("", ("", "")),
    ],
)
def test_what_sounds_at_once_lies_in_two_hands(sounding: str, expected: Hands) -> None:
    assert reduced(sounding) == [expected]


def test_a_melody_over_held_notes_moves_alone() -> None:
    assert reduced("C5* E4* G3* C3*", "D5* E4 G3 C3", "E5* E4 G3 C3") == [
        ("C5* E4*", "G3* C3*"),
        ("D5* E4", "G3 C3"),
        ("E5* E4", "G3 C3"),
    ]


def test_a_repeated_note_is_struck_again_and_no_other() -> None:
    assert reduced("C5* E4* C3*", "C5* E4 C3")[1] == ("C5* E4", "C3")


def test_a_held_note_is_let_go_where_the_hand_has_to_leave_it() -> None:
    assert reduced("C5* E4* C3*", "A5* E4 C3")[1] == ("A5*", "C3")


def test_what_was_let_go_is_not_struck_when_it_only_goes_on() -> None:
    assert reduced("C5* E4* C3*", "A5* E4 C3", "C5* E4 C3")[2] == ("C5*", "C3")


def test_a_held_melody_is_not_let_go_for_chords_far_below_it() -> None:
    assert reduced("C6* C3*", "C6 G3* E3* C3*", "C6 G3* E3* C3*")[2] == ("C6", "G3* E3* C3*")


def test_a_bass_that_leaps_lets_its_chord_go() -> None:
    assert reduced("C5* G3* E3* C3*", "C5 G3 E3 C2*")[1] == ("C5", "C2*")


def test_a_note_brought_nearer_goes_on_as_long_as_it_sounds() -> None:
    first, second, third = reduced("C6* G4* C3*", "D6* G4 C3", "D6 C3")
    assert first == ("C6* G5*", "C3*")
    assert second == ("D6* G5", "C3")
    assert third == ("D6", "C3")


@pytest.mark.parametrize(("span", "right"), [(12, "C5* Bb4*"), (14, "C5* Bb3*")])
def test_a_larger_hand_reaches_further(span: int, right: str) -> None:
    assert reduced("C5* Bb3* C2*", span=span)[0][0] == right


def test_few_fingers_keep_the_outer_lines() -> None:
    assert reduced("C5* A4* F4* F3* C3* F2*", fingers=1) == [("C5*", "F2*")]


@pytest.mark.parametrize(("fingers", "span"), [(0, 12), (6, 12), (5, -1)])
def test_hands_that_are_none_are_refused(fingers: int, span: int) -> None:
    with pytest.raises(ValueError, match="no hand"):
        reduced("C4*", fingers=fingers, span=span)


def test_strokes_of_other_events_are_refused() -> None:
    with pytest.raises(ValueError, match="not of the same events"):
        reduce_events(np.zeros((3, 4), np.uint8), np.zeros((2, 4), np.bool_))


music = st.lists(
    st.lists(st.tuples(st.integers(24, 103), st.booleans()), max_size=12, unique_by=lambda note: note[0]),
    min_size=1,
    max_size=12,
)


def arrays(notes: list[list[tuple[int, bool]]]) -> tuple[np.ndarray, np.ndarray]:
    pitches, struck = np.zeros((len(notes), 12), np.uint8), np.zeros((len(notes), 12), np.bool_)
    before = set[int]()
    for event, row in enumerate(notes):
        for slot, (pitch, again) in enumerate(row):
            pitches[event, slot], struck[event, slot] = pitch, again or pitch not in before
        before = {pitch for pitch, _ in row}
    return pitches, struck


def hand(pitches: np.ndarray) -> list[int]:
    return [int(pitch) for pitch in pitches if pitch != REST]


@settings(max_examples=200, deadline=None)
@given(notes=music, span=st.integers(7, 14), fingers=st.integers(1, 5))
def test_two_hands_can_play_it(notes: list[list[tuple[int, bool]]], span: int, fingers: int) -> None:
    found = reduce_events(*arrays(notes), span=span, fingers=fingers)
    for right, left in zip(found.right, found.left, strict=True):
        for own in (hand(right), hand(left)):
            assert len(own) <= fingers
            assert own == sorted(set(own), reverse=True)
            assert not own or own[0] - own[-1] <= span
        assert not (hand(right) and hand(left)) or min(hand(right)) > max(hand(left))


@settings(max_examples=200, deadline=None)
@given(notes=music)
def test_struck_outer_notes_are_there_and_no_pitch_class_is_foreign(notes: list[list[tuple[int, bool]]]) -> None:
    pitches, struck = arrays(notes)
    found = reduce_events(pitches, struck)
    for event, row in enumerate(notes):
        sounding, played = {pitch for pitch, _ in row}, {*hand(found.right[event]), *hand(found.left[event])}
        assert {pitch % 12 for pitch in played} <= {pitch % 12 for pitch in sounding}
        fresh = set(pitches[event][struck[event]].tolist())
        assert sounding & fresh & {max(sounding, default=-1)} <= played
        if max(sounding, default=0) - min(sounding, default=0) > 12:  # or else they may be beyond a hand between them
            assert fresh & {min(sounding)} <= played


@settings(max_examples=200, deadline=None)
@given(notes=music)
def test_what_goes_on_is_neither_struck_nor_changes_hands(notes: list[list[tuple[int, bool]]]) -> None:
    pitches, struck = arrays(notes)
    found = reduce_events(pitches, struck)
    fresh = [set(row[new].tolist()) for row, new in zip(pitches, struck, strict=True)]
    for hands, strokes in ((found.right, found.right_struck), (found.left, found.left_struck)):
        for before, now in pairwise(range(len(notes))):
            on = set(hands[now][~strokes[now]].tolist()) - {REST}
            assert on <= set(hands[before].tolist())
            assert {pitch % 12 for pitch in hand(hands[now][strokes[now]])} <= {pitch % 12 for pitch in fresh[now]}


@settings(max_examples=30, deadline=None)
@given(notes=music)
def test_same_events_are_reduced_the_same_and_left_as_they_are(notes: list[list[tuple[int, bool]]]) -> None:
    pitches, struck = arrays(notes)
    copies = pitches.copy(), struck.copy()
    first, second = reduce_events(pitches, struck), reduce_events(pitches, struck)
    for name in Reduction.__slots__:
        assert np.array_equal(getattr(first, name), getattr(second, name))
    assert np.array_equal(pitches, copies[0]) and np.array_equal(struck, copies[1])


def performed(notes: list[list[tuple[int, bool]]], wish: Wish) -> list[Answer]:
    player, last, answers = RuleReducer(), None, []
    state = player.start()
    for number, (row, new) in enumerate(zip(*arrays(notes), strict=True)):
        held = tuple(Sound(int(pitch), 80) for pitch in row if pitch)
        struck = tuple(Sound(int(pitch), 80) for pitch in row[new] if pitch)
        last = player.answer(state, held, Moment(number / 4, wish, last, 0.0, struck))
        state = player.hear(state, Frame(struck, held, last))
        answers.append(last)
    return answers


@settings(max_examples=100, deadline=None)
@given(notes=music)
def test_player_plays_what_the_events_are_reduced_to(notes: list[list[tuple[int, bool]]]) -> None:
    found = reduce_events(*arrays(notes))
    for answer, right, left in zip(performed(notes, Wish(((0, 127),) * 10)), found.right, found.left, strict=True):
        assert [pitch for pitch in answer.pitches[:5] if pitch is not None] == hand(right)
        assert [pitch for pitch in answer.pitches[5:] if pitch is not None] == hand(left)


@settings(max_examples=100, deadline=None)
@given(notes=music, ranges=st.lists(st.tuples(st.integers(0, 80), st.integers(40, 127)), min_size=1, max_size=12))
def test_no_finger_leaves_its_range(notes: list[list[tuple[int, bool]]], ranges: list[tuple[int, int]]) -> None:
    for answer in performed(notes, Wish(tuple(ranges))):
        assert (answer.struck or frozenset()) <= set(answer.pitches)
        for pitch, (low, high) in zip(answer.pitches, ranges, strict=True):
            assert pitch is None or low <= pitch <= high


def test_player_counts_who_doubles_and_holds_what_is_not_struck() -> None:
    player, held = RuleReducer(), tuple(Sound(parse_pitch(name), 80) for name in ["C3", "E4", "E4", "C5"])
    first = player.answer(player.start(), held, Moment(0.0, PIANO, onsets=held))
    assert [pitch_name(pitch) for pitch in first.pitches if pitch] == ["C5", "E4", "C3"]
    state, moved = player.hear((), Frame(held, held, first)), (*held[:3], Sound(parse_pitch("D5"), 100))
    second = player.answer(state, moved, Moment(1.0, PIANO, first, 0.0, moved[3:]))
    assert second.struck == frozenset({parse_pitch("D5")})
    assert second.pitches[:2] == (parse_pitch("D5"), parse_pitch("E4"))
    assert second.velocities is not None and second.velocities[:2] == (100, 80)


def test_silence_is_answered_with_silence() -> None:
    assert set(RuleReducer().answer((), (), Moment(0.0, PIANO)).pitches) == {None}
