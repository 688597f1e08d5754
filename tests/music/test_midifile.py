import os
import struct
import sys
from fractions import Fraction
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from music import midifile
from music.beat import Meter, Tempo
from music.chunks import split
from music.events import Bend, Control, NoteOff, NoteOn
from music.midifile import (
    BEND,
    CONTROL,
    NOTE,
    MidiFileError,
    Part,
    Score,
    Track,
    append_tracks,
    parse,
    read,
    used_channels,
    write,
)

needs_symusic = pytest.mark.skipif(midifile._symusic() is None, reason="symusic is not installed")
ON, OFF, END = "90 3C 40", "80 3C 40", "FF 2F 00"


def number(value):
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.insert(0, value & 0x7F | 0x80)
    return bytes(digits)


def chunk(*timed, end="00 FF 2F 00"):
    """An MTrk chunk of (delta, hex or bytes)."""
    data = b"".join(number(delta) + (m if isinstance(m, bytes) else bytes.fromhex(m)) for delta, m in timed)
    data += bytes.fromhex(end)
    return b"MTrk" + struct.pack(">L", len(data)) + data


def smf(*chunks, file_format=1, division=480):
    return b"MThd" + struct.pack(">LHHH", 6, file_format, len(chunks), division) + b"".join(chunks)


def both_ways(source):
    """The score, the same by symusic (where it is installed) and event by event."""
    score = midifile._by_hand(split(source))
    assert parse(source) == score
    return score


def found(source):
    """(name, program, drum, notes) of each track."""
    return [(track.name, track.program, track.drum, track.notes.tolist()) for track in both_ways(source).tracks]


def notes_of(source):
    return [row for *_, rows in found(source) for row in rows]


def note_array(*rows):
    return np.array(list(rows), NOTE)


def test_a_note_lasts_from_its_press_to_its_release():
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
def test_every_way_to_write_two_notes_is_read(timed):
    assert notes_of(smf(chunk(*timed))) == [(0, 48, 60, 64), (48, 5, 62, 64)]


@pytest.mark.parametrize(
    ("packet", "tick"),
    [("F0 05 7E 7F 09 01 F7", 10), ("F7 02 01 F7", 10), ("F7 01 01", 10), ("FF 30 00", 10), ("FF 59 02 63 63", 10)],
    ids=["exclusive", "continued exclusive", "escape", "unknown meta event", "a key that is none"],
)
def test_what_is_not_read_takes_its_time_and_leaves_no_trace(packet, tick):
    assert notes_of(smf(chunk((tick, packet), (0, ON), (1, OFF)))) == [(tick, 1, 60, 64)]


def test_a_delta_time_with_the_byte_of_an_exclusive_is_a_delta_time():
    length = 0x77 << 7
    assert number(length)[0] == 0xF7
    assert notes_of(smf(chunk((0, ON), (length, OFF)))) == [(0, length, 60, 64)]


def test_overlapping_notes_of_one_pitch_end_in_the_order_they_began():
    source = smf(chunk((0, "90 3C 10"), (4, "90 3C 20"), (4, OFF), (4, OFF)))
    assert notes_of(source) == [(0, 8, 60, 16), (4, 8, 60, 32)]


def test_a_note_of_no_length_is_kept():
    assert notes_of(smf(chunk((5, ON), (0, OFF)))) == [(5, 0, 60, 64)]


def test_a_note_held_at_the_end_lasts_to_the_end_of_its_track():
    source = smf(chunk((0, ON), (10, "90 40 20"), (10, OFF), end="64 FF 2F 00"))
    assert notes_of(source) == [(0, 20, 60, 64), (10, 110, 64, 32)]


def test_of_many_notes_of_one_pitch_held_at_the_end_the_four_oldest_are_kept():
    source = smf(chunk(*[(1, ON)] * 6))
    assert notes_of(source) == [(1, 5, 60, 64), (2, 4, 60, 64), (3, 3, 60, 64), (4, 2, 60, 64)]


def test_a_track_without_its_end_is_read_to_its_last_event():
    assert notes_of(smf(chunk((0, ON), (7, "B0 07 64"), end=""))) == [(0, 7, 60, 64)]


def test_what_follows_the_end_of_a_track_is_not_read():
    source = smf(chunk((0, ON), (3, END), (5, OFF)))
    assert notes_of(source) == [(0, 3, 60, 64)]


