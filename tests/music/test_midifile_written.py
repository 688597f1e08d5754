from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from music import midifile
from music.beat import Meter, Tempo
from music.midifile import BEND, CONTROL, Score, Track, read, used_channels, write
from tests.music.smf import Row, both_ways, note_array


def tracks_of(draw: st.DrawFn) -> Track:
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
def scores(draw: st.DrawFn) -> Score:
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
def test_file_to_score_to_file_to_score_is_exact(tmp_path_factory: pytest.TempPathFactory, score: Score) -> None:
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


def test_leading_silence_is_kept(tmp_path: Path) -> None:
    score = Score(480, (Track("late", 0, False, note_array((48_000, 480, 60, 64))),))
    write(score, tmp_path / "late.mid")
    assert read(tmp_path / "late.mid") == score


def test_ten_thousand_notes_do_not_drift(tmp_path: Path) -> None:
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


def test_drums_go_to_channel_10_and_the_rest_round_the_others(tmp_path: Path) -> None:
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


def test_tempos_and_meters_stand_in_the_first_track(tmp_path: Path) -> None:
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
def test_a_score_that_cannot_be_written_leaves_the_old_file_and_nothing_else(track: Track, tmp_path: Path) -> None:
    path = tmp_path / "kept.mid"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match=r".+"):
        write(Score(480, (track,)), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_put_in_its_place_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: Path, _target: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError):
        write(Score(480, (Track("", 0, False, note_array((0, 1, 60, 64))),)), tmp_path / "new.mid")
    assert list(tmp_path.iterdir()) == []


def test_scores_are_equal_only_note_for_note() -> None:
    def score(*rows: Row, name: str = "a", controls: Sequence[Row] = ()) -> Score:
        return Score(480, (Track(name, 0, False, note_array(*rows), np.array(list(controls), CONTROL)),))

    assert score((0, 1, 60, 64)) == score((0, 1, 60, 64))
    assert score((0, 1, 60, 64)) != score((0, 1, 60, 65))
    assert score((0, 1, 60, 64)) != score((0, 1, 60, 64), name="b")
    assert score((0, 1, 60, 64)) != score((0, 1, 60, 64), controls=[(0, 7, 100)])
    assert len({score((0, 1, 60, 64)), score((0, 1, 60, 64))}) == 1


def test_the_end_is_where_the_last_note_ends() -> None:
    assert Score(480, ()).end_tick == 0
    assert Score(480, (Track("", 0, False, note_array((0, 900, 60, 64), (480, 10, 61, 64))),)).end_tick == 900
