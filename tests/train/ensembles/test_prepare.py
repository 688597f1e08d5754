import pickle
from pathlib import Path

import numpy as np
import pytest

from music.errors import ContinuoError, FileError
from tests.train.ensembles.makers import orchestra, pairs, piano
from tests.train.pieces import corpus, moved, part, score
from train.ensembles.arrays import load
from train.ensembles.prepare import find, open_ensembles, prepare


def corpora(folder: Path) -> Path:
    """Two pairs of two works, a score of one of them, another score, and one that is no orchestra."""
    pairs(
        folder / "pairs",
        {"a": (piano(), orchestra()), "b": (piano(20), orchestra(beats=20))},
        {"a": "train", "b": "valid"},
    )
    scores = {"same": orchestra(), "own": orchestra(beats=12), "song": score(part("Canto", [(0, 1, 60)], 52))}
    corpus(folder / "scores", scores)
    return folder


def test_pairs_and_scores_are_found_again(tmp_path: Path) -> None:
    data = corpora(tmp_path)
    sources = find(data, ["scores", "pairs"], {})
    found = open_ensembles(sources, tmp_path / "cache")
    assert [(entry.title, entry.kind, entry.split, entry.events) for entry in found.index] == [
        ("a", "pair", "train", 16),
        ("b", "pair", "valid", 20),
        ("own", "reduction", "train", 12),
    ]
    assert [entry.title for entry in found.of("valid")] == ["b"]
    np.testing.assert_array_equal(found.piece(found.index[2]).beat, np.arange(12, dtype=np.float32))
    again = open_ensembles(sources, tmp_path / "cache")
    assert again.folder == found.folder
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(again)).slots, found.slots)  # noqa: S301 - our own


def test_the_report_says_what_was_dropped_and_why(tmp_path: Path) -> None:
    data = corpora(tmp_path)
    report = prepare(find(data, ["pairs", "scores"], {}), tmp_path / "out", 1, lambda _, __: None)
    assert {piece.title: piece.reason for piece in report.dropped} == {
        "same": "the same score as another piece",
        "song": "fewer than 4 sections of the orchestra",
    }
    assert report.pieces == 3 and report.events == 48
    assert report.counts["pairs"]["valid"].piano_events == 20
    assert report.notes_per_event["Flute"] == 1.0 and report.notes_per_event["Oboe"] == 0.0


def test_left_out_pieces_are_reported(tmp_path: Path) -> None:
    data = corpora(tmp_path)
    sources = find(data, ["pairs"], {"kind": ["b"]})
    assert [source.piece.title for source in sources.pieces] == ["a"]
    assert [piece.reason for piece in sources.dropped] == ["left out by the config"]


def test_pieces_of_a_work_share_a_split(tmp_path: Path) -> None:
    versions = {f"w{number}": moved(orchestra(beats=10 + number), number % 3) for number in range(4)}
    folder = corpus(
        tmp_path / "scores", versions, work=dict.fromkeys(versions, "one"), split=dict.fromkeys(versions, "")
    )
    found = open_ensembles(find(tmp_path, [folder.name], {}), tmp_path / "cache")
    assert len(found.index) == 4 and len({entry.split for entry in found.index}) == 1


def test_nothing_usable_is_an_error(tmp_path: Path) -> None:
    corpus(tmp_path / "songs", {"song": score(part("Canto", [(0, 1, 60)], 52))})
    with pytest.raises(ContinuoError, match="no piece can be used"):
        open_ensembles(find(tmp_path, ["songs"], {}), tmp_path / "cache")


def test_a_folder_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    found = open_ensembles(find(corpora(tmp_path), ["pairs"], {}), tmp_path / "cache")
    assert found.folder is not None
    np.save(found.folder / "beat.npy", np.zeros(3, np.float32))
    with pytest.raises(FileError, match="not whole"):
        load(found.folder)
