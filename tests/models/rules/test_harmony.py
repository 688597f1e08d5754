from dataclasses import replace
from itertools import combinations, pairwise
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.player import FRAMES_PER_BEAT, Answer, Frame, Moment, Player, Sound, Spacing, Wish
from models.rules.harmony import RuleHarmony, State, warm
from models.rules.score import parallel
from music import keys as finding
from music.pitch import Chord, Key, parse_pitch

SATB = ((53, 74), (48, 69), (36, 64))
DUET = ((48, 79),)
DESCANT = ((67, 88), (62, 84))
SIX = ((53, 76), (50, 74), (45, 70), (43, 67), (40, 64), (28, 55))


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    warm()


Note = tuple[float, float, tuple[int, ...]]
"""Onset and length in beats, and the pitches struck together."""


def tune(text: str) -> list[Note]:
    """Onset, length and pitches of notes like `C4`, `C4:0.5` or `C4+E4`, one after the other."""
    notes: list[Note] = []
    at = 0.0
    for word in text.split():
        names, _, length = word.partition(":")
        beats = float(length or 1)
        if names != "r":
            notes.append((at, beats, tuple(parse_pitch(name) for name in names.split("+"))))
        at += beats
    return notes


def perform(notes: list[Note], wish: Wish, every_beat: bool = False) -> list[tuple[tuple[int, ...], Answer, State]]:
    """What the player answers to each onset (and each beat, if asked), live: the past only."""
    player: Player[State] = RuleHarmony()
    state, last, last_beat, answers = player.start(), None, 0.0, []
    for frame in range(round(max(at + beats for at, beats, _ in notes) * FRAMES_PER_BEAT)):
        beat = frame / FRAMES_PER_BEAT
        held = tuple(Sound(p, 80) for at, beats, pitches in notes if at <= beat < at + beats for p in pitches)
        onsets = tuple(Sound(p, 80) for at, _, pitches in notes if at == beat for p in pitches)
        if onsets or (every_beat and held and beat % 1 == 0):
            last = player.answer(state, held, Moment(beat, wish, last, last_beat, onsets))
            last_beat = beat
            answers.append((tuple(sound.pitch for sound in held), last, state))
        state = player.hear(state, Frame(onsets, held, last))
    return answers


def chords(text: str, wish: Wish) -> list[str]:
    return [str(answer.chord) for _, answer, _ in perform(tune(text), wish)]


def keys(text: str) -> list[str]:
    return [str(answer.key) for _, answer, _ in perform(tune(text), Wish(SATB))]


def sounding(answer: Answer) -> list[int]:
    return [pitch for pitch in answer.pitches if pitch is not None]


def assert_proper(held: tuple[int, ...], answer: Answer, wish: Wish) -> None:
    voices = sounding(answer)
    assert len(answer.pitches) == len(wish.ranges)
    assert voices == sorted(set(voices), reverse=True)
    assert not set(voices) & set(held)
    for pitch, (low, high) in zip(answer.pitches, wish.ranges, strict=True):
        assert pitch is None or max(0, low) <= pitch <= min(127, high)
    if wish.placement == "below":
        assert all(pitch < max(held) for pitch in voices)
    else:
        assert all(pitch > min(held) for pitch in voices)


@pytest.mark.parametrize(
    ("melody", "expected"),
    [
        ("C5 D5 E5 F5 G5 A5 B5 C6", "C G C F|Dm C|Em F|Am|Dm G|Bdim C"),
        ("C5 B4 A4 G4 F4 E4 D4 C4", "C G|Em Am|F Em|C F|Dm C G C"),
        ("C4 C4 G4 G4 A4 A4 G4:2 F4 F4 E4 E4 D4 D4 C4:2", "C C C C F F C F F C C G G C"),
        (
            "A4 B4 C5 D5 E5 F5 G#5 A5 A5 G5 F5 E5 D5 C5 B4 A4",
            "A|Am E|Em Am Dm C|Am Dm|F E Am Am Em|C Dm|F C|Am G|Dm C|Am|F G|E|Em Am",
        ),
    ],
)
def test_chords_over_known_melodies_are_what_a_teacher_accepts(melody: str, expected: str) -> None:
    for chord, good in zip(chords(melody, Wish(SATB)), expected.split(), strict=True):
        assert chord in good.split("|")


