"""Which sections play which notes: strings, woodwind and brass are each laid out as a choir.

After Rimsky-Korsakov, Principles of Orchestration (ch. III, harmony): in a tutti each choir is complete in itself,
wide at the bottom and close above. After Adler, The Study of Orchestration (ch. on scoring for strings, and on tutti):
who takes melody, middle and bass, and at which octave others double them. A choir is laid out at the least cost by
dynamic programming over its tones and sections, both from the top down, so that within a choir no sections cross.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from music.orchestra import SECTIONS

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

PICCOLO, FLUTE, OBOE, CLARINET, BASSOON, HORN, TRUMPET, TROMBONE, TUBA, TIMPANI = range(10)
VIOLIN_1, VIOLIN_2, VIOLA, CELLO, CONTRABASS = range(10, 15)

STRINGS = (VIOLIN_1, VIOLIN_2, VIOLA, CELLO, CONTRABASS)
WINDS = (FLUTE, OBOE, CLARINET, HORN, BASSOON)
BRASS = (TRUMPET, TROMBONE, TUBA)
BY_HEIGHT = (
    FLUTE, OBOE, TRUMPET, VIOLIN_1, CLARINET, VIOLIN_2, VIOLA, HORN, TROMBONE, BASSOON, CELLO, TUBA, CONTRABASS,
)  # fmt: skip
"""Sections that can take part in a choir, from the top down."""

CAPACITY, LOWEST, HIGHEST, ACTIVE, LOAD = range(5)
"""Columns of a bench: notes that a section can play, its range, whether the touch wants it, notes that it plays."""
PITCH, KEY, ROLE, FRESH = range(4)
"""Columns of tones: what to play, the key (its place from the top) it stands for, what it is, whether it was struck."""
MELODY, MIDDLE, BASS, DEEP = range(4)
"""Roles; DEEP is a bass that another tone doubles an octave above."""

# By section, in score order: where an instrument is at ease, well inside its practical range (Adler).
EASE: Any = np.array(
    [
        (79, 100), (67, 91), (62, 81), (53, 82), (36, 58), (46, 67), (60, 79), (45, 65), (31, 50), (40, 53),
        (62, 91), (57, 79), (51, 72), (38, 62), (28, 45),
    ]
)  # fmt: skip
# What it costs that a section takes a role, each one's first choice being nothing.
CASTING: Any = np.array(
    [
        (30, 0, 4, 6, 30, 25, 4, 25, 60, 200, 0, 14, 18, 16, 60),
        (60, 8, 5, 0, 3, 0, 3, 0, 40, 200, 10, 0, 0, 5, 60),
        (90, 60, 60, 20, 0, 20, 60, 4, 0, 200, 40, 25, 10, 0, 14),
        (90, 60, 60, 20, 2, 20, 60, 6, 0, 200, 40, 25, 10, 6, 0),
    ]
)
UNEASE = 3
"""For each semitone outside where an instrument is at ease."""
DIVISI = 4
"""For each note that a section plays already."""
KEPT = -1000
"""For a note that goes on, to come up at the turn of its own section: or else sections cross."""
AGAIN = -12
"""For a repeated note, struck again by whoever played it."""
LEADS = -10
"""For a melody that stays with whoever plays it."""
UNCOVERED = 300
"""What it costs to leave a tone out of the choir that carries the piece."""
OPTIONAL = (17, 10, 12, 12)
"""The same where another choir has it, by role."""
NEVER = 1 << 30
MOST = max(section.desks for section in SECTIONS)

MUD = 52
"""Below this, what lies closer than a fifth above the bass is put an octave higher."""
FIFTH, OCTAVE, PITCHES = 7, 12, 128
DEEP_BELOW = 40
"""Lower basses cannot be doubled an octave below (the contrabass ends at E1): of two in octaves it takes the lower."""
BRASS_TOP = 79
"""Higher tones are put into the trumpets' range by octaves."""


class Stage(NamedTuple):
    """Who is there, what each section sounded before, and what it is given now."""

    bench: Ints
    """(section, column)"""
    had: Bools
    """(section, pitch)"""
    plays: Ints
    """(section, pitch) of the key that is played by it; -1: not this pitch."""
    led: Bools
    """Whether each section played the highest key before."""


