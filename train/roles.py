"""Which tracks of a score play which role: voices, hands, melody and chords. Any thread."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.player import FRAMES_PER_BEAT
from music.midifile import NOTE, Score, Track
from music.roll import in_frames, spans

Notes = NDArray[np.void]

MAX_FRAMES = 200_000
_BAR_FRAMES = 16
_SLIPS = 0.02
"""Share of a voice's notes that may sound together with another of its notes: printed ossias, a chord at the end."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What the rolls of a task hold."""

    parts: tuple[str, ...]
    lowest: int
    """MIDI pitch of the first key."""
    keys: int
    needs: str
    """What a piece must have, for people."""


LAYOUTS = {
    "keys": Layout(("all",), 21, 88, "notes of a piano's range"),
    "voices": Layout(("soprano", "alto", "tenor", "bass"), 36, 46, "four tracks of one voice each, within C2 to A5"),
    "hands": Layout(("right hand", "left hand"), 21, 88, 'piano tracks called "RH" and "LH", or just two piano tracks'),
    "solo": Layout(("all",), 21, 88, "notes of a piano's range"),
    "lead": Layout(("melody", "chords"), 21, 88, 'tracks called "Melody" and "Chords"'),
}
"""By task; "lead" is folded to pitch classes when it is shown."""

_RIGHT = re.compile(
    r"(?:^|[^a-zA-Z])(?:[rR][hH]|[mM][dD])(?![a-z])|(?i:right|upper|(?:^|[^a-z]|piano)up$|droite|rechte)"
)
_LEFT = re.compile(
    r"(?:^|[^a-zA-Z])(?:[lL][hH]|[mM][gG])(?![a-z])|(?i:left|lower|(?:^|[^a-z]|piano)down$|gauche|linke)"
)
_PIANOS = range(8)


