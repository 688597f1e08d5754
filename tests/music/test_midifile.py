import struct
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from music import midifile
from music.beat import Meter, Tempo
from music.midifile import (
    MidiFileError,
    parse,
    read,
)
from tests.music.smf import END, OFF, ON, both_ways, chunk, found, notes_of, number, smf

needs_symusic = pytest.mark.skipif(midifile._symusic() is None, reason="symusic is not installed")


def test_a_note_lasts_from_its_press_to_its_release() -> None:
    assert found(smf(chunk((480, ON), (240, OFF)))) == [("", 0, False, [(480, 240, 60, 64)])]


@pytest.mark.parametrize(
    "timed",
    [
        [(0, ON), (48, "3C 00"), (0, "3E 40"), (5, "3E 00")],
        [(0, ON), (0, "FF 01 03 41 42 43"), (48, "3C 00"), (0, "90 3E 40"), (5, "3E 00")],
        [(0, ON), (48, "90 3C 00"), (0, "F0 03 41 10 F7"), (0, "90 3E 40"), (5, "80 3E 7F")],
    ],
    ids=["running status", "across a meta event", "around a system exclusive"],
)
def test_every_way_to_write_two_notes_is_read(timed: list[tuple[int, str]]) -> None:
    assert notes_of(smf(chunk(*timed))) == [(0, 48, 60, 64), (48, 5, 62, 64)]


@pytest.mark.parametrize(
    ("packet", "tick"),
    [("F0 05 7E 7F 09 01 F7", 10), ("F7 02 01 F7", 10), ("F7 01 01", 10), ("FF 30 00", 10), ("FF 59 02 63 63", 10)],
    ids=["exclusive", "continued exclusive", "escape", "unknown meta event", "a key that is none"],
)
def test_what_is_not_read_takes_its_time_and_leaves_no_trace(packet: str, tick: int) -> None:
    assert notes_of(smf(chunk((tick, packet), (0, ON), (1, OFF)))) == [(tick, 1, 60, 64)]


def test_a_delta_time_with_the_byte_of_an_exclusive_is_a_delta_time() -> None:
    length = 0x77 << 7
    assert number(length)[0] == 0xF7
    assert notes_of(smf(chunk((0, ON), (length, OFF)))) == [(0, length, 60, 64)]


def test_overlapping_notes_of_one_pitch_end_in_the_order_they_began() -> None:
    source = smf(chunk((0, "90 3C 10"), (4, "90 3C 20"), (4, OFF), (4, OFF)))
    assert notes_of(source) == [(0, 8, 60, 16), (4, 8, 60, 32)]


def test_a_note_of_no_length_is_kept() -> None:
    assert notes_of(smf(chunk((5, ON), (0, OFF)))) == [(5, 0, 60, 64)]


def test_a_note_held_at_the_end_lasts_to_the_end_of_its_track() -> None:
    source = smf(chunk((0, ON), (10, "90 40 20"), (10, OFF), end="64 FF 2F 00"))
    assert notes_of(source) == [(0, 20, 60, 64), (10, 110, 64, 32)]


def test_of_many_notes_of_one_pitch_held_at_the_end_the_four_oldest_are_kept() -> None:
    source = smf(chunk(*[(1, ON)] * 6))
    assert notes_of(source) == [(1, 5, 60, 64), (2, 4, 60, 64), (3, 3, 60, 64), (4, 2, 60, 64)]


def test_a_track_without_its_end_is_read_to_its_last_event() -> None:
    assert notes_of(smf(chunk((0, ON), (7, "B0 07 64"), end=""))) == [(0, 7, 60, 64)]


def test_what_follows_the_end_of_a_track_is_not_read() -> None:
    source = smf(chunk((0, ON), (3, END), (5, OFF)))
    assert notes_of(source) == [(0, 3, 60, 64)]


def test_a_release_without_a_note_leaves_no_track() -> None:
    assert found(smf(chunk((0, OFF)), chunk((0, "B0 07 64")))) == []


def test_one_chunk_gives_a_track_for_each_channel_and_program() -> None:
    source = smf(
        chunk(
            (0, "FF 03 02 41 42"),
            (0, "93 3C 40"),
            (0, "91 3C 40"),
            (4, "83 3C 40"),
            (0, "81 3C 40"),
            (0, "C1 20"),
            (0, "91 3C 40"),
            (1, "81 3C 40"),
            (0, "99 24 40"),
            (1, "89 24 40"),
        )
    )
    assert found(source) == [
        ("AB", 0, False, [(0, 4, 60, 64)]),
        ("AB", 32, False, [(4, 1, 60, 64)]),
        ("AB", 0, False, [(0, 4, 60, 64)]),
        ("AB", 0, True, [(5, 1, 36, 64)]),
    ]


