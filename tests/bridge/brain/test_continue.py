"""The continuation takes its turn where the musician stops, and leaves it at the first note."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.brain.continuation import Continuation
from bridge.brain.settings import TRIGGERS
from bridge.brain.sounding import Due
from music.events import Control, NoteOff, NoteOn, Stop
from tests.bridge.brain.stage import BEAT, MS, Band, onsets, state

SCALE = (60, 62, 64, 65, 67, 65, 64, 62)
WET = 1
"""Channel of the preset, from 0."""


def bars(frame: int) -> int:
    """A clock that knows of bars of four beats."""
    return frame % 16


def band(*, clock: bool = False, **changes: object) -> Band:
    tree = state("continue", **changes)
    return Band(tree, bars=bars) if clock else Band(tree)


def insert(group: Band) -> Continuation:
    found = group.engine.inserts[0]
    assert isinstance(found, Continuation)
    return found


def melody(group: Band, *pitches: int, step: float = 0.5) -> None:
    for pitch in pitches:
        group.play(NoteOn(0, pitch, 80))
        group.leave()
        group.wait(round(step * 0.9 * BEAT))
        group.play(NoteOff(0, pitch))
        group.wait(round(step * 0.1 * BEAT))
        group.leave()


def listen(group: Band, beats: float) -> Iterator[tuple[float, set[int]]]:
    """Moments a hundredth of a beat apart, and what sounds then."""
    for _ in range(round(100 * beats)):
        group.wait(BEAT // 100)
        group.leave()
        yield group.now / BEAT, {pitch for channel, pitch in group.sounding if channel == WET}


def begun(due: list[Due]) -> list[tuple[float, int]]:
    """When it strikes what, in beats."""
    return [
        (one.time_ns / BEAT, one.event.pitch)
        for one in due
        if isinstance(one.event, NoteOn) and one.event.channel == WET
    ]


def press(group: Band, trigger: str) -> None:
    group.set(**{f"continue_{trigger}": True})
    group.state["continue"][trigger] = False


def test_it_goes_on_after_a_silence_and_yields_to_the_first_note() -> None:
    group = band()
    melody(group, *SCALE * 2)
    before = [sounds for _, sounds in listen(group, 1.8)]
    assert not any(before), "not yet"
    after = list(listen(group, 8))
    assert sum(bool(sounds) for _, sounds in after) > 400
    assert {pitch for _, sounds in after for pitch in sounds} <= set(SCALE)
    assert insert(group).playing
    group.play(NoteOn(0, 72, 80))
    group.leave()
    assert not {pitch for channel, pitch in group.sounding if channel == WET}
    assert not insert(group).playing


@settings(max_examples=40)
@given(st.integers(0, 4 * BEAT))
def test_whenever_it_yields_all_of_it_ends_at_once(later_ns: int) -> None:
    group = band(continue_handover="go")
    melody(group, *SCALE)
    press(group, "go")
    for _ in listen(group, later_ns / BEAT):
        pass
    group.wait(later_ns % (BEAT // 100))  # what ends within the next ms was handed to the port already
    group.leave()
    group.play(NoteOn(0, 72, 80))
    group.leave()
    assert not {pitch for channel, pitch in group.sounding if channel == WET}


def test_the_first_note_is_there_at_once_where_no_clock_runs() -> None:
    group = band(continue_handover="go")
    melody(group, *SCALE)
    press(group, "go")
    group.leave()
    assert any(channel == WET for channel, _ in group.sounding)


def test_beneath_the_musician_it_goes_on() -> None:
    group = band(continue_yields="beneath")
    melody(group, *SCALE * 2)
    list(listen(group, 3))
    melody(group, 72, 74, 76)
    assert insert(group).playing


def test_nothing_heard_is_nothing_to_go_on_with() -> None:
    group = band()
    press(group, "go")
    assert not any(sounds for _, sounds in listen(group, 4))


def test_a_pedal_hands_over_and_takes_back() -> None:
    group = band(continue_handover="pedal")
    melody(group, *SCALE)
    assert not any(sounds for _, sounds in listen(group, 6))
    group.play(Control(0, 66, 127))
    assert insert(group).playing
    group.play(Control(0, 66, 0))
    assert insert(group).playing
    group.play(Control(0, 66, 127))
    group.leave()
    assert not insert(group).playing and not group.sounding


def test_in_time_it_takes_four_bars_after_four_and_rests_when_they_are_over() -> None:
    group = band(clock=True, continue_handover="bar", continue_bars=4)
    melody(group, *SCALE * 4)
    assert group.now == 16 * BEAT
    heard = list(listen(group, 24))
    sounding = [beat for beat, sounds in heard if sounds]
    assert sounding[0] <= 16.51 and 31 <= sounding[-1] <= 32.01
    assert max(b - a for a, b in pairwise(sounding)) <= 1.5


def test_with_a_clock_what_lay_on_the_beat_lies_on_it() -> None:
    group = band(clock=True, continue_handover="go")
    melody(group, *SCALE * 2)
    group.wait(77 * MS)
    press(group, "go")
    due = group.wait(8 * BEAT)
    places = {round(one.time_ns / BEAT * 2, 3) % 1 for one in due if isinstance(one.event, NoteOn)}
    assert places == {0}


def test_again_and_variation_start_where_it_started() -> None:
    group = band(continue_handover="go", continue_bars=2, player_temperature=2.0)
    melody(group, *SCALE, 67, 60, 72, 65, 62, 69, 60)

    def turn(trigger: str) -> list[int]:
        group.set(**{f"continue_{trigger}": True})
        group.state["continue"][trigger] = False
        found = []
        while insert(group).playing:
            found += [one.event.pitch for one in group.wait(BEAT) if isinstance(one.event, NoteOn)]
        return found

    first = turn("go")
    assert turn("again") == first
    assert any(turn("variation") != first for _ in range(5))


def test_what_is_kept_is_learned() -> None:
    group = band(continue_handover="go", continue_bars=2)
    melody(group, *SCALE)
    press(group, "go")
    group.wait(10 * BEAT)
    heard = len(insert(group)._heard)
    press(group, "keep")
    assert len(insert(group)._heard) > heard


def test_a_song_that_stops_ends_the_turn() -> None:
    group = band()
    melody(group, *SCALE)
    list(listen(group, 3))
    group.play(Stop())
    group.leave()
    assert not group.sounding and not insert(group).playing


def test_another_effect_takes_its_place_and_nothing_is_left() -> None:
    group = band()
    melody(group, *SCALE)
    list(listen(group, 3))
    group.configure(state("harmony"))
    group.leave()
    assert not group.sounding
    assert onsets(group.play(NoteOn(0, 72, 80)))
    group.configure(state("continue"))
    group.leave()
    assert not group.sounding


def test_after_a_panic_or_a_bypass_it_waits_for_the_musician() -> None:
    for silenced in (True, False):
        group = band()
        melody(group, *SCALE)
        if silenced:
            group.panic()
            group.plan(group.engine.resume(group.now))
        else:
            group.set(bypass=True)
            group.set(bypass=False)
        assert not any(sounds for _, sounds in listen(group, 6))
        melody(group, *SCALE[:4])
        assert any(sounds for _, sounds in listen(group, 4))


def test_what_it_plays_is_shown_before() -> None:
    group = band()
    melody(group, *SCALE)
    list(listen(group, 2.2))
    planned = insert(group).planned
    assert planned and all(beat > group.now / BEAT - 0.1 and channel == WET for beat, (channel, _) in planned)


@pytest.mark.parametrize("seed", [0, 7])
def test_the_same_seed_plays_the_same(seed: int) -> None:
    def once() -> list[tuple[int, str]]:
        group = band(player_seed=seed)
        melody(group, *SCALE * 2)
        return [(one.time_ns, str(one.event)) for one in group.wait(16 * BEAT)]

    assert once() == once()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("key"), st.sampled_from((48, 60, 64, 67)), st.integers(0, 900)),
        st.tuples(st.just("up"), st.sampled_from((48, 60, 64, 67)), st.integers(0, 900)),
        st.tuples(st.just("pedal"), st.sampled_from((0, 127)), st.integers(0, 900)),
        st.tuples(st.just("wait"), st.just(0), st.integers(500, 4000)),
        st.tuples(st.sampled_from(TRIGGERS), st.just(0), st.integers(0, 2000)),
        st.tuples(st.just("density"), st.sampled_from((0.0, 1.0)), st.integers(0, 300)),
        st.tuples(st.just("panic"), st.just(0), st.integers(0, 300)),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=60)
@given(
    STEPS, st.booleans(), st.sampled_from(("silence", "bar", "pedal", "go")), st.sampled_from((0, 1)),
    st.sampled_from((120.0, 133.37, 400 / 7)),
)  # fmt: skip
def test_whatever_happens_nothing_is_struck_twice_or_left(
    steps: list[tuple[str, float, int]], clock: bool, handover: str, many: int, bpm: float
) -> None:
    group = band(clock=clock, continue_handover=handover, continue_bars=many)
    group.transport.set_tempo(bpm, 0)
    for what, value, wait_ms in steps:
        match what:
            case "key":
                group.play(NoteOn(0, int(value), 80))
            case "up":
                group.play(NoteOff(0, int(value)))
            case "pedal":
                group.play(Control(0, 64, int(value)))
            case "density":
                group.set(style_density=value)
            case "panic":
                group.panic()
                group.leave()
                assert not group.sounding
                group.plan(group.engine.resume(group.now))
            case "wait":
                pass
            case trigger:
                press(group, trigger)
        group.leave()
        for _ in range(4):
            group.wait(wait_ms * MS // 4)
            group.leave()
        assert group.doubled == 0
    press(group, "yield")
    group.leave()
    group.wait(20 * MS)
    group.leave()
    assert not group.sounding


CHANGES = ({9, 0, 4}, {5, 9, 0}, {0, 4, 7}, {7, 11, 2, 5})


@pytest.mark.parametrize("model", ["rules", "goes-on"])
@pytest.mark.parametrize("later", [0, 6 * BEAT])
def test_it_plays_over_changes_that_begin_with_its_first_bar(model: str, later: int) -> None:
    """Of the notes on beats none rubs with its chord, bar after bar, and most are of it."""
    group = band(clock=True, continue_handover="go", continue_changes="Am F C G7", player_model=model)
    melody(group, *SCALE * 4)
    group.wait(later)
    press(group, "go")
    begin, on_beats = group.now / BEAT, 0
    begin, inside = -(-begin // 4) * 4, 0
    for at, pitch in begun(group.wait(64 * BEAT)):
        beat = at - begin
        if abs(beat - round(beat)) < 0.01 and beat >= 0:
            chord, on_beats = CHANGES[int(beat + 0.01) // 4 % 4], on_beats + 1
            inside += pitch % 12 in chord
            assert pitch % 12 in chord or not any((pitch - tone) % 12 in (1, 11) for tone in chord)
    assert on_beats > 20 and inside > 0.7 * on_beats


def test_a_chart_may_be_changed_or_taken_away_while_it_plays() -> None:
    group = band(clock=True, continue_handover="go", continue_changes="C")
    melody(group, *SCALE * 4)
    press(group, "go")
    group.wait(8 * BEAT)
    group.set(continue_changes="F# | B")
    group.wait(4 * BEAT)
    pitches = {pitch % 12 for _, pitch in begun(group.wait(8 * BEAT))}
    assert pitches & {6, 10, 1, 11, 3} and insert(group).playing
    group.set(continue_changes="")
    group.wait(8 * BEAT)
    assert insert(group).playing
