"""A file through the live engine, faster than real time: same file, same preset, same seed, same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from bridge.brain.engine import Engine, Sent
from bridge.brain.settings import Settings
from bridge.errors import FileError, did_you_mean
from bridge.port.outlet import Outlet
from music.events import Event, NoteOff, NoteOn
from music.midifile import Part, Score, Track, append_tracks, parse, used_channels
from music.wire import decode, encode

NO_DEADLINE = 2**62
MELODY_NAMES = ("melody", "soprano", "vocal", "voice", "lead", "right hand", " rh", "violin i", "flute")
FEW_NOTES = 8
"""A track with fewer notes is taken for the melody only where all are short."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A file with its new tracks, and what it took."""

    data: bytes
    track: str
    notes: int
    """Onsets that were added."""
    seconds: float
    """Length of the piece."""


def render(source: bytes, state: dict[str, Any], track: str | None = None) -> Rendered:
    """The file with what a preset answers to one of its tracks; the tracks it had stay byte for byte.

    Raises FileError where the track is not there, `music.midifile.MidiFileError` where the file does not read.
    """
    score = parse(source)
    melody = melody_track(score, track)
    settings = Settings.of(state)
    played = _play(score, melody, settings)
    parts = _parts(played, settings, used_channels(source))
    onsets = sum(isinstance(event, NoteOn) for part in parts for _, event in part.events)
    seconds = score.tempo_map().ns(score.end_tick) / 1e9
    return Rendered(append_tracks(source, parts), melody.name, onsets, seconds)


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


def _play(score: Score, melody: Track, settings: Settings) -> list[tuple[int, Event]]:
    """(tick, event) of what the engine answers."""
    tempo = score.tempo_map()
    # The engine is to listen, whatever channel the preset has chosen on stage.
    engine = Engine([settings.listening_to(0)], tempo)
    outlet = Outlet()
    left: list[tuple[int, bytes]] = []
    for tick, together in groupby(heard(melody), key=lambda event: event[0]):
        now_ns = tempo.ns(tick)
        _advance(engine, outlet, now_ns)
        left += outlet.due(now_ns, 0)
        _plan(outlet, engine.receive((0, event, now_ns) for _, event in together))
    left += outlet.due(tempo.ns(score.end_tick) + 1, 0)
    end_ns = max([tempo.ns(score.end_tick), *(due_ns for due_ns, _ in left)])
    outlet.silence()
    left += ((end_ns, data) for _, data in outlet.due(NO_DEADLINE, 0))
    return [(tempo.tick(due_ns), event) for due_ns, data in left if (event := decode(data))]


def _advance(engine: Engine, outlet: Outlet, now_ns: int) -> None:
    """Let the engine decide what it wanted to decide before now."""
    while (wake_ns := engine.next_wake_ns(0)) is not None and wake_ns < now_ns:
        _plan(outlet, engine.advance(wake_ns))


def _plan(outlet: Outlet, sent: list[Sent]) -> None:
    for _, due in sent:
        outlet.plan(due.time_ns, NO_DEADLINE, encode(due.event))


def _parts(played: list[tuple[int, Event]], settings: Settings, used: set[int]) -> list[Part]:
    """A track for each output channel; a channel that the file uses already is exchanged for a free one."""
    parts = []
    free = [channel for channel in range(16) if channel not in used and channel != 9]
    for channel in dict.fromkeys(part.channel for part in settings.parts):
        voices = [part for part in settings.parts if part.channel == channel]
        name = ", ".join(dict.fromkeys(part.name for part in voices))
        target = channel if channel not in used else free.pop(0) if free else channel
        if target in free:
            free.remove(target)
        events = [(tick, _moved(event, target)) for tick, event in played if getattr(event, "channel", -1) == channel]
        parts.append(Part(name, target, voices[0].program, events))
    return parts


def _moved(event: Event, channel: int) -> Event:
    match event:
        case NoteOn(_, pitch, velocity):
            return NoteOn(channel, pitch, velocity)
        case NoteOff(_, pitch, velocity):
            return NoteOff(channel, pitch, velocity)
    return event
