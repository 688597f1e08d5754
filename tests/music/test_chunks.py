import struct

import pytest

from music.chunks import split
from music.events import Bend, Control, Event, NoteOff, NoteOn
from music.midifile import (
    Part,
    append_tracks,
    parse,
    used_channels,
)
from tests.music.smf import OFF, ON, chunk, found, notes_of, smf


def test_tracks_are_added_and_the_old_ones_stay_byte_for_byte() -> None:
    old = chunk((0, "F0 03 41 10 F7"), (0, "FF 30 00"), (0, ON), (7, "3C 00"), end="05 FF 2F 00")
    part = Part(
        "Viola", 2, 41, [(480, NoteOn(2, 60, 64)), (0, Control(2, 7, 100)), (960, NoteOff(2, 60)), (0, Bend(2, 5))]
    )
    source = append_tracks(
        smf(old, file_format=0), [part, Part("", 3, None, [(0, NoteOn(3, 40, 1)), (5, NoteOff(3, 40))])]
    )
    assert old in source
    assert split(source).format == 1
    assert found(source) == [
        ("", 0, False, [(0, 7, 60, 64)]),
        ("Viola", 41, False, [(480, 480, 60, 64)]),
        ("", 0, False, [(0, 5, 40, 1)]),
    ]
    viola = parse(source).tracks[1]
    assert (viola.controls.tolist(), viola.bends.tolist()) == ([(0, 7, 100)], [(0, 5)])
    assert used_channels(source) == {0, 2, 3}


def test_new_tracks_come_before_what_follows_the_last_track() -> None:
    alien = b"XFIH" + struct.pack(">L", 3) + b"abc"
    source = append_tracks(smf(chunk((0, ON), (1, OFF))) + alien, [Part("a", 0, 0, [])])
    assert source.endswith(alien)
    assert len(split(source).tracks) == 2


def test_events_of_one_tick_stay_in_the_order_given() -> None:
    events: list[tuple[int, Event]] = [
        (0, NoteOn(0, 60, 1)),
        (5, NoteOff(0, 60)),
        (5, NoteOn(0, 60, 2)),
        (9, NoteOff(0, 60)),
    ]
    source = append_tracks(smf(chunk()), [Part("", 0, None, events)])
    assert notes_of(source) == [(0, 5, 60, 1), (5, 4, 60, 2)]


def test_without_parts_a_file_stays_as_it_is() -> None:
    source = smf(chunk((0, ON), (1, OFF)))
    assert append_tracks(source, []) == source


def test_nothing_is_added_to_a_file_of_independent_patterns() -> None:
    with pytest.raises(ValueError, match="format 2"):
        append_tracks(smf(chunk(), file_format=2), [Part("a", 0, 0, [])])


def test_an_event_before_the_start_is_refused() -> None:
    with pytest.raises(ValueError, match="before the start"):
        append_tracks(smf(chunk()), [Part("a", 0, None, [(-1, NoteOff(0, 60))])])


def test_a_channel_is_used_by_any_message_and_not_by_the_bytes_of_a_text() -> None:
    source = smf(chunk((0, b"\xff\x01\x03\x95\x3c\x40"), (0, "B2 07 64"), (200, "D4 10"), (0, "F7 02 97 F7")))
    assert used_channels(source) == {2, 4}
