"""Several musicians in one step: what is heard of them, and what they are answered, is as for each by itself."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from models import learned
from models.assemble import build_frames
from models.player import Answer, AnswersTogether, Frame, HearsTogether, Moment, Placement, Player, Sound, Wish
from music.pitch import Key
from tests.models.learned.test_players import CONFIGS, RANGES, SMALL, make

SHIPPED = ("chorale", "left-hand", "lead-comp")
TIMES = ("rnn", "gru", "lstm", "window", "attention")
MUSICIANS = 4


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def tensors(found: Any) -> Iterator[torch.Tensor]:
    if isinstance(found, torch.Tensor):
        yield found
    else:
        for part in found:
            yield from tensors(part)


def frame_of(dice: random.Random, player: Player[Any], state: Any, number: int) -> tuple[Frame, Answer | None]:
    """A frame as a musician might play it, answered; sometimes nothing is played."""
    held = (Sound(dice.randint(60, 80), 80),) if dice.random() < 0.8 else ()
    onsets = held if dice.random() < 0.5 else ()
    wish = Wish(RANGES, temperature=1.0, seed=number)
    moment = Moment(number / 4, wish, onsets=onsets, bar_frame=number % 16)
    answer = player.answer(state, held, moment) if held or player.pulse else None
    sounding = answer if answer and any(answer.pitches) else None
    struck = tuple(sorted(answer.struck or ())) if answer else ()
    bar = (number + 1) % 16 if number % 3 else None
    return Frame(onsets, held, sounding, struck, next_bar_frame=bar, beat=number / 4), answer


def agree(player: Player[Any], frames: int) -> None:
    """Musicians of whom one comes later than the others, and one is silent, heard together and each by itself."""
    assert isinstance(player, HearsTogether)
    dice = random.Random(3)  # noqa: S311
    apart = [player.start() for _ in range(MUSICIANS)]
    apart[1] = player.hear(apart[1], Frame((), (Sound(70, 80),)))
    abreast = list(apart)
    for number in range(frames):
        heard = []
        for alone, along in zip(apart, abreast, strict=True):
            silent = alone is apart[-1]
            seed = dice.random()
            frame, answer = frame_of(random.Random(seed), player, alone, number)  # noqa: S311
            assert answer == frame_of(random.Random(seed), player, along, number)[1]  # noqa: S311
            heard.append(Frame((), ()) if silent else frame)
        apart = [player.hear(*one) for one in zip(apart, heard, strict=True)]
        abreast = player.hear_all(abreast, heard)
        for alone, along in zip(apart, abreast, strict=True):
            for mine, theirs in zip(tensors(alone.frames), tensors(along.frames), strict=True):
                assert mine.shape == theirs.shape
                torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_players_hear_the_same_together_as_alone(name: str) -> None:
    agree(learned.make(name), 24)


@pytest.mark.parametrize("task", CONFIGS)
@pytest.mark.parametrize("time", TIMES)
def test_every_kind_of_player_hears_the_same_together_as_alone(task: str, time: str) -> None:
    torch.manual_seed(2)
    agree(learned.player(build_frames(CONFIGS[task] | SMALL | {"time": time}).eval(), task), 20)


@pytest.mark.parametrize("task", CONFIGS)
def test_one_whose_past_is_no_number_is_told_of_together_too(task: str) -> None:
    player = make(task)
    assert isinstance(player, HearsTogether)
    frame = Frame((Sound(72, 80),), (Sound(72, 80),))
    states = [player.hear(player.start(), frame) for _ in range(3)]
    states[1].frames.trunk.keys.fill_(float("nan"))
    with pytest.raises(ArithmeticError, match="NaN"):
        player.hear_all(states, [frame] * 3)


def test_nobody_is_heard_where_there_is_nobody() -> None:
    player = make("voices")
    assert isinstance(player, HearsTogether)
    assert player.hear_all([], []) == []


Asked = tuple[Any, tuple[Sound, ...], Moment]


def questions(player: Player[Any], dice: random.Random, temperature: float) -> list[Asked]:
    """What musicians with other pasts, voices, keys and placements ask in one moment; some have been answered in it."""
    found: list[Asked] = []
    for number in range(MUSICIANS):
        state, beat, last = player.start(), 0.0, None
        for frame in range(dice.randint(1, 12)):
            heard, last = frame_of(dice, player, state, frame)
            state, beat = player.hear(state, heard), (frame + 1) / 4
        held = tuple(Sound(dice.randint(62, 80), 80) for _ in range(number % 2 + 1))
        ranges = ((48, 76),) * dice.choice((1, 2, 3, 6))
        key = Key.parse("D major") if number == 1 else None
        above: Placement = "above" if number == 2 and not player.pulse else "below"
        wish = Wish(ranges, placement=above, key=key, temperature=temperature * (number + 1) / 2, seed=number)
        moment = Moment(beat, wish, last, beat - 0.25 * (number % 2), held[:1], bar_frame=number)
        found.append((state, held, moment))
        if player.pulse:
            found.append((state, (), Moment(beat, wish, last, beat - 0.25, move=True, bar_frame=number)))
    return found


def answered_alike(player: Player[Any], temperature: float) -> None:
    assert isinstance(player, AnswersTogether)
    dice = random.Random(5)  # noqa: S311
    for _ in range(3):
        asked = questions(player, dice, temperature)
        states, helds, moments = zip(*asked, strict=True)
        apart = [player.answer(*one) for one in asked]
        assert list(player.answer_all(states, helds, moments)) == apart
        assert list(player.answer_all(states[::-1], helds[::-1], moments[::-1])) == apart[::-1]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_players_answer_the_same_together_as_alone(name: str, temperature: float) -> None:
    answered_alike(learned.make(name), temperature)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("task", CONFIGS)
def test_every_kind_of_player_answers_the_same_together_as_alone(task: str, temperature: float) -> None:
    answered_alike(make(task), temperature)


@pytest.mark.parametrize("task", CONFIGS)
def test_one_who_cannot_be_answered_is_told_of_together_too(task: str) -> None:
    player = make(task)
    assert isinstance(player, AnswersTogether)
    held = (Sound(72, 80),)
    own = Frame(held, held, Answer((60, 55, 48)), (48, 55, 60))  # a hand that hears nothing of its own asks the rules
    states = [player.hear(player.start(), own) for _ in range(3)]
    states[1].frames.features.fill_(float("nan"))
    with pytest.raises(ValueError, match="no outcome is possible"):
        list(player.answer_all(states, [held] * 3, [Moment(0.25, Wish(RANGES), onsets=held)] * 3))


def test_nobody_is_answered_where_nobody_asks() -> None:
    player = make("hands")
    assert isinstance(player, AnswersTogether)
    assert list(player.answer_all([], [], [])) == []
