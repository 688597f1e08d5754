"""A melody in a sound file becomes a MIDI file: heard as the microphone is, written where the notes began."""

from __future__ import annotations

from pathlib import Path

from bridge.render.tape import Played, write
from music import files
from music.audio import wav
from music.audio.listener import Listener, Range
from music.errors import FileError
from music.events import Event, NoteOff, NoteOn
from music.wire import encode

CONVERT = "Convert it to a WAV file: ffmpeg -i song.mp3 song.wav"


def transcribe(source: Path, target: Path, heard: Range) -> int:
    """How many notes were written; FileError where the file does not read, or has none."""
    try:
        sound = wav.parse(files.read(source))
    except wav.WavError as error:
        raise FileError(f"{source}: {error}", CONVERT) from error
    listener = Listener(sound.rate_hz, heard)
    notes = listener.hear(sound.samples) + listener.end()
    played: list[Played] = []
    for note in notes:
        event: Event = NoteOn(0, note.pitch, note.velocity) if note.velocity else NoteOff(0, note.pitch)
        played.append((0, round(note.since_s * 1e9), encode(event).hex()))
    if not played:
        raise FileError(f"{source}: no notes were heard in it", "One voice at a time; or lower --gate or --confidence")
    write(played, target)
    return len(played) // 2
