"""The chunks of a MIDI file: checked, taken apart, put together, extended. Any thread.

Source: Standard MIDI Files 1.0 (RP-001), "Chunks" and "Header Chunks".
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import mido

from music.beat import Meter, Tempo
from music.events import Event, Voice
from music.wire import decode, encode, length

_HEADER = struct.Struct(">4sLHHH")
_CHUNK = struct.Struct(">4sL")
_LARGEST = 2**31 - 1  # four bytes hold less (RP-001, "Conventions"); some writers take a fifth, as mido does
_UNREAD = {0xF1: 2, 0xF3: 2, 0xF6: 1, 0xFE: 1}  # lengths of what `music.wire` does not read


class MidiFileError(ValueError):
    """A file is no MIDI file that Continuo reads; the message says in one sentence what is wrong."""


@dataclass(frozen=True, slots=True)
class Chunks:
    """The header of a MIDI file and the contents of its MTrk chunks, byte for byte."""

    format: int
    ticks_per_beat: int
    tracks: tuple[bytes, ...]
    end: int = 0
    """Where the last track ends in the file they were taken from."""

    def join(self) -> bytes:
        """A MIDI file of these tracks and nothing else."""
        header = _HEADER.pack(b"MThd", 6, self.format, len(self.tracks), self.ticks_per_beat)
        return header + b"".join(_CHUNK.pack(b"MTrk", len(track)) + track for track in self.tracks)


def split(source: bytes) -> Chunks:
    """The chunks of a MIDI file, each known to lie within it; MidiFileError where they do not.

    Chunks of other types are passed over, as the specification asks, and so is whatever follows the last track.
    """
    if not source:
        raise MidiFileError("not a MIDI file: it is empty")
    if not source.startswith(b"MThd"):
        raise MidiFileError("not a MIDI file: it does not start with MThd")
    if len(source) < _HEADER.size:
        raise MidiFileError(f"truncated MIDI file: {len(source)} bytes are less than its header")
    _, size, file_format, count, division = _HEADER.unpack_from(source)
    _check_header(size, file_format, count, division)
    tracks: list[bytes] = []
    start = 8 + size
    while len(tracks) < count:
        if start + _CHUNK.size > len(source):
            raise MidiFileError(f"truncated MIDI file: it declares {count} tracks and holds {len(tracks)}")
        kind, size = _CHUNK.unpack_from(source, start)
        start += _CHUNK.size
        if start + size > len(source):
            raise MidiFileError(f"truncated MIDI file: the chunk at byte {start - _CHUNK.size} is longer than the file")
        if kind == b"MTrk":
            tracks.append(source[start : start + size])
        start += size
    return Chunks(file_format, division, tuple(tracks), start)


def _check_header(size: int, file_format: int, count: int, division: int) -> None:
    if size < 6:
        raise MidiFileError(f"damaged MIDI file: its header has {size} bytes and not 6")
    if division & 0x8000:
        raise MidiFileError("MIDI file in SMPTE time: only files that count in beats can be read")
    if division == 0:
        raise MidiFileError("damaged MIDI file: it has 0 ticks per beat")
    if file_format == 2:
        raise MidiFileError("MIDI file of format 2: its tracks are patterns without an order, not parts of one piece")
    if file_format > 2:
        raise MidiFileError(f"damaged MIDI file: there is no format {file_format}")
    if count == 0:
        raise MidiFileError("MIDI file without tracks")


class Kind(IntEnum):
    """The meta events that Continuo reads."""

    TRACK_NAME = 0x03
    END_OF_TRACK = 0x2F
    SET_TEMPO = 0x51
    TIME_SIGNATURE = 0x58


@dataclass(frozen=True, slots=True)
class Meta:
    """A meta event of a file: its type and its bytes."""

    kind: int
    data: bytes


def messages(track: bytes) -> Iterator[tuple[int, Event | Meta]]:
    """Each event of an MTrk chunk with its tick, up to the end of track; system exclusives are passed over.

    Running status survives meta events, as symusic has it, though the specification ends it there. Our own reader and
    not mido's: mido 1.3 loses the time before a meta event it does not know, and refuses a file for an odd key
    signature (measured: 2026-11). MidiFileError where a message is damaged.
    """
    at = tick = running = 0
    try:
        while at < len(track):
            delta, at = _number(track, at)
            tick += delta
            status = track[at]
            if status >= 0x80:
                at += 1
            else:
                status = running
            event, at = _message(track, at, status)
            if event is not None:
                yield tick, event
            if isinstance(event, Meta) and event.kind == Kind.END_OF_TRACK:
                return
            if status < 0xF8:
                running = status if status < 0xF0 else 0
    except IndexError:
        raise MidiFileError(f"damaged MIDI file: a track breaks off inside a message at tick {tick}") from None


def _message(track: bytes, at: int, status: int) -> tuple[Event | Meta | None, int]:
    """The message with this status whose data begin here, and where the next one begins."""
    if status == 0xFF:
        size, start = _number(track, at + 1)
        return Meta(track[at], _cut(track, start, size)), start + size
    if status in (0xF0, 0xF7):
        size, start = _number(track, at)
        _cut(track, start, size)
        return None, start + size
    size = (length(status) or _UNREAD.get(status, 0)) - 1
    if size < 0:
        raise MidiFileError(f"damaged MIDI file: no message begins at byte {at - (status != 0)} of a track")
    data = _cut(track, at, size)
    event = decode(bytes((status, *data)))
    if event is None and status not in _UNREAD:
        raise MidiFileError(f"damaged MIDI file: a data byte over 127 at byte {at} of a track")
    return event, at + size


def _number(track: bytes, at: int) -> tuple[int, int]:
    """A variable-length quantity and where it ends."""
    value = 0
    while track[at] >= 0x80:
        value = value << 7 | track[at] & 0x7F
        at += 1
        if value > _LARGEST >> 7:
            raise MidiFileError(f"damaged MIDI file: a number over {_LARGEST} at byte {at} of a track")
    return value << 7 | track[at], at + 1


def _cut(track: bytes, start: int, size: int) -> bytes:
    if start + size > len(track):
        raise IndexError
    return track[start : start + size]


def used_channels(source: bytes) -> set[int]:
    """The channels (0-15) that any message of the file names."""
    events = (event for track in split(source).tracks for _, event in messages(track))
    return {event.channel for event in events if isinstance(event, Voice)}


@dataclass(frozen=True, slots=True)
class Part:
    """A track to be written: its events at ticks, in any order; those of one tick stay in the order given."""

    name: str
    channel: int
    program: int | None
    events: Sequence[tuple[int, Event]]
    port: int = 0
    """MIDI port that the track asks for (meta event 0x21); 0: nothing is said."""


def append_tracks(source: bytes, parts: Iterable[Part]) -> bytes:
    """The file with one more track for each part, its own tracks byte for byte as they were.

    Gives a file of format 1 (of format 0 the one track becomes the first). The events keep their channels; the
    part's channel is that of its program change at tick 0. ValueError for a file of format 2.
    """
    chunks = split(source)
    added = mido.MidiFile(ticks_per_beat=chunks.ticks_per_beat, charset="utf-8")
    added.tracks.extend(_part_track(part) for part in parts)
    saved = io.BytesIO()
    added.save(file=saved)
    header = struct.pack(">HH", 1, len(chunks.tracks) + len(added.tracks))
    return source[:8] + header + source[12 : chunks.end] + saved.getvalue()[_HEADER.size :] + source[chunks.end :]


def _part_track(part: Part) -> Any:
    timed = [(tick, mido.Message.from_bytes(encode(event))) for tick, event in part.events]
    if part.program is not None:
        timed.insert(0, (0, mido.Message("program_change", channel=part.channel, program=part.program)))
    if part.port:
        timed.insert(0, (0, mido.MetaMessage("midi_port", port=part.port)))
    return track(part.name, timed)


def blank(ticks_per_beat: int, tempos: Iterable[Tempo], meters: Iterable[Meter]) -> bytes:
    """A file of format 1 that has tempos and meters, and no parts yet."""
    file = mido.MidiFile(ticks_per_beat=ticks_per_beat)
    file.tracks.append(conductor(tempos, meters))
    saved = io.BytesIO()
    file.save(file=saved)
    return saved.getvalue()


def conductor(tempos: Iterable[Tempo], meters: Iterable[Meter]) -> Any:
    """The track of a file that says how fast it goes."""
    timed = [(tempo.tick, mido.MetaMessage("set_tempo", tempo=tempo.us_per_beat)) for tempo in tempos]
    timed += [
        (meter.tick, mido.MetaMessage("time_signature", numerator=meter.numerator, denominator=meter.denominator))
        for meter in meters
    ]
    return track("", timed)


def track(name: str, timed: Sequence[tuple[int, Any]]) -> Any:
    """A mido track of messages at absolute ticks, sorted here; those of one tick stay in the order given."""
    result = mido.MidiTrack([mido.MetaMessage("track_name", name=name)] if name else [])
    last = 0
    for tick, message in sorted(timed, key=lambda pair: pair[0]):
        if tick < 0:
            raise ValueError(f"tick {tick} is before the start of the file")
        result.append(message.copy(time=tick - last))
        last = tick
    return result
