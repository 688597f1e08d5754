"""Which chord wants to follow which, and over which melody step: the harmonic grammar of a key as tables.

The numbers are percentages (the share of a chord among all: per mille), rounded from counts over the bundle's train
chorales (J. S. Bach; 336 pieces, 17 500 beats, labelled by the nearest chord in the local key of all four voices),
then shaped by hand: suspensions that look like sevenths are left out, a Picardy third is rare inside a phrase, and
two chords of popular music (bVII and iv in major) are let in.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import log

from music.pitch import QUALITIES, SCALES, Chord, Key, Mode

_MAJOR = """
I       0 -     341 | 0:42 4:39 7:19      | I 43, V 16, IV 14, ii7 6, vi 5, ii 3, vii° 2
ii      2 m      47 | 2:28 5:53 9:20      | I 20, ii 15, V 15, vi 13, V7 13, V/ii 4, iii 4, IV 3
iii     4 m      30 | 4:17 7:56 11:26     | IV 20, vi 20, vi7 13, I 15, iii 8, V 7, ii 3
IV      5 -      88 | 0:19 5:34 9:46      | I 33, IV 18, V 14, ii 8, vii° 3, V7 9, ii7 4, vi 3
V       7 -     185 | 2:48 7:33 11:19     | I 48, V 24, vi 8, V7 5, iii 4, vi7 2, ii 2, IV 2
vi      9 m      85 | 0:56 4:29 9:14      | vi 20, V 14, I 14, ii7 9, IV 9, iii 8, ii 7, V7/V 4, V/V 3, V/vi 3
vii°   11 dim    16 | 2:33 5:25 11:41     | I 64, iii 6, V7 6, IV 5, V 4, V/vi 3, vii° 3
V7      7 7      31 | 2:31 5:31 7:24 11:15| I 77, vi 7, V7 5, V 3, ii 2
ii7     2 m7     31 | 0:5 2:65 5:29       | V 48, I 25, V7 12, vii° 3
IVM7    5 maj7    5 | 0:6 4:20 5:49 9:24  | I 35, V 16, V7 14, vii° 10, ii 8, ii7 5
vi7     9 m7     17 | 0:25 4:11 7:25 9:40 | V/V 30, V 21, IV 10, ii7 7, V7/V 7, I 7, V7 6, ii 5
V7/IV   0 7       6 | 0:15 4:43 7:34 10:20| IV 75, ii 9, ii7 4, V7/IV 4
V/V     2 -      17 | 2:31 6:16 9:53      | V 80, V7/V 6, V/V 6, iii 3
V7/V    2 7      15 | 0:41 2:41 6:17 9:12 | V 76, V7/V 8, vi 4, iii 3
V/vi    4 -      17 | 4:57 8:5 11:38      | vi 72, V/vi 13, IV 9
V7/vi   4 7       5 | 2:46 4:24 8:10 11:20| vi 78, V7/vi 8, IV 10
V/ii    9 -       6 | 1:10 4:72 9:18      | ii 60, V/ii 13, V7/ii 6, V/V 5, I 4
V7/ii   9 7       6 | 1:15 4:23 7:53 9:9  | ii 80, V/V 7, V7 5
bVII   10 -       3 | 2:53 5:35 10:12     | IV 35, I 25, V7/IV 10, V7/ii 8
V7/iii 11 7       1 | 3:40 6:12 9:20 11:28| iii 85, V/vi 10
iv      5 m       1 | 0:20 5:50 8:30      | I 75, V 10, V7 5
"""

_MINOR = """
i       0 m     266 | 0:38 3:44 7:18      | i 37, V 17, iiø 7, iv 8, VII 4, VI 5, v 3, IV 3, ii° 2, vii° 3
ii°     2 dim    15 | 2:60 5:35 8:5       | V 42, III 22, VI 10, V7 9, vii°7/V 4, i 4
III     3 -      85 | 3:33 7:52 10:16     | III 23, VI 14, i 13, VII 13, iv7 6, iv 7, V 4, IV 3, v 2, vii° 2
iv      5 m      67 | 0:24 5:51 8:25      | iv 18, i 20, V 16, III 9, iiø 7, VII 5, V7 5, VI 3, vii°7/V 3
V       7 -     151 | 2:57 7:28 11:14     | i 57, V 27, VI 6, V7 3, I 2
v       7 m      35 | 2:21 7:22 10:57     | i 16, v 16, III 17, iv 13, VI 8, V/V 5, IV 5, VII 5, i7 4
VI      8 -      44 | 0:59 3:35 8:6       | III 21, iiø 15, iv 13, ii° 11, VI 8, i 8, VII 7, V 7
VII    10 -      59 | 2:41 5:38 10:21     | III 46, VII 13, i 9, iv 5, VI 4, IV 3, V 3, v 3
vii°   11 dim    14 | 2:39 5:36 11:26     | i 80, V 7, vii°7 4, V7 4
vii°7  11 dim7    4 | 2:43 5:49 8:4 11:4  | i 88, V 8, V7 4
I       0 -      14 | 0:73 4:5 7:23       | iv 40, I 35, IV 6, i 6
V7      7 7      20 | 2:28 5:28 7:28 11:16| i 74, VI 8, V 5, V7 5, I 2
iiø     2 m7b5   34 | 0:15 2:68 5:15      | V 60, i 17, V7 10, VI 3
IV      5 -      25 | 0:40 5:36 9:20      | VII 43, i 17, V 10, IV 10, III 4, vii° 5, V7 4
iv7     5 m7     13 | 0:5 3:19 5:68 8:8   | VII 38, III 16, iiø 11, V 12, i 7, VII7 4
VIM7    8 maj7    7 | 0:55 3:14 7:27 8:4  | V 30, iiø 14, vii° 9, IV 6, ii° 7, VII 7, i 6, iv 6
VII7   10 7       7 | 2:21 5:42 8:19 10:19| III 70, i 8, VI 6, iv 5
i7      0 m7      7 | 0:27 3:37 7:12 10:24| IV 29, VII 17, iv 14, ii° 10, VI 10, iiø 5
V/V     2 -       6 | 2:52 6:15 9:33      | V 50, v 35, V/V 7
V7/V    2 7       3 | 0:30 2:50 6:12 9:9  | V 65, v 25
V7/iv   0 7       6 | 0:50 4:15 7:15 10:20| iv 65, IV 15
vii°7/V 6 dim7    6 | 0:41 3:50 6:6 9:4   | V 78, v 12, V7 6
bII     1 -       1 | 1:30 5:45 8:25      | V 45, V7 25, i 20
"""

START = {"I": 60, "V": 12, "vi": 4, "IV": 6, "i": 60, "III": 6, "VI": 3, "iv": 5}
"""How a piece begins."""

_ELSEWHERE = 0.00003
"""What is left for a melody step that the chord does not hold."""


@dataclass(frozen=True, slots=True)
class Degree:
    """A chord as its key sees it."""

    name: str
    step: int
    """Semitones of the root above the tonic."""
    quality: str
    share: float
    """Its part of all chords."""
    leading: bool
    """Whether it is a dominant whose third (or diminished root) leads to the next root."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """The tables of one mode, as logarithms. All indices are places in `degrees`."""

    degrees: tuple[Degree, ...]
    place: dict[tuple[int, str], int]
    """From step and quality; close relatives (a ninth-less seventh, a plain triad) stand in for each other."""
    own: frozenset[tuple[int, str]]
    """Step and quality of every chord of the key, without relatives."""
    start: tuple[float, ...]
    common: tuple[float, ...]
    then: tuple[tuple[float, ...], ...]
    """log P(next | this)."""
    under: tuple[tuple[float, ...], ...]
    """log P(melody step | this), for the 12 semitones above the tonic."""
    locked: tuple[bool, ...]
    """Whether the chord stays inside the key: its scale, and the leading tone in V and V7 of minor."""
    tones: tuple[frozenset[int], ...]
    """Semitones above the tonic."""


@cache
def grammar(mode: Mode) -> Grammar:
    """The tables of a mode."""
    rows = [line.split("|") for line in (_MAJOR if mode == "major" else _MINOR).strip().splitlines()]
    degrees = tuple(_degree(row[0]) for row in rows)
    names = [degree.name for degree in degrees]
    total = sum(degree.share for degree in degrees)
    share = [degree.share / total for degree in degrees]
    tones = tuple(frozenset((d.step + above) % 12 for above in QUALITIES[d.quality]) for d in degrees)
    then = []
    for row in rows:
        weights = {name: float(weight) for name, weight in (cell.split() for cell in row[2].split(","))}
        sum_ = sum(weights.values())
        then.append(tuple(log(0.94 * weights.get(n, 0) / sum_ + 0.06 * p) for n, p in zip(names, share, strict=True)))
    begin = [START.get(name, 1.0) * (1 if name in START else part) for name, part in zip(names, share, strict=True)]
    return Grammar(
        degrees=degrees,
        place=_places(degrees),
        own=frozenset((degree.step, degree.quality) for degree in degrees),
        start=tuple(log(0.8 * weight / sum(begin) + 0.2 * part) for weight, part in zip(begin, share, strict=True)),
        common=tuple(log(part) for part in share),
        then=tuple(then),
        under=tuple(_under(row[1], chord) for row, chord in zip(rows, tones, strict=True)),
        locked=tuple(
            chord <= set(SCALES[mode]) or (mode == "minor" and d.name in ("V", "V7"))
            for d, chord in zip(degrees, tones, strict=True)
        ),
        tones=tones,
    )


@cache
def chord_of(key: Key, place: int) -> Chord:
    """The chord at a place in the key's grammar."""
    degree = grammar(key.mode).degrees[place]
    return Chord((key.tonic + degree.step) % 12, degree.quality)


