import pickle
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest

from music import roll
from music.beat import Meter
from music.errors import ContinuoError, FileError
from tests.train.pieces import Deadly, benchmark, chorale, corpus, manifest, moved, part, score, song, write
from train.config import Data
from train.corpora import Piece, pieces
from train.rolls import Report, Rolls, from_benchmark, load, open_rolls, prepare


def quiet(_: int, __: int) -> None:
    pass


def chorales(folder: Path, count: int, beats: int = 16) -> list[Piece]:
    corpus(folder, {f"piece {i}": chorale(i, beats) for i in range(count)})
    return pieces(folder, ["."], {})


def settings(task: str, **more: object) -> Data:
    return msgspec.convert({"task": task, "corpora": ["bach"], **more}, Data)


def same(ours: Rolls, theirs: Rolls) -> bool:
    planes = [(ours.onset, theirs.onset), (ours.held, theirs.held), (ours.phase, theirs.phase)]
    return ours.index == theirs.index and all(np.array_equal(a, b) for a, b in planes)


def test_planes_hold_velocities_where_notes_begin_and_sound(tmp_path: Path) -> None:
    lines = [part("v", [(1, 1, pitch), (2, 2, pitch)], velocity=pitch + 20) for pitch in (81, 67, 60, 36)]
    write(tmp_path / "in" / "a.mid", score(*lines, meters=(Meter(0, 3, 4),)))
    report = prepare(pieces(tmp_path / "in", ["."], {}), tmp_path / "rolls", "voices", 1, quiet)
    rolls = load(tmp_path / "rolls")
    assert (report.pieces, report.frames, len(rolls.index)) == (1, 16, 1)
    assert rolls.onset.shape == rolls.held.shape == (16, 4, 46)
    assert rolls.onset.dtype == rolls.phase.dtype == np.uint8
    assert np.argwhere(rolls.onset).tolist() == [
        [frame, voice, key] for frame in (4, 8) for voice, key in enumerate((45, 31, 24, 0))
    ]
    assert rolls.held[:, 0, 45].tolist() == [0] * 4 + [101] * 12
    assert rolls.phase.tolist() == [*range(1, 13), 1, 2, 3, 4]


def test_pieces_lie_one_after_the_other_with_their_facts(tmp_path: Path) -> None:
    prepare(chorales(tmp_path / "bach", 3), tmp_path / "rolls", "voices", 1, quiet)
    rolls = load(tmp_path / "rolls")
    assert [(entry.title, entry.first, entry.frames) for entry in rolls.index] == [
        ("piece 0", 0, 64),
        ("piece 1", 64, 64),
        ("piece 2", 128, 64),
    ]
    assert (rolls.index[0].corpus, rolls.index[0].licence, rolls.index[2].split) == ("bach", "CC0", "valid")
    assert rolls.frames("train") == 128
    assert isinstance(rolls.held, np.memmap)


def test_broken_file_costs_that_file_alone_and_is_named(tmp_path: Path) -> None:
    scores = {f"piece {i}": chorale(i) for i in range(5)}
    corpus(tmp_path / "bach", scores | {"three": score(*chorale(9).tracks[:3])})
    (tmp_path / "bach" / "mid" / "piece 1.mid").write_bytes(b"MThd, and then nothing")
    (tmp_path / "bach" / "mid" / "piece 3.mid").unlink()
    report = prepare(pieces(tmp_path, ["bach"], {}), tmp_path / "rolls", "voices", 1, quiet)
    assert report.pieces == 3
    assert report.reasons == {
        "not a MIDI file, or a damaged one": 1,
        "the file is missing": 1,
        "another number of tracks than four": 1,
    }
    written = msgspec.json.decode((tmp_path / "rolls" / "report.json").read_bytes(), type=Report)
    assert written == report
    assert {(piece.title, piece.corpus) for piece in written.dropped} == {
        ("piece 1", "bach"),
        ("piece 3", "bach"),
        ("three", "bach"),
    }
    assert "piece 1.mid" in next(piece.detail for piece in written.dropped if piece.title == "piece 1")


