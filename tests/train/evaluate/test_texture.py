import torch
from torch import Tensor

from train.evaluate.texture import classes, held_frames, shared, texture


def hand(frames: int, *notes: tuple[int, int, int]) -> Tensor:
    """States of (key, first frame, length)."""
    states = torch.zeros(frames, 88, dtype=torch.long)
    for key, first, length in notes:
        states[first : first + length, key] = 1
        states[first, key] = 2
    return states


def test_notes_last_until_they_end_or_are_struck_again() -> None:
    states = hand(16, (10, 0, 4), (10, 4, 2), (12, 3, 8), (15, 15, 1))
    assert sorted(held_frames(states).tolist()) == [1, 2, 4, 8]


def test_a_note_from_before_counts_from_the_first_frame() -> None:
    states = torch.ones(5, 1, dtype=torch.long)
    assert held_frames(states).tolist() == [5]


def test_a_left_hand_is_described_in_beats_and_pitches() -> None:
    # two notes together on each of four beats, A0 + 27 = C3 and E3
    states = hand(16, *[(key, beat * 4, 4) for beat in range(4) for key in (27, 31)])
    found = texture(states)
    assert found is not None
    assert found.onset_rate_per_beat == 1
    assert found.register_semitones == 50
    assert found.polyphony_notes == 2
    assert found.longest_held_beats == 1
    assert found.held_beyond_share == 0


def test_a_stuck_note_is_found() -> None:
    found = texture(hand(64, (27, 0, 40), (40, 0, 4)))
    assert found is not None and found.held_beyond_share == 0.5


def test_silence_has_no_texture() -> None:
    assert texture(hand(8)) is None


def test_beats_are_compared_where_both_hands_sound() -> None:
    left, right = hand(8, (27, 0, 4)), hand(8, (39, 0, 8))
    assert classes(left) == [frozenset({0}), frozenset()]
    assert shared(classes(left), classes(right)) == [1.0]
