"""Keys that surfaces play. The port has not seen them, so that where thru is on their own sound comes from here."""

from __future__ import annotations

from music.wire import NOTE_OFF, NOTE_ON


class Keys:
    """What of them sounds. The thread of the engine owns it."""

    def __init__(self) -> None:
        self._sounding: set[tuple[int, int, int]] = set()

    def strike(self, insert: int, data: bytes, *, thru: bool) -> list[bytes]:
        """What leaves when a key goes down or up, beside what is answered to it.

        A key that is struck anew ends first: the port counts, and one release is all that will come.
        """
        key = insert, data[0] & 0x0F, data[1]
        sent = []
        if key in self._sounding:
            self._sounding.remove(key)
            sent.append(bytes((NOTE_OFF | key[1], key[2], 64)))
        if thru and data[0] & 0xF0 == NOTE_ON:
            self._sounding.add(key)
            sent.append(data)
        return sent

    def forget(self) -> None:
        """The port has ended all that sounded."""
        self._sounding.clear()
