"""One piece read in event time, as worker processes do it: a small file each. No torch."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.player import FRAMES_PER_BEAT
from music import files, midifile
from music.chunks import MidiFileError
from music.errors import FileError
from music.midifile import Score
from music.orchestra import SECTIONS
from train.corpora import Piece
from train.ensembles import agreement
from train.ensembles.agreement import BLOCK_BEATS, LEAST_OF_PAIR
from train.ensembles.events import KEYS, LOWEST, TOGETHER, Events, events
from train.ensembles.sections import Ensemble, ensemble, pianos, soloist
from train.readings import Reader
from train.roles import UnfitError, since_barline

VERSION = 2
"""Of what is read out of a pair or a score; another one makes what was prepared before out of date."""
LEAST_SECTIONS = 4
"""A score with fewer is no orchestra."""
LEAST_BEATS = 8
"""A stretch of a pair that is shorter is not used."""
ARRAYS = ("piano", "piano_velocity", "slots", "struck", "beat", "phase", "at_piano")

Notes = NDArray[np.void]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Source:
    """A piece of music for orchestra, perhaps with its piano version."""

    piece: Piece
    """`path` is the orchestra's file."""
    piano: Path | None = None
    anchors: Path | None = None
    """Which moments of the piano's file are which of the orchestra's; None where both have one time."""

    @property
    def path(self) -> Path:
        """The orchestra's file."""
        return self.piece.path

    @property
    def kind(self) -> str:
        """`pair`, or `reduction`: a rule makes the piano's part."""
        return "reduction" if self.piano is None else "pair"


