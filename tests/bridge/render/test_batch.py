import subprocess
import sys
from pathlib import Path

import pytest

from bridge import presets
from bridge.render import batch
from music import files
from music.errors import FileError
from tests.bridge.render.pieces import SCALE, melody

GERMAN = melody(*((tick, length, pitch + 3) for tick, length, pitch in SCALE))


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Two good files and a bad one."""
    folder = tmp_path / "in"
    (folder / "inner").mkdir(parents=True)
    (folder / "one.mid").write_bytes(melody())
    (folder / "bad.mid").write_bytes(b"hello")
    (folder / "inner" / "Two.MIDI").write_bytes(GERMAN)
    (folder / "notes.txt").write_text("not a piece")
    return folder


def rendered(pairs: list[tuple[Path, Path]], jobs: int = 1) -> list[batch.Outcome]:
    return list(batch.run(pairs, presets.load("satb"), None, jobs))


def test_folder_stands_for_the_midi_files_in_it(shelf: Path, tmp_path: Path) -> None:
    pairs = batch.outputs([shelf], tmp_path / "out")
    assert [source.name for source, _ in pairs] == ["bad.mid", "Two.MIDI", "one.mid"]
    assert [target.name for _, target in pairs] == ["bad.mid", "Two.mid", "one.mid"]


def test_folder_without_midi_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there are no MIDI files"):
        batch.outputs([tmp_path], tmp_path / "out")


def test_same_names_get_numbers_whatever_their_case(tmp_path: Path) -> None:
    inputs = [tmp_path / name for name in ("a/x.mid", "b/X.mid", "c/x.midi", "d/x-2.mid")]
    names = [target.name for _, target in batch.outputs(inputs, tmp_path / "out")]
    assert names == ["x.mid", "X-2.mid", "x-3.mid", "x-2-2.mid"]
    assert len({name.lower() for name in names}) == 4


def test_bad_file_costs_itself_alone(shelf: Path, tmp_path: Path) -> None:
    outcomes = rendered(batch.outputs([shelf], tmp_path / "out"))
    assert [bool(outcome.error) for outcome in outcomes] == [True, False, False]
    assert str(shelf / "bad.mid") in outcomes[0].error
    assert outcomes[0].hint
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["Two.mid", "one.mid"]


def test_missing_file_is_named(tmp_path: Path) -> None:
    [outcome] = rendered(batch.outputs([tmp_path / "nothing.mid"], tmp_path / "out"))
    assert "nothing.mid: there is no such file" in outcome.error
    assert not (tmp_path / "out").exists()


def test_two_jobs_give_what_one_gives(shelf: Path, tmp_path: Path) -> None:
    alone = rendered(batch.outputs([shelf], tmp_path / "alone"))
    together = rendered(batch.outputs([shelf], tmp_path / "together"), jobs=2)
    assert [outcome.notes for outcome in alone] == [outcome.notes for outcome in together]
    for name in ("one.mid", "Two.mid"):
        assert (tmp_path / "alone" / name).read_bytes() == (tmp_path / "together" / name).read_bytes()


def test_output_never_takes_the_place_of_its_input(shelf: Path) -> None:
    with pytest.raises(FileError, match="would be overwritten"):
        batch.outputs([shelf / "one.mid"], shelf)
    with pytest.raises(FileError, match="would be overwritten"):
        batch.outputs([shelf / "inner" / ".." / "one.mid"], shelf)


def test_output_never_takes_the_place_of_another_input(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.mid").write_bytes(melody())
    with pytest.raises(FileError, match="would be overwritten"):
        batch.outputs([tmp_path / "a" / "x.mid", tmp_path / "b" / "x.mid"], tmp_path / "b")


def test_input_behind_a_link_is_not_overwritten(shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "one.mid").symlink_to(shelf / "one.mid")
    with pytest.raises(FileError, match="would be overwritten"):
        batch.outputs([shelf / "one.mid"], tmp_path / "out")


def test_output_folder_that_is_a_file_is_named(shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    [outcome] = rendered(batch.outputs([shelf / "one.mid"], tmp_path / "out"))
    assert "cannot be written" in outcome.error
    assert str(tmp_path / "out" / "one.mid") in outcome.error
    assert (tmp_path / "out").read_text() == "a file"


def test_name_too_long_to_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written"):
        files.write(tmp_path / ("x" * 300), b"")


FULL = """
import resource, sys
from pathlib import Path
from music.errors import FileError
from music.files import write
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    write(Path(sys.argv[1]), bytes(1000))
except FileError as error:
    print(error)
"""


def test_full_disk_leaves_what_was_there_and_nothing_half_written(tmp_path: Path) -> None:
    target = tmp_path / "take.mid"
    target.write_text("as before")
    result = subprocess.run([sys.executable, "-c", FULL, target], capture_output=True, text=True, check=True)
    assert "take.mid: cannot be written" in result.stdout
    assert "Make room" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["take.mid"]
    assert target.read_text() == "as before"


def test_interrupted_writing_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write(tmp_path / "take.mid", b"MThd")
    assert list(tmp_path.iterdir()) == []


def test_outcome_as_json_leaves_out_what_is_empty() -> None:
    assert batch.Outcome("a.mid", "", error="bad").json() == {
        "input": "a.mid",
        "error": "bad",
        "notes": 0,
        "seconds": 0.0,
        "wall_s": 0.0,
    }
    assert batch.Outcome("a.mid", "b.mid", "Melody", 3, 2.0, 0.5).json()["times_real_time"] == 4.0
