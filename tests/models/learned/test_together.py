"""What is heard of several musicians in one step is what is heard of each by itself."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from models import learned
from models.assemble import build
from models.player import Answer, Frame, HearsTogether, Moment, Player, Sound, Wish
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
    agree(learned.player(build(CONFIGS[task] | SMALL | {"time": time}).eval(), task), 20)


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