def test_folder_without_a_usable_piece_is_named_with_what_a_piece_needs(tmp_path: Path) -> None:
    corpus(tmp_path / "songs", {"a": song(0), "b": song(1)})
    with pytest.raises(ContinuoError) as caught:
        prepare(pieces(tmp_path, ["songs"], {}), tmp_path / "rolls", "voices", 1, quiet)
    assert str(caught.value) == (
        "songs: no piece can be used for 'voices': 2 x another number of tracks than four. "
        "A piece needs four tracks of one voice each, within C2 to A5"
    )
    assert not (tmp_path / "rolls").exists()


def test_copy_of_a_piece_in_another_key_is_dropped(tmp_path: Path) -> None:
    corpus(tmp_path / "bach", {"one": chorale(0), "other": chorale(1), "copy": moved(chorale(0), 3)})
    report = prepare(pieces(tmp_path, ["bach"], {}), tmp_path / "rolls", "voices", 1, quiet)
    assert [(piece.title, piece.reason, piece.detail) for piece in report.dropped] == [
        ("copy", "the same notes as another piece", "one")
    ]


def test_preparation_that_was_stopped_goes_on_and_reads_nothing_twice(tmp_path: Path) -> None:
    found = chorales(tmp_path / "bach", 20)

    def stop(done: int, _: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(found, tmp_path / "rolls", "voices", 1, stop)
    assert not (tmp_path / "rolls").exists()
    read = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}
    assert 0 < len(read) < 20
    steps: list[tuple[int, int]] = []

    def note(done: int, total: int) -> None:
        steps.append((done, total))
        assert all(path.stat().st_mtime_ns == time for path, time in read.items())

    prepare(found, tmp_path / "rolls", "voices", 1, note)
    assert steps[0] == (len(read), 20)
    assert steps[-1] == (20, 20)
    prepare(found, tmp_path / "at once", "voices", 1, quiet)
    assert same(load(tmp_path / "rolls"), load(tmp_path / "at once"))
    assert {path.name for path in tmp_path.iterdir()} == {"bach", "rolls", "at once"}  # nothing else is left


def test_many_processes_make_what_one_makes(tmp_path: Path) -> None:
    found = chorales(tmp_path / "bach", 20, beats=4)
    one = prepare(found, tmp_path / "one", "voices", 1, quiet)
    assert prepare(found, tmp_path / "two", "voices", 2, quiet) == one
    assert same(load(tmp_path / "one"), load(tmp_path / "two"))


def test_file_that_ends_its_reader_costs_that_file_alone(tmp_path: Path) -> None:
    found = chorales(tmp_path / "bach", 10, beats=4)
    bad = found[-1]
    found[-1] = Piece(bad.title, Deadly(bad.path), bad.work, bad.split, bad.licence, bad.corpus)
    report = prepare(found, tmp_path / "rolls", "voices", 2, quiet)
    assert report.pieces == 9
    assert [(piece.title, piece.reason) for piece in report.dropped] == [("piece 9", "reading it ends the process")]


@contextmanager
def full_disk() -> Iterator[None]:
    """No file grows beyond 20 kB: pytest's own output neither, so not for longer than has to be."""
    roll.warm()  # numba's cache would not fit
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_full_disk_is_one_sentence_and_nothing_half_written(tmp_path: Path) -> None:
    found, out = chorales(tmp_path / "bach", 4), tmp_path / "out" / "rolls"
    with pytest.raises(FileError) as caught, full_disk():
        prepare(found, out, "voices", 1, quiet)
    assert str(caught.value).startswith(f"{out}: cannot be written (File too large). Make room and start again")
    assert [path.name for path in out.parent.iterdir()] == [".rolls.reading"]  # to go on from


def test_folder_of_something_else_is_not_written_over(tmp_path: Path) -> None:
    found = chorales(tmp_path / "bach", 1)
    with pytest.raises(FileError, match="something else than prepared pieces"):
        prepare(found, tmp_path / "bach", "voices", 1, quiet)
    assert (tmp_path / "bach" / "manifest.csv").exists()


def test_rolls_are_prepared_once(tmp_path: Path) -> None:
    chorales(tmp_path / "bach", 3)
    calls: list[int] = []
    first = open_rolls(tmp_path, settings("voices"), tmp_path / "cache", 1, lambda done, _: calls.append(done))
    assert calls == [0, 3]
    again = open_rolls(tmp_path, settings("voices"), tmp_path / "cache", 1, lambda done, _: calls.append(done))
    assert calls == [0, 3]
    assert again.folder == first.folder
    assert same(first, again)


