"""The memory that plays on in the musician's style."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.continuation import Aim
from models.rules.markov import REMEMBERED, VERBATIM, Memory, MemoryPlayer
from music.phrase import Onset, Tone
from music.pitch import Key

PLAYER = MemoryPlayer()
LIKELIEST = Aim(temperature=0, surprise=0)


def line(*pitches: int, start: float = 0.0, step: float = 0.5, velocity: int = 80) -> list[Onset]:
    return [Onset(start + number * step, (Tone(pitch, velocity, step * 0.9),)) for number, pitch in enumerate(pitches)]


def told(*onsets: Onset) -> Memory:
    memory = PLAYER.start()
    for onset in onsets:
        PLAYER.hear(memory, onset)
    return memory


def played(memory: Memory, many: int, aim: Aim, seed: int = 1) -> list[Onset]:
    thread, dice = PLAYER.begin(memory), np.random.default_rng(seed)
    assert thread
    found = []
    for _ in range(many):
        onset, thread = PLAYER.go_on(memory, thread, aim, dice)
        found.append(onset)
    return found


def test_nothing_heard_is_nothing_to_go_on_with() -> None:
    assert PLAYER.begin(PLAYER.start()) is None


def test_a_pattern_goes_on_in_its_own_time_touch_and_length() -> None:
    pattern = (60, 64, 67, 72)
    memory = told(*line(*pattern * 4, velocity=93))
    found = played(memory, 8, LIKELIEST)
    assert [onset.top for onset in found] == [*pattern] * 2
    assert [onset.beat for onset in found] == pytest.approx([8 + number / 2 for number in range(8)])
    assert {(tone.velocity, tone.beats) for onset in found for tone in onset.tones} == {(93, 0.45)}


def test_what_was_begun_elsewhere_goes_on_where_it_was_begun() -> None:
    motif = (0, 2, 3, 7, 5)
    heard = [60 + step for step in motif * 3] + [65 + step for step in motif[:4]]
    assert played(told(*line(*heard)), 1, LIKELIEST)[0].top == 65 + motif[4]


def test_chords_go_on_whole() -> None:
    chords = ((48, 64, 67), (53, 65, 69)) * 4
    heard = [Onset(float(beat), tuple(Tone(p, 70, 1.0) for p in chord)) for beat, chord in enumerate(chords)]
    found = played(told(*heard), 4, LIKELIEST)
    assert [tuple(tone.pitch for tone in onset.tones) for onset in found] == [*chords[:4]]


def test_a_step_away_from_the_beat_returns_to_it_where_a_clock_runs() -> None:
    swung = [onset for beat in range(16) for onset in (*line(60, start=float(beat)), *line(64, start=beat + 0.62))]
    found = played(told(*swung), 40, Aim(phase=True), seed=3)
    assert {round(onset.beat % 1, 2) for onset in found} == {0.0, 0.62}


def test_what_is_new_is_preferred_to_what_was_played_long_ago() -> None:
    old, new = line(*(60, 67) * 300), line(*(60, 62) * 300, start=400.0)
    after = [b.top for a, b in pairwise(played(told(*old, *new), 400, Aim())) if a.top == 60]
    assert after.count(62) > 2 * after.count(67)


def test_it_does_not_recite() -> None:
    dice = np.random.default_rng(5)
    heard = line(*(int(pitch) for pitch in dice.choice((60, 62, 64, 65, 67), 400)))
    found = [onset.top for onset in played(told(*heard), 400, Aim())]
    text = ",".join(str(onset.top) for onset in heard)
    longest = max(
        many for at in range(len(found) - 60) for many in range(1, 60)
        if ",".join(map(str, found[at : at + many])) in text
    )  # fmt: skip
    assert longest <= 3 * VERBATIM


def test_the_end_is_at_home_and_long() -> None:
    memory = told(*line(*(60, 62, 64, 65, 67, 65, 64, 62) * 4))
    ends = [played(memory, 1, Aim(last=True), seed)[0] for seed in range(20)]
    assert sum(onset.bottom % 12 == 0 for onset in ends) >= 18
    assert all(tone.beats >= 2 for onset in ends for tone in onset.tones)


def test_memory_is_bounded_and_what_is_forgotten_leaves_nothing() -> None:
    dice = np.random.default_rng(2)
    memory = told(*line(*(int(pitch) for pitch in dice.integers(40, 80, REMEMBERED + 500))))
    assert len(memory.onsets) == len(memory.followed) == REMEMBERED
    assert min(place for places in memory.places.values() for place in places) >= memory.first
    assert set(memory.places) == {context for contexts in memory.followed for context in contexts}


ONSETS = st.lists(
    st.tuples(
        st.floats(0.001, 9), st.sets(st.integers(0, 127), min_size=1, max_size=6), st.floats(0.01, 20)
    ),
    min_size=1,
    max_size=30,
)  # fmt: skip


@given(
    ONSETS,
    st.builds(
        Aim, lowest=st.integers(0, 60), highest=st.integers(72, 127), key=st.sampled_from((None, Key(2, "minor"))),
        temperature=st.sampled_from((0.0, 1.0)), density=st.floats(0, 1), register=st.floats(-1, 1),
        surprise=st.floats(0, 1), phase=st.booleans(), last=st.booleans(),
    ),
)  # fmt: skip
def test_whatever_was_heard_it_goes_on_forward_in_range_and_in_the_key(
    heard: list[tuple[float, set[int], float]], aim: Aim
) -> None:
    beat, onsets = 0.0, []
    for wait, pitches, beats in heard:
        beat += wait
        onsets.append(Onset(beat, tuple(Tone(pitch, 64, beats) for pitch in sorted(pitches))))
    found = played(told(*onsets), 40, aim)
    assert all(a.beat < b.beat for a, b in pairwise([onsets[-1], *found]))
    for onset in found:
        sound = [tone.pitch for tone in onset.tones]
        assert sound and sound == sorted(set(sound))
        assert all(aim.lowest <= pitch <= aim.highest for pitch in sound)
        assert not aim.key or all(pitch % 12 in aim.key.scale for pitch in sound)
