"""Notes as tokens, there and back."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from music.phrase import Onset, Tone
from music.tokens import FIELDS, LENGTH, LONGEST, NO_CLOCK, NOTHING, PHASE, PITCH, WAIT, Writer, decode, encode

TONES = st.dictionaries(st.integers(0, 127), st.tuples(st.integers(1, 127), st.integers(1, LONGEST)), min_size=1)
STREAMS = st.lists(st.tuples(st.integers(1, 1000), TONES), max_size=12)


def stream(found: list[tuple[int, dict[int, tuple[int, int]]]]) -> list[Onset]:
    tick, onsets = 0, []
    for wait, tones in found:
        tick += wait
        chord = tuple(Tone(pitch, *_of(tones[pitch])) for pitch in sorted(tones))
        onsets.append(Onset(tick / 24, chord))
    return onsets


def _of(tone: tuple[int, int]) -> tuple[int, float]:
    return tone[0], tone[1] / 24


@given(STREAMS, st.booleans())
def test_what_lies_on_ticks_comes_back_as_it_was(
    found: list[tuple[int, dict[int, tuple[int, int]]]], clock: bool
) -> None:
    onsets = stream(found)
    rows = encode(onsets, clock=clock)
    assert list(decode(rows, onsets[0].beat if onsets else 0.0)) == onsets
    for column, field in zip(rows.T, FIELDS, strict=True):
        assert not len(column) or (column.min() >= 0 and column.max() < field.size)
    assert clock or (rows[:, PHASE] == NO_CLOCK).all()


@given(STREAMS)
def test_piece_by_piece_it_is_the_same(found: list[tuple[int, dict[int, tuple[int, int]]]]) -> None:
    onsets, writer = stream(found), Writer()
    rows = [writer.write(onset) for onset in onsets]
    np.testing.assert_array_equal(np.concatenate([encode([]), *rows]), encode(onsets))


@given(st.lists(st.floats(0.02, 7), min_size=2, max_size=40))
def test_rounding_never_adds_up(waits: list[float]) -> None:
    beat, onsets = 0.0, []
    for wait in waits:
        beat += wait
        onsets.append(Onset(beat, (Tone(60, 80, 0.3),)))
    found = list(decode(encode(onsets), round(onsets[0].beat * 24) / 24))
    begins = [onset.beat for onset in found]
    assert all(min(abs(one.beat - beat) for beat in begins) <= 1 / 48 + 1e-9 for one in onsets)
    assert all(a < b for a, b in pairwise(begins))


def test_a_long_rest_and_a_chord_as_rows() -> None:
    rows = encode([Onset(0.0, (Tone(60, 80, 1.0),)), Onset(9.5, (Tone(48, 70, 2.0), Tone(64, 90, 0.5)))])
    assert rows[:, [WAIT, PITCH, LENGTH, PHASE]].tolist() == [
        [0, 60, 23, 0], [96, NOTHING, 0, 0], [96, NOTHING, 0, 0], [36, 48, 47, 12], [0, 64, 11, 12],
    ]  # fmt: skip
