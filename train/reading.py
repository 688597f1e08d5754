"""One piece read for a task, as the worker processes of `train.rolls` do it: a small file of notes each. No torch."""

from __future__ import annotations

import importlib
import io
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.player import FRAMES_PER_BEAT
from music import files, midifile
from music.beat import Meter
from music.chunks import MidiFileError
from music.errors import FileError
from music.midifile import Score, Track
from music.roll import SPAN
from train.corpora import Piece
from train.readings import Reader
from train.roles import LAYOUTS, UnfitError, played, since_barline

VERSION = 1
"""Of what is read out of a score; another one makes what was prepared before out of date."""

_TICKS = 480
_VELOCITY = 72  # where a score prints none
_CHORUS = 52


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A piece in frames, or why it cannot be used."""

    notes: NDArray[np.void]
    """Of dtype SPAN, in frames."""
    since: NDArray[np.int32]
    """By frame 0 where the bar is not known, else 1 + frames since the barline."""
    reason: str = ""
    detail: str = ""

    @property
    def frames(self) -> int:
        """How long the piece is."""
        return len(self.since)

    @property
    def fingerprint(self) -> str:
        """The same for a piece, its transpositions, and either with another silence in front."""
        notes = self.notes
        rows = [notes["onset"] - notes["onset"].min(), notes["pitch"].astype(np.int64) - notes["pitch"].min()]
        rows += [notes["length"], notes["part"]]
        table = np.stack(rows).astype(np.int64)
        return sha256(np.ascontiguousarray(table[:, np.lexsort(table)]).tobytes()).hexdigest()


def key_of(piece: Piece, task: str) -> str:
    """A name for this reading; another one as soon as the file or the way of reading changes."""
    try:
        stat = piece.path.stat()
        facts = (stat.st_mtime_ns, stat.st_size)
    except OSError:
        facts = (0, 0)
    words = (VERSION, FRAMES_PER_BEAT, task, LAYOUTS[task], str(piece.path.resolve()), *facts)
    return sha256(repr(words).encode()).hexdigest()[:24]


def reader(task: str) -> Reader[Piece, Reading]:
    """How pieces are read for a task."""
    return Reader(partial(reading_of, task=task), refused, store, load)


def reading_of(piece: Piece, task: str) -> Reading:
    """The piece in frames; whatever is wrong with a file is a reason, never an error."""
    try:
        score = score_of(piece.path)
        notes = played(score, task)
        frames = int((notes["onset"] + notes["length"]).max())
        return Reading(notes, since_barline(score, frames))
    except UnfitError as error:
        return refused(error.reason, error.detail)
    except FileNotFoundError:
        return refused("the file is missing", str(piece.path))
    except MidiFileError as error:
        return refused("not a MIDI file, or a damaged one", str(error))
    except Exception as error:  # noqa: BLE001 - a broken file costs that file alone
        return refused("cannot be read", f"{piece.path}: {type(error).__name__}: {error}")


def refused(reason: str, detail: str) -> Reading:
    """The reading of a piece that cannot be used."""
    return Reading(np.empty(0, SPAN), np.empty(0, np.int32), reason, detail)


def store(path: Path, reading: Reading) -> None:
    """Write a reading; FileError where it cannot be."""
    stream = io.BytesIO()
    why = np.array([reading.reason, reading.detail])
    np.savez(stream, notes=reading.notes, since=reading.since, why=why)
    files.write(path, stream.getvalue())


def load(path: Path) -> Reading:
    """The reading in a file; FileError where there is none."""
    try:
        with np.load(path, allow_pickle=False) as found:
            reason, detail = found["why"].tolist()
            return Reading(found["notes"], found["since"], reason, detail)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise FileError(f"{path}: cannot be read ({error})", "Start again, it will be made anew") from error


def score_of(path: Path) -> Score:
    """The score in a MIDI file, or in a file that music21 reads."""
    return midifile.read(path) if path.suffix.lower() in {".mid", ".midi"} else _by_music21(path)


def _by_music21(path: Path) -> Score:
    """Written order, ties merged, sounding pitch; a pickup is padded in front so that the bars fall on the meter."""
    music21: Any = importlib.import_module("music21")
    parts = list(music21.converter.parse(path, forceSource=True).parts)
    for part in parts:  # in place: copies take three times as long
        part.stripTies(inPlace=True)
        part.toSoundingPitch(inPlace=True)
    signatures = list(parts[0].recurse().getElementsByClass("TimeSignature")) if parts else []
    first = parts[0].getElementsByClass("Measure")[0] if signatures else None
    pad = max(0.0, float(signatures[0].barDuration.quarterLength - first.highestTime)) if first else 0.0
    meters = [
        Meter(
            _ticks(pad + mark.getOffsetInHierarchy(parts[0])) if number else 0,
            int(mark.numerator),
            int(mark.denominator),
        )
        for number, mark in enumerate(signatures)
    ]
    tracks = (Track(str(part.partName or ""), _CHORUS, drum=False, notes=_notes(part, pad)) for part in parts)
    return Score(_TICKS, tuple(track for track in tracks if len(track.notes)), (), tuple(meters))


def _notes(part: Any, pad: float) -> NDArray[np.void]:
    rows = [
        (_ticks(pad + element.offset), _ticks(element.quarterLength), int(pitch.midi), _VELOCITY)
        for element in part.flatten().notes
        if element.quarterLength > 0  # no grace notes
        for pitch in element.pitches
    ]
    columns = np.array(rows, np.int64).reshape(-1, 4).T
    return midifile.notes(*columns)


def _ticks(beats: Any) -> int:
    return round(float(beats) * _TICKS)
