from pathlib import Path

import pytest

from bridge.scripts import copy, scripts
from music.errors import FileError

PRESETS = Path(__file__).parents[2] / "presets"


def test_every_file_for_another_program_is_listed() -> None:
    there = {path for folder in ("surfaces", "clients", "daw") for path in (PRESETS / folder).glob("*")}
    assert {script.path for script in scripts()} == there


def test_all_are_copied_or_none(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert [path.read_bytes() for path in copy(folder)] == [script.path.read_bytes() for script in scripts()]
    for path in list(folder.iterdir())[1:]:
        path.unlink()
    with pytest.raises(FileError, match="is there already"):
        copy(folder)
    assert len(list(folder.iterdir())) == 1
