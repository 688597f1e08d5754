import torch

from models.frames import Batch
from train.advice import line
from train.evaluate import lead, melody
from train.evaluate.pieces import Piece
from train.evaluate.push import LOOK_BEATS, PUSH_FRAME, TRITONE, pushed, recovery

BEATS = 48
TRIAD = (0, 4, 7)


def sheet(beats: int = BEATS) -> Piece:
    """C E G C ..., one note a beat, over a chord of C."""
    target = torch.zeros(1, 4 * beats, 12, dtype=torch.long)
    target[:, :, [4, 7]] = 1
    target[:, :, 0] = 2
    given = torch.zeros(1, 4 * beats, 12, 2, dtype=torch.uint8)
    for beat in range(beats):
        given[0, 4 * beat : 4 * beat + 4, TRIAD[beat % 3], 0] = 1
        given[0, 4 * beat, TRIAD[beat % 3], 1] = 1
    phase = 1 + torch.arange(4 * beats)[None] % 16
    return Piece("sheet", Batch(target, given, phase, torch.ones(1, 4 * beats, dtype=torch.bool)))


def test_notes_are_in_the_chord_that_holds_them_and_in_no_silence() -> None:
    piece = sheet()
    assert lead.in_chord([piece.batch.target[0]], [piece]) == 1
    assert lead.in_chord([piece.batch.target[0].roll(1, 1)], [piece]) == 0
    assert lead.in_chord([torch.zeros(4 * BEATS, 12)], [piece]) == 0


def test_frames_in_which_the_melody_rests_do_not_count() -> None:
    piece = sheet()
    piece.batch.given[:, ::2] = 0
    assert lead.in_chord([piece.batch.target[0]], [piece]) == 1


def test_the_melody_is_a_tritone_higher_from_the_17th_beat_on() -> None:
    piece = sheet()
    moved = pushed(piece)
    assert torch.equal(moved.batch.given[:, :PUSH_FRAME], piece.batch.given[:, :PUSH_FRAME])
    for beat in (16, 17, 18):
        (sounding,) = moved.batch.given[0, 4 * beat, :, 0].nonzero()[:, 0].tolist()
        assert sounding == (TRIAD[beat % 3] + TRITONE) % 12
    assert torch.equal(pushed(moved).batch.given, piece.cut(len(moved)).batch.given)


def test_chords_that_follow_after_five_beats_recover_after_five() -> None:
    piece = sheet()
    without = piece.batch.target[0]
    after = without.clone()
    after[PUSH_FRAME + 20 :] = after[PUSH_FRAME + 20 :].roll(TRITONE, 1)
    found = recovery([after], [without], [piece])
    assert found["beats_to_recover"] == found["beats_to_recover_per_piece"] == 5


def test_chords_that_never_follow_take_all_beats_there_are() -> None:
    piece = sheet()
    piece.batch.given[:] = 0
    piece.batch.given[:, :, 4] = 1  # E goes to Bb, which the chord of C does not hold
    without = piece.batch.target[0]
    assert recovery([without], [without], [piece])["beats_to_recover_per_piece"] == LOOK_BEATS - 1


def test_the_rules_play_the_chord_that_a_broken_triad_says() -> None:
    piece = sheet(12)
    chords = melody.by_rules(piece)
    assert lead.in_chord([chords], [piece]) == 1
    assert lead.agreed([chords], [piece])["same_root_share"] > 0.6


def test_the_line_goes_to_the_nearest_octave() -> None:
    given = torch.zeros(1, 3, 12, 2, dtype=torch.uint8)
    for frame, place in enumerate((11, 0, 11)):
        given[0, frame, place] = 1
    piece = Piece("line", Batch(torch.zeros(1, 3, 12).long(), given, torch.zeros(1, 3).long(), torch.ones(1, 3).bool()))
    assert line(piece.batch.given[0]).pitches == [71, 72, 71]


def test_a_player_of_chords_is_asked_at_struck_notes_and_on_beats_while_one_lasts() -> None:
    given = torch.zeros(1, 12, 12, 2, dtype=torch.uint8)
    given[0, 2:9, 5, 0] = given[0, 2, 5, 1] = 1  # from the third frame of the first beat into the third beat
    batch = Batch(torch.zeros(1, 12, 12).long(), given, torch.zeros(1, 12).long(), torch.ones(1, 12).bool())
    assert torch.nonzero(lead.asked(batch)[0])[:, 0].tolist() == [2, 4, 8]
    assert torch.nonzero(lead.asked_late(batch)[0])[:, 0].tolist() == [0, 3, 4, 5, 8, 9]


def test_what_is_drawn_is_judged_as_the_chord_that_would_sound() -> None:
    roll = torch.zeros(3, 12, dtype=torch.long)
    roll[0, [2, 5, 9]] = 1  # D minor over F
    roll[0, 5] = 2
    roll[1, [0, 4]] = 1  # a third is enough for a triad
    roll[1, 0] = 2
    found = lead.named(roll)
    assert found[0].tolist() == [0, 0, 2, 0, 0, 1, 0, 0, 0, 1, 0, 0]
    assert found[1].tolist() == [2, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0]
    assert not found[2].any()
