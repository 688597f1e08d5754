import dataclasses
from collections.abc import Callable

import pytest

from music.events import (
    Bend,
    Clock,
    Continue,
    Control,
    NoteOff,
    NoteOn,
    PolyPressure,
    Pressure,
    Program,
    SongPosition,
    Start,
    Stop,
)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (NoteOn, (16, 60, 64)),
        (NoteOn, (-1, 60, 64)),
        (NoteOn, (0, 128, 64)),
        (NoteOn, (0, -1, 64)),
        (NoteOn, (0, 60, 128)),
        (NoteOn, (0, 60, 0)),
        (NoteOff, (0, 128)),
        (NoteOff, (0, 60, 128)),
        (PolyPressure, (0, 60, 128)),
        (Control, (0, 128, 0)),
        (Control, (0, 0, -1)),
        (Program, (0, 128)),
        (Pressure, (16, 0)),
        (Bend, (0, 8192)),
        (Bend, (0, -8193)),
        (SongPosition, (16384,)),
    ],
)
def test_a_value_out_of_range_is_refused(kind: Callable[..., object], values: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="is not within"):
        kind(*values)


def test_the_message_names_the_value_and_its_range() -> None:
    with pytest.raises(ValueError, match="pitch 128 is not within 0-127"):
        NoteOn(0, 128, 64)


def test_both_ends_of_every_range_are_allowed() -> None:
    assert NoteOn(0, 0, 1) != NoteOn(15, 127, 127)
    assert Bend(0, -8192) != Bend(0, 8191)
    assert SongPosition(0) != SongPosition(16383)


def test_a_release_has_the_velocity_of_devices_that_measure_none() -> None:
    assert NoteOff(0, 60).velocity == 64


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        NoteOn(0, 60, 64).pitch = 61  # type: ignore[misc]


def test_equal_events_are_one_key() -> None:
    assert (
        len({NoteOn(0, 60, 64), NoteOn(0, 60, 64), NoteOff(0, 60), Clock(), Clock(), Start(), Stop(), Continue()}) == 6
    )
