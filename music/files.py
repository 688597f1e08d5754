"""Files are written whole or not at all."""

from __future__ import annotations

import errno
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
    temporary = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        hint = "Make room and start again" if full else "Check the folder and its rights"
        raise FileError(f"{path}: cannot be written ({error.strerror})", hint) from error
    finally:
        with suppress(OSError):  # renamed by now, or never made
            temporary.unlink()