def test_rolls_are_prepared_anew_when_anything_changes(tmp_path: Path) -> None:
    chorales(tmp_path / "bach", 3)
    write(tmp_path / "bach" / "mid" / "piece 0.mid", song(0))
    opened = [open_rolls(tmp_path, settings("voices"), tmp_path / "cache")]
    opened.append(open_rolls(tmp_path, settings("keys"), tmp_path / "cache"))
    write(tmp_path / "bach" / "mid" / "piece 0.mid", chorale(7))
    opened.append(open_rolls(tmp_path, settings("voices"), tmp_path / "cache"))
    leave_out = {"title": ["piece 1"]}
    opened.append(open_rolls(tmp_path, settings("voices", leave_out=leave_out), tmp_path / "cache"))
    assert [len(rolls.index) for rolls in opened] == [2, 3, 3, 2]
    assert len({rolls.folder for rolls in opened}) == 4


def test_report_names_what_the_corpus_itself_marks_as_double(tmp_path: Path) -> None:
    scores = {f"piece {i}": chorale(i) for i in range(3)}
    corpus(tmp_path / "bach", scores, duplicate={"piece 2": "1"})
    folder = open_rolls(tmp_path, settings("voices"), tmp_path / "cache").folder
    assert folder is not None
    assert msgspec.json.decode((folder / "report.json").read_bytes(), type=Report).reasons == {"a duplicate": 1}


def test_damaged_rolls_are_named_with_a_remedy(tmp_path: Path) -> None:
    prepare(chorales(tmp_path / "bach", 2), tmp_path / "rolls", "voices", 1, quiet)
    held = (tmp_path / "rolls" / "held.npy").read_bytes()
    (tmp_path / "rolls" / "held.npy").write_bytes(held[:-1])
    with pytest.raises(FileError, match=r"rolls: these rolls cannot be read .* Delete the folder"):
        load(tmp_path / "rolls")


def test_worker_processes_open_the_folder_again(tmp_path: Path) -> None:
    prepare(chorales(tmp_path / "bach", 2), tmp_path / "rolls", "voices", 1, quiet)
    rolls = load(tmp_path / "rolls")
    sent = pickle.dumps(rolls)
    assert len(sent) < 1000
    assert same(pickle.loads(sent), rolls)  # noqa: S301 - our own


def test_benchmark_file_is_read_as_it_is(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    train = [random.random((frames, 88)) < 0.2 for frames in (5, 9)]
    path = benchmark(tmp_path / "set.npz", train=train, test=[np.ones((3, 88), bool)])
    for rolls in (from_benchmark(path), open_rolls(path, settings("keys"), tmp_path / "cache")):
        assert [(entry.title, entry.split, entry.first, entry.frames) for entry in rolls.index] == [
            ("set/train/0", "train", 0, 5),
            ("set/train/1", "train", 5, 9),
            ("set/test/0", "test", 14, 3),
        ]
        assert np.array_equal(rolls.held[:14, 0], np.concatenate(train))
        assert np.array_equal(rolls.onset[5, 0], train[1][0])  # a piece begins with what sounds
        assert np.array_equal(rolls.onset[6, 0], train[1][1] & ~train[1][0])
    assert not (tmp_path / "cache").exists()


def test_benchmark_does_not_mix_with_midi(tmp_path: Path) -> None:
    benchmark(tmp_path / "set.npz", train=[np.ones((3, 88), bool)])
    chorales(tmp_path / "bach", 1)
    with pytest.raises(ContinuoError, match="time grid"):
        open_rolls(tmp_path, settings("keys", corpora=["set.npz", "bach"]), tmp_path / "cache")
    with pytest.raises(ContinuoError, match='Use it with task = "keys"'):
        open_rolls(tmp_path, settings("voices", corpora=["set.npz"]), tmp_path / "cache")


def test_manifest_of_missing_files_is_no_corpus(tmp_path: Path) -> None:
    manifest(tmp_path / "bach", [{"file": "nothing.mid"}])
    with pytest.raises(ContinuoError, match="1 x the file is missing"):
        open_rolls(tmp_path, settings("lead"), tmp_path / "cache")
