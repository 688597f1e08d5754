"""What an insert has sounding, and the messages from one answer to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bridge.brain.settings import Settings
from models.player import Answer
from music.events import NoteOff, NoteOn, Voice

Note = tuple[int, int]
"""Channel and pitch of something that sounds."""


@dataclass(frozen=True, slots=True)
class Due:
    """A message that an insert sends at a moment."""

    time_ns: int
    event: Voice


def notes_of(answer: Answer, settings: Settings, touch: int) -> dict[Note, int]:
    """The velocity of each note that an answer wants to sound, where the musician's touch was `touch`."""
    wanted: dict[Note, int] = {}
    for voice, (part, pitch) in enumerate(zip(settings.parts, answer.pitches, strict=True)):
        if pitch is not None:
            velocity = part.velocity(touch, settings.velocity_follow)
            velocity = part.within(answer.velocities[voice]) if answer.velocities else velocity
            wanted.setdefault((part.channel, pitch), velocity)
    return wanted


class Sounding:
    """The notes that the port was told to begin and not yet to end, oldest first, and what befell them in a frame."""

    def __init__(self) -> None:
        self._notes: dict[Note, None] = {}
        self._begun: set[Note] = set()  # in the open frame
        self._rang = False  # for most of the open frame, and then ended

    def __bool__(self) -> bool:
        return bool(self._notes)

    def __iter__(self) -> Iterator[Note]:
        return iter(self._notes)

    def again(self, wanted: Mapping[Note, int], struck: frozenset[int], *, often: bool) -> set[Note]:
        """Which of the wanted notes are to be struck though they may sound: once a frame, or as `often` as is asked."""
        return {note for note in wanted if note[1] in struck} - (set() if often else self._begun)

    def become(
        self, wanted: Mapping[Note, int], again: set[Note], time_ns: int, strum_ns: int, *, late: bool
    ) -> list[Due]:
        """What must end and what must begin for the wanted notes, and no others, to sound.

        `again` are those to strike even where they sound; `late`: most of the frame is over.
        """
        due = self.end(time_ns, [note for note in self._notes if note not in wanted or note in again], late=late)
        onset_ns = time_ns
        for note, velocity in wanted.items():
            if note not in self._notes:
                due.append(Due(onset_ns, NoteOn(*note, velocity)))
                self._notes[note] = None
                self._begun.add(note)
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
        """Whether anything sounded for most of the frame that ends, and the pitches struck in it, low to high."""
        closed = bool(self._notes) or self._rang, tuple(sorted({pitch for _, pitch in self._begun}))
        self._begun.clear()
        self._rang = False
        return closed

    def clear(self) -> None:
        """Forget what sounds: somebody else ends it."""
        self._notes.clear()
        self._begun.clear()
