"""Pieces read by several processes, each kept as a small file until all are: what was stopped goes on. No torch."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from music.errors import FileError

Progress = Callable[[int, int], None]
"""Is told how many pieces are read, and of how many."""

_CHUNK = 8  # pieces that a worker reads before it reports


class _Lying(Protocol):
    @property
    def path(self) -> Path: ...


P = TypeVar("P", bound=_Lying)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Reader(Generic[P, R]):
    """How a piece becomes a reading, and a reading a file; functions of modules, for other processes."""

    read: Callable[[P], R]
    refused: Callable[[str, str], R]
    """The reading of a piece that cannot be used, from a reason and a detail."""
    store: Callable[[Path, R], None]
    load: Callable[[Path], R]
    """FileError where there is none."""

    def read_all(self, pieces: Sequence[tuple[str, P]], folder: Path) -> int:
        """Read pieces, each into the file KEY.npz of a folder; gives their number. FileError where that cannot be."""
        for key, piece in pieces:
            self.store(folder / f"{key}.npz", self.read(piece))
        return len(pieces)


@dataclass(frozen=True, slots=True)
class Readings(Generic[P, R]):
    """The pieces that are read, one file each."""

    folder: Path
    reader: Reader[P, R]
    pieces: Mapping[str, P]

    def __getitem__(self, key: str) -> R:
        path = self.folder / f"{key}.npz"
        try:
            return self.reader.load(path)
        except FileError:  # damaged, or tidied up by another process that prepares the same
            self.reader.store(path, self.reader.read(self.pieces[key]))
            return self.reader.load(path)

    def missing(self) -> list[tuple[str, P]]:
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

    def _read(self, chunks: Sequence[Sequence[tuple[str, P]]], workers: int) -> Iterator[int]:
        if workers <= 1 or len(chunks) <= 1:
            for chunk in chunks:
                yield self.reader.read_all(chunk, self.folder)
            return
        try:
            with _processes(min(workers, len(chunks))) as pool:
                jobs = [pool.submit(self.reader.read_all, chunk, self.folder) for chunk in chunks]
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
                        pool.submit(self.reader.read_all, [(key, piece)], self.folder).result()
                    except BrokenProcessPool:
                        why = self.reader.refused("reading it ends the process", str(piece.path))
                        self.reader.store(self.folder / f"{key}.npz", why)
                        break


def _processes(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
