"""What stands behind an output, for those who count what it is left sounding."""

from __future__ import annotations

from music.wire import ALL_NOTES_OFF, ALL_SOUND_OFF, CONTROL, NOTE_OFF, NOTE_ON, PEDAL_DOWN, SUSTAIN

Key = tuple[int, int]
"""Channel (0-based) and pitch."""


class Synth:
    """An instrument as most are: a note-off ends the note, however often it was struck."""

    def __init__(self) -> None:
        self.sounding: set[Key] = set()
        self.pedals: set[int] = set()

    def play(self, data: bytes) -> None:
        """Take a message."""
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if kind == NOTE_ON and data[2]:
            self.sounding.add((channel, data[1]))
        elif kind in (NOTE_OFF, NOTE_ON):
            self.sounding.discard((channel, data[1]))
        elif kind == CONTROL and data[1] in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            self.sounding = {key for key in self.sounding if key[0] != channel}
        elif kind == CONTROL and data[1] == SUSTAIN:
            (self.pedals.add if data[2] >= PEDAL_DOWN else self.pedals.discard)(channel)

    def clear(self) -> int:
        """Forget what sounds, as a host does whose cable goes; gives how much it was, pedals too."""
        left = len(self.sounding) + len(self.pedals)
        self.sounding.clear()
        self.pedals.clear()
        return left


class Ledger:
    """What of the dry notes is down, and whose release has been passed on and not arrived."""

    def __init__(self) -> None:
        self.down: set[Key] = set()
        self.owed: set[Key] = set()

    def passed(self, data: bytes) -> None:
        """A dry message goes through."""
        kind, key = data[0] & 0xF0, (data[0] & 0x0F, data[1] if len(data) > 1 else 0)
        if kind == NOTE_ON and data[2]:
            self.down.add(key)
            self.owed.discard(key)
        elif kind in (NOTE_ON, NOTE_OFF):
            self._up({key})
        elif kind == CONTROL and data[1] in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            self._up({one for one in self.down if one[0] == key[0]})

    def arrived(self, data: bytes, *, dry: bool) -> bool:
        """A message reached the listener; False where one that nobody played cuts a key that is down."""
        kind, key = data[0] & 0xF0, (data[0] & 0x0F, data[1] if len(data) > 1 else 0)
        if kind == NOTE_OFF or (kind == NOTE_ON and not data[2]):
            self.owed.discard(key)
            return dry or key not in self.down
        if kind == CONTROL and data[1] in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            self.owed = {one for one in self.owed if one[0] != key[0]}
            return dry or not any(channel == key[0] for channel, _ in self.down)
        return True

    def cut(self) -> None:
        """Every key counts as up: a panic, a pulled cable, a thru that was switched off."""
        self.down.clear()

    def _up(self, keys: set[Key]) -> None:
        self.owed |= keys & self.down
        self.down -= keys
