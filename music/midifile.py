"""MIDI files <-> scores. Any thread; no call here belongs in a live path.

Read by symusic where it is installed and knows the file, event by event where not; both give the same score.
Written by mido.

What a reader may not expect, of either:
- One track per (MTrk, channel, program), in this order; tracks without notes are left out.
- A release ends the oldest note of its channel and pitch; a note belongs to the program under which it began.
- A note that the file never releases lasts to the end of its MTrk (the four oldest of a pitch; more are dropped).
- Controls and bends belong to the program under which they came, or, where it has no note yet, to the next program
  of their channel that has one.
- Notes of length 0 are kept. Releases without a note are passed over.
- Of several tempos or meters at one tick the last in the file is kept; meters that are none (0/4) are dropped.
- Names are read as UTF-8; each stretch of other bytes becomes one U+FFFD.
"""

from __future__ import annotations

import importlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import mido
import numpy as np
from numpy.typing import NDArray

from music.beat import Meter, Tempo, TempoMap
from music.chunks import (
    Chunks,
    Kind,
    Meta,
    MidiFileError,
    Part,
    append_tracks,
    conductor,
    messages,
    split,
    track,
    used_channels,
)
from music.events import Bend, Control, Event, NoteOff, NoteOn, Program
from music.wire import encode

__all__ = [
    "BEND", "CONTROL", "NOTE", "MidiFileError", "Part", "Score", "Track",
    "append_tracks", "parse", "read", "used_channels", "write",
]  # fmt: skip

NOTE = np.dtype([("onset", "i8"), ("length", "i8"), ("pitch", "u1"), ("velocity", "u1")])
CONTROL = np.dtype([("tick", "i8"), ("number", "u1"), ("value", "u1")])
BEND = np.dtype([("tick", "i8"), ("value", "i2")])

Array = NDArray[np.void]
DRUM_CHANNEL = 9
_MAX_TICK = 2**31 - 1  # symusic counts ticks in 32 bits
_DEPTH = 4  # how many unreleased notes of one pitch are ended at the end of their track
_END = b"\xff\x2f\x00"


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One instrument's notes, sorted by onset, pitch, length, velocity; controls and bends sorted by tick."""

    name: str
    program: int
    drum: bool
    notes: Array
    """Of dtype NOTE: onset and length in ticks, pitch, velocity."""
    controls: Array = field(default_factory=lambda: np.empty(0, CONTROL))
    bends: Array = field(default_factory=lambda: np.empty(0, BEND))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Track) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return (self.name, self.program, self.drum, *(a.tobytes() for a in (self.notes, self.controls, self.bends)))


@dataclass(frozen=True, slots=True)
class Score:
    """A piece as a MIDI file holds it; two scores are equal where every note, control, tempo and meter is."""

    ticks_per_beat: int
    tracks: tuple[Track, ...]
    tempos: tuple[Tempo, ...] = ()
    meters: tuple[Meter, ...] = ()

    def tempo_map(self) -> TempoMap:
        """Ticks <-> ns <-> beats of this piece."""
        return TempoMap(self.ticks_per_beat, self.tempos)

    @property
    def end_tick(self) -> int:
        """Where the last note ends; 0 without notes."""
        ends = [int((part.notes["onset"] + part.notes["length"]).max()) for part in self.tracks if part.notes.size]
        return max(ends, default=0)


def notes(onset: Any, length: Any, pitch: Any, velocity: Any) -> Array:
    """Columns (or single values) as an array of dtype NOTE, sorted."""
    columns = np.broadcast_arrays(*(np.atleast_1d(column) for column in (onset, length, pitch, velocity)))
    order = np.lexsort((columns[3], columns[1], columns[2], columns[0]))
    return _table(NOTE, *(column[order] for column in columns))


def _table(dtype: np.dtype[Any], *columns: Any) -> Array:
    result = np.empty(len(columns[0]), dtype)
    for name, column in zip(dtype.names or (), columns, strict=True):
        result[name] = column
    return result


def _rows(dtype: np.dtype[Any], rows: list[tuple[int, ...]]) -> Array:
    return np.array(rows, dtype) if rows else np.empty(0, dtype)


def read(path: str | os.PathLike[str]) -> Score:
    """The score in a file; MidiFileError where it is no MIDI file, FileNotFoundError where there is none."""
    try:
        return parse(Path(path).read_bytes())
    except MidiFileError as error:
        raise MidiFileError(f"{os.fspath(path)}: {error}") from error.__cause__