def test_a_note_belongs_to_the_program_under_which_it_began() -> None:
    source = smf(chunk((0, "C0 05"), (0, ON), (10, "C0 06"), (5, OFF), (0, ON), (1, OFF)))
    assert [(program, rows) for _, program, _, rows in found(source)] == [
        (5, [(0, 15, 60, 64)]),
        (6, [(15, 1, 60, 64)]),
    ]


def test_controls_and_bends_belong_to_the_program_that_plays_after_them() -> None:
    source = smf(
        chunk(
            (0, "B0 07 64"),
            (0, "C0 05"),
            (1, ON),
            (0, "E0 00 50"),
            (1, "C0 06"),
            (0, "B0 40 7F"),
            (1, OFF),
            (0, ON),
            (1, OFF),
        )
    )
    first, second = both_ways(source).tracks
    assert first.controls.tolist() == [(0, 7, 100)]
    assert first.bends.tolist() == [(1, 2048)]
    assert second.controls.tolist() == [(2, 64, 127)]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"Violin", "Violin"),
        ("Fl\u00f6te \u266d".encode(), "Fl\u00f6te \u266d"),
        (b"Fl\xf6te", "Fl\ufffdte"),
        (b"\xff\xfe\xff", "\ufffd"),
        (b"", ""),
    ],
)
def test_a_name_is_read_as_utf_8(data: bytes, name: str) -> None:
    source = smf(chunk((0, b"\xff\x03" + number(len(data)) + data), (0, ON), (1, OFF)))
    assert found(source)[0][0] == name


def test_of_two_names_the_last_counts() -> None:
    assert found(smf(chunk((0, "FF 03 01 41"), (0, ON), (0, "FF 03 01 42"), (1, OFF))))[0][0] == "B"


def test_of_two_tempos_at_one_tick_the_last_in_the_file_counts() -> None:
    score = both_ways(
        smf(
            chunk((0, "FF 51 03 07 A1 20"), (0, "FF 51 03 06 A1 20"), (10, "FF 51 03 06 A1 20")),
            chunk((4, "FF 51 03 05 A1 20"), (6, "FF 51 03 04 A1 20"), (0, ON), (1, OFF)),
        )
    )
    assert score.tempos == (Tempo(0, 434_464), Tempo(4, 368_928), Tempo(10, 303_392))


def test_a_meter_that_is_none_is_dropped() -> None:
    score = both_ways(smf(chunk((0, "FF 58 04 06 03 18 08"), (1, "FF 58 04 00 02 18 08"), (1, "FF 58 04 04 08 18 08"))))
    assert score.meters == (Meter(0, 6, 8),)


def test_a_file_of_format_0_is_read() -> None:
    assert notes_of(smf(chunk((0, "FF 51 03 07 A1 20"), (3, ON), (4, OFF)), file_format=0)) == [(3, 4, 60, 64)]


def test_chunks_of_other_makers_and_what_follows_the_last_track_are_passed_over() -> None:
    alien = b"XFIH" + struct.pack(">L", 3) + b"abc"
    source = smf(chunk((0, ON), (4, OFF)))
    assert notes_of(source[:14] + alien + source[14:] + b"\0\0\0") == [(0, 4, 60, 64)]


def test_a_longer_header_is_passed_over() -> None:
    source = smf(chunk((0, ON), (4, OFF)))
    assert notes_of(source[:7] + b"\x08" + source[8:14] + b"\0\0" + source[14:]) == [(0, 4, 60, 64)]


def message(draw: st.DrawFn, channel: int) -> bytes:
    pitch = draw(st.integers(60, 62))
    value = draw(st.sampled_from([0, 1, 64, 127]))
    kind = draw(st.sampled_from([0x90] * 4 + [0x80] * 3 + [0xA0, 0xB0, 0xC0, 0xD0, 0xE0]))
    return bytes((kind | channel, pitch, value)[: 2 if kind in (0xC0, 0xD0) else 3])