def test_chord_names_are_those_of_the_pitches() -> None:
    for _, answer, _ in perform(tune("C5 D5 E5 F5 G5 A5 B5 C6 A5 F#5 G5:2"), Wish(SATB)):
        assert answer.chord is not None
        assert {pitch % 12 for pitch in sounding(answer)} <= set(answer.chord.pitch_classes)


def test_close_of_a_phrase_is_dominant_and_tonic_in_root_position() -> None:
    last, final = perform(tune("C5 E5 G5 F5 E5 D5 C5:2"), Wish(SATB))[-2:]
    assert [str(last[1].chord), str(final[1].chord)] == ["G", "C"]
    assert final[1].pitches[-1] is not None
    assert final[1].pitches[-1] % 12 == 0


@pytest.mark.parametrize(
    ("melody", "key", "within"),
    [
        ("E4 E4 F4 G4 G4 F4 E4 D4 C4 C4 D4 E4 E4:1.5 D4:0.5 D4:2", "C major", 6),
        ("C4 C4 G4 G4 A4 A4 G4:2", "C major", 1),
        ("A4 C5:2 D5 E5:1.5 F5:0.5 E5 D5:2 B4 G4:1.5 A4:0.5 B4 C5:2 A4 A4:1.5 G#4:0.5 A4 B4:2 G#4 E4:2", "A minor", 2),
        ("D5 A4 F4 A4 D5:2 C#5 D5 E5 F5 E5 D5:2", "D minor", 9),
    ],
)
def test_key_of_a_known_tune_is_found_and_kept(melody: str, key: str, within: int) -> None:
    assert set(keys(melody)[within - 1 :]) == {key}


def test_first_note_is_heard_as_tonic() -> None:
    assert keys("Eb4") == ["Eb major"]


def test_key_survives_one_foreign_note() -> None:
    assert set(keys("C4 E4 G4 E4 F4 D4 E4 C4 F#4 G4 E4 C4")) == {"C major"}


def test_key_follows_a_modulation() -> None:
    assert keys("C4 E4 G4 F4 E4 D4 C4:2 " + "D5 F#5 A5 G5 F#5 E5 C#5 D5 " * 3)[-1] == "D major"


def test_passing_notes_keep_the_chord() -> None:
    run = " C5 D5 E5 F5 G5 F5 E5 D5 C5 B4 A4 G4 A4 B4 C5 D5 ".replace("5 ", "5:0.25 ").replace("4 ", "4:0.25 ")
    names = chords(run, Wish(SATB))
    assert sum(a != b for a, b in pairwise(names)) <= 4
    eighths = chords("C5 E5 D5:0.5 E5:0.5 F5 E5:0.5 D5:0.5 C5:2", Wish(SATB))
    assert eighths[3] == eighths[2]


def test_kept_chord_keeps_its_voices() -> None:
    first, second, *_ = perform(tune("C5:0.25 D5:0.25 E5:0.25"), Wish(SATB))
    assert second[1].pitches == first[1].pitches


def test_note_held_on_gets_a_new_chord_in_time_and_only_on_the_beat() -> None:
    player, wish, held = RuleHarmony(), Wish(SATB), (Sound(72, 80),)
    state, last, last_beat = player.start(), None, 0.0
    for frame in range(32):
        beat = frame / FRAMES_PER_BEAT
        onsets = held if frame == 0 else ()
        answer = player.answer(state, held, Moment(beat, wish, last, last_beat, onsets))
        assert frame % FRAMES_PER_BEAT == 0 or (last and answer.chord == last.chord)
        assert_proper((72,), answer, wish)
        last, last_beat = answer, beat
        state = player.hear(state, Frame(onsets, held, answer))


@pytest.mark.parametrize(
    ("played", "chord"),
    [
        ("C4+E4+G4", "C"),
        ("A3+C4+E4", "Am"),
        ("G3+B3+D4+F4", "G7"),
        ("D4+F4+A4+C5", "Dm7"),
        ("Ab3+C4+Eb4", "Ab"),
        ("B3+D4+F4+Ab4", "Bdim7"),
        ("C4+E4+G#4", "Caug"),
        ("D4+G4+A4", "Dsus4"),
    ],
)
def test_chord_played_is_chord_answered(played: str, chord: str) -> None:
    wish = Wish(((40, 72), (36, 60)))
    held, answer, _ = perform(tune(f"C4+E4+G4:2 {played}:2"), wish)[-1]
    assert answer.chord is not None
    assert set(answer.chord.pitch_classes) == set(_chord(chord).pitch_classes)
    assert {pitch % 12 for pitch in sounding(answer)} <= {pitch % 12 for pitch in held}