def parse(source: bytes) -> Score:
    """The score in the bytes of a MIDI file; MidiFileError where they are none."""
    chunks = split(source)
    symusic = _symusic()
    score = _by_symusic(symusic, chunks) if symusic and all(map(_plain, chunks.tracks)) else None
    score = score or _by_hand(chunks)
    if score.end_tick > _MAX_TICK or any(part.notes["onset"].min() < 0 for part in score.tracks):
        raise MidiFileError(f"damaged MIDI file: it lasts longer than {_MAX_TICK} ticks")
    return score


@cache
def _symusic() -> Any:
    try:
        return importlib.import_module("symusic")
    except ImportError:
        return None


def _plain(chunk: bytes) -> bool:
    """Whether symusic 0.6 reads this track right: it does not know the packets that continue a system exclusive."""
    if chunk.find(_END) != len(chunk) - len(_END):
        return False
    # A status follows a delta time, whose last byte is below 0x80: other F7 bytes belong to a delta time.
    suspects = re.finditer(b"(?<![\x80-\xff])\xf7", chunk)
    return all(_closes_exclusive(chunk, suspect.start()) for suspect in suspects)


def _closes_exclusive(chunk: bytes, end: int) -> bool:
    start = chunk.rfind(b"\xf0", 0, end)
    size = 0
    for at in range(start + 1, min(start + 5, end)):
        size = size << 7 | chunk[at] & 0x7F
        if chunk[at] < 0x80:
            return start >= 0 and at + size == end
    return False


def _by_symusic(symusic: Any, chunks: Chunks) -> Score | None:
    """The score, or None where symusic refuses the file."""
    closed = Chunks(chunks.format, chunks.ticks_per_beat, tuple(map(_close_held, chunks.tracks)))
    try:
        found = symusic.Score.from_midi(closed.join())
    except (RuntimeError, ValueError):
        return None
    return Score(
        chunks.ticks_per_beat,
        tuple(_from_symusic(part) for part in found.tracks if len(part.notes)),
        _tempos((tempo.time, tempo.mspq) for tempo in found.tempos),
        _meters((meter.time, meter.numerator, meter.denominator) for meter in found.time_signatures),
    )


def _close_held(chunk: bytes) -> bytes:
    """The track with releases of everything before its end: symusic would drop what is still held there."""
    releases = [_release_all(channel) for channel in range(16) if (0x90 | channel) in chunk]
    return b"\0".join([chunk[: -len(_END)] + releases[0], *releases[1:], _END]) if releases else chunk


@cache
def _release_all(channel: int) -> bytes:
    return b"\0".join(encode(NoteOff(channel, pitch)) for _ in range(_DEPTH) for pitch in range(128))


def _from_symusic(part: Any) -> Track:
    columns, controls, bends = part.notes.numpy(), part.controls.numpy(), part.pitch_bends.numpy()
    return Track(
        _one_mark(part.name),
        part.program,
        part.is_drum,
        notes(columns["time"], columns["duration"], columns["pitch"], columns["velocity"]),
        _table(CONTROL, controls["time"], controls["number"], controls["value"]),
        _table(BEND, bends["time"], bends["value"]),
    )


def _one_mark(name: str) -> str:
    return re.sub("\ufffd+", "\ufffd", name)


def _tempos(found: Iterable[tuple[int, int]]) -> tuple[Tempo, ...]:
    return tuple(Tempo(tick, us) for tick, us in sorted(dict(found).items()))


def _meters(found: Iterable[tuple[int, int, int]]) -> tuple[Meter, ...]:
    latest = {tick: Meter(tick, top, bottom) for tick, top, bottom in found if top and 0 < bottom <= 128}
    return tuple(latest[tick] for tick in sorted(latest))


@dataclass(slots=True)
class _Draft:
    """A track while it is read event by event: its notes, controls and bends as rows."""

    notes: list[tuple[int, ...]] = field(default_factory=list)
    controls: list[tuple[int, ...]] = field(default_factory=list)
    bends: list[tuple[int, ...]] = field(default_factory=list)

    def note(self, event: Event | Meta, tick: int) -> None:
        """Take in a control or a bend; other events leave no trace."""
        if isinstance(event, Control):
            self.controls.append((tick, event.number, event.value))
        elif isinstance(event, Bend):
            self.bends.append((tick, event.value))


