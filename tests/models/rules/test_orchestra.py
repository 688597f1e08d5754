from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.player import Answer, Frame, Moment, Scoring, Sound, Wish
from models.rules.orchestra import RuleOrchestra, State, warm
from music.orchestra import SECTIONS, SLOTS
from music.pitch import parse_pitch, pitch_name

pytestmark = pytest.mark.timeout(400)  # the first time on a machine, the kernels are compiled

FULL = tuple(section for section, _ in SLOTS)
RANGES = tuple(SECTIONS[section].instrument.practical for section in FULL)
ORCHESTRA = Wish(RANGES, scoring=Scoring(FULL))
TIMPANI = next(number for number, section in enumerate(SECTIONS) if section.name == "Timpani")
STRINGS = ("Violin 1", "Violin 2", "Viola", "Cello", "Contrabass")
PP, MF, FF = 35, 80, 118

Played = dict[str, str]
"""The pitches of each section that plays, from the top down."""


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    warm()


def keys(text: str, velocity: int = MF) -> tuple[Sound, ...]:
    return tuple(Sound(parse_pitch(name), velocity) for name in text.split())


def wish(**wanted: object) -> Wish:
    return replace(ORCHESTRA, scoring=replace(Scoring(FULL), **wanted))  # type: ignore[arg-type]


def played(answer: Answer, wanted: Wish = ORCHESTRA) -> Played:
    assert wanted.scoring is not None
    found = defaultdict(list)
    for section, pitch in zip(wanted.scoring.sections, answer.pitches, strict=True):
        if pitch is not None:
            found[SECTIONS[section].name].append(pitch_name(pitch))
    return {name: " ".join(pitches) for name, pitches in found.items()}


def at_once(text: str, velocity: int = MF, wanted: Wish = ORCHESTRA) -> Played:
    held = keys(text, velocity)
    return played(RuleOrchestra().answer(State(), held, Moment(0.0, wanted, onsets=held)), wanted)


def in_turn(*steps: tuple[str, str], velocity: int = MF, wanted: Wish = ORCHESTRA) -> list[Answer]:
    """The answers to (held on, struck), a beat each."""
    player, last, answers = RuleOrchestra(), None, []
    state = player.start()
    for beat, (on, new) in enumerate(steps):
        struck = keys(new, velocity)
        held = keys(on, velocity) + struck
        last = player.answer(state, held, Moment(float(beat), wanted, last, beat - 1.0, struck))
        answers.append(last)
        for frame in range(4):
            state = player.hear(state, Frame(() if frame else struck, held, last))
    return answers


@pytest.mark.parametrize(
    ("touch", "expected"),
    [
        (PP, {"Violin 1": "C5", "Violin 2": "E4 C4", "Viola": "G3", "Cello": "C3"}),
        (
            MF,
            {"Clarinet": "C5 G3", "Bassoon": "C3", "Violin 1": "C5", "Violin 2": "E4 C4", "Viola": "G3", "Cello": "C3",
             "Contrabass": "C2"},
        ),
        (
            FF,
            {"Flute": "C6 C5", "Oboe": "C5", "Clarinet": "E4 C4", "Bassoon": "C3", "Horn": "G3", "Trumpet": "C5",
             "Trombone": "C4 G3", "Violin 1": "C5", "Violin 2": "E4 C4", "Viola": "G3", "Cello": "C3",
             "Contrabass": "C2"},
        ),
    ],
)  # fmt: skip
def test_chord_grows_from_the_strings_to_a_tutti_with_the_touch(touch: int, expected: Played) -> None:
    assert at_once("C3 G3 C4 E4 C5", touch) == expected


def test_loudest_touch_brings_the_timpani_with_the_bass() -> None:
    assert at_once("D3 A3 F4 D5", 127)["Timpani"] in {"D3", "D2"}


@pytest.mark.parametrize(
    ("touch", "doubling"),
    [(PP, set()), (MF, {"Clarinet"}), (FF, {"Flute", "Oboe", "Clarinet", "Trumpet"})],
)
def test_melody_alone_is_the_first_violins_and_winds_double_it_by_touch(touch: int, doubling: set[str]) -> None:
    found = at_once("D5", touch)
    assert set(found) == {"Violin 1"} | doubling
    assert set(" ".join(found.values()).split()) <= {"D5", "D6"}


