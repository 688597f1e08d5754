"""MIDI files written byte by byte, and what both readers find in them."""

import struct

import numpy as np

from music import midifile
from music.chunks import split
from music.midifile import NOTE, Array, Score, parse

Row = tuple[int, ...]
ON, OFF, END = "90 3C 40", "80 3C 40", "FF 2F 00"


def number(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.insert(0, value & 0x7F | 0x80)
    return bytes(digits)


def chunk(*timed: tuple[int, str | bytes], end: str = "00 FF 2F 00") -> bytes:
    """An MTrk chunk of (delta, hex or bytes)."""
    data = b"".join(number(delta) + (m if isinstance(m, bytes) else bytes.fromhex(m)) for delta, m in timed)
    data += bytes.fromhex(end)
    return b"MTrk" + struct.pack(">L", len(data)) + data


def smf(*chunks: bytes, file_format: int = 1, division: int = 480) -> bytes:
    return b"MThd" + struct.pack(">LHHH", 6, file_format, len(chunks), division) + b"".join(chunks)


def both_ways(source: bytes) -> Score:
    """The score, the same by symusic (where it is installed) and event by event."""
    score = midifile._by_hand(split(source))
    assert parse(source) == score
    return score


def found(source: bytes) -> list[tuple[str, int, bool, list[Row]]]:
    """(name, program, drum, notes) of each track."""
    return [(track.name, track.program, track.drum, track.notes.tolist()) for track in both_ways(source).tracks]


def notes_of(source: bytes) -> list[Row]:
    return [row for *_, rows in found(source) for row in rows]


def note_array(*rows: Row) -> Array:
    return np.array(list(rows), NOTE)