def _chord(name: str) -> Chord:
    from music.pitch import NAMES

    root = max((n for n in NAMES if name.startswith(n)), key=len)
    return Chord(NAMES.index(root), name[len(root) :])


def test_notes_of_one_strike_are_one_chord() -> None:
    player, wish = RuleHarmony(), Wish(SATB)
    state, last = player.start(), None
    for count in (1, 2, 3):
        held = tuple(Sound(pitch, 80) for pitch in (69, 72, 76)[:count])
        last = player.answer(state, held, Moment(0.02 * count, wish, last, 0.0, held))
    assert last is not None
    assert str(last.chord) == "Am"


@pytest.mark.parametrize("melody", ["C5 D5 E5 F5 G5 A5 B5 C6", "C6 B5 A5 G5 F5 E5 D5 C5"])
def test_legato_is_harmonised_as_the_note_that_is_new(melody: str) -> None:
    notes = tune(melody)
    late = [(at, beats + 0.2, pitches) for at, beats, pitches in notes]
    for (_, _, (pitch,)), (_, answer, _) in zip(notes, perform(late, Wish(SATB)), strict=True):
        assert answer.chord is not None
        assert pitch % 12 in answer.chord.pitch_classes
        assert max(sounding(answer)) < pitch


def test_locked_key_is_kept_by_chords_and_pitches() -> None:
    key = Key(9, "minor")
    allowed = {*key.scale, 8}
    for _, answer, _ in perform(tune("C5 C#5 D5 Eb5 E5 F5 F#5 G5 G#5 A5 Bb5 B5 C6"), Wish(SATB, key=key)):
        assert answer.key == key
        assert answer.chord is not None
        assert {pitch % 12 for pitch in sounding(answer)} <= allowed
        if 8 in answer.chord.pitch_classes:
            assert answer.chord.root == 4


def test_open_spacing_is_wider_than_close() -> None:
    melody = tune("C5 D5 E5 F5 G5 F5 E5 D5 C5")
    ranges = ((50, 76), (43, 69), (33, 60))
    spread = {}
    spacings: tuple[Spacing, ...] = ("close", "open")
    for spacing in spacings:
        answers = [sounding(answer) for _, answer, _ in perform(melody, Wish(ranges, spacing=spacing))]
        spread[spacing] = sum(voices[0] - voices[1] for voices in answers)
    assert spread["open"] > spread["close"]


def test_single_voice_below_never_doubles_at_the_octave_when_it_can_help() -> None:
    for held, answer, _ in perform(tune("C5 D5 E5 F5 G5 A5 G5 F5 E5 D5 C5"), Wish(DUET)):
        assert answer.pitches[0] is not None
        assert answer.pitches[0] % 12 != held[0] % 12


def test_impossible_ranges_make_the_voices_rest() -> None:
    wish = Wish(((70, 60), (100, 120), (-20, -3), (130, 200)))
    assert RuleHarmony().answer(State(), (Sound(60, 80),), Moment(0.0, wish)).pitches == (None,) * 4
    assert RuleHarmony().answer(State(), (Sound(60, 80),), Moment(0.0, Wish(()))).pitches == ()


def test_a_voice_without_room_rests_alone() -> None:
    pitches = RuleHarmony().answer(State(), (Sound(60, 80),), Moment(0.0, Wish(((64, 80), (40, 59), (30, 55))))).pitches
    assert pitches[0] is None
    assert None not in pitches[1:]


def test_temperature_varies_the_chords_and_the_seed_repeats_them() -> None:
    melody, wish = "E4 E4 F4 G4 G4 F4 E4 D4 C4 C4 D4 E4 D4 C4", Wish(SATB, temperature=1.5, seed=3)
    assert chords(melody, wish) == chords(melody, wish)
    assert len({tuple(chords(melody, replace(wish, seed=seed))) for seed in range(6)}) > 2


