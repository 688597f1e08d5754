"""The loopback's tapes: the melody it plays, the take it leaves."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from bridge import presets
from bridge.render.melody import heard, melody_track
from music import files
from music.chunks import Chunks
from music.errors import FileError
from music.events import Event, NoteOff, NoteOn, Program
from music.midifile import MidiFileError, Part, append_tracks, parse
from music.wire import decode, encode

TICKS_PER_BEAT = 480
NS_PER_TICK = 500_000_000 / TICKS_PER_BEAT
_NOTHING = b"\x00\xff\x2f\x00"

Melody = list[tuple[int, str]]
"""(ns from the start, message in hex)."""
Played = tuple[int, int, str]
"""(insert, ns from the start, message in hex)."""


def melody(path: Path | None = None) -> Melody:
    """The melody of a MIDI file, or the bundled one; FileError where it does not read."""
    path = path or presets.melody()
    source = files.read(path)
    try:
        score = parse(source)
        track = melody_track(score)
    except (MidiFileError, FileError) as error:
        raise FileError(f"{path}: {getattr(error, 'message', error)}", "Give a MIDI file with notes") from error
    tempo = score.tempo_map()
    return [(tempo.ns(tick), encode(event).hex()) for tick, event in heard([track])]


def write(played: list[Played], path: Path | None = None) -> Path:
    """Write what was played, a track for each channel, 120 bpm; gives the file."""
    parts: dict[int, list[tuple[int, Event]]] = {}
    for _, time_ns, data in played:
        event = decode(bytes.fromhex(data))
        if isinstance(event, NoteOn | NoteOff | Program):
            parts.setdefault(event.channel, []).append((max(0, round(time_ns / NS_PER_TICK)), event))
    tracks = [
        Part("Melody" if channel == 0 else f"Continuo {channel + 1}", channel, None, events)
        for channel, events in sorted(parts.items())
        if any(isinstance(event, NoteOn) for _, event in events)
    ]
    path = path or Path(f"continuo-take-{datetime.now().astimezone():%Y%m%d-%H%M%S}.mid")
    files.write(path, append_tracks(Chunks(1, TICKS_PER_BEAT, (_NOTHING,)).join(), tracks))
    return path