@st.composite
def chunks(draw: st.DrawFn) -> bytes:
    timed = []
    for _ in range(draw(st.integers(0, 25))):
        delta = draw(st.sampled_from([0, 0, 0, 1, 120, 15_808, 20_000]))
        kind = draw(st.integers(0, 9))
        if kind < 8:
            data = message(draw, draw(st.sampled_from([0, 3, 9])))
        elif kind == 8:
            text = draw(st.binary(max_size=6))
            data = b"\xff" + draw(st.sampled_from([b"\x01", b"\x03", b"\x30", b"\x7f"])) + number(len(text)) + text
        else:
            data = draw(
                st.sampled_from(
                    [
                        bytes.fromhex("FF 51 03 07 A1 20"),
                        bytes.fromhex("FF 58 04 03 02 18 08"),
                        bytes.fromhex("F0 03 41 10 F7"),
                        bytes.fromhex("F7 02 41 F7"),
                        bytes.fromhex("FF 2F 00"),
                    ]
                )
            )
        timed.append((delta, data))
    return chunk(*timed, end=draw(st.sampled_from(["00 FF 2F 00", "87 40 FF 2F 00", ""])))


@needs_symusic
@given(st.lists(chunks(), min_size=1, max_size=3), st.sampled_from([24, 480]))
def test_symusic_and_the_event_by_event_reader_give_the_same_score(tracks: list[bytes], division: int) -> None:
    both_ways(smf(*tracks, division=division))


@needs_symusic
def test_symusic_is_what_reads_a_plain_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(midifile, "_by_hand")
    assert parse(smf(chunk((0, ON), (1, OFF), (0, "F0 03 41 10 F7")))).end_tick == 1


def test_without_symusic_a_file_is_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    source = smf(chunk((0, ON), (1, OFF)))
    expected = parse(source)
    monkeypatch.setitem(sys.modules, "symusic", None)
    midifile._symusic.cache_clear()
    try:
        assert midifile._symusic() is None
        assert parse(source) == expected
    finally:
        monkeypatch.undo()
        midifile._symusic.cache_clear()


@settings(deadline=None)
@given(st.binary(max_size=40), st.integers(0, 60), st.data())
def test_a_damaged_file_is_read_or_refused(noise: bytes, at: int, data: st.DataObject) -> None:
    whole = smf(
        chunk((0, "FF 03 02 41 42"), (0, ON), (48, "3C 00"), (0, "F0 03 41 10 F7"), (0, "C0 05"), (1, ON), (2, OFF))
    )
    damaged = whole[:at] + noise + whole[at + data.draw(st.integers(0, 40)) :]
    with suppress(MidiFileError):
        parse(damaged)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (b"", "it is empty"),
        (b"RIFF\0\0\0\0RMID", "does not start with MThd"),
        (b"MThd\0\0\0\6\0", "less than its header"),
        (smf(chunk((0, ON)))[:20], "declares 1 tracks and holds 0"),
        (smf(chunk((0, ON)))[:-2], "longer than the file"),
        (smf(chunk((0, ON)), division=0xE728), "SMPTE"),
        (smf(chunk((0, ON)), division=0), "0 ticks per beat"),
        (smf(chunk((0, ON)), file_format=2), "format 2"),
        (smf(chunk((0, ON)), file_format=7), "no format 7"),
        (smf(), "without tracks"),
        (smf(chunk((0, ON)))[:7] + b"\4" + smf(chunk((0, ON)))[8:], "header has 4 bytes"),
        (smf(chunk((0, "90 BC 40"))), "data byte over 127"),
        (smf(chunk((0, "3C 40"))), "no message begins"),
        (smf(chunk((0, "F4"))), "no message begins"),
        (smf(chunk((0, ON), end="00 90 3C")), "breaks off"),
        (smf(chunk((0, ON), end="00 FF 03 7F 41")), "breaks off"),
        (smf(chunk((0, ON), end="00 F0 7F 41")), "breaks off"),
        (smf(chunk(*[(0x0FFFFFFF, ON), (0x0FFFFFFF, OFF)] * 5)), "lasts longer"),
        (smf(chunk((2**31, ON), (0, OFF), end="")), "a number over"),
        (smf(chunk((0, ON), (2**90, OFF), end="")), "a number over"),
    ],
)
def test_a_bad_file_is_refused_by_name_in_one_sentence(source: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.mid"
    path.write_bytes(source)
    with pytest.raises(MidiFileError, match=sentence) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.mid")
