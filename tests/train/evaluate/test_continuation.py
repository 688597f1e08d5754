"""How continuations are held against how pieces go on."""

from __future__ import annotations

import pytest

from models.rules.markov import MemoryPlayer
from music.phrase import Onset, Tone
from train.evaluate import continuation
from train.evaluate.continuation import BAR_BEATS


def line(*pitches: int, start: float = 0.0, step: float = 0.5, velocity: int = 80) -> list[Onset]:
    return [Onset(start + number * step, (Tone(pitch, velocity, step),)) for number, pitch in enumerate(pitches)]


SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
PIECE = line(*SCALE * 40)


def test_a_piece_is_nothing_away_from_itself_and_something_from_another() -> None:
    other = line(*(61, 62, 63, 90, 30) * 32, step=0.25, velocity=20)
    assert set(continuation.distances([PIECE], [PIECE]).values()) == {0}
    apart = continuation.distances([other], [PIECE])
    assert all(apart[name] > 0 for name in apart if name not in ("tones_per_onset", "groove"))
    assert apart["not_overlapping"] > 0.9


def test_statistics_of_simple_things() -> None:
    assert continuation.entropy(line(60, 72, 48)) == 0
    assert continuation.entropy(line(60, 61, 62, 63)) == 2
    assert continuation.in_scale(PIECE) == 1
    assert continuation.in_scale(line(60, 61, 62, 63)) == 0.75
    assert continuation.groove(PIECE) == 1
    assert continuation.groove(line(*SCALE) + line(*SCALE, start=BAR_BEATS + 0.25)) < 1
    assert continuation.notes_per_beat(PIECE) == pytest.approx(2, abs=0.02)


def test_what_is_copied_and_what_is_repeated() -> None:
    assert continuation.copied(PIECE[:40], PIECE) == 1
    assert continuation.copied(line(*range(30, 70)), PIECE) == 0
    assert continuation.repeated(line(*range(30, 70))) == 0
    assert continuation.repeated(PIECE) > 0.9


def test_an_opening_goes_on_where_it_was_cut() -> None:
    opening = continuation.cut("scales", PIECE, 64, 32)
    assert opening and opening.heard[-1].beat == 63.5 and opening.truth[0].beat == 64
    found = continuation.goes_on(MemoryPlayer(), opening, 32, seed=1)
    assert 64 <= found[0].beat < 65 and 94 < found[-1].beat < 96
    assert continuation.distances([found], [opening.truth])["not_overlapping"] < 0.3
    looped = continuation.looped(opening, 32)
    assert [onset.top for onset in looped] == [onset.top for onset in opening.truth]
    assert continuation.cut("short", PIECE[:20], 64, 32) is None
