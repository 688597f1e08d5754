import subprocess
import sys
from copy import deepcopy
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import presets
from bridge.port import outlet
from bridge.render.offline import Rendered, render
from music.chunks import messages, split
from music.errors import FileError
from music.events import NoteOff, NoteOn, Program
from music.midifile import MidiFileError, parse
from tests.bridge.render.pieces import SCALE, Note, melody, piece
from tests.bridge.rule_presets import RULE_PRESETS

HARMONY, SATB, STRUMMED = (presets.load(name) for name in ("harmony", "satb", "strummed"))


def added(source: bytes, rendered: Rendered) -> list[bytes]:
    """The tracks that came to those of a file."""
    before, after = split(source).tracks, split(rendered.data).tracks
    assert after[: len(before)] == before, "the file's own tracks stay byte for byte"
    return list(after[len(before) :])


def still_sounding(track: bytes) -> set[tuple[int, int]]:
    """What a synth sounds at a track's end; a note-off ends a note."""
    sounding: set[tuple[int, int]] = set()
    for _, event in messages(track):
        if isinstance(event, NoteOn):
            sounding.add((event.channel, event.pitch))
        elif isinstance(event, NoteOff):
            sounding.discard((event.channel, event.pitch))
    return sounding


def channels(track: bytes) -> set[int]:
    return {event.channel for _, event in messages(track) if isinstance(event, NoteOn | NoteOff | Program)}


def test_same_file_preset_and_seed_give_the_same_bytes() -> None:
    state = deepcopy(HARMONY)
    state["player"] |= {"temperature": 1.5, "seed": 7}
    assert render(melody(), state).data == render(melody(), state).data


def test_same_bytes_in_another_process() -> None:
    program = (
        "import sys, hashlib; from bridge import presets; from bridge.render.offline import render;"
        "print(hashlib.sha256(render(presets.melody().read_bytes(), presets.load('satb')).data).hexdigest())"
    )
    digests = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(digests) == 1


def test_seed_is_heard_where_the_temperature_lets_it() -> None:
    def played(seed: int) -> bytes:
        state = deepcopy(HARMONY)
        state["player"] |= {"temperature": 2.0, "seed": seed}
        return render(presets.melody().read_bytes(), state).data

    assert len({played(seed) for seed in range(4)}) > 1


def test_own_tracks_tempos_and_meters_stay_and_the_new_track_is_named() -> None:
    source = piece(("Melody", 0, SCALE), ("Bass", 1, [(0, 1920, 36)]), tempos=[(0, 400_000), (960, 700_000)])
    rendered = render(source, HARMONY)
    before, after = parse(source), parse(rendered.data)
    assert (after.tempos, after.meters) == (before.tempos, before.meters)
    assert after.ticks_per_beat == before.ticks_per_beat
    assert [track.name for track in after.tracks] == ["Melody", "Bass", "Continuo Harmony"]
    assert len(added(source, rendered)) == 1
    assert rendered.track == "Melody"


def test_what_stands_behind_the_last_track_stays_there() -> None:
    source = melody() + b"XFIHextra"
    assert render(source, HARMONY).data.endswith(b"XFIHextra")


def test_harmony_begins_and_ends_with_the_notes_it_answers() -> None:
    rendered = render(melody((960, 480, 60)), HARMONY)
    harmony = parse(rendered.data).tracks[-1].notes
    assert {(int(note["onset"]), int(note["length"])) for note in harmony} == {(960, 480)}
    assert rendered.notes == len(harmony) == 3


def test_voices_on_channels_of_their_own_are_tracks_of_their_own() -> None:
    score = parse(render(melody(), SATB).data)
    names = [(track.name, track.program) for track in score.tracks[1:]]
    assert names == [("Continuo Alto", 52), ("Continuo Tenor", 52), ("Continuo Bass", 52)]


def test_melody_is_found_by_name() -> None:
    tracks = (("Flute", 0, [(0, 480, 100)] * 9), ("Right hand", 1, SCALE), ("Melody", 2, SCALE))
    assert render(piece(*tracks), HARMONY).track == "Melody"
    assert render(piece(*tracks[:2]), HARMONY).track == "Right hand"


def test_melody_without_a_name_is_the_highest_track_that_is_no_drum_and_no_fragment() -> None:
    high = [(480 * i, 480, 90) for i in range(9)]
    source = piece(("Low", 0, SCALE), ("High", 1, high), ("Drums", 9, high), ("Bells", 2, [(0, 480, 120)]))
    assert render(source, HARMONY).track == "High"


def test_drums_are_answered_where_there_is_nothing_else() -> None:
    assert render(piece(("Drums", 9, SCALE)), HARMONY).notes > 0


@pytest.mark.parametrize(("wanted", "found"), [("Bass", "Bass"), ("1", "Top"), ("2", "Bass")])
def test_track_may_be_chosen_by_name_or_number(wanted: str, found: str) -> None:
    source = piece(("Top", 0, SCALE), ("Bass", 1, [(0, 1920, 36)]))
    assert render(source, HARMONY, wanted).track == found


@pytest.mark.parametrize(
    ("wanted", "hint"), [("Bas", "Did you mean 'Bass'?"), ("9", "Known: Bass, Top"), ("0", "Known")]
)
def test_track_that_is_not_there_is_answered_with_those_that_are(wanted: str, hint: str) -> None:
    with pytest.raises(FileError) as error:
        render(piece(("Top", 0, SCALE), ("Bass", 1, [(0, 1920, 36)])), HARMONY, wanted)
    assert repr(wanted) in error.value.message
    assert hint in error.value.hint


