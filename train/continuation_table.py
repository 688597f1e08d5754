"""How continuations go on beside how pieces do, as a table.

`python -m train.continuation_table DATA CORPUS ...`
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from models.learned import make
from models.rules.markov import MemoryPlayer
from music.midifile import read
from music.phrase import Onset
from train.corpora import pieces
from train.evaluate import continuation
from train.evaluate.ahead import fit, harmony, melody
from train.evaluate.both import Both
from train.evaluate.continuation import Known, Opening, Stream
from train.tokens.corpus import played as played_in

HEARD_BEATS, BEATS = 64.0, 64.0
OTHER_DICE = 1000
"""From the seeds of one take to those of the next."""
LONG_BEATS = 600.0
"""Five minutes at 120 bpm."""


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.argument("corpora", nargs=-1, required=True)
@click.option("--split", default="valid", show_default=True)
@click.option("--most", default=100, show_default=True, help="Pieces, evenly from all of them.")
@click.option("--model", "models", multiple=True, help="A learned player beside the memory; may be given again.")
@click.option("--distance", "distances", type=float, multiple=True, help="Each of them and the memory in turns, too.")
@click.option("--dice", default=1, show_default=True, help="So often with other dice; the first table has the means.")
@click.option("--ahead", is_flag=True, help="How well they fit the melody and the harmony to come, only that.")
@click.option("--copies", type=int, help="So many continuations by each learned player are looked for copies.")
def table(  # noqa: PLR0913, PLR0917 - options
    data: Path, corpora: tuple[str, ...], split: str, most: int, models: tuple[str, ...], copies: int | None,
    ahead: bool, dice: int, distances: tuple[float, ...],
) -> None:  # fmt: skip
    """Go on with the openings of pieces of CORPORA in the folder DATA."""
    some = _openings(data, corpora, split, most)
    players: dict[str, Any] = {"memory": MemoryPlayer()} | {name: make(name) for name in models}
    players |= {f"{name} at {distance}": Both(players[name], distance) for name in models for distance in distances}
    if ahead:
        _ahead(players, some)
        return
    _beside_the_pieces(players, some, dice)
    for name, player in players.items():
        _degeneration(name, player, some)
    if copies:
        known = Known(_onsets(piece.path) for piece in pieces(data, corpora, {}) if piece.split == "train")
        for name in models:
            _copies(name, players[name], known, some, copies)
    click.echo(f"\n{len(some)} pieces, {HEARD_BEATS:.0f} beats heard, {BEATS:.0f} played")


def _beside_the_pieces(players: dict[str, Any], some: list[Opening], dice: int) -> None:
    """How far what is played is from how the pieces go on, and how much of it is copied."""
    truths = [one.truth for one in some]
    halves = [continuation.halves(one.truth) for one in some]
    rows: dict[str, tuple[list[Stream], list[Stream]]] = {
        "last 4 bars looped": ([continuation.looped(one, BEATS) for one in some], truths),
        "another piece": ([*truths[1:], truths[0]], truths),
        "half against half": ([a for a, _ in halves], [b for _, b in halves]),
    }
    played: dict[str, list[Stream]] = {}
    figures = {}
    for name, player in players.items():
        takes: list[list[Stream]] = [
            [continuation.goes_on(player, one, BEATS, seed) for seed, one in enumerate(some, take * OTHER_DICE)]
            for take in range(dice)
        ]
        found = [continuation.distances(take, truths) for take in takes]
        figures[name] = {measure: float(np.mean([one[measure] for one in found])) for measure in found[0]}
        played[name] = takes[0]
    figures |= {name: continuation.distances(*row) for name, row in rows.items()}
    click.echo("| distance | " + " | ".join(figures) + " |\n|" + "---|" * (len(figures) + 1))
    for name in figures["memory"]:
        click.echo(f"| {name} | " + " | ".join(f"{row[name]:.3f}" for row in figures.values()) + " |")
    played |= {"last 4 bars looped": rows["last 4 bars looped"][0], "data": truths}
    click.echo("\n| | " + " | ".join(played) + " |\n|" + "---|" * (len(played) + 1))
    for name, measure in (("copied", continuation.copied), ("repeated", lambda found, _: continuation.repeated(found))):
        cells = [
            np.mean([measure(found, one.heard) for found, one in zip(streams, some, strict=True)])
            for streams in played.values()
        ]
        click.echo(f"| {name} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |")


def _ahead(players: dict[str, Any], some: list[Opening]) -> None:
    """How well players fit what is to come, knowing it and not."""
    for what, known in (("melody", [melody(one) for one in some]), ("harmony", [harmony(one) for one in some])):
        for name, player in players.items():
            for title, told in (("not told", [None] * len(some)), ("told", known)):
                found = [
                    continuation.goes_on(player, one, BEATS, seed, ahead)
                    for seed, (one, ahead) in enumerate(zip(some, told, strict=True))
                ]
                figures = fit(found, known) | continuation.distances(found, [one.truth for one in some])
                words = ", ".join(f"{figure} {value:.3f}" for figure, value in figures.items())
                click.echo(f"{what}, {name}, {title}: {words}")
        click.echo(f"{what}, the piece itself: {fit([one.truth for one in some], known)}")


def _copies(name: str, player: Any, known: Known, some: list[Opening], copies: int) -> None:
    """How many continuations have a run of notes that is known."""
    having = again = 0
    for seed in range(copies):
        one = some[seed % len(some)]
        found = continuation.goes_on(player, one, BEATS, seed)
        having += known.has(found, one.heard)
        again += known.has(found)
    click.echo(
        f"\n{name}: of {copies} continuations, {having} have {continuation.LONGEST_COPY + 1} notes in a row of the "
        f"train split that they had not just heard, {again} with those that they had; "
        f"of the {len(some)} pieces themselves {sum(known.has(one.truth, one.heard) for one in some)} and "
        f"{sum(known.has(one.truth) for one in some)}"
    )


def _degeneration(title: str, player: Any, some: list[Opening]) -> None:
    """The last bars of five minutes beside the first."""
    ends: dict[str, list[float]] = {}
    for seed, one in enumerate(some[:20]):
        found = continuation.goes_on(player, one, LONG_BEATS, seed)
        for when, first in (("first", one.start), ("last", one.start + LONG_BEATS - BEATS)):
            part = [onset for onset in found if first <= onset.beat < first + BEATS]
            for name, measure in (*continuation.MEASURES.items(), ("repeated", continuation.repeated)):
                ends.setdefault(f"{name}, {when}", []).append(measure(part))
    means = ", ".join(f"{name} {np.mean(values):.3f}" for name, values in ends.items())
    click.echo(f"\n{title}: five minutes, first and last 64 beats: {means}")


def _openings(data: Path, corpora: tuple[str, ...], split: str, most: int) -> list[Opening]:
    listed = [piece for piece in pieces(data, corpora, {}) if piece.split == split]
    step = max(1, len(listed) // most)
    cuts = (continuation.cut(one.title, _onsets(one.path), HEARD_BEATS, BEATS) for one in listed[::step])
    return [one for one in cuts if one]


def _onsets(path: Path) -> list[Onset]:
    return played_in(read(path))


if __name__ == "__main__":
    table()
