from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import torch

from models.assemble import build_frames
from models.learned import player
from models.player import Answer, Frame, Moment, Player, Sound, Wish
from music.pitch import Key

SMALL = {"width": 8, "channels": 8, "whole": 8}
CONFIGS: dict[str, dict[str, Any]] = {
    "voices": {"task": "voices", "lowest": 36, "keys": 46, "sampler": "voices"},
    "hands": {"task": "hands", "lowest": 21, "keys": 88, "sampler": "ascending", "given": 2},
    "lead": {"task": "lead", "lowest": 0, "keys": 12, "sampler": "sounds-silent", "given": 2, "time": "attention"},
    "voices, advised": {
        "task": "voices",
        "lowest": 36,
        "keys": 46,
        "sampler": "voices",
        "given": 3,
        "hide_own": 0.5,
        "blend": 0.4,
    },
    "lead, advised": {
        "task": "lead",
        "lowest": 0,
        "keys": 12,
        "sampler": "sounds-silent",
        "given": 5,
        "hide_own": 0.5,
        "blend": 0.8,
    },
}
EVERY = pytest.mark.parametrize("task", CONFIGS)
RANGES = ((53, 74), (48, 69), (36, 60))


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def make(task: str) -> Player[Any]:
    torch.manual_seed(2)
    model = build_frames(CONFIGS[task] | SMALL).eval()
    if task == "hands":
        model.sampler.out.bias[1:] += 2.5  # type: ignore[attr-defined]  # without learning it would hardly play
    return player(model, task)


def play(made: Player[Any], melody: list[int | None], wish: Wish, beats: float = 0.5) -> list[Answer]:
    """The answers to a melody, half a beat a note (None: nothing is held)."""
    state, last, answers = made.start(), None, []
    for number, pitch in enumerate(melody):
        held = () if pitch is None else (Sound(pitch, 80),)
        for frame in range(int(beats * 4)):
            beat = number * beats + frame / 4
            if (held and not frame) or made.pulse:
                onsets = held if not frame else ()
                last = made.answer(state, held, Moment(beat, wish, last, beat - 0.25, onsets, move=bool(frame)))
                answers.append(last)
            sounding = last if last and any(last.pitches) else None
            struck = tuple(sorted(last.struck or ())) if last else ()
            state = made.hear(state, Frame(held if not frame else (), held, sounding, struck, beat=beat))
    return answers


MELODY: list[int | None] = [72, 74, 76, 77, 79, None, 81, 76, 72, 71]


@EVERY
def test_what_is_played_keeps_to_ranges_and_stays_under_the_melody(task: str) -> None:
    wish = Wish(RANGES, temperature=1.0, seed=3)
    answers = play(make(task), MELODY, wish)
    assert any(any(answer.pitches) for answer in answers)
    for answer in answers:
        assert len(answer.pitches) == len(RANGES)
        for pitch, (low, high) in zip(answer.pitches, RANGES, strict=True):
            if pitch is not None:
                assert 36 <= pitch <= 74 if task == "hands" else low <= pitch <= high  # one hand has one range
                assert pitch < 81


@EVERY
def test_a_locked_key_is_kept(task: str) -> None:
    key = Key.parse("D major")
    wish = Wish(RANGES, key=key, temperature=1.2, seed=1)
    melody: list[int | None] = [74, 76, 78, 79, 81, 78, 74]
    for answer in play(make(task), melody, wish):
        assert {pitch % 12 for pitch in answer.pitches if pitch is not None} <= set(key.scale)


@EVERY
def test_the_same_seed_gives_the_same_music_and_another_one_other_music(task: str) -> None:
    made = make(task)
    first, again, other = (play(made, MELODY, Wish(RANGES, temperature=1.0, seed=seed)) for seed in (5, 5, 6))
    assert first == again
    assert first != other


@EVERY
def test_asking_changes_nothing(task: str) -> None:
    made, wish = make(task), Wish(RANGES)
    state, held = made.start(), (Sound(72, 80),)
    answers = [made.answer(state, held, Moment(0.0, wish, onsets=held)) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]


