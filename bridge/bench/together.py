"""How long a player takes to hear a frame of several inserts: of one after the other, and of all together."""

from __future__ import annotations

import gc
import random
import time
from typing import Any

from bridge import players as shelf
from bridge import realtime
from bridge.bench.figures import CUTS, figures
from bridge.bench.notes import SCALE
from bridge.bench.player import PRIORITY
from bridge.brain.players import Make, Players, load
from models.player import Answer, Frame, HearsTogether, Player, Sound
from music.errors import ContinuoError

WARM_FRAMES = 8


def measure(name: str, inserts: int, frames: int, make: Make = load, device: str = "auto") -> dict[str, Any]:
    """Ms for a frame of all inserts, each with a melody of its own; ContinuoError for one who hears nobody together."""
    realtime.take(PRIORITY)
    shelf.require(name)
    made: list[Player[Any]] = []

    def kept(name: str, device: str) -> Player[Any]:
        made.append(make(name, device))
        return made[-1]

    Players(device, make=kept).get(name)
    if not (made and isinstance(made[0], HearsTogether)):
        raise ContinuoError(f"the player {name!r} has no weights", "Leave --inserts out, or take a learned player")
    player = made[0]
    gc.collect()
    gc.freeze()  # as the brain does it
    dice = random.Random(1)  # noqa: S311 - melodies, not secrets
    states = [player.start() for _ in range(inserts)]
    alone_ms, together_ms = [], []
    for number in range(frames + WARM_FRAMES):
        heard = [_frame(dice, number) for _ in range(inserts)]
        start_ns = time.perf_counter_ns()
        alone = [player.hear(state, frame) for state, frame in zip(states, heard, strict=True)]
        middle_ns = time.perf_counter_ns()
        player.hear_all(states, heard)
        alone_ms.append((middle_ns - start_ns) / 1e6)
        together_ms.append((time.perf_counter_ns() - middle_ns) / 1e6)
        states = alone
    return {
        "player": name,
        "inserts": inserts,
        "alone_ms": figures(alone_ms[WARM_FRAMES:]),
        "together_ms": figures(together_ms[WARM_FRAMES:]),
    }


def report(row: dict[str, Any]) -> str:
    """The figures as a table."""
    cuts = (*CUTS, "max")
    lines = [
        f"{row['player']}, a frame of {row['inserts']} inserts, ms",
        f"{'':<12}" + "".join(f"{c:>9}" for c in cuts),
    ]
    for what, told in (("alone_ms", "one by one"), ("together_ms", "together")):
        lines.append(f"{told:<12}" + "".join(f"{row[what][cut]:>9.3f}" for cut in cuts))
    return "\n".join(lines)


def _frame(dice: random.Random, number: int) -> Frame:
    held = (Sound(dice.choice(SCALE), 80),)
    pitches = tuple(held[0].pitch - down for down in (4, 9, 16))
    return Frame(held if number % 2 else (), held, Answer(pitches), next_bar_frame=(number + 1) % 16, beat=number / 4)
