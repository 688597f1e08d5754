"""Corpora: which pieces there are, and in which split each of them lies. Nothing here reads the music itself.

A corpus is one of:
- a folder with `manifest.csv` (columns `file`, `title`, `work`, `split`, `licence`; any others may be asked for by
  `leave_out`). Pairs of a piano and an orchestra have `orchestra_file` and `piano_file` instead of `file`; the
  orchestra stands for the pair. Of pieces that `duplicate` or `near_duplicate_of` marks as the same, one is kept.
- any folder of .mid and .midi files, folders in it included. Its works are split 80/10/10 by the md5 of
  "parent folder/stem", where the stem has lost what marks a transposition ("_+3", "-tr5", " transposed 3", "_in_Eb")
  and the number behind it, so that all transpositions of a piece lie on one side. Where fewer than ten works would be
  left, plain numbers belong to the name: they count pieces then. If none falls into `valid`, the lowest md5 does.
- "music21": the chorales by Bach that come with music21, split by the md5 of their BWV number.
- an .npz file of the polyphonic benchmark: see `benchmark`.
"""

from __future__ import annotations

import csv
import importlib
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from music.errors import ContinuoError, FileError, did_you_mean

MUSIC21 = "music21"
MANIFEST = "manifest.csv"
SPLITS = ("train", "valid", "test")
KEYS = 88