def test_a_release_without_a_note_leaves_no_track():
    assert found(smf(chunk((0, OFF)), chunk((0, "B0 07 64")))) == []


def test_one_chunk_gives_a_track_for_each_channel_and_program():
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


def test_a_note_belongs_to_the_program_under_which_it_began():
    source = smf(chunk((0, "C0 05"), (0, ON), (10, "C0 06"), (5, OFF), (0, ON), (1, OFF)))
    assert [(program, rows) for _, program, _, rows in found(source)] == [
        (5, [(0, 15, 60, 64)]),
        (6, [(15, 1, 60, 64)]),
    ]


def test_controls_and_bends_belong_to_the_program_that_plays_after_them():
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
def test_a_name_is_read_as_utf_8(data, name):
    source = smf(chunk((0, b"\xff\x03" + number(len(data)) + data), (0, ON), (1, OFF)))
    assert found(source)[0][0] == name


def test_of_two_names_the_last_counts():
    assert found(smf(chunk((0, "FF 03 01 41"), (0, ON), (0, "FF 03 01 42"), (1, OFF))))[0][0] == "B"


def test_of_two_tempos_at_one_tick_the_last_in_the_file_counts():
    score = both_ways(
        smf(
            chunk((0, "FF 51 03 07 A1 20"), (0, "FF 51 03 06 A1 20"), (10, "FF 51 03 06 A1 20")),
            chunk((4, "FF 51 03 05 A1 20"), (6, "FF 51 03 04 A1 20"), (0, ON), (1, OFF)),
        )
    )
    assert score.tempos == (Tempo(0, 434_464), Tempo(4, 368_928), Tempo(10, 303_392))


def test_a_meter_that_is_none_is_dropped():
    score = both_ways(smf(chunk((0, "FF 58 04 06 03 18 08"), (1, "FF 58 04 00 02 18 08"), (1, "FF 58 04 04 08 18 08"))))
    assert score.meters == (Meter(0, 6, 8),)


def test_a_file_of_format_0_is_read():
    assert notes_of(smf(chunk((0, "FF 51 03 07 A1 20"), (3, ON), (4, OFF)), file_format=0)) == [(3, 4, 60, 64)]


def test_chunks_of_other_makers_and_what_follows_the_last_track_are_passed_over():
    alien = b"XFIH" + struct.pack(">L", 3) + b"abc"
    source = smf(chunk((0, ON), (4, OFF)))
    assert notes_of(source[:14] + alien + source[14:] + b"\0\0\0") == [(0, 4, 60, 64)]


def test_a_longer_header_is_passed_over():
    source = smf(chunk((0, ON), (4, OFF)))
    assert notes_of(source[:7] + b"\x08" + source[8:14] + b"\0\0" + source[14:]) == [(0, 4, 60, 64)]


def message(draw, channel):
    pitch = draw(st.integers(60, 62))
    value = draw(st.sampled_from([0, 1, 64, 127]))
    kind = draw(st.sampled_from([0x90] * 4 + [0x80] * 3 + [0xA0, 0xB0, 0xC0, 0xD0, 0xE0]))
    return bytes((kind | channel, pitch, value)[: 2 if kind in (0xC0, 0xD0) else 3])


@st.composite
def chunks(draw):
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
def test_symusic_and_the_event_by_event_reader_give_the_same_score(tracks, division):
    both_ways(smf(*tracks, division=division))


@needs_symusic
def test_symusic_is_what_reads_a_plain_file(monkeypatch):
    monkeypatch.delattr(midifile, "_by_hand")
    assert parse(smf(chunk((0, ON), (1, OFF), (0, "F0 03 41 10 F7")))).end_tick == 1


def test_without_symusic_a_file_is_read_all_the_same(monkeypatch):
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
def test_a_damaged_file_is_read_or_refused_in_one_sentence(noise, at, data):
    whole = smf(
        chunk((0, "FF 03 02 41 42"), (0, ON), (48, "3C 00"), (0, "F0 03 41 10 F7"), (0, "C0 05"), (1, ON), (2, OFF))
    )
    damaged = whole[:at] + noise + whole[at + data.draw(st.integers(0, 40)) :]
    try:
        parse(damaged)
    except MidiFileError as error:
        assert "\n" not in str(error)


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
    ],
)
def test_a_bad_file_is_refused_by_name_in_one_sentence(source, sentence, tmp_path):
    path = tmp_path / "bad.mid"
    path.write_bytes(source)
    with pytest.raises(MidiFileError, match=sentence) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.mid")


