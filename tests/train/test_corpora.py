from pathlib import Path

import numpy as np
import pytest

from music.errors import ContinuoError, FileError
from tests.train.pieces import benchmark, chorale, corpus, manifest, write
from train import corpora
from train.corpora import pieces, split_of, survey


def titles(data: Path, *names: str, **leave_out: tuple[str, ...]) -> list[str]:
    return [piece.title for piece in pieces(data, names, leave_out)]


def test_manifest_tells_split_work_and_licence(tmp_path: Path) -> None:
    corpus(tmp_path / "bach", {"one": chorale(1), "two": chorale(2), "three": chorale(3)})
    first, _, last = pieces(tmp_path, ["bach"], {})
    assert (first.title, first.work, first.split, first.licence, first.corpus) == ("one", "one", "train", "CC0", "bach")
    assert first.path == tmp_path / "bach" / "mid" / "one.mid"
    assert last.split == "valid"


def test_of_duplicates_one_is_kept(tmp_path: Path) -> None:
    scores = {title: chorale(i) for i, title in enumerate(("a", "b", "c", "d"))}
    corpus(tmp_path / "bach", scores, near_duplicate_of={"a": "bach/mid/b.mid"}, duplicate={"d": "1"})
    found = survey(tmp_path, ["bach"], {})
    assert [piece.title for piece in found.pieces] == ["b", "c"]
    assert {(piece.title, piece.reason) for piece in found.dropped} == {("a", "a near duplicate"), ("d", "a duplicate")}


def test_two_pieces_like_a_third_that_is_not_here_are_like_each_other(tmp_path: Path) -> None:
    scores = {title: chorale(i) for i, title in enumerate(("a", "b", "c"))}
    corpus(tmp_path / "bach", scores, near_duplicate_of={"a": "other/mid/x.mid", "c": "other/mid/x.mid"})
    assert titles(tmp_path, "bach") == ["a", "b"]


def test_duplicates_are_found_across_corpora(tmp_path: Path) -> None:
    corpus(tmp_path / "one", {"a": chorale(1), "b": chorale(2)}, near_duplicate_of={"a": "two/mid/c.mid"})
    corpus(tmp_path / "two", {"c": chorale(3)})
    assert titles(tmp_path, "one") == ["a", "b"]
    assert titles(tmp_path, "one", "two") == ["b", "c"]


def test_pieces_are_left_out_by_any_column(tmp_path: Path) -> None:
    corpus(tmp_path / "bach", {"a": chorale(1), "b": chorale(2)}, bl_split={"a": "test", "b": "train"})
    assert titles(tmp_path, "bach", bl_split=("test",)) == ["b"]
    with pytest.raises(ContinuoError, match=r"no manifest has a column 'blsplit'. Did you mean 'bl_split'"):
        titles(tmp_path, "bach", blsplit=("test",))


def test_transpositions_of_a_piece_lie_on_one_side(tmp_path: Path) -> None:
    names = [
        f"piece{letter}{mark}" for letter in "abcdefghijklmnopqrst" for mark in ("", "_+3", "_-2", " in Eb", "-tr5")
    ]
    for name in names:
        write(tmp_path / f"{name}.mid", chorale(0, beats=1))
    found = pieces(tmp_path, ["."], {})
    assert len(found) == 100
    splits: dict[str, set[str]] = {}
    for piece in found:
        splits.setdefault(piece.title[:6], set()).add(piece.split)
    assert len(splits) == 20
    assert all(len(found) == 1 for found in splits.values())
    assert set.union(*splits.values()) == {"train", "valid", "test"}


def test_numbers_count_pieces_where_hardly_any_work_would_be_left(tmp_path: Path) -> None:
    for number in range(40):
        write(tmp_path / f"chorale-{number:03}.mid", chorale(0, beats=1))
    assert {piece.split for piece in pieces(tmp_path, ["."], {})} == {"train", "valid", "test"}


