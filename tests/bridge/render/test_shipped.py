"""The players that come with Continuo, through the engine, on the melody that comes with it."""

from itertools import pairwise

import numpy as np
import pytest

from bridge import players, presets
from bridge.brain.players import Players
from bridge.brain.settings import Settings
from bridge.render.offline import render
from models.rules.score import parallel
from music.midifile import Score, parse
from music.midifile import Track as Part

ORCHESTRA, CHOIR, REDUCE = "orchestra", "choir", "reduce"
GO_ON = ("goes-on", "solo")
LEARNED = [name for name in players.BUNDLED if name != players.RULES]
HARMONIES = [name for name in LEARNED if name not in (ORCHESTRA, CHOIR, REDUCE, *GO_ON)]
C_MAJOR = {0, 2, 4, 5, 7, 9, 11}


def played_by(name: str) -> presets.State:
    tree = presets.load("continue" if name in GO_ON else name)
    tree["player"]["model"] = name
    return tree


@pytest.fixture(scope="module")
def rendered() -> dict[str, Score]:
    shared = Players("cpu")
    return {
        name: parse(render(presets.melody().read_bytes(), played_by(name), players=shared).data)
        for name in LEARNED
        if players.playable(name)
    }


def parts(score: Score) -> tuple[Part, list[Part]]:
    """The melody, and what was added."""
    return score.tracks[0], [track for track in score.tracks if track.name.startswith("Continuo")]


@pytest.mark.parametrize("name", HARMONIES)
def test_every_learned_preset_has_its_player(name: str) -> None:
    assert presets.load(name)["player"]["model"] == name
    assert players.playable(name)


@pytest.mark.parametrize("name", HARMONIES)
def test_what_it_plays_is_in_range_ends_with_it_and_is_mostly_in_c(rendered: dict[str, Score], name: str) -> None:
    melody, added = parts(rendered[name])
    limits = list(dict.fromkeys((part.lowest, part.highest) for part in Settings.of(presets.load(name)).parts))
    assert added
    for track, (low, high) in zip(added, limits, strict=True):
        assert len(track.notes) > len(melody.notes) // 4
        assert track.notes["pitch"].min() >= low and track.notes["pitch"].max() <= high
        end = int((melody.notes["onset"] + melody.notes["length"]).max())
        assert int((track.notes["onset"] + track.notes["length"]).max()) <= end + 8 * rendered[name].ticks_per_beat
    pitches = np.concatenate([track.notes["pitch"] for track in added]) % 12
    assert np.isin(pitches, list(C_MAJOR)).mean() > 0.75


@pytest.mark.parametrize("name", GO_ON)
def test_who_goes_on_begins_after_the_melody_and_keeps_to_its_key_beat_and_range(
    rendered: dict[str, Score], name: str
) -> None:
    score = rendered[name]
    melody, added = parts(score)
    notes = np.concatenate([track.notes for track in added])
    part = Settings.of(presets.load("continue")).parts[0]
    assert len(notes) > 8 and notes["onset"].min() >= melody.notes["onset"].max()
    assert notes["pitch"].min() >= part.lowest and notes["pitch"].max() <= part.highest
    assert np.isin(notes["pitch"] % 12, list(C_MAJOR)).mean() > 0.75
    assert np.isin(notes["onset"] * 24 // score.ticks_per_beat % 24, (0, 6, 8, 12, 16, 18)).mean() > 0.75


@pytest.mark.parametrize(("name", "least"), [(CHOIR, 3), (REDUCE, 1)])
def test_who_fills_or_reduces_plays_in_range_and_ends_with_it(
    rendered: dict[str, Score], name: str, least: int
) -> None:
    melody, added = parts(rendered[name])
    limits = {part.name: (part.lowest, part.highest) for part in Settings.of(presets.load(name)).parts}
    playing = [track for track in added if len(track.notes)]
    assert len(playing) >= least
    for track in playing:
        low, high = limits[track.name.removeprefix("Continuo ")]
        assert track.notes["pitch"].min() >= low and track.notes["pitch"].max() <= high
        assert np.isin(track.notes["pitch"] % 12, list(C_MAJOR)).mean() > 0.75
        ends = int((track.notes["onset"] + track.notes["length"]).max())
        assert ends <= int((melody.notes["onset"] + melody.notes["length"]).max())


def test_an_orchestra_has_the_melody_in_range_and_ends_with_it(rendered: dict[str, Score]) -> None:
    melody, added = parts(rendered[ORCHESTRA])
    limits = {part.name: (part.lowest, part.highest) for part in Settings.of(presets.load(ORCHESTRA)).parts}
    playing = [track for track in added if len(track.notes)]
    assert len(playing) >= 2
    for track in playing:
        low, high = limits[track.name.removeprefix("Continuo ")]
        assert track.notes["pitch"].min() >= low and track.notes["pitch"].max() <= high
    struck = {(int(note["onset"]), int(note["pitch"])) for track in playing for note in track.notes}
    assert {(int(note["onset"]), int(note["pitch"])) for note in melody.notes} <= struck
    ends = [int((track.notes["onset"] + track.notes["length"]).max()) for track in playing]
    assert max(ends) <= int((melody.notes["onset"] + melody.notes["length"]).max())


def test_a_chorale_ends_on_its_tonic_without_crossings_or_parallels(rendered: dict[str, Score]) -> None:
    score = rendered["chorale"]
    melody, added = parts(score)
    onsets = sorted({int(onset) for onset in melody.notes["onset"]})
    lines = [[sounding(track, onset) for track in (melody, *added)] for onset in onsets]
    assert lines[-1][0] % 12 == lines[-1][-1] % 12 == 0
    for before, now in pairwise(lines):
        assert all(upper >= lower for upper, lower in pairwise(now))
        for upper in range(4):
            for lower in range(upper + 1, 4):
                assert not parallel((before[upper], before[lower]), (now[upper], now[lower]))


def sounding(track: Part, tick: int) -> int:
    notes = track.notes
    here = (notes["onset"] <= tick) & (tick < notes["onset"] + notes["length"])
    return int(notes["pitch"][here][0])
