"""What an insert has sounding, and the messages from one answer to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from music.events import NoteOff, NoteOn, Voice

Note = tuple[int, int]
"""Channel and pitch of something that sounds."""


class Tone(NamedTuple):
    """How a note is to sound."""

    velocity: int
    pitch: int
    """The player's own, whatever octave the macros have put it in."""


@dataclass(frozen=True, slots=True)
class Due:
    """A message that an insert sends at a moment."""

    time_ns: int
    event: Voice


class Sounding:
    """The notes that the port was told to begin and not yet to end, oldest first, and what befell them in a frame."""

    def __init__(self) -> None:
        self._notes: dict[Note, int] = {}  # and the player's own pitch
        self._begun: dict[Note, int] = {}  # in the open frame
        self._rang = False  # for most of the open frame, and then ended

    def __bool__(self) -> bool:
        return bool(self._notes)

    def __iter__(self) -> Iterator[Note]:
        return iter(self._notes)

    def again(self, wanted: Mapping[Note, Tone], struck: frozenset[int], *, often: bool) -> set[Note]:
        """Which of the wanted notes are to be struck though they may sound: once a frame, or as `often` as is asked."""
        return {note for note, tone in wanted.items() if tone.pitch in struck} - (set() if often else set(self._begun))

    def become(
        self, wanted: Mapping[Note, Tone], again: set[Note], time_ns: int, strum_ns: int, *, late: bool
    ) -> list[Due]:
        """What must end and what must begin for the wanted notes, and no others, to sound.

        `again` are those to strike even where they sound; `late`: most of the frame is over.
        """
        due = self.end(time_ns, [note for note in self._notes if note not in wanted or note in again], late=late)
        onset_ns = time_ns
        for note, tone in wanted.items():
            if note not in self._notes:
                due.append(Due(onset_ns, NoteOn(*note, tone.velocity)))
                self._begun[note] = tone.pitch
            self._notes[note] = tone.pitch
            onset_ns += strum_ns
        return due

    def end(self, time_ns: int, notes: Iterable[Note] | None = None, *, late: bool) -> list[Due]:
        """End notes, or all of them."""
        ended = list(self._notes if notes is None else notes)
        for note in ended:
            del self._notes[note]
        if ended and not self._notes:
            self._rang = late
        return [Due(time_ns, NoteOff(*note)) for note in ended]

    def close_frame(self) -> tuple[bool, tuple[int, ...]]:
        """Whether anything sounded for most of the frame that ends, and what the player struck in it, low to high."""
        closed = bool(self._notes) or self._rang, tuple(sorted(set(self._begun.values())))
        self._begun.clear()
        self._rang = False
        return closed

    def clear(self) -> None:
        """Forget what sounds: somebody else ends it."""
        self._notes.clear()
        self._begun.clear()
