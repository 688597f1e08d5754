"""The user's own files by name: a name comes over the network, and never reaches beyond its folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import tomli_w

from bridge.errors import ValueRefused
from music import files

ENDING = ".toml"
MOST = 999
"""Files that a folder takes: nobody fills a disk by asking."""
_NAME = re.compile(r"[^\W_](?:[\w .,'()&+#!-]{0,58}[\w)'!])?")
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_HINT = "Letters, digits and spaces will do, 60 at most, a letter or digit first"


def check_name(name: object) -> str:
    """A name that is a file's on every system; ValueRefused where it would be a path, or nothing at all."""
    if not isinstance(name, str):
        raise ValueRefused(f"a name is a text, not {name!r}", 400)
    if not _NAME.fullmatch(name) or _DEVICES.fullmatch(name):
        raise ValueRefused(f"{name[:80]!r} is no name for a file. {_HINT}", 422)
    return name


def own(folder: Path) -> dict[str, Path]:
    """The files of a folder by name. What only points out of it is none: it would read other files for others."""
    inside = folder.resolve()
    found = (path for path in sorted(folder.glob(f"*{ENDING}")) if path.resolve().is_relative_to(inside))
    return {path.stem: path for path in found}


def write(folder: Path, name: object, table: dict[str, Any]) -> Path:
    """Write a table under a name, whole or not at all; FileError where it cannot be, ValueRefused for no name."""
    path = folder / f"{check_name(name)}{ENDING}"
    if not path.exists() and len(own(folder)) >= MOST:
        raise ValueRefused(f"there are {MOST} files in {folder}: delete some first", 422)
    files.write(path, toml(table))
    return path


def toml(table: dict[str, Any]) -> bytes:
    """A table as a file holds it."""
    return tomli_w.dumps(table).encode()
