"""MIDI files written for the tests of `render`."""

from collections.abc import Sequence
from io import BytesIO

import mido

Note = tuple[int, int, int]
"""Onset and length in ticks, pitch."""
SCALE: tuple[Note, ...] = tuple((480 * i, 480, pitch) for i, pitch in enumerate((60, 62, 64, 65, 67, 65, 64, 62, 60)))


def piece(
    *tracks: tuple[str, int, Sequence[Note]], tempos: Sequence[tuple[int, int]] = (), ticks_per_beat: int = 480
) -> bytes:
    """A file of (name, channel, notes) tracks behind a track of (tick, us per beat) tempos and a 3/4 meter."""
    file = mido.MidiFile(ticks_per_beat=ticks_per_beat)
    conductor = [(0, mido.MetaMessage("time_signature", numerator=3, denominator=4))]
    conductor += [(tick, mido.MetaMessage("set_tempo", tempo=us)) for tick, us in tempos]
    file.tracks.append(_track(conductor))
    for name, channel, notes in tracks:
        timed = [(0, mido.MetaMessage("track_name", name=name))] if name else []
        for onset, length, pitch in notes:
            timed.append((onset, mido.Message("note_on", channel=channel, note=pitch, velocity=90)))
            timed.append((onset + length, mido.Message("note_off", channel=channel, note=pitch)))
        file.tracks.append(_track(timed))
    stream = BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def _track(timed: list[tuple[int, mido.Message]]) -> mido.MidiTrack:
    track, last = mido.MidiTrack(), 0
    for tick, message in sorted(timed, key=lambda pair: (pair[0], pair[1].type == "note_on")):
        track.append(message.copy(time=tick - last))
        last = tick
    return track


def melody(*notes: Note) -> bytes:
    return piece(("Melody", 0, notes or SCALE))
