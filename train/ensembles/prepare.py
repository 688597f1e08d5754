"""Ensembles of corpora, made: read in parallel, kept piece by piece until the whole is written, found again later."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.frames import MAX_PHASE
from music.errors import ContinuoError
from music.orchestra import FIRST_SLOT, REST, SECTIONS
from train import mapped
from train.corpora import MANIFEST, Dropped, listed, resolve, survey
from train.ensembles import reading
from train.ensembles.arrays import Ensembles, Entry, Index, load, shapes
from train.ensembles.reading import ARRAYS, LEAST_SECTIONS, READER, VERSION, Reading, Source, Tally
from train.mapped import INDEX
from train.readings import Progress, Readings

TASK = "orchestra"


class Count(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much there is."""

    pieces: int = 0
    events: int = 0
    piano_events: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(*(getattr(self, name) + getattr(other, name) for name in self.__struct_fields__))


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was prepared, and what was not used."""

    task: str
    pieces: int
    events: int
    splits: dict[str, int]
    """Pieces by split."""
    counts: dict[str, dict[str, Count]]
    """By corpus and split."""
    tally: dict[str, Tally]
    """By corpus."""
    notes_per_event: dict[str, float]
    """Mean number of a section's slots that sound."""
    reasons: dict[str, int]
    """Dropped pieces by reason."""
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """What corpora hold, pairs first, and what is passed over."""

    pieces: tuple[Source, ...]
    dropped: tuple[Dropped, ...] = ()


def find(data: Path, corpora: Sequence[str], leave_out: Mapping[str, Sequence[str]]) -> Sources:
    """The pieces of corpora; one whose manifest has `piano_file` and `orchestra_file` holds pairs.

    Args:
        data: where the corpora are, see `train.corpora.resolve`.
        corpora: names.
        leave_out: column of the manifests -> values whose pieces are left out, of every split.
    """
    found = survey(data, corpora, leave_out)
    piano: dict[Path, tuple[Path, Path | None]] = {}
    for folder in resolve(data, corpora):
        if folder is not None and (folder / MANIFEST).is_file():
            for row in listed(folder)[1]:
                if row.get("piano_file"):
                    anchors = folder / row["align_file"] if row.get("align_file") else None
                    piano[folder / row["orchestra_file"]] = (folder / row["piano_file"], anchors)
    sources = [Source(piece, *piano.get(piece.path, (None, None))) for piece in found.pieces]
    return Sources(tuple(sorted(sources, key=lambda source: source.kind != "pair")), found.dropped)


def open_ensembles(sources: Sources, cache: Path, workers: int = 1, progress: Progress | None = None) -> Ensembles:
    """These pieces in event time: prepared in the folder `cache` at first, found there later.

    Args:
        sources: see `find`.
        cache: a folder of ours.
        workers: processes that prepare.
        progress: is told how far it is.
    """
    facts = [(reading.key_of(source), *map(str, asdict(source.piece).values())) for source in sources.pieces]
    folder = cache / f"{TASK}-{sha256(repr(facts).encode()).hexdigest()[:16]}"
    if not (folder / INDEX).exists():
        prepare(sources, folder, workers, progress or (lambda _, __: None))
    return load(folder)