class Manner(NamedTuple):
    """What follows from the touch, the preset and the past."""

    melody: bool
    """Whether the highest key is a melody, or an accompaniment by itself."""
    deep: bool
    """Whether the lowest key is a bass, or a tone of a figure above one."""
    above: bool
    """Whether the melody is doubled an octave above."""
    below: bool
    """Whether the melody is doubled an octave below."""
    bass: bool
    """Whether the bass is doubled an octave below."""
    unison: bool
    """Whether several winds double the melody."""
    high: bool
    """Whether the melody lies so high that brass plays it an octave below, and flutes not above it."""


# Loops where NumPy has expressions: those take numba seconds each to compile, before the first note of a new machine.


@njit
def any_had(had: Bools, pitch: int) -> bool:
    """Whether any section sounded a pitch before."""
    for section in range(len(had)):  # noqa: SIM110, numba knows no any() of a generator
        if had[section, pitch]:
            return True
    return False


@njit
def _place(pitch: int, rows: Ints) -> int:
    """The row that begins with a pitch; -1: none does."""
    for i in range(len(rows)):
        if rows[i, 0] == pitch:
            return i
    return -1


@njit
def copy_row(source: Ints, target: Ints) -> None:
    """Overwrite a row by another one."""
    for column in range(len(source)):
        target[column] = source[column]


@njit
def _sorted(tones: Ints) -> Ints:
    """The same tones from the top down."""
    found = tones.copy()
    for i in range(len(tones)):
        at = 0
        for j in range(len(tones)):
            at += tones[j, PITCH] > tones[i, PITCH] or (tones[j, PITCH] == tones[i, PITCH] and j < i)
        copy_row(tones[i], found[at])
    return found


@njit
def tones_of(keys: Ints, had: Bools, manner: Manner) -> Ints:
    """The tones of the keys (pitch, struck or not; from the top down), low and close ones opened up."""
    count = len(keys)
    tones = np.zeros((count, 4), np.int64)
    for i in range(count):
        tones[i, PITCH], tones[i, KEY], tones[i, ROLE], tones[i, FRESH] = keys[i, 0], i, MIDDLE, keys[i, 1]
    if count > 1 or not manner.melody:
        tones[-1, ROLE] = BASS
    if manner.melody:
        tones[0, ROLE] = MELODY
    octaves = count > 1 and tones[-2, PITCH] - tones[-1, PITCH] == OCTAVE and tones[-2, ROLE] == MIDDLE
    if octaves and tones[-1, PITCH] < DEEP_BELOW:
        tones[-1, ROLE], tones[-2, ROLE] = DEEP, BASS
    for i in range(1, count - 1):
        pitch = tones[i, PITCH]
        higher = pitch + OCTAVE
        close = pitch < MUD and pitch - keys[-1, 0] < FIFTH and tones[i, ROLE] == MIDDLE
        went_on = not tones[i, FRESH] and any_had(had, pitch) and not any_had(had, higher)
        if close and not went_on and higher < keys[0, 0] and _place(higher, keys) < 0:
            tones[i, PITCH] = higher
    found: Ints = _sorted(tones)
    return found


@njit
def folded(tones: Ints, high: bool) -> Ints:
    """The tones as brass plays them: none too high, each pitch once, and the melody always in the same octave."""
    found = tones.copy()
    count = 0
    for i in range(len(tones)):
        pitch = tones[i, PITCH]
        if tones[i, ROLE] == MELODY:
            pitch -= OCTAVE if high else 0
        else:
            while pitch > BRASS_TOP:
                pitch -= OCTAVE
        if _place(pitch, found[:count]) < 0:
            copy_row(tones[i], found[count])
            found[count, PITCH] = pitch
            count += 1
    ordered: Ints = _sorted(found[:count])
    return ordered


@njit
def unease(pitch: int, section: int) -> int:
    """Semitones outside where a section is at ease."""
    return int(max(0, EASE[section, 0] - pitch, pitch - EASE[section, 1]))


@njit
def _motion(had: Bools, section: int, pitch: int) -> int:
    """How far a section has to go to a pitch, up to an octave; as far, where it has rested."""
    for step in range(OCTAVE):
        if (pitch >= step and had[section, pitch - step]) or (pitch + step < PITCHES and had[section, pitch + step]):
            return step
    return OCTAVE