class UnfitError(Exception):
    """A piece that cannot play the roles of a task."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def played(score: Score, task: str) -> Notes:
    """The notes of the task's parts in frames (dtype SPAN); UnfitError where the piece does not have them.

    A note that has ended when another one of its part begins does not share a frame with it, unless both begin there.
    """
    tracks = [track for track in score.tracks if not track.drum]
    parts = _PARTS[task](tracks)
    layout = LAYOUTS[task]
    if not any(len(notes) for notes in parts):
        raise UnfitError("no notes")
    pitches = np.concatenate([notes["pitch"] for notes in parts])
    if pitches.min() < layout.lowest or pitches.max() >= layout.lowest + layout.keys:
        raise UnfitError("notes outside the range", f"{pitches.min()} to {pitches.max()}")
    last = max(int((notes["onset"] + notes["length"]).max()) for notes in parts if len(notes))
    if last * FRAMES_PER_BEAT > MAX_FRAMES * score.ticks_per_beat:
        raise UnfitError("too long", f"{last // score.ticks_per_beat} beats")
    found = [_framed(notes, part, score.ticks_per_beat) for part, notes in enumerate(parts)]
    if task == "voices":
        found = [_single(notes) for notes in found]
    if task == "hands":
        _refuse_empty(found)
    return np.concatenate(found)


def _framed(notes: Notes, part: int, ticks: int) -> Notes:
    """A part's notes in frames; what overlaps only because a release is rounded up is cut there."""
    rows = spans([notes[np.lexsort((127 - notes["pitch"], notes["onset"]))]])
    rows["part"] = part
    onsets = np.unique(rows["onset"])
    slack = ticks // (4 * FRAMES_PER_BEAT)  # played legato overlaps by a little
    after = np.searchsorted(onsets, rows["onset"] + np.maximum(rows["length"] - slack, 1))
    framed = in_frames(rows, (FRAMES_PER_BEAT, ticks))
    limit = np.append(onsets * FRAMES_PER_BEAT // ticks, np.iinfo(np.int64).max)[after]
    framed["length"] = np.maximum(np.minimum(framed["length"], limit - framed["onset"]), 1)
    return framed


def _single(notes: Notes) -> Notes:
    """One note a frame: of several that begin there the longest (the first, the highest); the next one ends it."""
    notes = notes[np.lexsort((-notes["length"], notes["onset"]))]
    notes = notes[np.unique(notes["onset"], return_index=True)[1]]
    notes["length"][:-1] = np.minimum(notes["length"][:-1], np.diff(notes["onset"]))
    return notes


def _everything(tracks: Sequence[Track]) -> list[Notes]:
    return [np.concatenate([track.notes for track in tracks])] if tracks else [np.empty(0, NOTE)]


def _voices(tracks: Sequence[Track]) -> list[Notes]:
    if len(tracks) != len(LAYOUTS["voices"].parts):
        raise UnfitError("another number of tracks than four", f"{len(tracks)} tracks")
    for track in tracks:
        ends = np.maximum.accumulate(track.notes["onset"] + track.notes["length"])
        overlaps = ends[:-1] - track.notes["onset"][1:]
        together = int(np.count_nonzero(overlaps * 4 > track.notes["length"][1:]))
        if together > _SLIPS * len(track.notes):
            raise UnfitError("a track with more than one note at a time", f"{track.name}: {together} notes")
    return [track.notes for track in sorted(tracks, key=_height, reverse=True)]


def _height(track: Track) -> float:
    return float(track.notes["pitch"].mean())


def _hands(tracks: Sequence[Track]) -> list[Notes]:
    right, left = _named(tracks, _RIGHT, "right hand"), _named(tracks, _LEFT, "left hand")
    if right is None or left is None:
        pianos = [track.notes for track in tracks if track.program in _PIANOS]
        if len(pianos) != 2:
            raise UnfitError("no two tracks are the hands", ", ".join(track.name for track in tracks))
        left, right = sorted(pianos, key=lambda notes: float(notes["pitch"].mean()))
    if left["pitch"].mean() >= right["pitch"].mean():
        raise UnfitError("the left hand lies above the right")
    return [right, left]


def _named(tracks: Sequence[Track], name: re.Pattern[str], role: str) -> Notes | None:
    """The notes of the track with such a name (of several, of the piano's); one track with two programs is one."""
    found = [track for track in tracks if name.search(track.name)]
    found = [track for track in found if track.program in _PIANOS] or found
    if len({track.name for track in found}) > 1 or len({track.program for track in found}) < len(found):
        raise UnfitError(f"more than one {role}", ", ".join(track.name for track in found))
    return np.sort(np.concatenate([track.notes for track in found]), order="onset") if found else None


def _lead(tracks: Sequence[Track]) -> list[Notes]:
    parts = []
    for role in ("Melody", "Chords"):
        notes = _named(tracks, re.compile(rf"^\s*{role}\s*$", re.IGNORECASE), role.lower())
        if notes is None:
            raise UnfitError(f'no track "{role}"', ", ".join(track.name for track in tracks))
        parts.append(notes)
    return parts


_PARTS = {"keys": _everything, "voices": _voices, "hands": _hands, "lead": _lead, "solo": _everything}


def _refuse_empty(hands: Sequence[Notes]) -> None:
    """UnfitError where the left hand is silent in most bars of the piece."""
    first = min(int(notes["onset"].min()) for notes in hands)
    last = max(int((notes["onset"] + notes["length"]).max()) for notes in hands)
    steps = np.zeros(last + 1, np.int64)
    np.add.at(steps, hands[1]["onset"], 1)
    np.add.at(steps, hands[1]["onset"] + hands[1]["length"], -1)
    bars = np.add.reduceat(np.cumsum(steps)[first:last] > 0, np.arange(0, last - first, _BAR_FRAMES))
    if np.count_nonzero(bars) * 2 < len(bars):
        raise UnfitError("the left hand is silent for most of the piece")


def since_barline(score: Score, frames: int) -> NDArray[np.int32]:
    """By frame 0 where no meter tells the bar, else 1 + frames since the barline."""
    since = np.zeros(frames, np.int32)
    ticks = np.arange(frames, dtype=np.int64) * score.ticks_per_beat // FRAMES_PER_BEAT
    for meter in score.meters:
        bar = max(1, meter.numerator * 4 * score.ticks_per_beat // meter.denominator)
        first = int(np.searchsorted(ticks, meter.tick))
        since[first:] = 1 + (ticks[first:] - meter.tick) % bar * FRAMES_PER_BEAT // score.ticks_per_beat
    return since