_ALIASES = {"training": "train", "validation": "valid", "val": "valid", "dev": "valid", "testing": "test"}
_MUSIC21_LICENCE = "music in the public domain; encoding from the music21 corpus, without a licence of its own"
_TRANSPOSED = r"[-_ .(]+(?:t|tr|transp|transposed|up|down|key|in)[-_ .]*[+-]?\d+\)?|[_ .]+[+-]\d+|\+\d+"
_KEY = r"[-_ .(]+(?:in|key)[-_ .]*[a-g](?:#|b|s|is|es)?[-_ .]*(?:m|maj|min|major|minor)?\)?"
_MARK = re.compile(rf"(?:{_TRANSPOSED}|{_KEY})$", re.IGNORECASE)
_NUMBER = re.compile(r"[-_ .]*\d+$")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece that is there to be read."""

    title: str
    path: Path
    """A MIDI file, or a score of music21's corpus."""
    work: str
    """All pieces of a work lie in one split."""
    split: str
    licence: str
    corpus: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """A piece that is not used, and why."""

    title: str
    corpus: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What corpora hold."""

    pieces: tuple[Piece, ...]
    dropped: tuple[Dropped, ...]


def pieces(data: Path, corpora: Sequence[str], leave_out: Mapping[str, Sequence[str]]) -> list[Piece]:
    """The pieces of these corpora without left out ones and duplicates; see `survey`."""
    return list(survey(data, corpora, leave_out).pieces)


def survey(data: Path, corpora: Sequence[str], leave_out: Mapping[str, Sequence[str]]) -> Found:
    """The pieces of these corpora, and those that are passed over.

    Args:
        data: the folder in which the names of corpora are looked up, or a corpus itself: see `resolve`.
        corpora: names.
        leave_out: column of the manifests -> values whose pieces are left out, of every split.
    """
    rows: list[_Row] = []
    columns: set[str] = set()
    for place in resolve(data, corpora):
        if place is None:
            rows += _chorales()
        elif place.suffix == ".npz":
            raise ContinuoError(f"{place}: a benchmark file holds no pieces with parts", 'Use it with task = "keys"')
        elif (place / MANIFEST).is_file():
            rows += _listed(place, columns)
        else:
            rows += _lying(place)
    for column in leave_out:
        if column not in columns:
            raise ContinuoError(f"leave_out: no manifest has a column {column!r}", did_you_mean(column, columns))
    return _kept(rows, leave_out)


def resolve(data: Path, corpora: Sequence[str]) -> list[Path | None]:
    """Where the corpora are: a folder, a benchmark file, or None for music21's chorales.

    The last word of a name is enough ("jsb.npz" for "benchmark/jsb.npz"). A name that is not below `data` means `data`
    itself, if that is a benchmark file, a folder with a manifest, or a folder of MIDI files below which no folder has
    one. ContinuoError where it is none.
    """
    places: list[Path | None] = []
    for name in corpora:
        place = None
        if name != MUSIC21:
            below = (path for path in (data / name, data / Path(name).name) if path.exists())
            place = next(below, None) or _itself(data, name)
        if place not in places:
            places.append(place)
    return places


def _itself(data: Path, name: str) -> Path:
    if not data.exists():
        raise ContinuoError(f"{data}: there is no such folder", "Give the folder of the corpora with --data")
    if data.is_file():
        if data.suffix == ".npz":
            return data
        raise ContinuoError(f"{data}: this is no corpus", "Give a folder, or an .npz file of the benchmark")
    below = sorted(path.name for path in data.iterdir() if path.is_dir())
    if (data / MANIFEST).is_file():
        return data
    if not any((data / folder / MANIFEST).is_file() for folder in below) and any(_midi(data)):
        return data
    hint = did_you_mean(name, below) if below else "Give the folder of the corpora with --data"
    raise ContinuoError(f"{data}: there is no corpus {name!r} in it", hint)


@dataclass(frozen=True, slots=True)
class _Row:
    piece: Piece
    key: str
    """What `near_duplicate_of` of other pieces calls it."""
    like: str = ""
    """The piece that this one nearly is."""
    duplicate: bool = False
    columns: Mapping[str, str] | None = None

    def drop(self, reason: str, detail: str = "") -> Dropped:
        return Dropped(self.piece.title, self.piece.corpus, reason, detail)


def listed(folder: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The columns and the rows of a folder's manifest; FileError where it cannot be read."""
    path = folder / MANIFEST
    try:
        with path.open(encoding="utf-8-sig", newline="") as manifest:
            reader = csv.DictReader(manifest)
            columns = list(reader.fieldnames or ())
            return columns, [{name: value or "" for name, value in row.items() if name} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileError(f"{path}: cannot be read ({error})", "Check the file and its rights") from error


def _listed(folder: Path, columns: set[str]) -> Iterator[_Row]:
    """The pieces of a folder's manifest; its columns are added to `columns`."""
    found, rows = listed(folder)
    file = next((name for name in ("file", "orchestra_file") if name in found), None)
    if file is None:
        raise FileError(
            f"{folder / MANIFEST}: it has no column 'file'", "Name each MIDI file there, relative to the folder"
        )
    columns.update(found)
    for number, row in enumerate(rows, 2):
        if row[file]:
            yield _listed_row(folder, row | {"file": row[file]}, number)


def _listed_row(folder: Path, row: dict[str, str], number: int) -> _Row:
    work = row.get("work") or row.get("split_group") or Path(row["file"]).stem
    split = row.get("split", "").strip().lower()
    split = _ALIASES.get(split, split) or split_of(work)
    if split not in SPLITS:
        raise FileError(f"{folder / MANIFEST}: line {number} has the split {split!r}", did_you_mean(split, SPLITS))
    piece = Piece(
        row.get("title") or Path(row["file"]).stem,
        folder / row["file"],
        work,
        split,
        row.get("licence") or row.get("license") or "not stated",
        folder.resolve().name,
    )
    marked = row.get("duplicate", "").strip().lower() in {"1", "true", "yes"}
    return _Row(piece, f"{piece.corpus}/{row['file']}", row.get("near_duplicate_of", ""), marked, row)


def _midi(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.suffix.lower() in {".mid", ".midi"} and path.is_file())


def _lying(folder: Path) -> list[_Row]:
    """The MIDI files in a folder without a manifest."""
    if not folder.is_dir():
        raise ContinuoError(f"{folder}: this is no corpus", "Give a folder, or an .npz file of the benchmark")
    paths = sorted(_midi(folder))
    if not paths:
        raise ContinuoError(f"{folder}: there is no MIDI file in it", "Give a folder of .mid or .midi files")
    works = [work_of(path, folder) for path in paths]
    if len(set(works)) < 10:
        works = [work_of(path, folder, numbered=True) for path in paths]
    splits = {work: split_of(work) for work in works}
    if "valid" not in splits.values() and len(splits) > 1:
        splits[min(splits, key=_digest)] = "valid"
    name = folder.resolve().name
    return [
        _Row(Piece(path.stem, path, work, splits[work], "not stated", name), str(path))
        for path, work in zip(paths, works, strict=True)
    ]


def work_of(path: Path, folder: Path, numbered: bool = False) -> str:
    """The work that a file is a version of: "parent folder/stem" without marks of transposition.

    Args:
        path: the file.
        folder: the corpus; a file directly in it has its name as parent.
        numbered: whether a plain number at the end belongs to the work's name.
    """
    stem, before = path.stem, ""
    while stem != before:
        before = stem
        stem = _MARK.sub("", stem) or stem
        if not numbered:
            stem = _NUMBER.sub("", stem) or stem
    parent = folder.resolve().name if path.parent == folder else path.parent.relative_to(folder).as_posix()
    return f"{parent}/{stem}"


def split_of(work: str) -> str:
    """The split of a work, 80/10/10 by its md5."""
    place = int(_digest(work)[:8], 16) % 10
    return "train" if place < 8 else "valid" if place == 8 else "test"


def _digest(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def _chorales() -> list[_Row]:
    try:
        corpus: Any = importlib.import_module("music21.corpus")
    except ImportError as error:
        raise ContinuoError("the chorales need music21", "pip install 'continuo[train]'") from error
    paths = sorted(path for path in map(Path, corpus.getComposer("bach")) if path.suffix == ".mxl")
    rows, first = [], dict[str, str]()
    for path in paths:
        number = path.stem.split("-")[0]  # bwv248.23-s is bwv248.23 in another setting
        known = first.setdefault(number, path.stem)
        piece = Piece(path.stem, path, number, split_of(number), _MUSIC21_LICENCE, MUSIC21)
        rows.append(_Row(piece, path.stem, "" if known == path.stem else known))
    return rows


def _kept(rows: list[_Row], leave_out: Mapping[str, Sequence[str]]) -> Found:
    """One piece of each group of duplicates: the first that is not marked as like another."""
    kept: list[_Row] = []
    dropped: list[Dropped] = []
    for row in rows:
        out = [column for column, values in leave_out.items() if (row.columns or {}).get(column) in values]
        if out:
            dropped.append(row.drop("left out by the config", out[0]))
        elif row.duplicate:
            dropped.append(row.drop("a duplicate"))
        else:
            kept.append(row)
    group = _groups(kept)
    chosen: dict[str, _Row] = {}
    for row in sorted(kept, key=lambda row: bool(row.like)):
        chosen.setdefault(group(row.key), row)
    found = []
    for row in kept:
        other = chosen[group(row.key)]
        if other is row:
            found.append(row.piece)
        else:
            dropped.append(row.drop("a near duplicate", other.piece.title))
    return Found(tuple(found), tuple(dropped))


def _groups(rows: list[_Row]) -> Callable[[str], str]:
    """By a piece's key the key that stands for all pieces like it."""
    above: dict[str, str] = {}

    def top(key: str) -> str:
        while key in above:
            key = above[key]
        return key

    for row in rows:
        if row.like and top(row.key) != top(row.like):
            above[top(row.key)] = top(row.like)
    return top


def benchmark(path: Path) -> dict[str, list[NDArray[np.bool_]]]:
    """By split the pieces of a benchmark file, each bool (frame, key) with keys from A0 up.

    The file has `S_roll`, uint8 (frames, 11) of packed bits, and `S_lengths`, for each split S of train, valid and test
    that it knows. FileError where it is no such file.
    """
    try:
        with np.load(path, allow_pickle=False) as found:
            names = set(found.files)
            here = [split for split in SPLITS if {f"{split}_roll", f"{split}_lengths"} <= names]
            tables = {split: _unpacked(found[f"{split}_roll"], found[f"{split}_lengths"]) for split in here}
    except FileNotFoundError as error:
        raise FileError(f"{path}: there is no such file", "Check the name") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        hint = "It needs S_roll (frames, 11) and S_lengths for S in train, valid, test"
        raise FileError(f"{path}: this is no benchmark file ({error})", hint) from error
    if not tables:
        wanted = " or ".join(f"{split}_roll with {split}_lengths" for split in SPLITS)
        raise FileError(f"{path}: it has neither {wanted}", "Give a file of the polyphonic benchmark")
    return tables


def _unpacked(roll: NDArray[Any], lengths: NDArray[Any]) -> list[NDArray[np.bool_]]:
    if roll.ndim != 2 or roll.shape[1] * 8 != KEYS or roll.dtype != np.uint8:
        raise ValueError(f"a roll is {roll.dtype} {roll.shape}")
    if lengths.ndim != 1 or lengths.dtype.kind not in "iu" or int(lengths.sum()) != len(roll) or (lengths < 0).any():
        raise ValueError("the lengths do not add up to the frames")
    bits = np.unpackbits(roll, axis=1).astype(bool)
    return [piece for piece in np.split(bits, np.cumsum(lengths)[:-1]) if len(piece)]
