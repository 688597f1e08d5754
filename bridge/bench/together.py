"""How long a player takes to hear and to answer several inserts: one after the other, and all together."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol, cast

from bridge import players as shelf
from bridge import realtime
from bridge.bench.figures import CUTS, figures
from bridge.bench.notes import SCALE
from bridge.bench.player import PRIORITY, state_of, timed
from bridge.brain.players import Make, Players, load
from bridge.brain.settings import HARMONIZE, Settings
from bridge.brain.together import ANSWERED_TOGETHER, HEARD_TOGETHER
from models.player import Answer, AnswersTogether, Frame, HearsTogether, Moment, Player, Sound, Wish
from music.errors import ContinuoError

WARM_FRAMES = 8
ROWS = {
    "alone_ms": "heard one by one",
    "together_ms": "heard together",
    "answers_alone_ms": "answered one by one",
    "answers_together_ms": "answered together",
}


class Took(NamedTuple):
    """Ms of each frame, of all inserts."""

    heard_alone: list[float]
    heard_together: list[float]
    answered_alone: list[float]
    answered_together: list[float]


def measure(name: str, inserts: int, frames: int, make: Make = load, device: str = "auto") -> dict[str, Any]:
    """Ms for a frame, and for an answer, of all inserts, each with a melody of its own.

    ContinuoError for a player who does nothing together.
    """
    realtime.take(PRIORITY)
    player = _ready(name, make, device)
    dice = random.Random(1)  # noqa: S311 - melodies, not secrets
    states: list[Any] = [player.start() for _ in range(inserts)]
    wish, last = Settings.of(state_of(name, None)).wish, [Answer(())] * inserts
    took = Took([], [], [], [])
    for number in range(frames + WARM_FRAMES):
        helds = [(Sound(dice.choice(SCALE), 80),) for _ in range(inserts)]
        moments = [_moment(number, held, wish, before) for held, before in zip(helds, last, strict=True)]
        asked = list(zip(states, helds, moments, strict=True))
        last = timed(took.answered_alone, partial(_one_by_one, player.answer, asked))
        timed(took.answered_together, partial(_at_once, player.answer_all, asked, ANSWERED_TOGETHER))
        frames_of = [_frame(number, held, answer) for held, answer in zip(helds, last, strict=True)]
        heard = list(zip(states, frames_of, strict=True))
        timed(took.heard_together, partial(_at_once, player.hear_all, heard, HEARD_TOGETHER))
        states = timed(took.heard_alone, partial(_one_by_one, player.hear, heard))
    return {
        "player": name,
        "inserts": inserts,
        "alone_ms": figures(took.heard_alone[WARM_FRAMES:]),
        "together_ms": figures(took.heard_together[WARM_FRAMES:]),
        "answers_alone_ms": figures(took.answered_alone[WARM_FRAMES:]),
        "answers_together_ms": figures(took.answered_together[WARM_FRAMES:]),
    }


def report(row: dict[str, Any]) -> str:
    """The figures as a table."""
    cuts = (*CUTS, "max")
    lines = [
        f"{row['player']}, {row['inserts']} inserts, ms",
        f"{'':<22}" + "".join(f"{c:>9}" for c in cuts),
    ]
    for what, told in ROWS.items():
        lines.append(f"{told:<22}" + "".join(f"{row[what][cut]:>9.3f}" for cut in cuts))
    return "\n".join(lines)


class _Ensemble(HearsTogether[Any], AnswersTogether[Any], Protocol):
    """Who does both."""


def _ready(name: str, make: Make, device: str) -> _Ensemble:
    """The player, warmed up."""
    shelf.require(name)
    made: list[Player[Any]] = []

    def kept(name: str, device: str) -> Player[Any]:
        made.append(make(name, device))
        return made[-1]

    Players(device, make=kept).get(HARMONIZE, name)
    if not (made and isinstance(made[0], HearsTogether) and isinstance(made[0], AnswersTogether)):
        raise ContinuoError(f"the player {name!r} has no weights", "Leave --inserts out, or take a learned player")
    gc.collect()
    gc.freeze()  # as the brain does it
    return cast(_Ensemble, made[0])


def _one_by_one(call: Callable[..., Any], asked: Sequence[tuple[Any, ...]]) -> list[Any]:
    return [call(*one) for one in asked]


def _at_once(call: Callable[..., Iterable[Any]], asked: Sequence[tuple[Any, ...]], most: int) -> list[Any]:
    """No more than so many at once, as the brain does it."""
    groups = [asked[first : first + most] for first in range(0, len(asked), most)]
    return [one for group in groups for one in call(*zip(*group, strict=True))]


def _moment(number: int, held: tuple[Sound, ...], wish: Wish, last: Answer) -> Moment:
    return Moment(number / 4, wish, last if last.pitches else None, (number - 1) / 4, held, bar_frame=number % 16)


def _frame(number: int, held: tuple[Sound, ...], answer: Answer) -> Frame:
    sounding = answer if any(answer.pitches) else None
    struck = tuple(sorted(answer.struck or ()))
    return Frame(held, held, sounding, struck, next_bar_frame=(number + 1) % 16, beat=number / 4)