def prepare(sources: Sources, out: Path, workers: int, progress: Progress) -> Report:
    """Write pieces into a folder of ensembles; gives what was not used, and why.

    What is read is kept beside the folder until the folder is whole, so that a preparation that was stopped goes on.
    ContinuoError where no piece can be used, FileError where the folder cannot be written; it is then as before.

    Args:
        sources: of several pieces with the same orchestra the first one that can be used is.
        out: the folder; ensembles in it are replaced.
        workers: processes.
        progress: is told how far it is.
    """
    mapped.claim(out)
    by_key = {reading.key_of(source): source for source in sources.pieces}
    readings = Readings(out.with_name(f".{out.name}.reading"), READER, by_key)
    readings.complete(workers, progress)
    draft = _Draft(readings, sources.dropped)
    if not draft.kept:
        why = ", ".join(f"{count} x {reason}" for reason, count in draft.reasons.items()) or "there are none"
        raise ContinuoError(
            f"no piece can be used for {TASK!r}: {why}",
            f"It needs pairs of piano and orchestra, or scores with at least {LEAST_SECTIONS} of its sections",
        )
    report = draft.report()
    texts = {
        "report.json": msgspec.json.format(msgspec.json.encode(report)),
        INDEX: msgspec.json.encode(Index(VERSION, tuple(draft.entries))),
    }
    mapped.write(out, shapes(draft.entries), (_rows(readings[key]) for key in draft.kept), texts)
    shutil.rmtree(readings.folder, ignore_errors=True)
    return report


def _rows(found: Reading) -> list[NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = dict(found.arrays)
    arrays["phase"] = np.minimum(arrays["phase"], MAX_PHASE)
    return [arrays[name] for name in ARRAYS]


class _Draft:
    """Which of the pieces that were read are used, where they go, and what the report says."""

    def __init__(self, readings: Readings[Source, Reading], passed: Sequence[Dropped]) -> None:
        self.kept: list[str] = []
        self.entries: list[Entry] = []
        self._dropped = list(passed)
        self._counts: dict[str, dict[str, Count]] = {}
        self._tally: dict[str, Tally] = {}
        self._sounding = np.zeros(len(SECTIONS), np.int64)
        self._known: dict[str, str] = {}
        for key, source in readings.pieces.items():
            found = readings[key]
            piece = source.piece
            if found.reason:
                self._dropped.append(Dropped(piece.title, piece.corpus, found.reason, found.detail))
            elif found.fingerprint in self._known:
                other = self._known[found.fingerprint]
                self._dropped.append(Dropped(piece.title, piece.corpus, "the same score as another piece", other))
            else:
                self._known[found.fingerprint] = f"{piece.corpus}/{piece.title}"
                self._keep(key, source, found)

    @property
    def reasons(self) -> dict[str, int]:
        """Dropped pieces by reason."""
        return dict(Counter(piece.reason for piece in self._dropped).most_common())

    def _keep(self, key: str, source: Source, found: Reading) -> None:
        piece = source.piece
        self.kept.append(key)
        self.entries += self._entries(source, found)
        splits = self._counts.setdefault(piece.corpus, {})
        here = Count(1, int(found.lengths.sum()), int(found.arrays["at_piano"].sum()))
        splits[piece.split] = splits.get(piece.split, Count()) + here
        self._tally[piece.corpus] = self._tally.get(piece.corpus, Tally()) + found.tally
        sounding = (found.arrays["slots"] != REST).sum(0)
        self._sounding += np.add.reduceat(sounding, FIRST_SLOT)

    def _entries(self, source: Source, found: Reading) -> Iterator[Entry]:
        """One for each stretch of a piece."""
        piece = source.piece
        first = self.entries[-1].first + self.entries[-1].events if self.entries else 0
        for number, events in enumerate(found.lengths.tolist(), 1):
            title = piece.title if len(found.lengths) == 1 else f"{piece.title} ({number})"
            yield Entry(title, piece.work, piece.split, piece.corpus, piece.licence, source.kind, first, events)
            first += events

    def report(self) -> Report:
        """Of all that was kept and dropped."""
        counts = [count for splits in self._counts.values() for count in splits.values()]
        total = sum(counts, Count())
        splits: Counter[str] = Counter()
        for by_split in self._counts.values():
            splits.update({split: count.pieces for split, count in by_split.items()})
        means = (self._sounding / max(1, total.events)).tolist()
        return Report(
            TASK,
            total.pieces,
            total.events,
            dict(splits),
            self._counts,
            self._tally,
            {section.name: round(mean, 4) for section, mean in zip(SECTIONS, means, strict=True)},
            self.reasons,
            tuple(self._dropped),
        )