@pytest.mark.parametrize(("touch", "others"), [(PP, set()), (MF, {"Bassoon"}), (FF, {"Bassoon", "Trombone"})])
def test_bass_octave_is_cello_and_contrabass(touch: int, others: set[str]) -> None:
    found = at_once("C2 C3", touch)
    assert set(found) == {"Cello", "Contrabass"} | others
    assert (found["Cello"], found["Contrabass"]) == ("C3", "C2")


def test_contrabass_is_below_the_cello_on_a_bass_and_rests_on_the_figure_above_it() -> None:
    player, last, state = RuleOrchestra(), None, State()
    found = []
    for number, name in enumerate(["C3", "G3", "E3", "G3", "C3"]):  # in sixteenths
        struck = keys(name)
        held = (*keys("C5"), *struck)
        last = player.answer(state, held, Moment(number / 4, ORCHESTRA, last, 0.0, struck if number else held))
        state = player.hear(state, Frame(struck if number else held, held, last))
        found.append(played(last).get("Contrabass"))
    assert found == ["C2", None, None, None, "C2"]


@pytest.mark.parametrize("touch", [PP, MF, FF])
def test_held_notes_keep_their_instruments_under_a_moving_melody(touch: int) -> None:
    answers = in_turn(("", "C3 G3 E4 C5"), ("C3 G3 E4", "D5"), ("C3 G3 E4", "E5"), ("C3 G3 E4", "G4"), velocity=touch)
    for before, now in pairwise(answers):
        for section in set(FULL):
            of_section = [voice for voice, other in enumerate(FULL) if other == section]
            old, new = ({answer.pitches[voice] for voice in of_section} for answer in (before, now))
            assert {pitch for pitch in old if pitch in {48, 55, 64}} <= new
        assert now.struck is not None and not {48, 55, 64, 36} & now.struck


def test_held_note_under_a_new_melody_stays_with_the_violins_that_divide() -> None:
    first, second = in_turn(("", "C5"), ("C5", "G5"))
    assert played(first)["Violin 1"] == "C5"
    assert played(second)["Violin 1"] == "G5 C5"
    assert second.struck == frozenset({parse_pitch("G5")})


def test_a_released_note_ends_though_another_octave_of_it_is_held() -> None:
    answers = in_turn(("", "C4 E4 C5"), ("C4 E4", "D5"), velocity=FF)
    assert "C5" not in " ".join(played(answers[1]).values()).split()


def test_repeated_note_is_struck_again_by_whoever_played_it() -> None:
    first, second = in_turn(("", "C3 E4 G4"), ("C3 E4", "G4"))
    assert played(first) == played(second)
    assert second.struck == frozenset({parse_pitch("G4")})


def test_a_held_key_is_not_doubled_by_one_who_comes_in_late() -> None:
    answers: list[Answer] = []
    for touch in (PP, FF):
        held, last = keys("C3 E4", PP), answers[-1] if answers else None
        struck = keys("C5", touch)
        onsets = struck if last else held + struck
        answers.append(RuleOrchestra().answer(State(), held + struck, Moment(0.0, ORCHESTRA, last, 0.0, onsets)))
    assert {name for name, pitches in played(answers[1]).items() if "E4" in pitches.split()} == {"Violin 2"}


def test_muted_families_never_play() -> None:
    found = at_once("C3 G3 C4 E4 C5", 127, wish(muted=frozenset({"strings", "brass"})))
    assert set(found) <= {"Piccolo", "Flute", "Oboe", "Clarinet", "Bassoon", "Timpani"}
    assert {"C3", "G3", "E4", "C5"} <= set(" ".join(found.values()).split())


def test_all_families_muted_is_silence() -> None:
    assert at_once("C4", MF, wish(muted=frozenset({"strings", "brass", "woodwind", "percussion"}))) == {}


def test_forced_family_plays_at_the_softest_touch() -> None:
    assert "Trumpet" not in at_once("C3 G3 C4 E4 C5", PP)
    found = at_once("C3 G3 C4 E4 C5", PP, wish(forced=frozenset({"brass"})))
    assert {"Trumpet", "Trombone", "Horn"} <= set(found)
    assert not {"Flute", "Oboe", "Clarinet"} & set(found)


def test_muted_goes_before_forced() -> None:
    both = frozenset({"brass"})
    assert "Trumpet" not in at_once("C3 G3 C4 E4 C5", FF, wish(forced=both, muted=both))


