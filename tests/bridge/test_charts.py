"""Charts as they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.charts import LARGEST_BYTES, chart_of, classes_of
from bridge.errors import ValueRefused
from music.midifile import Score, Track, notes, write
from music.pitch import NAMES

KNOWN = {
    "C": "C E G", "Am": "A C E", "A-": "A C E", "Amin": "A C E", "Cmaj": "C E G", "F#m7b5": "F# A C E",
    "F#ø": "F# A C E", "B♭7": "Bb D F Ab", "Cmaj7": "C E G B", "CM7": "C E G B", "CΔ7": "C E G B", "CΔ": "C E G B",
    "Dm7": "D F A C", "D-7": "D F A C", "Bdim7": "B D F Ab", "Bo7": "B D F Ab", "B°": "B D F", "G+": "G B Eb",
    "Gaug": "G B Eb", "Ebsus4": "Eb Ab Bb", "Gsus": "G C D", "C6/9": "C E G A D", "C/E": "C E G", "C/D": "C E G D",
    "Am7/G": "A C E G", "A7(b9)": "A C# E G Bb", "Cm(maj7)": "C Eb G B", "Am(add9)": "A B C E", "G13": "G B D F A C E",
    "N.C.": "",
}  # fmt: skip


@pytest.mark.parametrize(("name", "tones"), KNOWN.items())
def test_chords_as_lead_sheets_write_them(name: str, tones: str) -> None:
    assert classes_of(name) == {NAMES.index(one) for one in tones.split()}


@pytest.mark.parametrize("name", ["H", "c", "Cfoo", "C/", "12", "C/H", "🎹", "C" * 400])
def test_what_is_no_chord_is_said_to_be_none(name: str) -> None:
    with pytest.raises(ValueRefused, match="chord"):
        chart_of(f"Am {name}")


def test_a_chord_has_a_bar_or_its_share_of_one_that_is_marked() -> None:
    plain, marked = chart_of("Am F C G"), chart_of("| Am F | % | C N.C. G |")
    assert plain and plain.starts == (0, 1, 2, 3) and plain.length == 4
    assert marked and marked.length == 3
    assert marked.starts == pytest.approx((0, 1 / 2, 1, 2, 2 + 1 / 3, 2 + 2 / 3))
    assert marked.classes[2] == marked.classes[1] and marked.classes[4] == set()
    assert chart_of("  ") is None


def test_a_file_is_its_melody_in_its_own_beats(tmp_path: Path) -> None:
    path, tune = tmp_path / "tune.mid", notes([0, 480, 480], [480, 240, 960], [60, 64, 67], 80)
    write(Score(480, (Track("Tune", 0, False, tune),)), path)
    chart = chart_of(str(path))
    assert chart and [sorted(chart.at(beat, 3)) for beat in (0, 0.9, 1, 1.4, 1.5, 2.9, 3, 4)] == [
        [0], [0], [4, 7], [4, 7], [7], [7], [], [0]
    ]  # fmt: skip
    path.write_bytes(b"MThd" + bytes(LARGEST_BYTES))
    with pytest.raises(ValueRefused, match="a melody alone is enough"):
        chart_of(str(path))
    path.write_bytes(b"no music")
    with pytest.raises(ValueRefused, match="no MIDI file"):
        chart_of(str(path))
    path.unlink()
    with pytest.raises(ValueRefused, match="no MIDI file"):
        chart_of(str(path))