class Tally(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What of a piece was not used, and how much there was."""

    notes: dict[str, int] = {}
    """Notes by section."""
    beyond_desks: dict[str, int] = {}
    """Of these, distinct pitches that found no desk at the event with which they began."""
    outside: dict[str, int] = {}
    """Notes outside the extreme range of a section's instrument, or of the piano."""
    left_out: dict[str, int] = {}
    """Notes of tracks that are no section, by General MIDI program."""
    events: dict[str, int] = {}
    """Events of a pair that are not used, by reason."""

    def __add__(self, other: Tally) -> Tally:
        pairs = ((getattr(self, name), getattr(other, name)) for name in self.__struct_fields__)
        return Tally(*(dict(Counter(ours) + Counter(theirs)) for ours, theirs in pairs))


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A piece in event time, or why it cannot be used."""

    lengths: NDArray[np.int64]
    """Events of each stretch; the arrays hold one after the other."""
    arrays: dict[str, NDArray[np.generic]]
    """By the names of `ARRAYS`."""
    fingerprint: str = ""
    """The same for scores whose sections play the same, in whatever key."""
    tally: Tally = field(default_factory=Tally)
    reason: str = ""
    detail: str = ""


def key_of(source: Source) -> str:
    """A name for this reading; another one as soon as a file or the way of reading changes."""
    facts: list[object] = [VERSION, FRAMES_PER_BEAT, TOGETHER, [(entry.name, entry.desks) for entry in SECTIONS]]
    for path in (source.path, source.piano, source.anchors):
        stat = path.stat() if path is not None and path.exists() else None
        facts.append((str(path), stat and (stat.st_mtime_ns, stat.st_size)))
    return sha256(repr(facts).encode()).hexdigest()[:24]


def reading_of(source: Source) -> Reading:
    """The piece in event time; whatever is wrong with a file is a reason, never an error."""
    try:
        return _read(source)
    except UnfitError as error:
        return refused(error.reason, error.detail)
    except FileNotFoundError as error:
        return refused("a file is missing", str(error.filename))
    except MidiFileError as error:
        return refused("not a MIDI file, or a damaged one", str(error))
    except FileError as error:
        return refused("no anchors", str(error))
    except Exception as error:  # noqa: BLE001 - a broken file costs that file alone
        return refused("cannot be read", f"{source.path}: {type(error).__name__}: {error}")


def refused(reason: str, detail: str) -> Reading:
    """The reading of a piece that cannot be used."""
    return Reading(np.empty(0, np.int64), {}, reason=reason, detail=detail)


def _read(source: Source) -> Reading:
    score = midifile.read(source.path)
    orchestra = ensemble(score)
    if orchestra.sections == 0 or (source.piano is None and orchestra.sections < LEAST_SECTIONS):
        raise UnfitError(f"fewer than {LEAST_SECTIONS} sections of the orchestra", f"{orchestra.sections} sections")
    piano, outside = (None, 0) if source.piano is None else _piano(source.piano, source.anchors, score.ticks_per_beat)
    if piano is not None and source.anchors is None:
        _refuse_mismatch(piano, orchestra.notes, score)
    together = TOGETHER * score.ticks_per_beat
    whole, beyond = events(orchestra.notes, piano, together)
    runs, unused = np.array([[0, len(whole)]]), Counter[str]()
    if piano is not None and source.anchors is not None:
        runs, unused = _used(whole.tick, piano, orchestra.notes, score)
    played = Counter({SECTIONS[part].name: count for part, count in enumerate(_per_section(orchestra)) if count})
    outside_of = orchestra.outside + Counter({"Piano": outside})
    tally = Tally(played, beyond, outside_of, orchestra.left_out, unused)
    arrays = _arrays(whole, score)
    rows = np.concatenate([np.arange(first, after) for first, after in runs])
    arrays = {name: array[rows] for name, array in arrays.items()}
    return Reading(runs[:, 1] - runs[:, 0], arrays, _fingerprint(orchestra.notes), tally)


def _per_section(orchestra: Ensemble) -> list[int]:
    found: list[int] = np.bincount(orchestra.notes["part"], minlength=len(SECTIONS)).tolist()
    return found


def _piano(path: Path, anchors: Path | None, ticks_per_beat: int) -> tuple[Notes, int]:
    """The piano's notes in the orchestra's ticks, and how many no piano has."""
    score = midifile.read(path)
    notes = pianos(score.tracks)
    if anchors is not None:
        notes = agreement.moved(notes, agreement.read_anchors(anchors))
    elif score.ticks_per_beat != ticks_per_beat:
        notes = notes.copy()
        for name in ("onset", "length"):
            notes[name] = np.rint(notes[name] * (ticks_per_beat / score.ticks_per_beat))
    inside = (notes["pitch"] >= LOWEST) & (notes["pitch"] < LOWEST + KEYS)
    if not inside.any():
        raise UnfitError("no piano part", str(path))
    return notes[inside], int(np.count_nonzero(~inside))


def _refuse_mismatch(piano: Notes, orchestra: Notes, score: Score) -> None:
    """UnfitError where piano and orchestra do not play the same at the same time."""
    found = _classes(piano, orchestra, score)
    share, lag = agreement.overlap(*found), agreement.best_lag(*found)
    if share < LEAST_OF_PAIR:
        raise UnfitError("piano and orchestra differ", f"overlap {share:.2f}")
    if lag:
        beats = lag / agreement.FRAMES_PER_BEAT
        raise UnfitError("piano and orchestra are misaligned", f"{beats:+} beats would overlap more than {share:.2f}")


def _classes(piano: Notes, orchestra: Notes, score: Score) -> tuple[Bools, Bools]:
    end = max(int((notes["onset"] + notes["length"]).max()) for notes in (piano, orchestra))
    frames = end * agreement.FRAMES_PER_BEAT // score.ticks_per_beat + 1
    return tuple(agreement.classes(notes, score.ticks_per_beat, frames) for notes in (piano, orchestra))  # type: ignore[return-value]


def _used(
    tick: NDArray[np.int64], piano: Notes, orchestra: Notes, score: Score
) -> tuple[NDArray[np.int64], Counter[str]]:
    """The stretches of a pair in which both play the same and a soloist rests; how many events are in none, and why."""
    agree = agreement.agreeing(*_classes(piano, orchestra, score))
    block = np.clip(tick // (BLOCK_BEATS * score.ticks_per_beat), 0, len(agree) - 1)
    same = agree[block]
    rests = agreement.resting(soloist(score), tick, TOGETHER * score.ticks_per_beat)
    runs = agreement.stretches(same & rests, tick, LEAST_BEATS * score.ticks_per_beat)
    used = int((runs[:, 1] - runs[:, 0]).sum())
    unused = Counter(
        {
            "a soloist plays": int(np.count_nonzero(~rests)),
            "piano and orchestra differ": int(np.count_nonzero(rests & ~same)),
            f"a stretch under {LEAST_BEATS} beats": int(np.count_nonzero(same & rests)) - used,
        }
    )
    if not used:
        why = ", ".join(f"{count} x {reason}" for reason, count in unused.items())
        raise UnfitError("no stretch in which piano and orchestra play the same", why)
    return runs, +unused


def _arrays(whole: Events, score: Score) -> dict[str, NDArray[np.generic]]:
    """By the names of `ARRAYS`; the phase is 1 + frames since the barline, 0 where the bar is not known."""
    frame = whole.tick * FRAMES_PER_BEAT // score.ticks_per_beat
    since = since_barline(score, int(frame.max()) + 1)
    return {
        "piano": whole.piano,
        "piano_velocity": whole.piano_velocity,
        "slots": whole.slots,
        "struck": whole.struck,
        "beat": (whole.tick / score.ticks_per_beat).astype(np.float32),
        "phase": since[frame],
        "at_piano": whole.at_piano,
    }


def _fingerprint(notes: Notes) -> str:
    rows = [notes["onset"] - notes["onset"].min(), notes["pitch"].astype(np.int64) - notes["pitch"].min()]
    table = np.stack([*rows, notes["length"], notes["part"]]).astype(np.int64)
    return sha256(np.ascontiguousarray(table[:, np.lexsort(table)]).tobytes()).hexdigest()


def store(path: Path, reading: Reading) -> None:
    """Write a reading; FileError where it cannot be."""
    stream = io.BytesIO()
    why = np.array([reading.reason, reading.detail, reading.fingerprint, msgspec.json.encode(reading.tally).decode()])
    np.savez_compressed(stream, allow_pickle=False, why=why, lengths=reading.lengths, **reading.arrays)
    files.write(path, stream.getvalue())


def load(path: Path) -> Reading:
    """The reading in a file; FileError where there is none."""
    try:
        with np.load(path, allow_pickle=False) as found:
            reason, detail, fingerprint, tally = found["why"].tolist()
            arrays = {name: found[name] for name in ARRAYS if name in found}
            counts = msgspec.json.decode(tally, type=Tally)
            return Reading(found["lengths"], arrays, fingerprint, counts, reason, detail)
    except (OSError, ValueError, KeyError, EOFError, msgspec.MsgspecError) as error:
        raise FileError(f"{path}: cannot be read ({error})", "Start again, it will be made anew") from error


READER = Reader(reading_of, refused, store, load)
