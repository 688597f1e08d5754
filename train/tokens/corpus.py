"""The notes of corpora as rows of tokens, one piece after the other in a memory-mapped array. Any thread.

A folder of them has `rows.npy` (int16 (row, field), see `music.tokens`), `index.json` (which rows are which piece) and
`report.json` (what was not used, and why).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np

from music import files
from music.chunks import MidiFileError
from music.midifile import Score, read
from music.phrase import Onset, onsets
from music.tokens import FIELDS, Rows, encode
from train import mapped
from train.corpora import Dropped, Found, Piece, survey
from train.mapped import INDEX

VERSION = 1
"""Of what is read out of a score; another one makes what was prepared before out of date."""
TASK = "tokens"
LEAST = 64
"""Rows that a piece has at least."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a piece lies."""

    title: str
    work: str
    split: str
    corpus: str
    licence: str
    first: int
    """Its first row."""
    rows: int


class Tokens(msgspec.Struct, frozen=True, eq=False):
    """The pieces of corpora; the rows may be memory-mapped and read-only."""

    rows: Rows
    index: tuple[Entry, ...]
    folder: Path | None = None

    def of(self, split: str) -> list[Entry]:
        """The pieces of a split."""
        return [entry for entry in self.index if entry.split == split]

    def piece(self, entry: Entry) -> Rows:
        """The rows of a piece."""
        return self.rows[entry.first : entry.first + entry.rows]


def open_tokens(
    data: Path, corpora: Sequence[str], leave_out: Mapping[str, Sequence[str]], cache: Path,
    progress: Callable[[int, int], None] | None = None,
) -> Tokens:  # fmt: skip
    """The pieces of corpora: prepared in the folder `cache` at first, found there later."""
    found = survey(data, corpora, leave_out)
    facts = [(str(piece.path.resolve()), piece.split, _changed(piece.path)) for piece in found.pieces]
    folder = cache / f"{TASK}-{sha256(repr((VERSION, facts)).encode()).hexdigest()[:16]}"
    if not (folder / INDEX).exists():
        _prepare(found, folder, progress or (lambda _, __: None))
    index = msgspec.json.decode(files.read(folder / INDEX), type=tuple[Entry, ...])
    return Tokens(np.load(folder / "rows.npy", mmap_mode="r", allow_pickle=False), index, folder)


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _prepare(found: Found, out: Path, progress: Callable[[int, int], None]) -> None:
    mapped.claim(out)
    entries, kept, first, dropped = list[Entry](), list[Rows](), 0, list(found.dropped)
    for number, piece in enumerate(found.pieces, 1):
        progress(number, len(found.pieces))
        rows = _rows(piece)
        if rows is None or len(rows) < LEAST:
            dropped.append(Dropped(piece.title, piece.corpus, "unreadable" if rows is None else "too few notes"))
            continue
        kept.append(rows)
        entries.append(Entry(piece.title, piece.work, piece.split, piece.corpus, piece.licence, first, len(rows)))
        first += len(rows)
    reasons = Counter(one.reason for one in dropped)
    report = {"task": TASK, "pieces": len(entries), "rows": first, "reasons": reasons, "dropped": dropped}
    texts = {"report.json": msgspec.json.encode(report), INDEX: msgspec.json.encode(entries)}
    mapped.write(out, {"rows": (np.int16, (first, len(FIELDS)))}, ((rows,) for rows in kept), texts)


def _rows(piece: Piece) -> Rows | None:
    """The rows of a piece; None where it cannot be read."""
    try:
        score = read(piece.path)
    except (MidiFileError, OSError):
        return None
    program = next((track.program for track in score.tracks if not track.drum), 0)
    return encode(played(score), instrument=program)


def played(score: Score) -> list[Onset]:
    """All that is played in a score, but for drums."""
    return onsets(_notes(score))


def _notes(score: Score) -> Iterator[tuple[float, float, int, int]]:
    per_beat = score.ticks_per_beat
    for track in score.tracks:
        if not track.drum:
            for onset, length, pitch, velocity in track.notes.tolist():
                yield int(onset) / per_beat, int(length) / per_beat, int(pitch), max(1, int(velocity))
