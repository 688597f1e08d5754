import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from music.wire import decode, encode, length

GOLDEN = {
    "80 3C 40": NoteOff(0, 60, 64),
    "8F 00 00": NoteOff(15, 0, 0),
    "90 3C 01": NoteOn(0, 60, 1),
    "9F 7F 7F": NoteOn(15, 127, 127),
    "A2 3C 10": PolyPressure(2, 60, 16),
    "B0 40 7F": Control(0, 64, 127),
    "B9 7B 00": Control(9, 123, 0),
    "C5 7F": Program(5, 127),
    "D5 10": Pressure(5, 16),
    "E0 00 40": Bend(0, 0),
    "E1 00 00": Bend(1, -8192),
    "E1 7F 7F": Bend(1, 8191),
    "E1 01 40": Bend(1, 1),
    "F2 00 00": SongPosition(0),
    "F2 01 02": SongPosition(257),
    "F2 7F 7F": SongPosition(16383),
    "F8": Clock(),
    "FA": Start(),
    "FB": Continue(),
    "FC": Stop(),
}

pitches = st.integers(0, 127)
channels = st.integers(0, 15)
events = st.one_of(
    st.builds(NoteOn, channels, pitches, st.integers(1, 127)),
    st.builds(NoteOff, channels, pitches, pitches),
    st.builds(PolyPressure, channels, pitches, pitches),
    st.builds(Control, channels, pitches, pitches),
    st.builds(Program, channels, pitches),
    st.builds(Pressure, channels, pitches),
    st.builds(Bend, channels, st.integers(-8192, 8191)),
    st.builds(SongPosition, st.integers(0, 16383)),
    st.sampled_from([Clock(), Start(), Continue(), Stop()]),
)


@pytest.mark.parametrize(("data", "event"), GOLDEN.items())
def test_each_kind_of_message_has_these_bytes(data: str, event: Event) -> None:
    assert decode(bytes.fromhex(data)) == event
    assert encode(event) == bytes.fromhex(data)


@given(events)
def test_an_event_survives_the_wire(event: Event) -> None:
    data = encode(event)
    assert decode(data) == event
    assert len(data) == length(data[0])


@given(st.binary(max_size=5))
def test_garbage_never_raises_and_what_is_understood_is_said_again(data: bytes) -> None:
    event = decode(data)
    if event is not None and not (data[0] & 0xF0 == 0x90 and data[2] == 0):
        assert encode(event) == data


@given(channels, pitches)
def test_a_note_on_of_velocity_0_is_a_release(channel: int, pitch: int) -> None:
    assert decode(bytes((0x90 | channel, pitch, 0))) == NoteOff(channel, pitch)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "90",
        "90 3C",
        "90 3C 40 00",
        "3C 40",
        "90 80 40",
        "90 3C 80",
        "F0 01 F7",
        "F1 00",
        "F4",
        "F6",
        "F8 00",
        "FE",
        "FF",
    ],
)
def test_what_is_cut_off_or_foreign_is_no_event(data: str) -> None:
    assert decode(bytes.fromhex(data)) is None


@pytest.mark.parametrize("status", [0x00, 0x7F, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF9, 0xFD, 0xFE, 0xFF])
def test_a_status_that_is_not_read_has_no_length(status: int) -> None:
    assert length(status) == 0
