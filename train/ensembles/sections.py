"""A score's tracks as the sections of `music.orchestra`. Any thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from music.instruments import PROGRAMS
from music.midifile import NOTE, Score, Track
from music.orchestra import SECTIONS, VIOLIN_1, VIOLIN_2, section_of
from music.roll import spans

Notes = NDArray[np.void]

PIANOS = range(8)
"""General MIDI programs of keyboards, harpsichord and clavi among them."""
PERCUSSION = "percussion"
_SOLO = ("solo", "princ", "prinz")


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """What the sections of a score play, and what of the score is no part of it."""

    notes: Notes
    """Of dtype SPAN, in ticks, by onset: `part` is the section; all within its instrument's extreme range."""
    outside: Counter[str] = field(default_factory=Counter)
    """Notes that the section's instrument does not have, by section."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Notes of tracks that are no section, by General MIDI program; `PERCUSSION`."""

    @property
    def sections(self) -> int:
        """How many sections play anything."""
        return len(np.unique(self.notes["part"]))


def ensemble(score: Score) -> Ensemble:
    """The sections of a score."""
    parts: list[list[Notes]] = [[] for _ in SECTIONS]
    left_out: Counter[str] = Counter()
    for number, track in _seated(score.tracks):
        if number is None:
            left_out[PERCUSSION if track.drum else PROGRAMS[track.program].name] += len(track.notes)
        else:
            parts[number].append(track.notes)
    outside: Counter[str] = Counter()
    inside = [np.empty(0, NOTE)] * len(SECTIONS)
    for number, (section, found) in enumerate(zip(SECTIONS, parts, strict=True)):
        if found:
            notes = np.concatenate(found)
            low, high = section.instrument.extreme
            playable = (notes["pitch"] >= low) & (notes["pitch"] <= high)
            inside[number] = notes[playable]
            outside[section.name] += int(np.count_nonzero(~playable))
    return Ensemble(spans(inside), +outside, left_out)


def _seated(tracks: Sequence[Track]) -> list[tuple[int | None, Track]]:
    """Each track with its section; where no name tells the second violins, they are found by `_violins`."""
    seated: list[tuple[int | None, Track]] = [
        (None if track.drum else section_of(track.program, track.name), track) for track in tracks
    ]
    violins = [track for number, track in seated if number in {VIOLIN_1, VIOLIN_2}]
    if not violins or any(number == VIOLIN_2 for number, _ in seated):
        return seated
    return [*(seat for seat in seated if seat[0] != VIOLIN_1), *_violins(violins)]


def _violins(tracks: Sequence[Track]) -> list[tuple[int | None, Track]]:
    """Of several tracks the last are the second violins; a single one that is no soloist's is divided."""
    if len(tracks) > 1:
        return [*((VIOLIN_1, track) for track in tracks[:-1]), (VIOLIN_2, tracks[-1])]
    (track,) = tracks
    if any(word in track.name.lower() for word in _SOLO):
        return [(VIOLIN_1, track)]
    upper = _upper_half(track.notes)
    return [
        (section, Track(track.name, track.program, drum=False, notes=track.notes[mine]))
        for section, mine in ((VIOLIN_1, upper), (VIOLIN_2, ~upper))
    ]


def _upper_half(notes: Notes) -> NDArray[np.bool_]:
    """(note,): which are the upper half of what begins together; the middle one of three is."""
    order = np.lexsort((-notes["pitch"].astype(np.int64), notes["onset"]))
    _, first, group, size = np.unique(notes["onset"][order], return_index=True, return_inverse=True, return_counts=True)
    upper = np.empty(len(notes), bool)
    upper[order] = np.arange(len(notes)) - first[group] < (size[group] + 1) // 2
    return upper


def soloist(score: Score) -> Notes:
    """The notes of the pianos in a score for piano and orchestra (dtype NOTE)."""
    return pianos(score.tracks)


def pianos(tracks: Sequence[Track]) -> Notes:
    """The notes of all tracks that a piano plays, by onset (dtype NOTE)."""
    found = [track.notes for track in tracks if track.program in PIANOS and not track.drum]
    notes: Notes = np.concatenate(found) if found else np.empty(0, NOTE)
    return notes[np.argsort(notes["onset"], kind="stable")]
