"""The sections of a classical orchestra, and how many notes each of them plays at a time.

What an orchestra sounds is written as slots: each section has as many as it has desks, its highest note in the first.
`DESKS` is what scores ask for: of the distinct pitches at each onset of 96 aligned pieces and 80 full scores, less than
2 % of any section do not fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from music.instruments import Instrument, instrument


@dataclass(frozen=True, slots=True)
class Section:
    """Players of one instrument who may divide."""

    name: str
    instrument: Instrument
    desks: int
    """Notes at a time, at most."""
    programs: tuple[int, ...]
    """General MIDI programs (0-based) of tracks that are counted in."""


_SECTIONS = (
    ("Piccolo", "Piccolo", 1, (72,)),
    ("Flute", "Flute", 2, (73, 74)),
    ("Oboe", "Oboe", 2, (68, 69)),
    ("Clarinet", "Clarinet", 2, (71,)),
    ("Bassoon", "Bassoon", 2, (70,)),
    ("Horn", "Horn", 4, (60,)),
    ("Trumpet", "Trumpet", 3, (56, 59)),
    ("Trombone", "Trombone", 3, (57,)),
    ("Tuba", "Tuba", 1, (58,)),
    ("Timpani", "Timpani", 1, (47,)),
    ("Violin 1", "Violin", 3, (40,)),
    ("Violin 2", "Violin", 3, (40,)),
    ("Viola", "Viola", 3, (41,)),
    ("Cello", "Cello", 3, (42,)),
    ("Contrabass", "Contrabass", 2, (43,)),
)
SECTIONS = tuple(Section(name, instrument(plays), desks, programs) for name, plays, desks, programs in _SECTIONS)
"""In score order."""
FAMILIES = tuple(dict.fromkeys(section.instrument.family for section in SECTIONS))
"""Woodwind, brass, percussion, strings."""
DESKS = tuple(section.desks for section in SECTIONS)
SLOTS = tuple((number, desk) for number, section in enumerate(SECTIONS) for desk in range(section.desks))
"""(section, desk) of every slot."""
FIRST_SLOT = (0, *accumulate(DESKS[:-1]))
REST = 0
"""In a slot: nobody plays. Pitch 0 is no note of any orchestra."""

VIOLIN_1, VIOLIN_2 = 10, 11
_SECOND = re.compile(
    r"(?:\b|[^a-z])(?:2|ii|2\s*n?do|iido|2\.?\s*do|second[oa]?|secundo|2o)(?:\b|[^a-z]|$)", re.IGNORECASE
)
_BY_PROGRAM = {
    program: number for number, section in reversed(list(enumerate(SECTIONS))) for program in section.programs
}


def section_of(program: int, name: str = "") -> int | None:
    """The section that a track of a score belongs to, by its program and its name; None for none of this orchestra."""
    number = _BY_PROGRAM.get(program)
    return VIOLIN_2 if number == VIOLIN_1 and _SECOND.search(name) else number


def slotted(section: int, pitches: Iterable[int]) -> tuple[list[int], int]:
    """The pitches of a section's slots, its highest first, and how many found no room.

    Where there are too many, the outer ones are kept, and from the top down what is between.
    """
    found = sorted(set(pitches), reverse=True)
    desks = SECTIONS[section].desks
    kept = found if len(found) <= desks else [*found[: desks - 1], found[-1]]
    return kept + [REST] * (desks - len(kept)), len(found) - len(kept)