def test_channels_that_the_file_uses_are_exchanged_for_free_ones() -> None:
    source = piece(("Melody", 0, SCALE), ("Strings", 1, SCALE), ("Horn", 3, SCALE))
    new = added(source, render(source, SATB))
    taken = [channels(track) for track in new]
    assert all(len(one) == 1 for one in taken)
    assert taken[1] == {2}  # the tenor's is free
    assert len(set.union(*taken)) == 3
    assert not set.union(*taken) & {0, 1, 3, 9}


def test_file_with_every_channel_in_use_keeps_the_preset_s() -> None:
    source = piece(*((f"Part {channel}", channel, SCALE) for channel in range(16)))
    assert [channels(track) for track in added(source, render(source, SATB))] == [{1}, {2}, {3}]


@pytest.mark.parametrize("source", [piece(), piece(("Melody", 0, []))])
def test_file_without_notes_is_refused(source: bytes) -> None:
    with pytest.raises(FileError, match="no notes"):
        render(source, HARMONY)


@pytest.mark.parametrize("source", [b"", b"hello", b"MThd", melody()[:40]])
def test_what_is_no_midi_file_is_refused(source: bytes) -> None:
    with pytest.raises(MidiFileError):
        render(source, HARMONY)


EXTREMES = [[(0, 1)], [(0, 16_777_215)], [(480, 1), (960, 16_777_215), (1440, 1)]]


@pytest.mark.parametrize("preset", [HARMONY, STRUMMED])
@pytest.mark.parametrize("ticks_per_beat", [1, 480, 32767])
@pytest.mark.parametrize("tempos", EXTREMES)
def test_tempo_from_one_extreme_to_the_other_leaves_every_note_paired(
    tempos: list[tuple[int, int]], ticks_per_beat: int, preset: presets.State
) -> None:
    source = piece(("Melody", 0, SCALE), tempos=tempos, ticks_per_beat=ticks_per_beat)
    rendered = render(source, preset)
    assert [still_sounding(track) for track in added(source, rendered)] == [set()]
    assert rendered.notes > 0


NOTES = st.tuples(st.integers(0, 2000), st.integers(0, 1000), st.integers(0, 127))


@settings(max_examples=40, deadline=None)
@given(st.lists(NOTES, min_size=1, max_size=20), st.sampled_from([one for one in RULE_PRESETS if one != "continue"]))
def test_whatever_the_melody_every_added_note_ends_within_the_piece(notes: list[Note], name: str) -> None:
    source = melody(*notes)
    rendered = render(source, presets.load(name))
    end = parse(source).end_tick
    for track in added(source, rendered):
        assert still_sounding(track) == set()
        timed = list(messages(track))
        assert all(earlier[0] <= later[0] for earlier, later in pairwise(timed))
        assert max((tick for tick, event in timed if isinstance(event, NoteOn | NoteOff)), default=0) <= max(end, 1)


def test_preset_s_input_channel_on_stage_does_not_matter_for_a_file() -> None:
    state = deepcopy(HARMONY)
    state["input"]["channels"] = "7"
    assert render(melody(), state).notes > 0


def test_bypassed_preset_adds_a_track_without_notes() -> None:
    assert render(melody(), deepcopy(HARMONY) | {"bypass": True}).notes == 0


def test_file_that_would_last_for_months_is_refused() -> None:
    # Unbounded, a motion every two beats under its one note would be asked for a hundred million times.
    with pytest.raises(FileError, match="hours"):
        render(melody((0, 2**28, 60)), STRUMMED)


def test_file_of_millions_of_beats_in_a_second_is_refused() -> None:
    state = deepcopy(HARMONY)
    state["harmonize"]["motion_beats"] = 0.25
    with pytest.raises(FileError, match="more than 576000 beats"):
        render(piece(("Melody", 0, [(0, 600_000, 60)]), tempos=[(0, 1)], ticks_per_beat=1), state)


def test_chords_move_under_a_held_note_to_its_end_however_many_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "PLAN_LIMIT", 40)
    state = deepcopy(HARMONY)
    state["harmonize"]["motion_beats"] = 1.0
    (track,) = parse(render(melody((0, 200 * 480, 60)), state).data).tracks[1:]
    assert track.notes["onset"].max() > 190 * 480


def test_of_seventeen_tracks_none_ends_what_another_holds() -> None:
    long, short = (0, 480 * 8, 64), (0, 480, 64)
    tracks = [("one", 0, [long]), *((f"{number}", number % 8 + 1, [(0, 480, 48)]) for number in range(15))]
    rendered = render(piece(*tracks, ("seventeen", 0, [short])), presets.load("reduce"))
    notes = [note for track in parse(rendered.data).tracks if "Continuo" in track.name for note in track.notes]
    assert max(int(note["onset"] + note["length"]) for note in notes if note["pitch"] == 64) == 480 * 8


@pytest.mark.parametrize("bars", [2, 16])
def test_a_continuation_begins_where_the_file_ends_and_lasts_as_long_as_is_wanted(bars: int) -> None:
    state = presets.load("continue")
    state["continue"]["bars"] = bars
    source = melody()
    score = parse(source)
    [track] = added(source, render(source, state))
    onsets = [tick for tick, event in messages(track) if isinstance(event, NoteOn)]
    ends = [tick for tick, event in messages(track) if isinstance(event, NoteOff)]
    bar = score.meters[0].numerator * score.ticks_per_beat
    start = -(-score.end_tick // bar) * bar
    assert score.end_tick <= onsets[0] <= score.end_tick + bar
    assert start + (bars - 1) * bar < ends[-1] <= start + bars * bar
    assert max(b - a for a, b in pairwise(onsets)) <= bar
    assert not still_sounding(track)
