from pathlib import Path

import pytest

from music.beat import Meter
from tests.train.pieces import chorale, moved, part, score, write
from train.corpora import Piece, pieces
from train.reading import key_of, load, reading_of, score_of, store


def piece(path: Path) -> Piece:
    return Piece(path.stem, path, path.stem, "train", "CC0", "bach")


def test_reading_is_kept_whole(tmp_path: Path) -> None:
    found = reading_of(piece(write(tmp_path / "a.mid", chorale(0))), "voices")
    store(tmp_path / "a.npz", found)
    again = load(tmp_path / "a.npz")
    assert again.notes.tolist() == found.notes.tolist()
    assert (again.frames, again.reason, again.since.tolist()) == (64, "", found.since.tolist())


def test_fingerprint_knows_a_piece_in_any_key_and_after_any_silence(tmp_path: Path) -> None:
    late = [part(f"{i}", [(8, 1, pitch), (9, 1, pitch + 1)]) for i, pitch in enumerate((72, 67, 60, 48))]
    soon = [part(f"{i}", [(0, 1, pitch), (1, 1, pitch + 1)]) for i, pitch in enumerate((72, 67, 60, 48))]
    scores = [chorale(0), moved(chorale(0), -2), chorale(1), score(*late), score(*soon)]
    paths = [write(tmp_path / f"{i}.mid", found) for i, found in enumerate(scores)]
    one, lower, other, late_, soon_ = (reading_of(piece(path), "voices").fingerprint for path in paths)
    assert one == lower != other
    assert late_ == soon_ != one


def test_key_changes_with_the_file_and_the_task(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mid", chorale(0))
    before = key_of(piece(path), "voices")
    assert key_of(piece(path), "voices") == before
    assert key_of(piece(path), "keys") != before
    write(path, chorale(1, beats=8))
    assert key_of(piece(path), "voices") != before


def test_pickup_of_a_chorale_of_music21_is_padded_to_its_bar() -> None:
    pytest.importorskip("music21")
    [found] = [entry for entry in pieces(Path(), ["music21"], {}) if entry.title == "bwv66.6"]
    reading = reading_of(found, "voices")
    assert reading.reason == ""
    soprano = [row for row in reading.notes.tolist() if row[2] == 0]
    # The pickup's two eighths C sharp, B, then A on the barline: the score begins with one beat of four.
    assert [(onset, length, pitch) for onset, length, _, pitch, _ in soprano[:3]] == [
        (12, 2, 73),
        (14, 2, 71),
        (16, 4, 69),
    ]
    assert reading.since[:17].tolist() == [*range(1, 17), 1]
    assert score_of(found.path).meters == (Meter(0, 4, 4),)
