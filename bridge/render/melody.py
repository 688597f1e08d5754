"""Which track of a file the musician plays, and what it is as events."""

from __future__ import annotations

from music.errors import FileError, did_you_mean
from music.events import Event, NoteOff, NoteOn
from music.midifile import Score, Track

MELODY_NAMES = ("melody", "soprano", "vocal", "voice", "lead", "right hand", " rh", "violin i", "flute")
FEW_NOTES = 8
"""A track with fewer notes is taken for the melody only where all are short."""


def melody_track(score: Score, wanted: str | None = None) -> Track:
    """The track to answer: the one named or numbered, else the one that looks most like a melody."""
    tracks = [track for track in score.tracks if track.notes.size]
    if not tracks:
        raise FileError("there are no notes in this file", "Give a MIDI file with at least one track of notes")
    if wanted is not None:
        named = [track for track in score.tracks if track.name == wanted]
        if wanted.isdecimal() and 1 <= int(wanted) <= len(score.tracks):
            named = named or [score.tracks[int(wanted) - 1]]
        if not named or not named[0].notes.size:
            known = [track.name or str(number) for number, track in enumerate(score.tracks, 1)]
            raise FileError(f"there is no track {wanted!r} with notes", did_you_mean(wanted, known))
        return named[0]
    tonal = [track for track in tracks if not track.drum] or tracks
    tonal = [track for track in tonal if track.notes.size >= FEW_NOTES] or tonal
    called = [track for name in MELODY_NAMES for track in tonal if name in f" {track.name.lower()}"]
    return called[0] if called else max(tonal, key=lambda track: float(track.notes["pitch"].mean()))


def heard(melody: Track) -> list[tuple[int, Event]]:
    """(tick, event) of a track as a musician plays it, releases before onsets of the same tick."""
    events: list[tuple[int, int, Event]] = []
    for onset, length, pitch, velocity in melody.notes.tolist():
        events.append((onset, 1, NoteOn(0, pitch, max(1, velocity))))
        events.append((onset + max(1, length), 0, NoteOff(0, pitch)))
    events.sort(key=lambda event: event[:2])
    return [(tick, event) for tick, _, event in events]