@njit
def _taking(stage: Stage, section: int, tone: Ints, already: int, carries: bool) -> int:
    """What it costs that a section takes a tone, beside the notes that it plays already."""
    bench, pitch = stage.bench[section], tone[PITCH]
    if already >= bench[CAPACITY] or not bench[LOWEST] <= pitch <= bench[HIGHEST] or stage.plays[section, pitch] >= 0:
        return NEVER
    if not carries and not (bench[ACTIVE] and tone[FRESH]):  # nobody comes in late, only to double
        return NEVER
    cost = CASTING[tone[ROLE], section] + UNEASE * unease(pitch, section) + DIVISI * already
    cost += _motion(stage.had, section, pitch) // 3
    if tone[ROLE] == MELODY and stage.led[section]:
        cost += LEADS
    if tone[FRESH] and stage.had[section, pitch]:
        cost += AGAIN
    return int(cost)


@njit
def _leaving(stage: Stage, choir: Ints, place: int, tone: Ints, carries: bool) -> int:
    """What it costs that, at the turn of a section (its place in the choir), a tone is given to nobody."""
    if place < len(choir) and stage.plays[choir[place], tone[PITCH]] >= 0:
        return KEPT
    for section in choir:
        if stage.plays[section, tone[PITCH]] >= 0:
            return 0
    return UNCOVERED if carries else OPTIONAL[tone[ROLE]]


@njit
def _ways(stage: Stage, choir: Ints, tones: Ints, carries: bool) -> Ints:
    """How the cheapest layout comes to (section of the choir, notes it has, tones gone by).

    0: by leaving a tone out, 1: by the section taking it, 2 and more: from the section before, with so many notes
    less 2.
    """
    shape = (len(choir) + 1, MOST + 1, len(tones) + 1)
    cost, came = np.full(shape, NEVER, np.int64), np.zeros(shape, np.int64)
    cost[0, 0, 0] = 0
    for s in range(shape[0]):
        for i in range(shape[2]):
            for j in range(shape[1]):
                here = cost[s, j, i]
                if here >= NEVER:
                    continue
                if s < len(choir) and here < cost[s + 1, 0, i]:
                    cost[s + 1, 0, i], came[s + 1, 0, i] = here, 2 + j
                if i == len(tones):
                    continue
                out = here + _leaving(stage, choir, s, tones[i], carries)
                if out < cost[s, j, i + 1]:
                    cost[s, j, i + 1], came[s, j, i + 1] = out, 0
                if s < len(choir) and j < MOST:
                    taken = _taking(stage, choir[s], tones[i], stage.bench[choir[s], LOAD] + j, carries)
                    if taken < NEVER and here + taken < cost[s, j + 1, i + 1]:
                        cost[s, j + 1, i + 1], came[s, j + 1, i + 1] = here + taken, 1
    return came


@njit
def lay(stage: Stage, choir: Ints, tones: Ints, carries: bool) -> None:
    """Give tones to the sections of a choir; one that carries the piece leaves out only what it cannot play."""
    came = _ways(stage, choir, tones, carries)
    s, j, i = len(choir), 0, len(tones)
    while s > 0 or i > 0:
        way = came[s, j, i]
        if s > 0 and j == 0 and way >= 2:
            s, j = s - 1, way - 2
            continue
        i -= 1
        if way == 1:
            j -= 1
            give(stage, choir[s], tones[i, PITCH], tones[i, KEY])


@njit
def give(stage: Stage, section: int, pitch: int, key: int) -> bool:
    """Let a section play a pitch for a key, if it can and has a desk left; whether it does."""
    bench = stage.bench[section]
    if bench[LOAD] >= bench[CAPACITY] or not bench[LOWEST] <= pitch <= bench[HIGHEST]:
        return False
    if stage.plays[section, pitch] >= 0:
        return False
    stage.plays[section, pitch] = key
    bench[LOAD] += 1
    return True


@njit
def keep(stage: Stage, choir: Ints, tones: Ints) -> None:
    """Let the sections of a choir go on with the tones that are held."""
    for i in range(len(tones)):
        for section in choir:
            if not tones[i, FRESH] and stage.had[section, tones[i, PITCH]]:
                give(stage, section, tones[i, PITCH], tones[i, KEY])