def test_folder_of_two_files_has_something_held_out(tmp_path: Path) -> None:
    for name in ("waltz.mid", "deeper/march.MID"):
        write(tmp_path / name, chorale(0, beats=1))
    assert {piece.split for piece in pieces(tmp_path, ["."], {})} >= {"valid"}


def test_split_of_a_work_is_for_ever() -> None:
    assert [split_of(f"work {number}") for number in range(4)] == ["valid", "valid", "train", "train"]


def test_data_folder_may_be_the_corpus_itself(tmp_path: Path) -> None:
    corpus(tmp_path / "bach", {"a": chorale(1)})
    assert titles(tmp_path / "bach", "chorales", "jsfakes") == ["a"]
    write(tmp_path / "mine" / "b.mid", chorale(2))
    assert titles(tmp_path / "mine", "chorales") == ["b"]


def test_misspelt_corpus_is_not_the_folder_of_corpora(tmp_path: Path) -> None:
    corpus(tmp_path / "chorales", {"a": chorale(1)})
    with pytest.raises(ContinuoError, match=r"no corpus 'chorale' in it. Did you mean 'chorales'"):
        titles(tmp_path, "chorale")


@pytest.mark.parametrize("name", ["nothing", "empty"])
def test_folder_without_midi_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "data" / "empty").mkdir(parents=True)
    with pytest.raises(ContinuoError, match=f"data.*{'no corpus' if name == 'nothing' else 'no MIDI file'}"):
        titles(tmp_path / "data", name)


def test_missing_data_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContinuoError, match=r"nowhere: there is no such folder. Give the folder"):
        titles(tmp_path / "nowhere", "chorales")


def test_manifest_without_files_or_with_a_strange_split_is_named(tmp_path: Path) -> None:
    manifest(tmp_path / "a", [{"title": "one"}])
    with pytest.raises(FileError, match=r"manifest.csv: it has no column 'file'"):
        titles(tmp_path, "a")
    manifest(tmp_path / "b", [{"file": "one.mid", "split": "trane"}])
    with pytest.raises(FileError, match=r"manifest.csv: line 2 has the split 'trane'. Did you mean 'train'"):
        titles(tmp_path, "b")


def test_music21_has_bachs_chorales() -> None:
    pytest.importorskip("music21")
    found = pieces(Path("no data needed"), ["music21"], {})
    assert len(found) > 350
    assert {piece.split for piece in found} == {"train", "valid", "test"}
    assert len({piece.work for piece in found}) == len(found)  # one setting of each


def test_benchmark_file_gives_pieces_by_split(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    train = [random.random((frames, 88)) < 0.1 for frames in (5, 1, 9)]
    valid = [random.random((4, 88)) < 0.1]
    found = corpora.benchmark(benchmark(tmp_path / "set.npz", train=train, valid=valid))
    assert list(found) == ["train", "valid"]
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(found["train"], train, strict=True))
    assert np.array_equal(found["valid"][0], valid[0])


def test_benchmark_file_may_hold_the_test_part_alone(tmp_path: Path) -> None:
    path = benchmark(tmp_path / "set.npz", test=[np.ones((3, 88), bool)])
    assert [len(piece) for piece in corpora.benchmark(path)["test"]] == [3]


def test_file_that_is_no_benchmark_is_named(tmp_path: Path) -> None:
    path = tmp_path / "set.npz"
    np.savez(path, something=np.zeros(3))
    with pytest.raises(FileError, match=r"set.npz: it has neither train_roll with train_lengths or"):
        corpora.benchmark(path)
    np.savez(path, train_roll=np.zeros((3, 11), np.uint8), train_lengths=np.array([4]))
    with pytest.raises(FileError, match="the lengths do not add up"):
        corpora.benchmark(path)
    path.write_bytes(b"PK no zip")
    with pytest.raises(FileError, match="this is no benchmark file"):
        corpora.benchmark(path)
    with pytest.raises(FileError, match="there is no such file"):
        corpora.benchmark(tmp_path / "other.npz")