def _by_hand(chunks: Chunks) -> Score:
    tempos: list[tuple[int, int]] = []
    meters: list[tuple[int, int, int]] = []
    tracks: list[Track] = []
    for chunk in chunks.tracks:
        name = b""
        timed = list(messages(chunk))
        for tick, event in timed:
            match event:
                case Meta(Kind.SET_TEMPO, data) if len(data) == 3:
                    tempos.append((tick, int.from_bytes(data)))
                case Meta(Kind.TIME_SIGNATURE, data) if len(data) >= 2:
                    meters.append((tick, data[0], 1 << data[1]))
                case Meta(Kind.TRACK_NAME, data):
                    name = data
        tracks += _from_events(_one_mark(name.decode("utf-8", "replace")), timed)
    return Score(chunks.ticks_per_beat, tuple(tracks), _tempos(tempos), _meters(meters))


def _from_events(name: str, timed: list[tuple[int, Event | Meta]]) -> Iterator[Track]:
    for (channel, program), draft in sorted(_drafts(timed).items(), key=lambda item: item[0]):
        if draft.notes:
            columns = zip(*draft.notes, strict=True)
            controls, bends = _rows(CONTROL, draft.controls), _rows(BEND, draft.bends)
            yield Track(name, program, channel == DRUM_CHANNEL, notes(*map(np.array, columns)), controls, bends)


def _drafts(timed: list[tuple[int, Event | Meta]]) -> dict[tuple[int, int], _Draft]:
    """What one MTrk holds for each (channel, program)."""
    drafts: dict[tuple[int, int], _Draft] = {}
    early = [_Draft() for _ in range(16)]  # what a channel got before a note under its program
    programs = [0] * 16
    held: defaultdict[tuple[int, int], list[tuple[int, int, _Draft]]] = defaultdict(list)
    for tick, event in timed:
        match event:
            case NoteOn(channel, pitch, velocity):
                key = (channel, programs[channel])
                if key not in drafts:
                    drafts[key], early[channel] = early[channel], _Draft()
                held[channel, pitch].append((tick, velocity, drafts[key]))
            case NoteOff(channel, pitch):
                _end(held[channel, pitch][:1], pitch, tick)
                del held[channel, pitch][:1]
            case Program(channel, program):
                programs[channel] = program
            case Control(channel) | Bend(channel):
                drafts.get((channel, programs[channel]), early[channel]).note(event, tick)
    for (_, pitch), open_notes in held.items():
        _end(open_notes[:_DEPTH], pitch, timed[-1][0])
    return drafts


def _end(open_notes: list[tuple[int, int, _Draft]], pitch: int, tick: int) -> None:
    for onset, velocity, draft in open_notes:
        draft.notes.append((onset, tick - onset, pitch, velocity))


def write(score: Score, path: str | os.PathLike[str]) -> None:
    """Write a file of format 1: tempos and meters first, then the tracks; nothing is left behind on an error.

    Drums go to channel 10, the other tracks round the other fifteen. ValueError where a value is out of range.
    Where one note of a pitch lies inside another, the two exchange their ends: a file has no way to say it.
    """
    file = mido.MidiFile(ticks_per_beat=score.ticks_per_beat, charset="utf-8")
    file.tracks.append(conductor(score.tempos, score.meters))
    channels = [channel for channel in range(16) if channel != DRUM_CHANNEL]
    melodic = 0
    for part in score.tracks:
        file.tracks.append(_written(part, DRUM_CHANNEL if part.drum else channels[melodic % len(channels)]))
        melodic += not part.drum
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with temporary.open("xb") as stream:
            file.save(file=stream)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _written(part: Track, channel: int) -> Any:
    timed = [(0, mido.Message("program_change", channel=channel, program=part.program))]
    timed += [
        (tick, mido.Message.from_bytes(encode(Control(channel, number, value))))
        for tick, number, value in part.controls.tolist()
    ]
    timed += [(tick, mido.Message.from_bytes(encode(Bend(channel, value)))) for tick, value in part.bends.tolist()]
    return track(part.name, timed + _note_messages(part.notes, channel))


def _note_messages(rows: Array, channel: int) -> list[tuple[int, Any]]:
    """Presses and releases in playing order: at one tick first what ends, then what has no length, then what begins."""
    ranked: list[tuple[int, int, Any]] = []
    for onset, length, pitch, velocity in rows.tolist():
        if length < 0:
            raise ValueError(f"a note at tick {onset} has the length {length}")
        on = mido.Message.from_bytes(encode(NoteOn(channel, pitch, velocity)))
        off = mido.Message.from_bytes(encode(NoteOff(channel, pitch)))
        ranked += [(onset, 2 if length else 1, on), (onset + length, 0 if length else 1, off)]
    ranked.sort(key=lambda row: row[:2])
    return [(tick, message) for tick, _, message in ranked]
