"""Channel voice and transport events of MIDI, frozen and range-checked.

A note-on always has a velocity of 1-127: the byte form with velocity 0 becomes a `NoteOff` in `music.wire`
and nowhere else. Channels and programs are 0-based, pitch 60 is C4.
Source: MIDI 1.0 Detailed Specification, table II and section "System Real Time".
"""

from __future__ import annotations

from dataclasses import dataclass


def _check(what: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError(f"{what} {value} is not within {low}-{high}")


@dataclass(frozen=True, slots=True)
class NoteOn:
    """A note starts."""

    channel: int
    pitch: int
    velocity: int

    def __post_init__(self) -> None:
        _check("channel", self.channel, 0, 15)
        _check("pitch", self.pitch, 0, 127)
        _check("velocity", self.velocity, 1, 127)


@dataclass(frozen=True, slots=True)
class NoteOff:
    """A note ends; 64 is the release velocity of devices that do not measure it."""

    channel: int
    pitch: int
    velocity: int = 64

    def __post_init__(self) -> None:
        _check("channel", self.channel, 0, 15)
        _check("pitch", self.pitch, 0, 127)
        _check("velocity", self.velocity, 0, 127)


@dataclass(frozen=True, slots=True)
class PolyPressure:
    """Aftertouch of one key."""

    channel: int
    pitch: int
    value: int

    def __post_init__(self) -> None:
        _check("channel", self.channel, 0, 15)
        _check("pitch", self.pitch, 0, 127)
        _check("pressure", self.value, 0, 127)


@dataclass(frozen=True, slots=True)
class Control:
    """A controller moves (64 is the sustain pedal, 120 and up are channel mode messages)."""

    channel: int
    number: int
    value: int

    def __post_init__(self) -> None:
        _check("channel", self.channel, 0, 15)
        _check("controller", self.number, 0, 127)
        _check("value", self.value, 0, 127)


@dataclass(frozen=True, slots=True)
class Program:
    """A channel changes its instrument."""

    channel: int
    program: int

    def __post_init__(self) -> None:
        _check("channel", self.channel, 0, 15)
        _check("program", self.program, 0, 127)


@dataclass(frozen=True, slots=True)
class Pressure:
    """Aftertouch of a whole channel."""

    channel: int
    value: int

    def __post_init__(self) -> None:
        _check("channel", self.channel, 0, 15)
        _check("pressure", self.value, 0, 127)


@dataclass(frozen=True, slots=True)
class Bend:
    """The pitch wheel, -8192 to 8191, 0 in the middle."""

    channel: int
    value: int

    def __post_init__(self) -> None:
        _check("channel", self.channel, 0, 15)
        _check("bend", self.value, -8192, 8191)


@dataclass(frozen=True, slots=True)
class SongPosition:
    """Where the song stands, in sixteenths from its start."""

    sixteenths: int

    def __post_init__(self) -> None:
        _check("song position", self.sixteenths, 0, 16383)


@dataclass(frozen=True, slots=True)
class Clock:
    """One tick, 1/24 beat."""


@dataclass(frozen=True, slots=True)
class Start:
    """The transport starts from the top; the first `Clock` after it is beat 0."""


@dataclass(frozen=True, slots=True)
class Continue:
    """The transport goes on from where it stands."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The transport stops."""


Voice = NoteOn | NoteOff | PolyPressure | Control | Program | Pressure | Bend
Transport = SongPosition | Clock | Start | Continue | Stop
Event = Voice | Transport
