"""What stands behind an output."""

from music.wire import ALL_NOTES_OFF, ALL_SOUND_OFF


class Synth:
    """An instrument as most are: a note-off ends the note, however often it was struck."""

    def __init__(self) -> None:
        self.sounding: set[tuple[int, int]] = set()
        self.pedals: set[int] = set()

    def play(self, data: bytes) -> None:
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if kind == 0x90 and data[2]:
            self.sounding.add((channel, data[1]))
        elif kind in (0x80, 0x90):
            self.sounding.discard((channel, data[1]))
        elif kind == 0xB0 and data[1] in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            self.sounding = {key for key in self.sounding if key[0] != channel}
        elif kind == 0xB0 and data[1] == 64:
            (self.pedals.add if data[2] >= 64 else self.pedals.discard)(channel)
