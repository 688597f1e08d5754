"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from music.errors import FileError


def read(path: Path) -> bytes:
    """The content of a file; FileError where it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise FileError(f"{path}: there is no such file", "Check the name") from error
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror})", "Check its rights") from error


def write(path: Path, data: bytes) -> None:
    """Write under a temporary name, then rename; FileError where it cannot be, with nothing left behind."""
    _write(path, data, Path.replace)


def create(path: Path, data: bytes) -> None:
    """Write a new file as `write` does; FileError too where there is one of this name, which stays as it is."""
    _write(path, data, _rename_to_new)


def delete(path: Path) -> None:
    """Delete a file; FileError where it cannot be."""
    try:
        path.unlink()
    except OSError as error:
        raise FileError(f"{path}: cannot be deleted ({error.strerror})", "Check the folder and its rights") from error


def move(path: Path, to: Path) -> None:
    """Give a file another name; FileError where it cannot be, or where there is one of that name."""
    try:
        _rename_to_new(path, to)
        path.unlink(missing_ok=True)
    except FileExistsError as error:
        raise FileError(f"{to}: is there already", "Give another name") from error
    except OSError as error:
        raise FileError(f"{path}: cannot be renamed ({error.strerror})", "Check the folder and its rights") from error


def _write(path: Path, data: bytes, rename: Callable[[Path, Path], object]) -> None:
    temporary = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        rename(temporary, path)
    except OSError as error:
        if isinstance(error, FileExistsError) and path.exists():
            raise FileError(f"{path}: is there already", "Give another name") from error
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        hint = "Make room and start again" if full else "Check the folder and its rights"
        raise FileError(f"{path}: cannot be written ({error.strerror})", hint) from error
    finally:
        with suppress(OSError):  # renamed by now, or never made
            temporary.unlink()


def _rename_to_new(temporary: Path, path: Path) -> None:
    """Rename, but over nothing: a second name for the file fails where there is one already."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # this file system gives no file two names
        if path.exists():
            raise FileExistsError from None
        temporary.rename(path)
