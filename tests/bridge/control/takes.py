"""What a brain would tell of a take, and the notes of a file."""

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from bridge.control.compose import Names, compose
from bridge.control.recorder import Recorder
from bridge.messages import INPUT, PLAY, Beats, Record, pack
from music.chunks import Kind, Meta, messages, split
from music.events import NoteOff, NoteOn
from music.midifile import Score, parse

MS = 10**6
SECOND = 1000 * MS
BEAT = SECOND // 2
"""At 120 bpm."""
MINUTE = 60 * SECOND

Heard = tuple[str, int, int, int, int]
"""Track, channel (0-based), pitch, onset and end in ms."""


def dry(ms: float, *data: int, insert: int = 0) -> Record:
    return Record(round(ms * MS), 0, INPUT, insert, bytes(data))


def wet(ms: float, *data: int, insert: int = 0) -> Record:
    return Record(round(ms * MS), 0, PLAY, insert, bytes(data))


def told(records: Iterable[Record], beats: Iterable[Beats] = ()) -> dict[str, Any]:
    return {"captured": b64encode(b"".join(map(pack, records))).decode(), "beats": [list(one) for one in beats]}


def recorded(records: Iterable[Record], beats: Iterable[Beats] = ()) -> Recorder:
    recorder = Recorder()
    recorder.take(told(records, beats))
    return recorder


def written(recorder: Recorder, now_ms: float, minutes: float = 5, names: Names = ({},)) -> bytes:
    return compose(recorder.recording(), names, round(now_ms * MS), round(minutes * MINUTE))


def heard(file: bytes) -> list[Heard]:
    """The notes of a file, sorted; fails where an onset has no release of its own, or a release no onset."""
    tempo = parse(file).tempo_map()
    found: list[Heard] = []
    for track in split(file).tracks:
        name, sounding = "", dict[tuple[int, int], int]()
        for tick, event in messages(track):
            match event:
                case Meta(Kind.TRACK_NAME, data):
                    name = data.decode()
                case NoteOn(channel, pitch):
                    assert (channel, pitch) not in sounding, "a key is struck that sounds"
                    sounding[channel, pitch] = tick
                case NoteOff(channel, pitch):
                    start, end = (round(tempo.ns(one) / MS) for one in (sounding.pop((channel, pitch)), tick))
                    found.append((name, channel, pitch, start, end))
        assert not sounding, "a note has no end"
    return sorted(found)


def score(file: bytes) -> Score:
    return parse(file)
