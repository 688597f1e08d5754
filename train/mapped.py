"""Folders of arrays that are memory-mapped later: written whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import DTypeLike, NDArray

from music import files
from music.errors import FileError

INDEX = "index.json"
"""The file that makes a folder one of ours; it is written last."""

_STALE_S = 3600  # a half-built folder that old was left by a process that was killed

Shapes = Mapping[str, tuple[DTypeLike, tuple[int, ...]]]
"""By the name of an array its type and its shape."""


def claim(out: Path) -> None:
    """FileError where something else than arrays of ours lies at `out`."""
    if out.exists() and not (out / INDEX).exists():
        raise FileError(f"{out}: this is something else than prepared pieces", "Give a folder that does not exist yet")


def write(
    out: Path, shapes: Shapes, pieces: Iterable[Sequence[NDArray[Any]]], texts: Mapping[str, bytes]
) -> None:  # fmt: skip
    """Write a folder of arrays in place of what is there; FileError where it cannot be, `out` is then as before.

    Args:
        out: the folder.
        shapes: the arrays NAME.npy, whole.
        pieces: of each piece its rows of every array, one piece after the other.
        texts: other files by name, `INDEX` among them.
    """
    building = out.with_name(f".{out.name}.building-{uuid4().hex[:8]}")
    try:
        _sweep(out)
        _build(building, shapes, pieces)
        for name in sorted(texts, key=lambda name: name == INDEX):
            files.write(building / name, texts[name])
        _put(building, out)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        hint = "Make room and start again: what is read so far is kept" if full else "Check the folder and its rights"
        raise FileError(f"{out}: cannot be written ({error.strerror})", hint) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _build(folder: Path, shapes: Shapes, pieces: Iterable[Sequence[NDArray[Any]]]) -> None:
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        # A full disk kills who writes to a memory map; a stream says so.
        streams = [stack.enter_context((folder / f"{name}.npy").open("wb")) for name in shapes]
        for stream, (kind, shape) in zip(streams, shapes.values(), strict=True):
            header = {"descr": np.lib.format.dtype_to_descr(np.dtype(kind)), "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(stream, header)
        for rows in pieces:
            for stream, row, (kind, _) in zip(streams, rows, shapes.values(), strict=True):
                stream.write(np.ascontiguousarray(row, kind).data)


def _put(building: Path, out: Path) -> None:
    if out.exists():
        old = building.with_name(f"{building.name}-old")
        out.replace(old)
        building.replace(out)
        shutil.rmtree(old, ignore_errors=True)
        return
    try:
        building.replace(out)
    except OSError:
        if not (out / INDEX).exists():  # another process has made the same by now
            raise


def _sweep(out: Path) -> None:
    for left in out.parent.glob(f".{out.name}.building-*"):
        if time.time() - left.stat().st_mtime > _STALE_S:
            shutil.rmtree(left, ignore_errors=True)
