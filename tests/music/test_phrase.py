"""Notes as onsets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from music.phrase import TOGETHER_BEATS, Onset, Tone, onsets


def test_what_begins_together_is_one_onset_from_the_lowest_up() -> None:
    found = onsets([(1.0, 0.5, 64, 70), (0.0, 1.0, 67, 80), (0.02, 1.0, 60, 90), (0.0, 2.0, 67, 10)])
    assert found == [Onset(0.0, (Tone(60, 90, 1.0), Tone(67, 80, 1.0))), Onset(1.0, (Tone(64, 70, 0.5),))]


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.01, 8), st.integers(0, 127), st.integers(1, 127))))
def test_every_pitch_that_begins_is_in_an_onset_near_it(notes: list[tuple[float, float, int, int]]) -> None:
    found = onsets(notes)
    assert [onset.beat for onset in found] == sorted({onset.beat for onset in found})
    for beat, _, pitch, _ in notes:
        assert any(
            0 <= beat - onset.beat < TOGETHER_BEATS and pitch in {tone.pitch for tone in onset.tones} for onset in found
        )
