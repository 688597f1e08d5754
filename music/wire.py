"""MIDI bytes <-> events, driven by two tables (MIDI 1.0 Detailed Specification, tables I-III)."""

from __future__ import annotations

from collections.abc import Callable

from music.events import (
    Bend,
    Clock,
    Continue,
    Control,
    Event,
    NoteOff,
    NoteOn,
    PolyPressure,
    Pressure,
    Program,
    SongPosition,
    Start,
    Stop,
)

NOTE_OFF, NOTE_ON = 0x80, 0x90
CONTROL = 0xB0
ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF = 120, 121, 123
RESET_ALL = 0xFF
"""System Reset."""
SUSTAIN = 64
PEDAL_DOWN = 64
"""From this value on a pedal is down (MIDI 1.0 Detailed Specification, "Switch Controllers")."""

# Status byte (channel nibble cleared) -> length of the whole message in bytes.
VOICE_LENGTH = {0x80: 3, 0x90: 3, 0xA0: 3, 0xB0: 3, 0xC0: 2, 0xD0: 2, 0xE0: 3}
TRANSPORT_LENGTH = {0xF2: 3, 0xF8: 1, 0xFA: 1, 0xFB: 1, 0xFC: 1}

_VOICE: dict[int, Callable[..., Event]] = {
    0x80: NoteOff,
    0x90: NoteOn,
    0xA0: PolyPressure,
    0xB0: Control,
    0xC0: Program,
    0xD0: Pressure,
}
_TRANSPORT: dict[int, Event] = {0xF8: Clock(), 0xFA: Start(), 0xFB: Continue(), 0xFC: Stop()}
_STATUS: dict[object, int] = {kind: status for status, kind in _VOICE.items()}
_TRANSPORT_STATUS: dict[object, int] = {type(event): status for status, event in _TRANSPORT.items()}


def length(status: int) -> int:
    """How many bytes a message with this status has; 0 for what Continuo does not read (system exclusive ...)."""
    return VOICE_LENGTH.get(status & 0xF0, 0) or TRANSPORT_LENGTH.get(status, 0)


def decode(data: bytes) -> Event | None:
    """The event in one whole message; None where it is malformed or none of ours. Never raises."""
    if not data or len(data) != length(data[0]) or any(byte > 0x7F for byte in data[1:]):
        return None
    status = data[0] & 0xF0
    if status == 0xF0:
        return SongPosition(data[1] | data[2] << 7) if data[0] == 0xF2 else _TRANSPORT[data[0]]
    channel = data[0] & 0x0F
    if status == NOTE_ON and data[2] == 0:
        return NoteOff(channel, data[1])
    if status == 0xE0:
        return Bend(channel, (data[1] | data[2] << 7) - 8192)
    return _VOICE[status](channel, *data[1:])


def encode(event: Event) -> bytes:
    """The bytes of an event; `decode` gives the event back."""
    match event:
        case NoteOn(channel, pitch, velocity) | NoteOff(channel, pitch, velocity):
            return bytes((_STATUS[type(event)] | channel, pitch, velocity))
        case PolyPressure(channel, first, second) | Control(channel, first, second):
            return bytes((_STATUS[type(event)] | channel, first, second))
        case Program(channel, value) | Pressure(channel, value):
            return bytes((_STATUS[type(event)] | channel, value))
        case Bend(channel, value):
            return bytes((0xE0 | channel, (value + 8192) & 0x7F, (value + 8192) >> 7))
        case SongPosition(sixteenths):
            return bytes((0xF2, sixteenths & 0x7F, sixteenths >> 7))
        case _:
            return bytes((_TRANSPORT_STATUS[type(event)],))