@pytest.mark.parametrize("divisi", [1, 2, 3])
def test_divisi_is_the_most_that_a_section_plays(divisi: int) -> None:
    found = at_once("C3 E3 G3 C4 E4 G4 C5 E5 G5", PP, wish(divisi=divisi))
    assert max(len(pitches.split()) for pitches in found.values()) == divisi


def test_divisi_grows_and_shrinks_with_the_chord() -> None:
    steps = [("", "C3 C5"), ("", "C3 E4 G4 C5"), ("", "C3 G3 C4 E4 G4 C5 E5 G5"), ("", "C3 C5")]
    found = [played(answer).values() for answer in in_turn(*steps, velocity=PP)]
    counts = [sum(len(pitches.split()) for pitches in sections) for sections in found]
    assert counts == [2, 4, 8, 2]


def test_no_octaves_where_no_doubling_is_wanted() -> None:
    found = at_once("C3 G3 E4 C5", 127, wish(doubling=0.0, muted=frozenset({"percussion"})))
    assert set(" ".join(found.values()).split()) == {"C3", "G3", "E4", "C5"}


def test_bright_is_above_and_dark_is_below() -> None:
    bright, dark = (at_once("C3 G3 E4 C5", 84, wish(register=register)) for register in (1.0, -1.0))
    assert "Flute" in bright and "Horn" not in bright
    assert "Horn" in dark and "Flute" not in dark


def test_silence_is_answered_with_silence() -> None:
    assert set(RuleOrchestra().answer(State(), (), Moment(0.0, ORCHESTRA)).pitches) == {None}


def test_fresh_keys_are_as_loud_as_they_were_struck() -> None:
    held = (*keys("C3", 60), *keys("C5", 100))
    answer = RuleOrchestra().answer(State(), held, Moment(0.0, ORCHESTRA, onsets=held))
    assert answer.velocities is not None
    loud = {FULL[v]: answer.velocities[v] for v, pitch in enumerate(answer.pitches) if pitch is not None}
    assert (loud[10], loud[13]) == (100, 60)


def test_voices_of_which_nothing_is_said_are_strings() -> None:
    ranges = ((55, 100), (55, 100), (48, 88), (36, 76))
    held = keys("C3 G3 E4 C5")
    answer = RuleOrchestra().answer(State(), held, Moment(0.0, Wish(ranges), onsets=held))
    assert set(answer.pitches) == {48, 55, 64, 72}


def test_sections_that_do_not_fit_the_voices_are_refused() -> None:
    held = keys("C4")
    with pytest.raises(ValueError, match="1 sections were named for 2 voices"):
        RuleOrchestra().answer(State(), held, Moment(0.0, Wish(((0, 127),) * 2, scoring=Scoring((10,))), onsets=held))


pitch_sets = st.sets(st.integers(24, 103), min_size=1, max_size=9)
events = st.lists(st.tuples(pitch_sets, st.integers(1, 127), st.booleans()), min_size=1, max_size=8)
families = st.frozensets(st.sampled_from(["woodwind", "brass", "percussion", "strings"]), max_size=2)


@st.composite
def ensembles(draw: st.DrawFn) -> Wish:
    sections = tuple(sorted(draw(st.lists(st.integers(0, len(SECTIONS) - 1), min_size=1, max_size=20))))
    ranges = []
    for section in sections:
        low, high = SECTIONS[section].instrument.practical
        shift = draw(st.integers(-12, 12))
        ranges.append((low + shift, high + draw(st.integers(-24, 12))))
    unit = st.floats(0, 1)
    scoring = Scoring(
        sections, draw(unit), draw(unit), draw(unit), draw(st.floats(-1, 1)), draw(st.integers(1, 4)),
        draw(families), draw(families),
    )  # fmt: skip
    return Wish(tuple(ranges), scoring=scoring)


def performed(music: list[tuple[set[int], int, bool]], wanted: Wish) -> list[tuple[set[int], Answer, State]]:
    """What is held and answered, and the state in which it is; what is held on and not struck again goes on."""
    player, last, found = RuleOrchestra(), None, []
    state, before = player.start(), set[int]()
    for number, (pitches, velocity, again) in enumerate(music):
        held = tuple(Sound(pitch, velocity) for pitch in sorted(pitches))
        struck = tuple(sound for sound in held if again or sound.pitch not in before)
        last = player.answer(state, held, Moment(number / 4, wanted, last, 0.0, struck))
        found.append((pitches, last, state))
        state = player.hear(state, Frame(struck, held, last))
        before = pitches
    return found


