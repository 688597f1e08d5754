"""How continuations go on beside how pieces do, as a table.

`python -m train.continuation_table DATA CORPUS ...`
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from models.rules.markov import MemoryPlayer
from music.midifile import read
from music.phrase import Onset, onsets
from train.corpora import pieces
from train.evaluate import continuation
from train.evaluate.continuation import Opening, Stream

HEARD_BEATS, BEATS = 64.0, 64.0
LONG_BEATS = 600.0
"""Five minutes at 120 bpm."""


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.argument("corpora", nargs=-1, required=True)
@click.option("--split", default="valid", show_default=True)
@click.option("--most", default=100, show_default=True, help="Pieces, evenly from all of them.")
def table(data: Path, corpora: tuple[str, ...], split: str, most: int) -> None:
    """Go on with the openings of pieces of CORPORA in the folder DATA."""
    some = _openings(data, corpora, split, most)
    truths = [one.truth for one in some]
    player = MemoryPlayer()
    memory = [continuation.goes_on(player, one, BEATS, seed) for seed, one in enumerate(some)]
    loops = [continuation.looped(one, BEATS) for one in some]
    halves = [continuation.halves(one.truth) for one in some]
    rows: dict[str, tuple[list[Stream], list[Stream]]] = {
        "memory": (list(memory), truths),
        "last 4 bars looped": (list(loops), truths),
        "another piece": ([*truths[1:], truths[0]], truths),
        "half against half": ([a for a, _ in halves], [b for _, b in halves]),
    }
    figures = {name: continuation.distances(*row) for name, row in rows.items()}
    names = list(figures["memory"])
    click.echo("| distance | " + " | ".join(figures) + " |\n|" + "---|" * (len(figures) + 1))
    for name in names:
        click.echo(f"| {name} | " + " | ".join(f"{row[name]:.3f}" for row in figures.values()) + " |")
    click.echo("\n| | memory | last 4 bars looped | data |\n|---|---|---|---|")
    for name, measure in (("copied", continuation.copied), ("repeated", lambda found, _: continuation.repeated(found))):
        cells = [
            np.mean([measure(found, one.heard) for found, one in zip(streams, some, strict=True)])
            for streams in (memory, loops, truths)
        ]
        click.echo(f"| {name} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |")
    _degeneration(player, some)
    click.echo(f"\n{len(some)} pieces, {HEARD_BEATS:.0f} beats heard, {BEATS:.0f} played")


def _degeneration(player: MemoryPlayer, some: list[Opening]) -> None:
    """The last bars of five minutes beside the first."""
    ends: dict[str, list[float]] = {}
    for seed, one in enumerate(some[:20]):
        found = continuation.goes_on(player, one, LONG_BEATS, seed)
        for when, first in (("first", one.start), ("last", one.start + LONG_BEATS - BEATS)):
            part = [onset for onset in found if first <= onset.beat < first + BEATS]
            for name, measure in (*continuation.MEASURES.items(), ("repeated", continuation.repeated)):
                ends.setdefault(f"{name}, {when}", []).append(measure(part))
    click.echo(
        "\nfive minutes, first and last 64 beats: " + ", ".join(f"{k} {np.mean(v):.3f}" for k, v in ends.items())
    )


def _openings(data: Path, corpora: tuple[str, ...], split: str, most: int) -> list[Opening]:
    listed = [piece for piece in pieces(data, corpora, {}) if piece.split == split]
    step = max(1, len(listed) // most)
    cuts = (continuation.cut(one.title, _onsets(one.path), HEARD_BEATS, BEATS) for one in listed[::step])
    return [one for one in cuts if one]


def _onsets(path: Path) -> list[Onset]:
    score = read(path)
    per_beat = score.ticks_per_beat
    return onsets(
        (int(onset) / per_beat, int(length) / per_beat, int(pitch), max(1, int(velocity)))
        for track in score.tracks
        if not track.drum
        for onset, length, pitch, velocity in track.notes.tolist()
    )


if __name__ == "__main__":
    table()
