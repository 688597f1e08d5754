"""Whether the bytes of a voice message begin a note or end one."""

from __future__ import annotations

from music.wire import NOTE_OFF, NOTE_ON


def is_onset(data: bytes) -> bool:
    """Whether a message begins a note."""
    return data[0] & 0xF0 == NOTE_ON and data[2] > 0


def is_release(data: bytes) -> bool:
    """Whether a message ends a note; an onset of velocity 0 does."""
    return data[0] & 0xF0 == NOTE_OFF or (data[0] & 0xF0 == NOTE_ON and data[2] == 0)
