"""A recording as a MIDI file: a track for each channel that was played or answered on, on the grid of the song."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bridge.control.beatline import Beatline
from bridge.control.lanes import Key, Lane, Lanes, Note, Timed, latest
from bridge.control.recorder import Recording
from music.chunks import Part, append_tracks, blank
from music.errors import ContinuoError
from music.events import Control, Event, NoteOff, NoteOn
from music.wire import PEDAL_DOWN, SUSTAIN, decode

TICKS_PER_BEAT = 960
DRY = "Played"

Names = Sequence[Mapping[int, str]]
"""Of each insert: what its parts are called, by channel (0-based)."""
Row = tuple[int, int, Event]
"""Tick, what comes first at one tick, event."""
RELEASE, CHANGE, ONSET = range(3)


@dataclass(frozen=True, slots=True)
class Window:
    """From the first note that is written to the end of the last, and the ticks of moments in between."""

    start_ns: int
    end_ns: int
    line: Beatline
    origin: float

    def tick(self, ns: int) -> int:
        """The tick of a moment; what was before or comes after is moved to the window's ends."""
        ns = min(max(ns, self.start_ns), self.end_ns)
        return round((self.line.beat_at(ns) - self.origin) * TICKS_PER_BEAT)


def compose(recording: Recording, names: Names, now_ns: int, history_ns: int) -> bytes:
    """The last `history_ns` up to the end of the newest note (or to now, where one sounds), as a MIDI file.

    Notes that sound where it begins or ends, begin or end there. ContinuoError where nothing was played.
    """
    lanes = recording.lanes()
    line = Beatline(recording.marks)
    window = _window(lanes, line, now_ns, history_ns)
    parts = [
        part
        for (insert, wet), lane in sorted(lanes.by_insert.items())
        for part in _parts(lane, window, _labels(names, insert, wet=wet))
    ]
    tempos = line.tempos(window.origin, window.end_ns, TICKS_PER_BEAT)
    return append_tracks(blank(TICKS_PER_BEAT, tempos, [line.meter]), parts)


def _window(lanes: Lanes, line: Beatline, now_ns: int, history_ns: int) -> Window:
    """What is to be written; notes that never sounded are taken out of the lanes."""
    for (_, wet), lane in lanes.by_insert.items():
        lane.notes = [note for note in lane.notes if note.on_ns <= now_ns and not (wet and note.off_ns == note.on_ns)]
    notes = [note for lane in lanes.by_insert.values() for note in lane.notes]
    if not notes:
        raise ContinuoError("nothing has been played yet", "Play something, then capture it")
    end_ns = min(now_ns, max(now_ns if note.off_ns is None else note.off_ns for note in notes))
    begin_ns = end_ns - history_ns
    start_ns = min(max(note.on_ns, begin_ns) for note in notes if note.off_ns is None or note.off_ns >= begin_ns)
    return Window(start_ns, end_ns, line, line.origin(start_ns, end_ns))


def _labels(names: Names, insert: int, *, wet: bool) -> dict[int, str]:
    """What the tracks of an insert are called, by channel (0-based); with several inserts its number comes first."""
    number = f"{insert + 1} " if len(names) > 1 else ""
    parts = names[insert] if wet and insert < len(names) else {}
    other = "Continuo" if wet else DRY
    return {channel: number + parts.get(channel, f"{other}, channel {channel + 1}") for channel in range(16)}


def _parts(lane: Lane, window: Window, labels: Mapping[int, str]) -> Iterable[Part]:
    """A track for each channel that has a note in the window."""
    notes = _by_channel(note for note in lane.notes if note.off_ns is None or note.off_ns >= window.start_ns)
    for channel, own in sorted(notes.items()):
        rest = [one for one in lane.rest if one[1][0] & 0x0F == channel]
        rows = _note_rows(own, window) + _rest_rows(rest, window)
        rows.sort(key=lambda row: row[:2])
        yield Part(labels[channel], channel, None, [(tick, event) for tick, _, event in rows])


def _by_channel(notes: Iterable[Note]) -> dict[int, list[Note]]:
    found: defaultdict[int, list[Note]] = defaultdict(list)
    for note in notes:
        found[note.channel].append(note)
    return found


def _note_rows(notes: Iterable[Note], window: Window) -> list[Row]:
    """Onsets and releases, one release after each onset of a key, whatever lay over each other.

    A key that is struck anew while it sounds ends there, and goes on as long as the longer of the two.
    """
    keys: defaultdict[Key, list[tuple[int, int, int]]] = defaultdict(list)
    for note in notes:
        on = window.tick(note.on_ns)
        off = window.tick(window.end_ns if note.off_ns is None else note.off_ns)
        keys[note.channel, note.pitch].append((on, max(off, on + 1), note.velocity))
    return [row for (channel, pitch), spans in keys.items() for row in _key_rows(channel, pitch, sorted(spans))]


def _key_rows(channel: int, pitch: int, spans: Iterable[tuple[int, int, int]]) -> list[Row]:
    """The rows of one key, from (onset, release, velocity) in ticks, sorted."""
    apart: list[list[int]] = []
    for on, off, velocity in spans:
        if apart and apart[-1][0] == on:
            apart[-1][1:] = [max(apart[-1][1], off), max(apart[-1][2], velocity)]
            continue
        if apart and apart[-1][1] > on:
            off, apart[-1][1] = max(off, apart[-1][1]), on  # noqa: PLW2901 - the longer of the two
        apart.append([on, off, velocity])
    return [
        row
        for on, off, velocity in apart
        for row in ((on, ONSET, NoteOn(channel, pitch, velocity)), (off, RELEASE, NoteOff(channel, pitch)))
    ]


def _rest_rows(rest: list[Timed], window: Window) -> list[Row]:
    """Controllers, programs and bends: at the start as they stood there; at the end no pedal is down."""
    before = latest(one for one in rest if one[0] <= window.start_ns)
    within = [one for one in rest if window.start_ns < one[0] <= window.end_ns]
    events = [(0, decode(data)) for _, data in before] + [(window.tick(ns), decode(data)) for ns, data in within]
    rows: list[Row] = [(tick, CHANGE, event) for tick, event in events if event is not None]
    pedals = [event for _, event in events if isinstance(event, Control) and event.number == SUSTAIN]
    if pedals and pedals[-1].value >= PEDAL_DOWN:
        rows.append((window.tick(window.end_ns), CHANGE, Control(pedals[-1].channel, SUSTAIN, 0)))
    return rows