def able(wanted: Wish) -> list[tuple[int, int]]:
    """The ranges of the voices that may play, but for the timpani."""
    assert wanted.scoring is not None
    found: list[tuple[int, int]] = []
    desks: defaultdict[int, int] = defaultdict(int)
    for section, (low, high) in zip(wanted.scoring.sections, wanted.ranges, strict=True):
        mute = SECTIONS[section].instrument.family in wanted.scoring.muted or desks[section] == wanted.scoring.divisi
        if not mute and low <= high:
            desks[section] += 1
            if section != TIMPANI:
                found.append((low, high))
    return found


@settings(max_examples=150, deadline=None)
@given(music=events, wanted=ensembles())
def test_nobody_leaves_the_range_or_plays_a_foreign_pitch_class(
    music: list[tuple[set[int], int, bool]], wanted: Wish
) -> None:
    assert wanted.scoring is not None
    for held, answer, _ in performed(music, wanted):
        sounding = defaultdict(list)
        for section, pitch, (low, high) in zip(wanted.scoring.sections, answer.pitches, wanted.ranges, strict=True):
            if pitch is None:
                continue
            assert low <= pitch <= high
            assert pitch % 12 in {key % 12 for key in held}
            assert SECTIONS[section].instrument.family not in wanted.scoring.muted
            assert section != TIMPANI or pitch % 12 == min(held) % 12
            sounding[section].append(pitch)
        for pitches in sounding.values():
            assert len(pitches) == len(set(pitches)) <= wanted.scoring.divisi
        assert answer.struck is not None and answer.struck <= set(answer.pitches)


@settings(max_examples=150, deadline=None)
@given(music=events, wanted=ensembles())
def test_melody_bass_and_every_pitch_class_are_covered_by_whoever_can(
    music: list[tuple[set[int], int, bool]], wanted: Wish
) -> None:
    ranges = able(wanted)
    for held, answer, _ in performed(music, wanted):
        top = [v for v, (low, high) in enumerate(ranges) if low <= max(held) <= high]
        bottom = [v for v, (low, high) in enumerate(ranges) if low <= min(held) <= high]
        assert not top or max(held) in answer.pitches
        assert not bottom or (bottom == top and len(top) == 1) or min(held) in answer.pitches
        heard = {pitch % 12 for pitch in answer.pitches if pitch is not None}
        if len(ranges) >= len(held) and all(
            high - low >= 11 and low <= min(held) <= max(held) <= high for low, high in ranges
        ):
            assert heard == {key % 12 for key in held}


@settings(max_examples=100, deadline=None)
@given(music=events)
def test_full_orchestra_covers_everything_it_can_reach_and_does_not_cross(
    music: list[tuple[set[int], int, bool]],
) -> None:
    for held, answer, _ in performed(music, ORCHESTRA):
        heard = {pitch % 12 for pitch in answer.pitches if pitch is not None}
        assert heard == {key % 12 for key in held}
        for section in range(len(SECTIONS)):
            desks = [p for p, other in zip(answer.pitches, FULL, strict=True) if other == section and p is not None]
            assert desks == sorted(desks, reverse=True)


@settings(max_examples=50, deadline=None)
@given(music=events, wanted=ensembles())
def test_asked_again_about_nothing_new_nothing_changes(music: list[tuple[set[int], int, bool]], wanted: Wish) -> None:
    held, answer, state = performed(music, wanted)[-1]
    sounds = tuple(Sound(pitch, music[-1][1]) for pitch in sorted(held))
    player, state = RuleOrchestra(), replace(state, keys=tuple(sorted(held)))
    again = player.answer(state, sounds, Moment(9.0, wanted, answer, 8.0))
    assert again.struck == frozenset()
    assert again == player.answer(state, sounds, Moment(9.0, wanted, answer, 8.0))
    kept = [now for before, now in zip(answer.pitches, again.pitches, strict=True) if before is not None]
    assert [pitch for pitch in answer.pitches if pitch is not None] == kept


@settings(max_examples=30, deadline=None)
@given(music=events)
def test_same_music_is_answered_the_same(music: list[tuple[set[int], int, bool]]) -> None:
    assert performed(music, ORCHESTRA) == performed(music, ORCHESTRA)
