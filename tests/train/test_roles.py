import numpy as np
import pytest

from music.beat import Meter
from music.midifile import Score
from tests.train.pieces import TICKS, chorale, moved, part, score, song
from train.roles import UnfitError, played, since_barline

Notes = list[tuple[int, int, int, int]]


def notes(found: Score, task: str) -> Notes:
    """Part, onset, length in frames, pitch."""
    rows = played(found, task)
    return sorted(zip(*(rows[name].tolist() for name in ("part", "onset", "length", "pitch")), strict=True))


def reason(found: Score, task: str) -> str:
    with pytest.raises(UnfitError) as caught:
        played(found, task)
    return caught.value.reason


def test_voices_are_sorted_from_the_soprano_down_whatever_their_tracks_are_called() -> None:
    pitches = (60, 72, 48, 67)
    found = notes(score(*(part(f"track {i}", [(0, 1, pitch)]) for i, pitch in enumerate(pitches))), "voices")
    assert found == [(0, 0, 4, 72), (1, 0, 4, 67), (2, 0, 4, 60), (3, 0, 4, 48)]


def test_leading_silence_is_kept() -> None:
    tracks = [part(f"{i}", [(4, 1, pitch)]) for i, pitch in enumerate((72, 67, 60, 48))]
    assert {onset for _, onset, _, _ in notes(score(*tracks), "voices")} == {16}


def test_triplets_neither_drift_nor_overlap() -> None:
    line = [(beat / 3, 1 / 3, 60 + beat % 3) for beat in range(3 * 500)]
    tracks = [part(f"{i}", [(0, 500, pitch)]) for i, pitch in enumerate((72, 67, 48))]
    tenor = [
        (onset, length) for voice, onset, length, _ in notes(score(*tracks, part("t", line)), "voices") if voice == 2
    ]
    assert tenor == [(beat * 4 // 3, (beat + 1) * 4 // 3 - beat * 4 // 3) for beat in range(3 * 500)]


def test_of_two_notes_in_one_frame_a_voice_sings_the_longer() -> None:
    tracks = [part(f"{i}", [(0, 2, pitch)]) for i, pitch in enumerate((72, 67, 48))]
    grace = part("tenor", [(0, 1 / 8, 60), (1 / 8, 7 / 8, 62), (1, 1 / 8, 64), (9 / 8, 1 / 8, 65)])
    assert [row[1:] for row in notes(score(*tracks, grace), "voices") if row[0] == 2] == [(0, 4, 62), (4, 1, 64)]


def test_chorale_needs_four_tracks_of_one_voice_within_the_range() -> None:
    piece = chorale(0)
    assert reason(Score(TICKS, piece.tracks[:3]), "voices") == "another number of tracks than four"
    thick = part("Alto", [(beat, 1, pitch) for beat in range(4) for pitch in (65, 69)])
    assert reason(Score(TICKS, (*piece.tracks[:3], thick)), "voices") == "a track with more than one note at a time"
    assert reason(moved(piece, 20), "voices") == "notes outside the range"


def test_hands_are_found_by_name_beside_a_voice() -> None:
    lines = {"Left": [(0, 1, 40)], "upper": [(0, 1, 70)]}
    voice = part("Gesang", [(0, 1, 75)], 52)
    assert notes(score(voice, *(part(name, line) for name, line in lines.items())), "hands") == [
        (0, 0, 4, 70),
        (1, 0, 4, 40),
    ]


@pytest.mark.parametrize(
    ("right", "left"),
    [("Piano RH", "Piano LH"), ("rhA", "lhA"), ("rightHand", "leftHand"), ("pianoUp", "pianoDown"), ("md", "mg")],
)
def test_names_of_hands(right: str, left: str) -> None:
    two = (part("melody rhythm", [(0, 1, 80)]), part("midi", [(0, 1, 81)]))
    found = score(*two, part(left, [(0, 1, 40)]), part(right, [(0, 1, 70)]))
    assert [pitch for *_, pitch in notes(found, "hands")] == [70, 40]


def test_of_two_nameless_piano_tracks_the_higher_is_the_right_hand() -> None:
    found = score(part("Piano", [(0, 1, 40)]), part("Piano", [(0, 1, 70)]), part("Flute", [(0, 1, 80)], 73))
    assert notes(found, "hands") == [(0, 0, 4, 70), (1, 0, 4, 40)]


def test_one_hand_that_changes_its_program_is_one_hand() -> None:
    found = score(part("RH", [(0, 1, 70)], 0), part("RH", [(1, 1, 72)], 1), part("LH", [(0, 2, 40)]))
    assert notes(found, "hands") == [(0, 0, 4, 70), (0, 4, 4, 72), (1, 0, 8, 40)]


def test_pieces_without_two_hands_are_refused() -> None:
    right, left = part("RH", [(0, 4, 70)]), part("LH", [(0, 4, 40)])
    assert reason(score(right), "hands") == "no two tracks are the hands"
    assert reason(score(right, right, left), "hands") == "more than one right hand"
    assert reason(score(part("LH", [(0, 4, 70)]), part("RH", [(0, 4, 40)])), "hands") == (
        "the left hand lies above the right"
    )
    long = part("RH", [(beat, 1, 70) for beat in range(40)])
    assert reason(score(long, left), "hands") == "the left hand is silent for most of the piece"


def test_lead_sheet_needs_melody_and_chords() -> None:
    melody, chords = part("MELODY", [(0, 1, 70)]), part("Chords", [(0, 1, 48), (0, 1, 52)])
    assert notes(score(chords, melody), "lead") == [(0, 0, 4, 70), (1, 0, 4, 48), (1, 0, 4, 52)]
    assert reason(score(melody), "lead") == 'no track "Chords"'


def test_all_tracks_but_drums_are_the_keys() -> None:
    piece = song(0)
    assert {row[0] for row in notes(piece, "keys")} == {0}
    assert len(played(piece, "keys")) == sum(len(track.notes) for track in piece.tracks)


def test_piece_of_years_is_refused() -> None:
    assert reason(score(part("all", [(0, 1, 60), (60_000, 1, 60)])), "keys") == "too long"


def test_bar_is_counted_from_the_meters() -> None:
    found = score(part("p", [(0, 1, 60)]), meters=(Meter(0, 3, 4), Meter(3 * TICKS, 6, 8)))
    assert since_barline(found, 26).tolist() == [*range(1, 13), *range(1, 13), 1, 2]


def test_without_a_meter_the_bar_is_not_known() -> None:
    late = score(part("p", [(0, 1, 60)]), meters=(Meter(2 * TICKS, 4, 4),))
    assert since_barline(late, 10).tolist() == [0] * 8 + [1, 2]
    assert not np.any(since_barline(score(part("p", [(0, 1, 60)]), meters=()), 8))
