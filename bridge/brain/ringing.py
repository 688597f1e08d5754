"""What sounds on when another scene has taken its insert: it ends with the keys that it answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bridge.brain.sounding import Note
from music.events import Control, Event, NoteOff, NoteOn, Stop
from music.wire import ALL_NOTES_OFF, ALL_SOUND_OFF, PEDAL_DOWN, RESET_CONTROLLERS, SUSTAIN

ANY_KEY = -1
"""For notes that only a pedal holds, whoever struck them."""


class Hold(NamedTuple):
    """What keeps notes sounding: keys (channel, pitch) that are down, what pedals hold, and pedals that are down."""

    keys: frozenset[Note]
    lasting: frozenset[Note]
    pedals: frozenset[int]
    by_pedal: bool
    """Whether pedals count."""


class Ringing:
    """Notes that nobody decides about any more. The thread of the engine owns it."""

    def __init__(self, notes: Iterable[Note], hold: Hold, *, each: bool) -> None:
        """`each`: a note ends with the last key of its pitch class, and not with the last of all keys."""
        self._notes = dict.fromkeys(notes)
        self._keys, self._lasting, self._pedals = set(hold.keys), set(hold.lasting), set(hold.pedals)
        self._by_pedal, self._each = hold.by_pedal, each

    def __bool__(self) -> bool:
        return bool(self._notes)

    def __iter__(self) -> Iterator[Note]:
        return iter(self._notes)

    def hear(self, event: Event) -> list[Note]:
        """Take in what the musician does; the notes that end with it."""
        match event:
            case NoteOn(channel, pitch) | NoteOff(channel, pitch):  # struck anew, it is the other scene's key
                if (channel, pitch) in self._keys and channel in self._pedals and self._by_pedal:
                    self._lasting.add((channel, pitch))
                self._keys.discard((channel, pitch))
            case Control(channel, number, value) if number == SUSTAIN and value >= PEDAL_DOWN:
                self._pedals.add(channel)
            case Control(channel, number) if number in (SUSTAIN, RESET_CONTROLLERS):
                self._lift(channel)
            case Control(channel, number) if number in (ALL_SOUND_OFF, ALL_NOTES_OFF):
                self._lift(channel)
                self._keys = {key for key in self._keys if key[0] != channel}
            case Stop():
                return self.end()
        return self.settle()

    def settle(self) -> list[Note]:
        """The notes that nothing holds, which now end."""
        holding = self._keys | self._lasting
        classes = {pitch % 12 for _, pitch in holding}
        ended = [note for note in self._notes if not holding or (self._each and note[1] % 12 not in classes)]
        for note in ended:
            del self._notes[note]
        return ended

    def end(self) -> list[Note]:
        """All of them end."""
        ended = list(self._notes)
        self._notes.clear()
        return ended

    def give_up(self, note: Note) -> bool:
        """Somebody else strikes a note: whether it was one of these."""
        return self._notes.pop(note, False) is None

    def _lift(self, channel: int) -> None:
        self._pedals.discard(channel)
        self._lasting = {key for key in self._lasting if key[0] != channel}
