"""Which tracks of a file the musician plays, and what they are as events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from bridge.brain.settings import CONTINUE, HARMONIZE, ORCHESTRATE
from music.errors import FileError, did_you_mean
from music.events import Control, Event, NoteOff, NoteOn
from music.midifile import Score, Track
from music.wire import SUSTAIN

MELODY_NAMES = ("melody", "soprano", "vocal", "voice", "lead", "right hand", " rh", "violin i", "flute")
PIANOS = range(8)
"""Programs of General MIDI."""
CHANNELS = 16
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


def played_tracks(score: Score, effect: str, wanted: str | None = None) -> list[Track]:
    """What an effect hears: the melody, the piano with both hands, or whoever plays; or the track that is wanted."""
    if effect == HARMONIZE or wanted is not None:
        return [melody_track(score, wanted)]
    tonal = [track for track in score.tracks if track.notes.size and not track.drum]
    pianos = [track for track in tonal if track.program in PIANOS] if effect in (ORCHESTRATE, CONTINUE) else []
    return pianos or tonal or [melody_track(score)]


def heard(tracks: Sequence[Track]) -> list[tuple[int, Event]]:
    """(tick, event) of tracks as musicians play them, each on a channel of its own as far as there are enough.

    Where two share one, a key is up when both have let it go.

    Of the same tick, releases come first, then pedals, then onsets. A pedal that only one track has is everybody's: the
    hands at a piano share one.
    """
    events: list[tuple[int, int, Event]] = []
    pedals = [track.controls[track.controls["number"] == SUSTAIN] for track in tracks]
    shared = (
        next((moves for moves in pedals if len(moves)), pedals[0]) if sum(map(bool, map(len, pedals))) == 1 else None
    )
    for number, track in enumerate(tracks):
        channel = number % CHANNELS
        for onset, length, pitch, velocity in track.notes.tolist():
            events.append((onset, 2, NoteOn(channel, pitch, max(1, velocity))))
            events.append((onset + max(1, length), 0, NoteOff(channel, pitch)))
        moves = pedals[number] if shared is None else shared
        events += [(tick, 1, Control(channel, SUSTAIN, value)) for tick, _, value in moves.tolist()]
    events.sort(key=lambda event: event[:2])
    found = [(tick, event) for tick, _, event in events]
    return found if len(tracks) <= CHANNELS else list(_let_go_by_all(found))


def _let_go_by_all(events: Iterable[tuple[int, Event]]) -> Iterator[tuple[int, Event]]:
    """The events, without the ends of notes that another track still holds."""
    holding: Counter[tuple[int, int]] = Counter()
    for tick, event in events:
        if isinstance(event, NoteOn):
            holding[event.channel, event.pitch] += 1
        elif isinstance(event, NoteOff):
            holding[event.channel, event.pitch] -= 1
            if holding[event.channel, event.pitch]:
                continue
        yield tick, event
