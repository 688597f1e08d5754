"""Files are written whole or not at all, and a new one over nothing."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from music import files
from music.errors import FileError


def refuse(number: int) -> Callable[..., Any]:
    """A system call that fails."""

    def call(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return call


@pytest.fixture(params=[True, False], ids=["hard links", "no hard links"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if not request.param:
        monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    return tmp_path / "new"


def test_new_file_is_created_with_its_folder(folder: Path) -> None:
    files.create(folder / "song.mid", b"new")
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == {"song.mid": b"new"}


def test_file_that_is_there_stays_as_it_is(folder: Path) -> None:
    files.create(folder / "song.mid", b"old")
    with pytest.raises(FileError, match=r"song\.mid: is there already"):
        files.create(folder / "song.mid", b"new")
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == {"song.mid": b"old"}


@pytest.mark.parametrize("write", [files.create, files.write])
@pytest.mark.parametrize(("number", "hint"), [(errno.ENOSPC, "Make room"), (errno.EACCES, "rights")])
def test_disk_that_is_full_leaves_nothing_and_says_so(
    write: Callable[[Path, bytes], None], number: int, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "write_bytes", refuse(number))
    with pytest.raises(FileError, match=hint):
        write(tmp_path / "song.mid", b"new")
    assert not list(tmp_path.iterdir())