MELODIES = st.lists(st.tuples(st.integers(-5, 5), st.sampled_from((0.25, 0.5, 1.0, 2.0))), min_size=2, max_size=14)
RANGES = st.lists(st.tuples(st.integers(-5, 130), st.integers(-5, 130)), max_size=6).map(tuple)
WISHES = st.builds(
    Wish,
    ranges=st.one_of(st.sampled_from((SATB, DUET, DESCANT, SIX)), RANGES),
    placement=st.sampled_from(("below", "above")),
    spacing=st.sampled_from(("close", "open")),
    key=st.one_of(st.none(), st.builds(Key, st.integers(0, 11), st.sampled_from(("major", "minor")))),
    temperature=st.sampled_from((0.0, 0.0, 1.0, 50.0)),
    seed=st.integers(-(2**40), 2**70),
)


def _walk(steps: list[tuple[int, float]], start: int = 67) -> list[Note]:
    notes: list[Note] = []
    at, pitch = 0.0, start
    for step, beats in steps:
        pitch = max(start - 9, min(start + 12, pitch + step))
        notes.append((at, beats, (pitch,)))
        at += beats
    return notes


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sets(st.integers(0, 127), min_size=1, max_size=12), min_size=1, max_size=6),
    st.lists(WISHES, min_size=1, max_size=2),
)
def test_any_held_notes_under_any_wish_get_a_proper_answer(sets: list[set[int]], wishes: list[Wish]) -> None:
    player = RuleHarmony()
    state, last = player.start(), None
    for i, pitches in enumerate(sets):
        wish = wishes[i % len(wishes)]
        held = tuple(Sound(pitch, 64) for pitch in sorted(pitches, key=lambda p: p * 37 % 128))
        moment = Moment(i * 0.5, wish, last, (i - 1) * 0.5, held[:1])
        last = player.answer(state, held, moment)
        assert last == player.answer(state, held, moment)
        assert_proper(tuple(pitches), last, wish)
        if wish.key:
            assert last.key == wish.key
        state = player.hear(state, Frame(held[:1], held, last))


@settings(max_examples=60, deadline=None)
@given(MELODIES, st.integers(-11, 12), st.sampled_from((SATB, DUET, SIX)), st.booleans())
def test_transposed_melody_is_harmonised_the_same(
    steps: list[tuple[int, float]], shift: int, ranges: tuple[tuple[int, int], ...], above: bool
) -> None:
    if above:
        ranges = tuple((low + 24, high + 24) for low, high in ranges)
    wish = Wish(ranges, placement="above" if above else "below")
    moved = replace(wish, ranges=tuple((low + shift, high + shift) for low, high in ranges))
    with patch.object(finding, "habit", lambda _: 0.0):  # the first notes are judged by which keys are common
        here = perform(_walk(steps), wish)
        there = perform(_walk(steps, 67 + shift), moved)
    for (_, a, _), (_, b, _) in zip(here, there, strict=True):
        assert b.pitches == tuple(None if pitch is None else pitch + shift for pitch in a.pitches)
        assert a.chord is not None
        assert b.chord == Chord((a.chord.root + shift) % 12, a.chord.quality)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from((-2, -1, -1, 0, 1, 1, 2, 4, -3)), min_size=3, max_size=16))
def test_diatonic_melodies_are_set_in_four_parts_without_parallels(steps: list[int]) -> None:
    scale = [p for p in range(60, 80) if p % 12 in Key(0, "major").scale]
    notes: list[Note] = []
    place = 5
    for at, step in enumerate(steps):
        place = max(0, min(len(scale) - 1, place + step))
        notes.append((float(at), 1.0, (scale[place],)))
    rows = [(held[0], *sounding(answer)) for held, answer, _ in perform(notes, Wish(SATB))]
    for before, now in pairwise(rows):
        for upper, lower in combinations(range(4), 2):
            assert not parallel((before[upper], before[lower]), (now[upper], now[lower]))


@pytest.mark.parametrize(
    ("pitch", "chord"), [(60, "C"), (62, "G"), (64, "C"), (65, "F"), (67, "C"), (71, "G"), (63, "Eb")]
)
def test_the_first_note_is_harmonised_in_a_common_key(pitch: int, chord: str) -> None:
    player: Player[State] = RuleHarmony()
    first = (Sound(pitch, 80),)
    assert str(player.answer(player.start(), first, Moment(0.0, Wish(SATB), onsets=first)).chord) == chord