def tracks_of(draw):
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 5000), st.integers(0, 600), st.integers(60, 64), st.integers(1, 127)),
            min_size=1,
            max_size=20,
        )
    )
    controls = sorted(
        draw(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 127), st.integers(0, 127)), max_size=5))
    )
    bends = sorted(draw(st.lists(st.tuples(st.integers(0, 5000), st.integers(-8192, 8191)), max_size=5)))
    name = draw(st.text(st.characters(codec="utf-8", exclude_characters="\ufffd"), max_size=8))
    return Track(
        name,
        draw(st.integers(0, 127)),
        draw(st.booleans()),
        midifile.notes(*map(np.array, zip(*rows, strict=True))),
        np.array(controls, CONTROL),
        np.array(bends, BEND),
    )


@st.composite
def scores(draw):
    tempos = draw(st.dictionaries(st.integers(0, 5000), st.integers(1, 0xFFFFFF), max_size=4))
    meters = draw(
        st.dictionaries(
            st.integers(0, 5000), st.tuples(st.integers(1, 255), st.sampled_from([1, 2, 4, 8, 16, 128])), max_size=3
        )
    )
    return Score(
        draw(st.sampled_from([24, 96, 480, 960])),
        tuple(tracks_of(draw) for _ in range(draw(st.integers(1, 3)))),
        tuple(Tempo(*item) for item in sorted(tempos.items())),
        tuple(Meter(tick, *meter) for tick, meter in sorted(meters.items())),
    )


@settings(deadline=None)
@given(scores())
def test_file_to_score_to_file_to_score_is_exact(tmp_path_factory, score):
    path = tmp_path_factory.getbasetemp() / "again.mid"
    write(score, path)
    once = both_ways(path.read_bytes())  # where notes of one pitch lie inside each other they have exchanged their ends
    write(once, path)
    assert read(path) == once
    assert once.tempos == score.tempos
    assert once.meters == score.meters
    assert once.end_tick == score.end_tick
    for track, original in zip(once.tracks, score.tracks, strict=True):
        assert (track.name, track.program, track.drum) == (original.name, original.program, original.drum)
        assert track.controls.tolist() == original.controls.tolist()
        assert track.bends.tolist() == original.bends.tolist()
        assert sorted(track.notes["onset"]) == sorted(original.notes["onset"])


def test_leading_silence_is_kept(tmp_path):
    score = Score(480, (Track("late", 0, False, note_array((48_000, 480, 60, 64))),))
    write(score, tmp_path / "late.mid")
    assert read(tmp_path / "late.mid") == score


def test_ten_thousand_notes_do_not_drift(tmp_path):
    onsets = np.arange(10_000) * 160
    tempos = tuple(Tempo(tick, 428_571 + tick % 977) for tick in range(0, 1_600_000, 777))
    score = Score(480, (Track("", 0, False, midifile.notes(onsets, 80, 60, 64)),), tempos)
    write(score, tmp_path / "long.mid")
    again = read(tmp_path / "long.mid")
    assert again == score
    timeline = again.tempo_map()
    exact, latest, at = Fraction(), 500_000, 0
    for tempo in tempos:
        if tempo.tick <= onsets[-1]:
            exact, latest, at = exact + Fraction((tempo.tick - at) * latest * 1000, 480), tempo.us_per_beat, tempo.tick
    exact += Fraction((int(onsets[-1]) - at) * latest * 1000, 480)
    assert abs(timeline.ns(int(again.tracks[0].notes["onset"][-1])) - exact) <= Fraction(1, 2)


def test_drums_go_to_channel_10_and_the_rest_round_the_others(tmp_path):
    one = note_array((0, 1, 60, 64))
    score = Score(480, tuple(Track(str(i), i, i % 4 == 1, one) for i in range(22)))
    write(score, tmp_path / "many.mid")
    file = mido.MidiFile(tmp_path / "many.mid")
    channels = [next(m.channel for m in track if m.type == "note_on") for track in file.tracks[1:]]
    assert file.type == 1
    assert {channels[i] for i in range(1, 22, 4)} == {9}
    melodic = [channel for i, channel in enumerate(channels) if i % 4 != 1]
    assert melodic == [*range(9), *range(10, 16), 0]
    assert used_channels((tmp_path / "many.mid").read_bytes()) == set(range(16))


