"""Rolls of a corpus, made: read in parallel, kept piece by piece until the whole is written, found again later."""

from __future__ import annotations

import errno
import multiprocessing
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import msgspec
import numpy as np

from models.frames import MAX_PHASE
from music import files
from music.errors import ContinuoError, FileError
from music.roll import draw
from train import reading
from train.config import Data
from train.corpora import Dropped, Found, Piece, resolve, survey
from train.planes import INDEX, PLANES, Entry, Index, Plane, Rolls, from_benchmark, load, shapes
from train.reading import Reading
from train.roles import LAYOUTS

__all__ = ["Entry", "Report", "Rolls", "from_benchmark", "load", "open_rolls", "prepare"]

Progress = Callable[[int, int], None]
"""Is told how many pieces are read, and of how many."""

_CHUNK = 8  # pieces that a worker reads before it reports
_STALE_S = 3600  # a half-built folder that old was left by a process that was killed


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
    if out.exists() and not (out / INDEX).exists():
        raise FileError(f"{out}: this is something else than rolls", "Give a folder that does not exist yet")
    readings = _Readings(
        out.with_name(f".{out.name}.reading"), task, {reading.key_of(piece, task): piece for piece in found.pieces}
    )
    readings.complete(workers, progress)
    kept, dropped = _sorted_out(readings)
    report = _report(task, tuple(kept.values()), (*found.dropped, *dropped))
    if not kept:
        raise _nothing(found, report)
    building = out.with_name(f".{out.name}.building-{uuid4().hex[:8]}")
    try:
        _sweep(out)
        _build(building, readings, kept, report)
        _put(building, out)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        hint = "Make room and start again: what is read so far is kept" if full else "Check the folder and its rights"
        raise FileError(f"{out}: cannot be written ({error.strerror})", hint) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    shutil.rmtree(readings.folder, ignore_errors=True)
    return report


@dataclass(frozen=True, slots=True)
class _Readings:
    """The pieces that are read, one file each."""

    folder: Path
    task: str
    pieces: Mapping[str, Piece]

    def __getitem__(self, key: str) -> Reading:
        path = self.folder / f"{key}.npz"
        try:
            return reading.load(path)
        except FileError:  # damaged, or tidied up by another process that prepares the same
            reading.store(path, reading.reading_of(self.pieces[key], self.task))
            return reading.load(path)

    def missing(self) -> list[tuple[str, Piece]]:
        """What is not read yet."""
        return [(key, piece) for key, piece in self.pieces.items() if not (self.folder / f"{key}.npz").exists()]

    def complete(self, workers: int, progress: Progress) -> None:
        """Read what is missing."""
        todo = self.missing()
        done = len(self.pieces) - len(todo)
        progress(done, len(self.pieces))
        chunks = [todo[i : i + _CHUNK] for i in range(0, len(todo), _CHUNK)]
        for count in self._read(chunks, workers):
            done += count
            progress(done, len(self.pieces))

    def _read(self, chunks: Sequence[Sequence[tuple[str, Piece]]], workers: int) -> Iterator[int]:
        if workers <= 1 or len(chunks) <= 1:
            for chunk in chunks:
                yield reading.read_all(chunk, self.task, self.folder)
            return
        try:
            with _processes(min(workers, len(chunks))) as pool:
                jobs = [pool.submit(reading.read_all, chunk, self.task, self.folder) for chunk in chunks]
                try:
                    for job in as_completed(jobs):
                        yield job.result()
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
        except BrokenProcessPool:
            self._one_by_one()

    def _one_by_one(self) -> None:
        """Read what is missing, each piece in a process that it may take with it: one of them did so before."""
        while todo := self.missing():
            with _processes(1) as pool:
                for key, piece in todo:
                    try:
                        pool.submit(reading.read_all, [(key, piece)], self.task, self.folder).result()
                    except BrokenProcessPool:
                        why = reading.refused("reading it ends the process", str(piece.path))
                        reading.store(self.folder / f"{key}.npz", why)
                        break


def _processes(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def _sorted_out(readings: _Readings) -> tuple[dict[str, Entry], list[Dropped]]:
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


def _build(folder: Path, readings: _Readings, kept: Mapping[str, Entry], report: Report) -> None:
    """Write a folder of rolls; OSError or FileError where it cannot be."""
    index = Index(report.task, reading.VERSION, tuple(kept.values()))
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        # A full disk kills who writes to a memory map; a stream says so.
        streams = [stack.enter_context((folder / f"{name}.npy").open("wb")) for name in PLANES]
        for stream, shape in zip(streams, shapes(report.task, index.pieces), strict=True):
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(stream, header)
        for key in kept:
            for stream, plane in zip(streams, _drawn(readings[key], report.task), strict=True):
                stream.write(np.ascontiguousarray(plane).data)
    files.write(folder / "report.json", msgspec.json.format(msgspec.json.encode(report)))
    files.write(folder / INDEX, msgspec.json.encode(index))


def _drawn(found: Reading, task: str) -> tuple[Plane, Plane, Plane]:
    layout = LAYOUTS[task]
    roll = draw(found.notes, len(layout.parts), found.frames)
    keys = slice(layout.lowest, layout.lowest + layout.keys)
    return roll.onset[:, :, keys], roll.held[:, :, keys], np.minimum(found.since, MAX_PHASE).astype(np.uint8)


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
