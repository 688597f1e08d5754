"""Pitches, keys, scales and chords."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

Mode = Literal["major", "minor"]

NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "b": -1}

SCALES: dict[Mode, tuple[int, ...]] = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
"""Semitones above the tonic; minor is the natural one."""

QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus4": (0, 5, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "m7b5": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9),
}
"""Semitones above the root, by the suffix that lead sheets use."""


def pitch_name(pitch: int) -> str:
    """`C4` for 60."""
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


def pitch_class(name: str) -> int:
    """0-11 of a note name (`Bb`, `F#`); ValueError where it is none."""
    match = re.fullmatch(r"([A-Ga-g])([#b]?)", name.strip())
    if not match:
        raise ValueError(f"{name!r} is no note name (C, F#, Bb ...)")
    return (_LETTERS[match[1].upper()] + _ACCIDENTALS[match[2]]) % 12


def parse_pitch(name: str) -> int:
    """0-127 of a note name with octave (`C4` is 60); ValueError where it is none."""
    match = re.fullmatch(r"([A-Ga-g])([#b]?)(-?\d)", name.strip())
    if not match:
        raise ValueError(f"{name!r} is no pitch (C4, F#3, Bb-1 ...)")
    pitch = _LETTERS[match[1].upper()] + _ACCIDENTALS[match[2]] + 12 * (int(match[3]) + 1)
    if not 0 <= pitch <= 127:
        raise ValueError(f"{name!r} is outside C-1 to G9")
    return pitch


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic (pitch class 0-11) and a mode."""

    tonic: int
    mode: Mode

    @property
    def scale(self) -> tuple[int, ...]:
        """The seven pitch classes, tonic first."""
        return _scale(self.tonic, self.mode)

    def __str__(self) -> str:
        return f"{NAMES[self.tonic]} {self.mode}"

    @classmethod
    def parse(cls, name: str) -> Key:
        """The key called `C major`, `F# minor`, `Bb` or `Am`; ValueError where it is none."""
        match = re.fullmatch(r"([A-Ga-g][#b]?)\s*(major|minor|maj|min|m)?", name.strip())
        if not match:
            raise ValueError(f"{name!r} is no key (C major, F# minor ...)")
        return cls(pitch_class(match[1]), "minor" if match[2] in ("minor", "min", "m") else "major")


@cache
def _scale(tonic: int, mode: Mode) -> tuple[int, ...]:
    return tuple((tonic + step) % 12 for step in SCALES[mode])


@dataclass(frozen=True, slots=True)
class Chord:
    """A root (pitch class 0-11) and a quality of `QUALITIES`."""

    root: int
    quality: str

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Root first, then upwards in thirds."""
        return _chord(self.root, self.quality)

    def __str__(self) -> str:
        return f"{NAMES[self.root]}{self.quality}"


@cache
def _chord(root: int, quality: str) -> tuple[int, ...]:
    return tuple((root + step) % 12 for step in QUALITIES[quality])


ALL_KEYS = tuple(Key(tonic, mode) for mode in SCALES for tonic in range(12))
"""The 24 keys: C major to B major, then C minor to B minor."""
