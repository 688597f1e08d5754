"""From a chord and the moment to the pitches of the voices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from models.player import Wish
from models.rules.doubling import LED, ensemble
from models.rules.voicing import (
    BASS,
    FIFTH,
    HEARD,
    LEADING,
    LOW_FIFTH,
    LOW_ROOT,
    LOW_SEVENTH,
    LOW_THIRD,
    MELODY,
    OLD_LEADING,
    OLD_SEVENTH,
    OPEN,
    ROOT,
    RULES,
    SEVENTH,
    SPARE,
    THIRD,
    Ints,
    search,
)
from music.pitch import Chord

Voices = tuple[int | None, ...]

INVERSIONS: dict[str, tuple[int, int, int, int]] = {
    "dim": (25, 0, 35, 90),
    "m7b5": (12, 3, 30, 35),
    "m7": (4, 3, 70, 40),
    "7": (2, 9, 60, 25),
    "dim7": (4, 8, 12, 30),
}
"""What root, third, fifth and seventh cost in the bass, by quality."""
PLAIN = (0, 16, 75, 50)

OCTAVE = 12
CLOSE = 4
GAP = {"close": CLOSE, "open": 7}
"""Semitones from voice to voice where nothing else decides."""

HARMONY_WITH_BASS = 3
"""From this many voices below the melody on, the last one is a bass."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What surrounds the voices, the chord apart."""

    wish: Wish
    held: tuple[int, ...]
    """What the musician holds, from the lowest up: not to be doubled."""
    played: tuple[int, ...]
    """What of it is to be harmonised."""
    melody: int
    melody_before: int | None
    before: Voices
    """The voices before; as many as the wish has."""
    chord_before: Chord | None
    leading_before: bool
    """Whether the chord before was a dominant with a leading tone."""


def voice(chord: Chord, leading: bool, setting: Setting) -> tuple[Voices, int]:
    """The voices' pitches and what they cost."""
    lines, held = _lines(setting), np.array(setting.held, np.int64)
    lead = search if len(setting.wish.ranges) <= LED else ensemble
    found = lead(lines, _roles(chord), held, _rule(chord, leading, setting)).tolist()
    below = setting.wish.placement == "below"
    pitches = found[1:-1] if below else found[:-2]
    return tuple(pitch if pitch >= 0 else None for pitch in pitches), found[-1]


def _lines(setting: Setting) -> Ints:
    wish, melody = setting.wish, setting.melody
    below, count = wish.placement == "below", len(wish.ranges)
    bass = below and count >= HARMONY_WITH_BASS
    gap = _gap(setting)
    rows = []
    for i, ((low, high), before) in enumerate(zip(wish.ranges, setting.before, strict=True)):
        if bass and i == count - 1:
            wanted = min(low + 2 * (high - low) // 5, melody - 7 * count // 2)
            if count > LED:
                high = min(high, max(low + OCTAVE - 1, melody - CLOSE * count))  # noqa: PLW2901 - the others need room
        else:
            wanted = melody - gap * (i + 1) if below else melody + gap * (count - i)
        wanted = max(low + (high - low) // 5, min(high - (high - low) // 6, wanted))  # where a voice is at ease
        lowest = max(0, low if below else max(low, melody + 1))
        highest = min(127, min(high, melody - 1) if below else high)
        rows.append((lowest, highest, -1 if before is None else before, wanted))
    own = (melody, melody, -1 if setting.melody_before is None else setting.melody_before, melody)
    rows.insert(0 if below else count, own)
    return np.array(rows, np.int64)


def _gap(setting: Setting) -> int:
    """Semitones from voice to voice where nothing else decides; many voices stand as close as they must."""
    wish = setting.wish
    gap, count = GAP[wish.spacing], len(wish.ranges)
    if count <= LED:
        return gap
    room = setting.melody - wish.ranges[-1][0] if wish.placement == "below" else wish.ranges[0][1] - setting.melody
    return max(CLOSE, min(gap, room // (count + 1)))


def _rule(chord: Chord, leading: bool, setting: Setting) -> Ints:
    wish = setting.wish
    below, count = wish.placement == "below", len(wish.ranges)
    rule = [0] * RULES
    rule[MELODY] = 0 if below else count
    rule[BASS] = int(below and count >= HARMONY_WITH_BASS)
    rule[OPEN] = int(_gap(setting) > CLOSE)
    rule[SPARE] = CLOSE * max(0, count - LED)
    rule[LEADING] = _leading_tone(chord) if leading else -1
    rule[OLD_LEADING], rule[OLD_SEVENTH] = _resolving(setting.chord_before, setting.leading_before, chord)
    rule[LOW_ROOT], rule[LOW_THIRD], rule[LOW_FIFTH], rule[LOW_SEVENTH] = INVERSIONS.get(chord.quality, PLAIN)
    for pitch in setting.played:
        if pitch != setting.melody:
            rule[HEARD] |= 1 << pitch % 12
    return np.array(rule, np.int64)


@cache
def _roles(chord: Chord) -> Ints:
    roles = np.zeros(12, np.int64)
    for tone, role in zip(chord.pitch_classes, (ROOT, THIRD, FIFTH, SEVENTH), strict=False):
        roles[tone] = role
    return roles


def _leading_tone(chord: Chord) -> int:
    """The third of a dominant, the root of a diminished chord."""
    return chord.root if chord.quality.startswith("dim") else chord.pitch_classes[1]


@cache
def _resolving(before: Chord | None, leading: bool, chord: Chord) -> tuple[int, int]:
    """Pitch classes of the leading tone and the seventh that this chord lets resolve; -1 for none."""
    if before is None or before == chord:
        return -1, -1
    leading_tone, tones = _leading_tone(before), chord.pitch_classes
    if not leading or leading_tone in tones or (leading_tone + 1) % 12 not in tones:
        leading_tone = -1
    seventh = before.pitch_classes[3] if len(before.pitch_classes) > 3 else -1
    if seventh >= 0 and not {seventh, (seventh - 1) % 12, (seventh - 2) % 12} & set(tones):
        seventh = -1
    return leading_tone, seventh
