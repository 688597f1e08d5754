import numpy as np
import torch

from models.frames import Batch
from models.learned.advice import PLANES, Adviser, planes
from models.player import Frame, Sound
from models.rules.score import SILENT
from music.pitch import Key
from train.advice import Line, advice, line, on_keys, readvised, soprano

CHORD, ROOT, SCALE = range(PLANES)
OCTAVE = 12
SCALE_OF_C = [0, 2, 4, 5, 7, 9, 11]


def tune(*pitches: int, frames: int = 4) -> Line:
    """A beat a note."""
    each = [pitch for pitch in pitches for _ in range(frames)]
    return Line(each, [place % frames == 0 and pitch != SILENT for place, pitch in enumerate(each)])


def test_a_scale_in_c_is_advised_in_c_with_the_note_in_the_chord() -> None:
    melody = tune(60, 62, 64, 65, 67, 65, 64, 62, 60, 67, 72)
    said = advice(melody)
    assert said.shape == (44, OCTAVE, PLANES)
    assert np.flatnonzero(said[-1, :, SCALE]).tolist() == SCALE_OF_C
    for frame in range(0, 44, 4):
        assert said[frame, melody.pitches[frame] % OCTAVE, CHORD] == 1
        assert said[frame, :, ROOT].sum() == 1
        assert said[frame, said[frame, :, ROOT].argmax(), CHORD] == 1


def test_nothing_is_said_before_the_first_note_and_a_rest_changes_nothing() -> None:
    said = advice(tune(SILENT, 60, SILENT))
    assert not said[:4].any()
    assert said[4].any()
    assert (said[8:] == said[7]).all()


def test_advice_knows_no_later_note() -> None:
    one, other = advice(tune(60, 62, 64, 65)), advice(tune(60, 62, 64, 66))
    assert (one[:12] == other[:12]).all()
    assert (one[12:] != other[12:]).any()


def test_the_key_of_a_transposed_melody_is_the_transposed_key() -> None:
    pitches = (62, 64, 66, 67, 69, 67, 66, 64, 62)
    here, there = advice(tune(*pitches)), advice(tune(*(pitch + 3 for pitch in pitches)))
    assert (np.roll(here[-1, :, SCALE], 3) == there[-1, :, SCALE]).all()


def test_the_same_is_said_frame_by_frame_on_stage_while_a_frame_is_open() -> None:
    melody, adviser = tune(60, 64, 67, SILENT, 65), Adviser()
    said, state = advice(melody), adviser.start()
    for number, (pitch, struck) in enumerate(zip(melody.pitches, melody.struck, strict=True)):
        held = () if pitch == SILENT else (Sound(pitch, 90),)
        frame = Frame(held if struck else (), held, beat=number / 4)
        assert planes(adviser.now(state, frame)) == said[number].tolist()
        state = adviser.hear(state, frame)


def test_a_soprano_is_struck_where_its_pitch_changes() -> None:
    found = soprano(np.array([[24], [24], [26], [46], [26]]))
    assert found.pitches == [60, 60, 62, SILENT, 62]
    assert found.struck == [True, False, True, False, True]


def test_on_the_keys_of_voices_every_octave_is_told_the_same() -> None:
    classes = np.zeros((1, OCTAVE, PLANES), np.uint8)
    classes[0, 4, CHORD] = 1
    assert np.flatnonzero(on_keys(classes)[0, :, CHORD]).tolist() == [4, 16, 28, 40]


def test_a_melody_that_was_changed_is_advised_anew() -> None:
    given = torch.zeros(1, 8, OCTAVE, 2 + PLANES, dtype=torch.uint8)
    given[0, :, 0, 0] = given[0, 0, 0, 1] = 1
    empty = torch.zeros(1, 8, OCTAVE, dtype=torch.long)
    piece = Batch(empty, given, torch.zeros(1, 8, dtype=torch.long), torch.ones(1, 8, dtype=torch.bool))
    told = readvised(piece, "lead")
    assert np.array_equal(told.given[0, :, :, 2:].numpy(), advice(line(given[0])))
    assert torch.equal(told.given[..., :2], given[..., :2])
    plain = Batch(piece.target, given[..., :2], piece.phase, piece.mask)
    assert readvised(plain, "lead") is plain


def test_advice_stays_in_a_key_that_is_locked() -> None:
    adviser, key = Adviser(), Key(3, "major")
    for pitch in range(60, 72):
        note = (Sound(pitch, 80),)
        answer = adviser.now(adviser.start(), Frame(note, note), key)
        assert answer and answer.key == key


def test_advice_of_another_key_is_not_kept_when_a_key_is_locked_later() -> None:
    adviser, key = Adviser(), Key(3, "major")
    state = adviser.start()
    for number, pitch in enumerate((60, 64, 67, 72)):
        note = (Sound(pitch, 80),)
        state = adviser.hear(state, Frame(note, note, beat=number / 4))
    between = Frame((), (Sound(72, 80),), beat=0.75)
    assert adviser.now(state, between) == state.answer
    locked = adviser.now(state, between, key)
    assert locked and locked.key == key
