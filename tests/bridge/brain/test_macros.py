"""The six macros through the real engine: what each does to each effect, and that none of them leaves a note behind."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.addresses import MACROS
from bridge.brain.macros import LOOSEST_NS
from bridge.brain.players import Players
from bridge.brain.sounding import Due
from music.events import NoteOff, NoteOn
from tests.bridge.brain.stage import BEAT, MS, Band, state

Struck = tuple[tuple[int, int], ...]
"""(pitch, velocity) of the keys that go down together."""

NOTE: Struck = ((60, 100),)
SOPRANO: Struck = ((67, 100),)
TUTTI: Struck = ((36, 90), (48, 70), (55, 70), (64, 70), (67, 70), (72, 100))
PLAYED = {"harmony": NOTE, "descant": NOTE, "choir": SOPRANO, "reduce": TUTTI, "strings": TUTTI}
EFFECTS = ("harmony", "choir", "reduce", "orchestra", "continue")


@cache
def players() -> Players:
    return Players()


def band(preset: str, **macros: float) -> Band:
    changes: dict[str, object] = {f"style_{name}": value for name, value in macros.items()}
    return Band(state(preset, player_model="rules", harmonize_key="C major", **changes), players())


def passes(group: Band, ns: int) -> None:
    """Time passes, and the port sends what is due; what were late would be dropped."""
    end = group.now + ns
    while group.now < end:
        group.leave()
        group.wait(min(10 * MS, end - group.now))
    group.leave()


def answered(preset: str, **macros: float) -> list[Due]:
    struck = PLAYED[preset]
    sent = band(preset, **macros).play(*(NoteOn(0, pitch, velocity) for pitch, velocity in struck))
    return [due for due in sent if isinstance(due.event, NoteOn)]


def pitches(due: list[Due]) -> list[int]:
    return [one.event.pitch for one in due if isinstance(one.event, NoteOn)]


def velocities(due: list[Due]) -> list[int]:
    return [one.event.velocity for one in due if isinstance(one.event, NoteOn)]


# What is set: the pitches that answer the preset's notes, as they are struck.
PITCHES: list[tuple[str, dict[str, float], list[int]]] = [
    ("harmony", {}, [55, 52, 48]),
    ("harmony", {"density": 0.0}, [55]),
    ("harmony", {"density": 0.34}, [55, 48]),
    ("harmony", {"density": 0.67}, [55, 52, 48, 36]),
    ("harmony", {"density": 1.0}, [55, 52, 48, 43, 40, 36]),
    ("harmony", {"register": -0.34}, [55, 52, 36]),
    ("harmony", {"register": -1.0}, [43, 40, 36]),
    ("harmony", {"register": 0.34}, [67, 52, 48]),
    ("harmony", {"register": 1.0}, [67, 64, 48]),  # not onto the key that is held
    ("harmony", {"density": 0.34, "register": -1.0}, [43, 36]),
    ("descant", {}, [67, 64]),
    ("descant", {"density": 0.0}, [64]),
    ("descant", {"density": 1.0}, [79, 76, 67, 64]),
    ("choir", {}, [64, 60, 48]),
    ("choir", {"density": 0.3}, [64, 48]),
    ("choir", {"density": 1.0}, [64, 60, 48, 36]),
    ("choir", {"register": -1.0}, [64, 48, 36]),  # the alto has no lower one
    ("reduce", {}, [72, 67, 64, 48, 36]),
    ("reduce", {"density": 0.2}, [72, 36]),
    ("reduce", {"density": 1.0}, [72, 67, 64, 60, 48, 36]),
    ("reduce", {"register": -0.5}, [72, 67, 64, 36, 24]),
    ("reduce", {"register": 0.5}, [84, 79, 76, 48, 36]),
    ("reduce", {"surprise": 0.2}, [72, 67, 64, 48, 36]),
]


@pytest.mark.parametrize(("preset", "macros", "sound"), PITCHES, ids=str)
def test_density_and_register_move_voices_by_octaves(preset: str, macros: dict[str, float], sound: list[int]) -> None:
    assert pitches(answered(preset, **macros)) == sound


# What is set: the velocities of the answer.
LOUDNESS: list[tuple[str, dict[str, float], list[int]]] = [
    ("harmony", {}, [96, 96, 96]),
    ("harmony", {"amount": 0.5}, [48, 48, 48]),
    ("harmony", {"amount": 0.001}, [1, 1, 1]),
    ("harmony", {"dynamics": 0.0}, [80, 80, 80]),
    ("harmony", {"dynamics": 1.0}, [110, 110, 110]),  # its part has none beyond
    ("choir", {"dynamics": 0.0, "amount": 0.25}, [20, 20, 20]),
    ("reduce", {}, [100, 70, 70, 70, 90]),
    ("reduce", {"dynamics": 0.0}, [80, 80, 80, 80, 80]),
    ("reduce", {"dynamics": 1.0}, [120, 60, 60, 60, 100]),
    ("reduce", {"amount": 0.5}, [50, 35, 35, 35, 45]),
]


@pytest.mark.parametrize(("preset", "macros", "sound"), LOUDNESS, ids=str)
def test_amount_and_dynamics_set_how_loud(preset: str, macros: dict[str, float], sound: list[int]) -> None:
    assert velocities(answered(preset, **macros)) == sound


def test_an_orchestra_has_its_dynamics_and_amount_too() -> None:
    even, half, wide = (answered("strings", **macro) for macro in ({}, {"amount": 0.5}, {"dynamics": 1.0}))
    assert velocities(half) == [round(velocity / 2) for velocity in velocities(even)]
    assert max(velocities(wide)) - min(velocities(wide)) > max(velocities(even)) - min(velocities(even))
    assert pitches(half) == pitches(wide) == pitches(even)


@pytest.mark.parametrize("preset", ["harmony", "choir", "reduce", "strings"])
def test_loose_notes_are_behind_each_by_its_own_and_the_same_for_the_same_seed(preset: str) -> None:
    tight, half, loose = (answered(preset, tightness=value) for value in (1.0, 0.5, 0.0))
    late = [one.time_ns for one in loose]
    assert {one.time_ns for one in tight} == {0}
    assert len(set(late)) == len(late)
    assert all(0 <= one <= LOOSEST_NS for one in late)
    assert [one.time_ns for one in half] == pytest.approx([one / 2 for one in late], abs=1)
    assert late == [one.time_ns for one in answered(preset, tightness=0.0)]
    assert pitches(loose) == pitches(tight)


def legato(group: Band, *keys: int) -> list[set[tuple[int, int]]]:
    """What answers each key of a melody of quarter notes."""
    found = []
    for key in keys:
        group.play(NoteOn(0, key, 80))
        passes(group, BEAT // 2)
        found.append({note for note in group.sounding if note[0] != 0})
        passes(group, BEAT // 2)
        group.play(NoteOff(0, key))
    return found


MELODY = (60, 64, 67, 65, 64, 62, 71, 72) * 2


@pytest.mark.parametrize("preset", ["harmony", "choir"])
def test_surprise_leaves_the_likeliest_and_none_keeps_to_it(preset: str) -> None:
    usual = legato(band(preset), *MELODY)
    assert legato(band(preset, surprise=1.0), *MELODY) != usual
    assert legato(band(preset, surprise=1.0), *MELODY) == legato(band(preset, surprise=1.0), *MELODY)
    hot = state(preset, player_model="rules", harmonize_key="C major", player_temperature=1.5, style_surprise=0.0)
    assert legato(Band(hot, players()), *MELODY) == usual, "whatever the temperature"


def bars(preset: str, surprise: float) -> list[frozenset[tuple[int, int]]]:
    """What a chord that is struck in each of eight bars sounds like."""
    group, found = band(preset, surprise=surprise), []
    for _ in range(8):
        group.play(*(NoteOn(0, pitch, velocity) for pitch, velocity in TUTTI))
        passes(group, BEAT)
        found.append(frozenset(note for note in group.sounding if note[0]))
        group.play(*(NoteOff(0, pitch) for pitch, _ in TUTTI))
        passes(group, 3 * BEAT)
    return found


def test_surprise_brings_other_sections_in_phrase_by_phrase() -> None:
    assert len(set(bars("orchestra", 0.2))) == 1
    found = bars("orchestra", 1.0)
    assert len({frozenset(channel for channel, _ in bar) for bar in found}) > 2
    assert all(found[bar] == found[bar + 1] for bar in range(0, 8, 2)), "of two bars"


def test_surprise_has_a_hand_of_a_reduction_leap_for_a_bar() -> None:
    assert set(bars("reduce", 0.2)) == {frozenset({(1, 72), (1, 67), (1, 64), (2, 48), (2, 36)})}
    found = bars("reduce", 1.0)
    assert len(set(found)) > 2
    right = {frozenset(pitch for channel, pitch in bar if channel == 1) for bar in found}
    assert right == {frozenset({72, 67, 64}), frozenset({84, 79, 76})}


def test_a_voice_that_leans_is_led_on_from_where_the_player_put_it() -> None:
    dark, plain = band("harmony", register=-1.0), band("harmony")
    for low, usual in zip(legato(dark, *MELODY), legato(plain, *MELODY), strict=True):
        assert {pitch % 12 for _, pitch in low} == {pitch % 12 for _, pitch in usual}
        assert max(pitch for _, pitch in low) <= max(pitch for _, pitch in usual)


@pytest.mark.parametrize("preset", ["harmony", "strummed", "choir", "reduce", "orchestra"])
def test_amount_0_ends_what_sounds_and_answers_nothing_until_it_is_up_again(preset: str) -> None:
    group = band(preset, amount=1.0)
    keys = (48, 72)
    group.play(*(NoteOn(0, key, 80) for key in keys))
    passes(group, BEAT)
    assert group.sounding
    group.set(style_amount=0.0)
    passes(group, BEAT)
    assert not group.sounding
    group.play(NoteOn(0, 74, 80))
    passes(group, 4 * BEAT)
    assert not group.sounding
    group.set(style_amount=1.0)
    passes(group, BEAT)
    assert group.sounding, "what is held is answered again"


def test_a_continuation_has_the_macros_too() -> None:
    def turn(**macros: float) -> Band:
        group = band("continue", **macros)
        for pitch in (60, 62, 64, 65, 67, 65, 64, 62) * 2:
            group.play(NoteOn(0, pitch, 100))
            group.wait(BEAT // 4)
            group.play(NoteOff(0, pitch))
            group.wait(BEAT // 4)
        return group

    def listened(group: Band) -> list[Due]:
        return [due for due in group.wait(6 * BEAT) if isinstance(due.event, NoteOn)]

    plain, half, flat, loose = (
        listened(turn(**macro)) for macro in ({}, {"amount": 0.5}, {"dynamics": 0.0}, {"tightness": 0.0})
    )
    assert len(plain) > 6
    assert velocities(half) == [round(velocity / 2) for velocity in velocities(plain)]
    assert set(velocities(flat)) == {80}
    assert pitches(loose) == pitches(plain)
    late = [one.time_ns - other.time_ns for one, other in zip(loose, plain, strict=True)]
    assert all(0 <= one <= LOOSEST_NS for one in late) and len(set(late)) > 3
    group = turn()
    assert listened(group)
    group.set(style_amount=0.0)
    group.leave()
    assert not group.sounding
    assert not listened(group)


MOVES = st.tuples(st.sampled_from(MACROS), st.floats(0, 1))


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["harmony", "strummed", "descant", "choir", "reduce", "chamber-winds"]),
    st.lists(st.tuples(st.sampled_from([48, 55, 60, 64, 67, 72]), st.integers(0, 120), st.none() | MOVES), max_size=24),
)
def test_whatever_macros_do_under_held_keys_nothing_is_left_sounding(
    preset: str, steps: list[tuple[int, int, tuple[object, float] | None]]
) -> None:
    group, down = band(preset), set[int]()
    for key, wait_ms, move in steps:
        group.play(NoteOff(0, key) if key in down else NoteOn(0, key, 90))
        down ^= {key}
        passes(group, wait_ms * MS)
        if move:
            macro, share = move
            group.set(**{f"style_{macro.name}": macro.low + share * (macro.high - macro.low)})  # type: ignore[attr-defined]
            group.leave()
    group.play(*(NoteOff(0, key) for key in down))
    group.set(harmonize_latch=False)
    passes(group, BEAT)
    assert not group.sounding
    assert not group.doubled