@EVERY
@pytest.mark.parametrize("voices", [1, 2, 3, 5, 16])
def test_there_is_an_answer_for_any_number_of_voices(task: str, voices: int) -> None:
    wish = Wish(((36, 76),) * voices, temperature=1.0)
    for answer in play(make(task), MELODY[:5], wish):
        assert len(answer.pitches) == voices


@EVERY
@pytest.mark.parametrize("melody", [0, 12, 100, 127])
def test_a_melody_at_the_end_of_the_keyboard_is_answered(task: str, melody: int) -> None:
    wish = Wish(RANGES, temperature=1.0)
    for answer in play(make(task), [melody, melody], wish):
        assert all(pitch is None or 0 <= pitch <= 127 for pitch in answer.pitches)


@pytest.mark.parametrize("task", ["voices", "lead", "voices, advised", "lead, advised"])
def test_voices_above_lie_above(task: str) -> None:
    wish = Wish(((60, 96), (60, 90)), placement="above", temperature=1.0)
    for answer in play(make(task), [62, 64, 65], wish):
        assert all(pitch is None or pitch > 65 - 5 for pitch in answer.pitches)


@EVERY
def test_after_a_long_silence_the_state_stands_still(task: str) -> None:
    made, silence = make(task), Frame((), ())
    state = made.start()
    for _ in range(20):
        state = made.hear(state, silence)
    later = made.hear(state, silence)
    assert later.frames.features is state.frames.features


def test_a_hand_that_was_asked_in_this_frame_already_keeps_what_it_struck() -> None:
    made, wish = make("hands"), Wish(((30, 70),) * 5, temperature=1.0, seed=4)
    state = made.start()
    for frame in range(8):
        beat = frame / 4
        first = made.answer(state, (), Moment(beat, wish, None, 0.0, (), move=True))
        held = (Sound(84, 90),)
        again = made.answer(state, held, Moment(beat + 0.1, wish, first, beat, held))
        assert {pitch for pitch in first.pitches if pitch} <= {pitch for pitch in again.pitches if pitch}
        state = made.hear(state, Frame(held, held, again, tuple(sorted(again.struck or ()))))


def test_a_right_hand_alone_gets_a_chord_for_the_model_to_go_on_from() -> None:
    torch.manual_seed(2)
    silent = build_frames(CONFIGS["hands"] | SMALL).eval()
    silent.sampler.out.bias[0] += 50  # type: ignore[attr-defined]  # it never plays
    made, held, wish = player(silent, "hands"), (Sound(76, 80),), Wish(((30, 70),) * 5, temperature=1.0)
    state, struck = made.start(), []
    for frame in range(20):
        answer = made.answer(state, held, Moment(frame / 4, wish, move=bool(frame)))
        struck += [frame] if answer.struck else []
        sounding = answer if any(answer.pitches) else None
        state = made.hear(state, Frame(held, held, sounding, tuple(sorted(answer.struck or ())), beat=frame / 4))
        assert all(pitch is None or 30 <= pitch <= 70 for pitch in answer.pitches)
        assert len(answer.pitches) == 5
    assert struck == [0, 9, 18]  # two beats of nothing in between
    assert not any(made.answer(made.start(), (), Moment(0.0, wish, move=True)).pitches)


def test_the_musicians_own_left_hand_is_heard_as_the_models_own() -> None:
    made = make("hands")
    own = (Sound(48, 70), Sound(55, 70))
    by_hand = made.hear(made.start(), Frame((), (), None, (), own_onsets=own, own_hand=own))
    by_model = made.hear(made.start(), Frame((), (), Answer((55, 48), struck=frozenset({48, 55})), (48, 55)))
    assert torch.equal(by_hand.frames.features, by_model.frames.features)


def test_c_in_is_c_out() -> None:
    made = make("voices")
    state = made.hear(made.start(), Frame((Sound(60, 80),), (Sound(60, 80),), Answer((55, 52, 48))))
    keys = [key + 36 for key in state.frames.before[0, 0].tolist()]
    assert keys == [60, 55, 52, 48]


def test_four_voices_are_written_from_the_top_down() -> None:
    answer = play(make("lead"), [76, 77, 79], Wish(((36, 76),) * 4))[-1]
    pitches = [pitch for pitch in answer.pitches if pitch is not None]
    assert all(upper > lower for upper, lower in pairwise(pitches))
