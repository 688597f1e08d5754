"""Rolls of a corpus, made: read in parallel, kept piece by piece until the whole is written, found again later."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np

from models.frames import MAX_PHASE
from music.errors import ContinuoError
from music.roll import draw
from train import mapped, reading
from train.config import Data
from train.corpora import Dropped, Found, Piece, resolve, survey
from train.mapped import INDEX
from train.planes import PLANES, Entry, Index, Plane, Rolls, from_benchmark, load, shapes
from train.reading import Reading
from train.readings import Progress, Readings
from train.roles import LAYOUTS

__all__ = ["Entry", "Report", "Rolls", "from_benchmark", "load", "open_rolls", "prepare"]


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was prepared, and what was dropped."""

    task: str
    pieces: int
    frames: int
    splits: dict[str, int]
    """Pieces by split."""
    reasons: dict[str, int]
    """Dropped pieces by reason."""
    dropped: tuple[Dropped, ...]


def open_rolls(data: Path, settings: Data, cache: Path, workers: int = 1, progress: Progress | None = None) -> Rolls:
    """The rolls that a config asks for: prepared in the folder `cache` at first, found there later.

    Args:
        data: where the corpora are, see `train.corpora.resolve`.
        settings: task, corpora and leave_out.
        cache: a folder of ours.
        workers: processes that prepare.
        progress: is told how far it is.
    """
    places = resolve(data, settings.corpora)
    benchmarks = [place for place in places if place is not None and place.suffix == ".npz"]
    if benchmarks and settings.task == "keys":
        if len(benchmarks) < len(places):
            raise ContinuoError("a benchmark file has a time grid of its own", "Do not mix it with MIDI files")
        return from_benchmark(*benchmarks)
    found = survey(data, settings.corpora, settings.leave_out)
    folder = cache / f"{settings.task}-{_cache_key(found.pieces, settings.task)}"
    if not (folder / INDEX).exists():
        prepare(found, folder, settings.task, workers, progress or (lambda _, __: None))
    return load(folder)


def _cache_key(pieces: Sequence[Piece], task: str) -> str:
    facts = [(reading.key_of(piece, task), *map(str, asdict(piece).values())) for piece in pieces]
    return sha256(repr(facts).encode()).hexdigest()[:16]


def prepare(found: Found | Sequence[Piece], out: Path, task: str, workers: int, progress: Progress) -> Report:
    """Draw pieces into a folder of rolls; gives what was dropped, and why.

    What is read is kept beside the folder until the folder is whole, so that a preparation that was stopped goes on.
    ContinuoError where no piece can be used, FileError where the folder cannot be written; it is then as before.

    Args:
        found: pieces, perhaps with those already passed over, which the report names too.
        out: the folder; rolls in it are replaced.
        task: which parts are drawn, see `LAYOUTS`.
        workers: processes.
        progress: is told how far it is.
    """
    found = found if isinstance(found, Found) else Found(tuple(found), ())
    mapped.claim(out)
    by_key = {reading.key_of(piece, task): piece for piece in found.pieces}
    readings = Readings(out.with_name(f".{out.name}.reading"), reading.reader(task), by_key)
    readings.complete(workers, progress)
    kept, dropped = _sorted_out(readings)
    index = Index(task, reading.VERSION, tuple(kept.values()))
    report = _report(task, index.pieces, (*found.dropped, *dropped))
    if not kept:
        raise _nothing(found, report)
    mapped.write(
        out,
        {name: (np.uint8, shape) for name, shape in zip(PLANES, shapes(task, index.pieces), strict=True)},
        (_drawn(readings[key], task) for key in kept),
        {"report.json": msgspec.json.format(msgspec.json.encode(report)), INDEX: msgspec.json.encode(index)},
    )
    shutil.rmtree(readings.folder, ignore_errors=True)
    return report


def _sorted_out(readings: Readings[Piece, Reading]) -> tuple[dict[str, Entry], list[Dropped]]:
    """Where the usable pieces go, by key, and the others; of pieces with the same notes the first is usable."""
    kept: dict[str, Entry] = {}
    dropped: list[Dropped] = []
    known: dict[str, str] = {}
    first = 0
    for key, piece in readings.pieces.items():
        found = readings[key]
        if found.reason:
            dropped.append(Dropped(piece.title, piece.corpus, found.reason, found.detail))
            continue
        other = known.setdefault(found.fingerprint, piece.title)
        if other is not piece.title:
            dropped.append(Dropped(piece.title, piece.corpus, "the same notes as another piece", other))
            continue
        kept[key] = Entry(piece.title, piece.work, piece.split, piece.corpus, piece.licence, first, found.frames)
        first += found.frames
    return kept, dropped


def _report(task: str, kept: Sequence[Entry], dropped: tuple[Dropped, ...]) -> Report:
    return Report(
        task,
        len(kept),
        sum(entry.frames for entry in kept),
        dict(Counter(entry.split for entry in kept)),
        dict(Counter(piece.reason for piece in dropped).most_common()),
        dropped,
    )


def _nothing(found: Found, report: Report) -> ContinuoError:
    corpora = {piece.corpus for piece in found.pieces} | {piece.corpus for piece in found.dropped}
    names = ", ".join(sorted(corpora)) or "the corpora"
    why = ", ".join(f"{count} x {reason}" for reason, count in report.reasons.items()) or "there are none"
    needs = LAYOUTS[report.task].needs
    return ContinuoError(f"{names}: no piece can be used for {report.task!r}: {why}", f"A piece needs {needs}")


def _drawn(found: Reading, task: str) -> tuple[Plane, Plane, Plane]:
    layout = LAYOUTS[task]
    roll = draw(found.notes, len(layout.parts), found.frames)
    keys = slice(layout.lowest, layout.lowest + layout.keys)
    return roll.onset[:, :, keys], roll.held[:, :, keys], np.minimum(found.since, MAX_PHASE).astype(np.uint8)
