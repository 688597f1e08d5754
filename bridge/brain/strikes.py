"""What a turn has sounding, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush

from bridge.brain.macros import Looseness, loudness
from bridge.brain.settings import Part, Settings
from bridge.brain.sounding import Due, Note
from music.beat import Timeline
from music.events import NoteOff, NoteOn
from music.phrase import Onset


class Strikes:
    """The notes of onsets in beats, as the port is to play them."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._looseness = Looseness()
        self._sounding: dict[Note, int] = {}  # and which of the onsets it is from
        self._releases: list[tuple[float, int, Note]] = []  # a heap
        self._ending: dict[Note, int] = {}  # what the port was told to end, and when
        self._onsets = 0

    def __bool__(self) -> bool:
        return bool(self._sounding)

    def __iter__(self) -> Iterator[Note]:
        return iter(self._sounding)

    @property
    def next_beat(self) -> float | None:
        """When the next note ends; None where nothing sounds."""
        return self._releases[0][0] if self._releases else None

    def strike(self, onset: Onset, settings: Settings) -> list[Due]:
        """Begin the notes of an onset."""
        time_ns = self._timeline.ns_at(onset.beat)
        self._onsets += 1
        due = []
        for tone in onset.tones:
            part, end = part_of(tone.pitch, settings), onset.beat + tone.beats
            note = (part.channel, tone.pitch)
            if note in self._sounding:
                self._ending[note] = time_ns
                due.append(Due(time_ns, NoteOff(*note)))
            late_ns = min(self._looseness.late_ns(settings), (self._timeline.ns_at(end) - time_ns) // 2)
            due.append(Due(time_ns + late_ns, NoteOn(*note, loudness(tone.velocity, part, settings))))
            self._sounding[note] = self._onsets
            heappush(self._releases, (end, self._onsets, note))
        return due

    def release(self, until_ns: int) -> list[Due]:
        """What ends by then."""
        due = []
        while self._releases and self._timeline.ns_at(self._releases[0][0]) <= until_ns:
            beat, onset, note = heappop(self._releases)
            if self._sounding.get(note) == onset:
                del self._sounding[note]
                self._ending[note] = self._timeline.ns_at(beat)
                due.append(Due(self._ending[note], NoteOff(*note)))
        return due

    def end_all(self, now_ns: int) -> list[Due]:
        """End at once what sounds, and what was to end a little later."""
        soon = [note for note, time_ns in self._ending.items() if time_ns > now_ns]
        due = [Due(now_ns, NoteOff(*note)) for note in [*self._sounding, *soon]]
        self.forget()
        return due

    def forget(self) -> None:
        """Nothing sounds: somebody else has ended it."""
        self._sounding.clear()
        self._releases.clear()
        self._ending.clear()


def part_of(pitch: int, settings: Settings) -> Part:
    """Who plays a pitch: the first part that has it."""
    parts = settings.parts
    return next((part for part in parts if part.lowest <= pitch <= part.highest), parts[0])
