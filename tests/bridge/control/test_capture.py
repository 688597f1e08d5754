"""What was played and answered becomes a file: which notes, how long, on which beats; and how much is kept."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.control import capture
from bridge.control.capture import Captures
from bridge.control.recorder import HISTORY_NS, Recorder
from bridge.control.state import Desk
from bridge.errors import ValueRefused
from bridge.messages import RESET, SILENCE, Beats, Record
from music.chunks import messages, split
from music.errors import ContinuoError, FileError
from music.events import Control, Program
from tests.bridge.control.takes import BEAT, MINUTE, MS, SECOND, Heard, dry, heard, recorded, score, told, wet, written

INTERNAL = Beats(0, 0.0, BEAT, 4, 4, None)


def silence(ms: float, insert: int = 0) -> Record:
    return Record(round(ms * MS), 0, SILENCE, insert, b"")


def reset(ms: float) -> Record:
    return Record(round(ms * MS), 0, RESET, 0, b"")


ON, OFF = (0x90, 60, 80), (0x80, 60, 64)
WET_ON, WET_OFF = (0x91, 55, 70), (0x81, 55, 64)
DRY_NAME, WET_NAME = "Played, channel 1", "Alto"


def dry_note(on: int, off: int, pitch: int = 60) -> Heard:
    return (DRY_NAME, 0, pitch, on, off)


def wet_note(on: int, off: int, pitch: int = 55) -> Heard:
    return (WET_NAME, 1, pitch, on, off)


@dataclass(frozen=True)
class Take:
    """Records, and the notes that come of them; times in ms."""

    records: list[Record]
    notes: list[Heard]
    now_ms: int = 9_000


TAKES = {
    "a note and its answer": Take(
        [dry(0, *ON), wet(5, *WET_ON), dry(800, *OFF), wet(805, *WET_OFF)], [wet_note(5, 805), dry_note(0, 800)]
    ),
    "a note that sounds still ends now": Take([dry(0, *ON)], [dry_note(0, 700)], now_ms=700),
    "a note-on of velocity 0 is a note-off": Take([dry(0, *ON), dry(90, 0x90, 60, 0)], [dry_note(0, 90)]),
    "a note-off alone is nothing": Take([dry(0, *OFF), dry(0, *ON), dry(90, *OFF)], [dry_note(0, 90)]),
    "one note-off ends a key struck twice": Take(
        [dry(0, *ON), dry(50, *ON), dry(90, *OFF)], [dry_note(0, 50), dry_note(50, 90)]
    ),
    "two answers on one key sound as long as the longer": Take(
        [wet(0, *WET_ON), wet(50, *WET_ON), wet(70, *WET_OFF), wet(90, *WET_OFF)], [wet_note(0, 50), wet_note(50, 90)]
    ),
    "an answer that is ended before it begins never sounds": Take(
        [dry(0, *ON), wet(60, *WET_ON), wet(20, *WET_OFF), dry(90, *OFF)], [dry_note(0, 90)]
    ),
    "a panic ends answers and drops what was planned": Take(
        [dry(0, *ON), wet(5, *WET_ON), wet(500, 0x91, 53, 70), silence(100), wet(800, *WET_OFF), dry(900, *OFF)],
        [wet_note(5, 100), dry_note(0, 900)],
    ),
    "lost input ends all": Take(
        [dry(0, *ON), wet(5, *WET_ON), reset(100), dry(900, *OFF)], [wet_note(5, 100), dry_note(0, 100)]
    ),
    "a host that ends all notes of a channel": Take(
        [dry(0, *ON), dry(0, 0x90, 64, 80), dry(90, 0xB0, 123, 0)], [dry_note(0, 90), dry_note(0, 90, 64)]
    ),
    "onset and release with one stamp are a short note": Take([dry(0, *ON), dry(0, *OFF)], [dry_note(0, 1)]),
}


@pytest.mark.parametrize("take", TAKES.values(), ids=TAKES)
def test_take_becomes_these_notes(take: Take) -> None:
    file = written(recorded(take.records), take.now_ms, names=[{1: "Alto"}])
    assert heard(file) == sorted(take.notes)


def test_inserts_and_channels_have_tracks_of_their_own() -> None:
    records = [dry(0, *ON), dry(0, *ON, insert=1), dry(0, 0x94, 60, 9), wet(0, *WET_ON), wet(0, *WET_ON, insert=1)]
    names = [{1: "Alto"}, {1: "Horn, Tuba"}]
    found = [(name, channel) for name, channel, *_ in heard(written(recorded(records), 500, names=names))]
    assert found == [
        ("1 Alto", 1),
        ("1 Played, channel 1", 0),
        ("1 Played, channel 5", 4),
        ("2 Horn, Tuba", 1),
        ("2 Played, channel 1", 0),
    ]


def test_window_ends_with_the_newest_note_however_long_ago_and_cuts_what_sounds_at_its_start() -> None:
    records = [
        dry(0, 0x90, 40, 80), dry(10_000, 0x80, 40, 64),  # before the window
        dry(20_000, 0x90, 41, 80), dry(61_000, 0x80, 41, 64),  # into it
        dry(90_000, *ON), dry(100_000, *OFF),
    ]  # fmt: skip
    found = heard(written(recorded(records), 10 * MINUTE / MS, minutes=1))
    assert found == [dry_note(0, 21_000, 41), dry_note(50_000, 60_000)]


def test_programs_controllers_and_pedals_stand_at_the_start_as_they_stood_there() -> None:
    records = [
        wet(0, 0xC1, 40), dry(0, 0xB0, 64, 127), dry(5, 0xB0, 7, 1), dry(6, 0xB0, 7, 90),
        dry(100_000, *ON), wet(100_000, *WET_ON), dry(100_500, 0xB0, 7, 91), dry(101_000, *OFF), wet(101_000, *WET_OFF),
    ]  # fmt: skip
    file = written(recorded(records), 200_000, minutes=0.5)
    changes = [
        (tick, event)
        for track in split(file).tracks
        for tick, event in messages(track)
        if isinstance(event, Control | Program)
    ]
    assert changes == [
        (0, Control(0, 64, 127)), (0, Control(0, 7, 90)), (960, Control(0, 7, 91)), (1920, Control(0, 64, 0)),
        (0, Program(1, 40)),
    ]  # fmt: skip


def test_nothing_played_is_a_sentence_with_a_remedy() -> None:
    for recorder in (Recorder(), recorded([dry(0, 0xB0, 7, 90)]), recorded([wet(9, *WET_ON), wet(9, *WET_OFF)])):
        with pytest.raises(ContinuoError, match="nothing has been played yet"):
            written(recorder, 1000)


def test_without_a_song_it_is_120_bpm_from_the_beat_before_the_first_note() -> None:
    file = written(recorded([dry(5_250, *ON), dry(5_750, *OFF)], [INTERNAL]), 9_000)
    assert [(one.tick, one.us_per_beat) for one in score(file).tempos] == [(0, 500_000)]
    assert score(file).tracks[0].notes["onset"].tolist() == [480]
    assert score(file).tracks[0].notes["length"].tolist() == [960]
    assert written(recorded([dry(5_250, *ON), dry(5_750, *OFF)]), 9_000) == file


def test_song_of_the_daw_gives_bars_tempo_and_meter() -> None:
    """A song in 3/4 at 90 bpm stands at beat 31, in bar 11, when ours is at beat 4: a note there is at 1 of the bar."""
    ns_per_beat = 60 * SECOND / 90
    rolling = Beats(2 * SECOND, 4.0, ns_per_beat, 3, 4, 27)
    note_ms = (2 * SECOND + 2.5 * ns_per_beat) / MS
    file = score(written(recorded([dry(note_ms, *ON)], [INTERNAL, rolling]), 9_000))
    assert [(one.numerator, one.denominator) for one in file.meters] == [(3, 4)]
    assert [(one.tick, one.us_per_beat) for one in file.tempos] == [(0, 666_667)]
    assert file.tracks[0].notes["onset"].tolist() == [960 // 2]  # 33.5 is half a beat after the bar at 33


def test_tempo_that_changes_keeps_real_time_and_the_grid() -> None:
    marks = [INTERNAL, Beats(4 * SECOND, 8.0, BEAT, 4, 4, 0), Beats(4_100 * MS, 8.2, 2 * BEAT, 4, 4, 0)]
    on_beats_ms = [1_000, 3_000, 4_100 + 800, 4_100 + 4_800]  # beats 2, 6, 9 and 13
    take = [record for ms in on_beats_ms for record in (dry(ms, *ON), dry(ms + 100, *OFF))]
    file = written(recorded(take, marks), 60_000)
    assert score(file).tracks[0].notes["onset"].tolist() == [2 * 960, 6 * 960, 9 * 960, 13 * 960]
    assert [on - 1_000 for _, _, _, on, _ in heard(file)] == [ms - 1_000 for ms in on_beats_ms]


def test_song_that_is_moved_is_on_the_beat_before_and_after() -> None:
    marks = [INTERNAL, Beats(2_900 * MS, 5.8, BEAT, 4, 4, 0), Beats(3_000 * MS, 6.7, BEAT, 4, 4, 40)]
    take = [record for ms in (2_500, 3_150) for record in (dry(ms, *ON), dry(ms + 10, *OFF))]
    file = written(recorded(take, marks), 60_000)
    assert score(file).tracks[0].notes["onset"].tolist() == [960, 3 * 960]  # beats 5 and 7; the bar began at 4
    assert [on for _, _, _, on, _ in heard(file)] == [500, 1_150]


def test_beats_of_a_new_brain_go_on_from_those_of_the_old_one() -> None:
    recorder = recorded([dry(0, *ON), dry(100, *OFF)], [Beats(0, 100.0, BEAT, 4, 4, 20)])
    recorder.cut(1_000 * MS)
    recorder.take(told([dry(990, *ON)], [Beats(900 * MS, 101.8, BEAT, 4, 4, 20)]))  # was on its way
    recorder.meet()
    recorder.take(told([dry(3_000, *ON), dry(3_100, *OFF)], [Beats(3_000 * MS, 1.0, BEAT, 4, 4, 125)]))
    file = written(recorder, 9_000)
    onsets = score(file).tracks[0].notes["onset"].tolist()
    assert onsets == [0, round(1.98 * 960), 6 * 960]  # the song's beats 120, almost 122, and 126
    assert [(on, end) for _, _, _, on, end in heard(file)] == [(0, 100), (990, 1_000), (3_000, 3_100)]


def test_dead_brain_leaves_no_note_open() -> None:
    recorder = recorded([dry(0, *ON), wet(0, *WET_ON)])
    recorder.cut(300 * MS)
    recorder.meet()
    recorder.take(told([dry(700, *ON), dry(900, *OFF)]))
    assert heard(written(recorder, 9_000, names=[{1: "Alto"}])) == [
        wet_note(0, 300), dry_note(0, 300), dry_note(700, 900),
    ]  # fmt: skip


def test_flood_is_kept_within_bounds_and_still_knows_what_sounds() -> None:
    recorder = Recorder(limit_bytes=24 * 100)
    recorder.take(told([wet(0, 0xC1, 40), wet(0, *WET_ON)]))
    for start in range(1, 20_000, 200):
        recorder.take(told(dry(start + i, *(ON, OFF)[i % 2]) for i in range(200)))
    recording = recorder.recording()
    assert len(recording.tape) == 24 * 100
    assert {key: len(lane.notes) for key, lane in recording.before.by_insert.items()} == {(0, False): 1, (0, True): 1}
    found = heard(written(recorder, 20_100, names=[{1: "Alto"}]))
    assert len(found) == 1 + 50 + 1
    assert found[0] == wet_note(0, 20_100)


def test_what_is_too_old_is_forgotten_but_not_what_still_sounds() -> None:
    recorder = recorded([dry(0, *ON), dry(1, 0x90, 64, 80), dry(2, 0x80, 64, 64)], [INTERNAL])
    late_ms = HISTORY_NS / MS + 500
    recorder.take(told([dry(late_ms, *OFF)], [Beats(5 * MS, 0.01, BEAT, 4, 4, None)]))
    recording = recorder.recording()
    assert len(recording.tape) == 24
    assert len(recording.marks) == 1
    assert heard(written(recorder, late_ms, minutes=1)) == [dry_note(0, 60_000)]


MESSAGES = st.sampled_from([ON, OFF, WET_ON, WET_OFF, (0x90, 60, 0), (0xB0, 64, 127), (0xB0, 64, 0), (0xB0, 123, 0)])


@st.composite
def streams(draw: st.DrawFn) -> list[Record]:
    """What a brain tells in the course of some minutes; answers are told of up to half a second ahead."""
    made: list[Record] = []
    now_ms = 0
    for _ in range(draw(st.integers(1, 40))):
        now_ms += draw(st.sampled_from([0, 1, 7, 400, 20_000]))
        insert = draw(st.integers(0, 1))
        match draw(st.sampled_from(["dry"] * 3 + ["wet"] * 3 + ["silence", "reset"])):
            case "dry":
                made.append(dry(now_ms, *draw(MESSAGES), insert=insert))
            case "wet":
                made.append(wet(now_ms + draw(st.sampled_from([0, 3, 500])), *draw(MESSAGES), insert=insert))
            case "silence":
                made.append(silence(now_ms, insert))
            case _:
                made.append(reset(now_ms))
    return made


@given(streams(), st.sampled_from([24, 240, 10**6]), st.sampled_from([0.01, 0.5, 5.0]))
def test_whatever_is_played_every_onset_has_its_release(stream: list[Record], limit: int, minutes: float) -> None:
    recorder = Recorder(limit)
    for record in stream:
        recorder.take(told([record]))
    now_ms = max(record.time_ns for record in stream) / MS
    try:
        found = heard(written(recorder, now_ms, minutes))
    except ContinuoError:
        return
    assert all(0 <= on <= end for *_, on, end in found)
    assert max(end for *_, end in found) <= minutes * MINUTE / MS + 500 + 1  # the first beat, and a note of one tick


@dataclass
class Stage:
    """Captures into a folder, and what they show."""

    captures: Captures
    shown: list[tuple[str, str]]

    def write(self, *values: object) -> Path:
        async def scene() -> str:
            return await self.captures.write(values)

        return Path(asyncio.run(scene()))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    shown: list[tuple[str, str]] = []
    made = Stage(Captures(tmp_path / "captures", Desk(["satb"]), lambda name, path: shown.append((name, path))), shown)
    made.captures.recorder.take(told([dry(0, *ON), wet(0, *WET_ON), dry(90, *OFF), wet(90, *WET_OFF)]))
    return made


def test_capture_is_written_shown_and_named_after_the_parts(stage: Stage) -> None:
    path = stage.write()
    assert stage.shown == [("captured", str(path))]
    assert [path] == list(path.parent.iterdir())
    assert [name for name, *_ in heard(path.read_bytes())] == ["Alto", DRY_NAME]


def test_who_asks_again_gets_the_same_file_until_more_is_played(stage: Stage) -> None:
    first = stage.write()
    assert stage.write() == first
    assert stage.write(1) != first
    stage.captures.recorder.take(told([dry(200, *ON)]))
    assert len({first, stage.write(), stage.write(2.0)}) == 3
    first.unlink()
    assert stage.write().exists()


@pytest.mark.parametrize(
    ("values", "code"),
    [(("song.mid",), 400), ((5, "song.mid"), 400), ((True,), 400), ((0,), 422), ((31,), 422), ((float("nan"),), 422)],
)
def test_capture_takes_minutes_and_no_path(stage: Stage, values: tuple[object, ...], code: int) -> None:
    async def scene() -> None:
        stage.captures.write(values)

    with pytest.raises(ValueRefused) as refused:
        asyncio.run(scene())
    assert refused.value.code == code


def test_folder_that_cannot_be_written_is_a_sentence_and_leaves_nothing(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "captures").write_text("a file, where a folder should be")
    with pytest.raises(FileError, match="captures"):
        stage.write()
    assert [one.name for one in tmp_path.iterdir()] == ["captures"]
    assert not stage.shown


def test_captures_go_to_the_user_s_music(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(platformdirs, "user_music_dir", lambda: str(tmp_path))
    assert capture.default_folder() == tmp_path / "Continuo"