def place_of(key: Key, chord: Chord) -> int | None:
    """Where the key's grammar has a chord, or its nearest relative; None where it is a stranger."""
    return grammar(key.mode).place.get(((chord.root - key.tonic) % 12, chord.quality))


def leads(key: Key, chord: Chord | None) -> bool:
    """Whether the key hears this chord as a dominant with a leading tone."""
    place = place_of(key, chord) if chord else None
    return place is not None and grammar(key.mode).degrees[place].leading


def _degree(cell: str) -> Degree:
    name, step, quality, share = cell.split()
    leading = name.startswith(("V/", "V7", "vii°")) or name == "V"
    return Degree(name, int(step), "" if quality == "-" else quality, float(share), leading)


_RELATIVES = {"": ("7", "maj7", "sus4", "aug"), "m": ("m7",), "dim": ("m7b5", "dim7"), "7": ("", "sus4"),
              "m7": ("m",), "maj7": ("",), "m7b5": ("dim",), "dim7": ("dim",)}  # fmt: skip


def _places(degrees: tuple[Degree, ...]) -> dict[tuple[int, str], int]:
    exact = {(degree.step, degree.quality): i for i, degree in enumerate(degrees)}
    near: dict[tuple[int, str], int] = {}
    for (step, quality), i in exact.items():
        for relative in _RELATIVES[quality]:
            near.setdefault((step, relative), i)
    return near | exact


def _under(cell: str, chord: frozenset[int]) -> tuple[float, ...]:
    weights = {int(step): float(weight) / 100 for step, weight in (pair.split(":") for pair in cell.split())}
    return tuple(log(weights.get(step, 0.03 if step in chord else _ELSEWHERE)) for step in range(12))