def test_tempos_and_meters_stand_in_the_first_track(tmp_path):
    score = Score(480, (Track("a", 0, False, note_array((0, 1, 60, 64))),), (Tempo(0, 1),), (Meter(5, 3, 4),))
    write(score, tmp_path / "a.mid")
    first = mido.MidiFile(tmp_path / "a.mid").tracks[0]
    assert [(m.type, m.time) for m in first] == [("set_tempo", 0), ("time_signature", 5), ("end_of_track", 0)]


@pytest.mark.parametrize(
    "track",
    [
        Track("", 0, False, note_array((0, 1, 128, 64))),
        Track("", 0, False, note_array((0, 1, 60, 0))),
        Track("", 0, False, note_array((0, -1, 60, 64))),
        Track("", 0, False, note_array((-1, 2, 60, 64))),
        Track("", 128, False, note_array((0, 1, 60, 64))),
        Track("\ud800", 0, False, note_array((0, 1, 60, 64))),
    ],
    ids=["pitch", "velocity", "length", "onset", "program", "name"],
)
def test_a_score_that_cannot_be_written_leaves_the_old_file_and_nothing_else(track, tmp_path):
    path = tmp_path / "kept.mid"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match=r".+"):
        write(Score(480, (track,)), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_put_in_its_place_leaves_nothing(tmp_path, monkeypatch):
    def refuse(_self, _target):
        raise PermissionError

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError):
        write(Score(480, (Track("", 0, False, note_array((0, 1, 60, 64))),)), tmp_path / "new.mid")
    assert os.listdir(tmp_path) == []


def test_scores_are_equal_only_note_for_note():
    def score(*rows, name="a", controls=()):
        return Score(480, (Track(name, 0, False, note_array(*rows), np.array(list(controls), CONTROL)),))

    assert score((0, 1, 60, 64)) == score((0, 1, 60, 64))
    assert score((0, 1, 60, 64)) != score((0, 1, 60, 65))
    assert score((0, 1, 60, 64)) != score((0, 1, 60, 64), name="b")
    assert score((0, 1, 60, 64)) != score((0, 1, 60, 64), controls=[(0, 7, 100)])
    assert len({score((0, 1, 60, 64)), score((0, 1, 60, 64))}) == 1


def test_the_end_is_where_the_last_note_ends():
    assert Score(480, ()).end_tick == 0
    assert Score(480, (Track("", 0, False, note_array((0, 900, 60, 64), (480, 10, 61, 64))),)).end_tick == 900


def test_tracks_are_added_and_the_old_ones_stay_byte_for_byte():
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


def test_new_tracks_come_before_what_follows_the_last_track():
    alien = b"XFIH" + struct.pack(">L", 3) + b"abc"
    source = append_tracks(smf(chunk((0, ON), (1, OFF))) + alien, [Part("a", 0, 0, [])])
    assert source.endswith(alien)
    assert len(split(source).tracks) == 2


def test_events_of_one_tick_stay_in_the_order_given():
    events = [(0, NoteOn(0, 60, 1)), (5, NoteOff(0, 60)), (5, NoteOn(0, 60, 2)), (9, NoteOff(0, 60))]
    source = append_tracks(smf(chunk()), [Part("", 0, None, events)])
    assert notes_of(source) == [(0, 5, 60, 1), (5, 4, 60, 2)]


def test_without_parts_a_file_stays_as_it_is():
    source = smf(chunk((0, ON), (1, OFF)))
    assert append_tracks(source, []) == source


def test_nothing_is_added_to_a_file_of_independent_patterns():
    with pytest.raises(ValueError, match="format 2"):
        append_tracks(smf(chunk(), file_format=2), [Part("a", 0, 0, [])])


def test_an_event_before_the_start_is_refused():
    with pytest.raises(ValueError, match="before the start"):
        append_tracks(smf(chunk()), [Part("a", 0, None, [(-1, NoteOff(0, 60))])])


def test_a_channel_is_used_by_any_message_and_not_by_the_bytes_of_a_text():
    source = smf(chunk((0, b"\xff\x01\x03\x95\x3c\x40"), (0, "B2 07 64"), (200, "D4 10"), (0, "F7 02 97 F7")))
    assert used_channels(source) == {2, 4}
