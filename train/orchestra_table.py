"""What players that learn nothing reach in protocol C, as a table.

`python -m train.orchestra_table DATA CORPUS ...`
"""

from __future__ import annotations

from pathlib import Path

import click

from train.ensembles.prepare import find, open_ensembles
from train.evaluate import orchestra
from train.evaluate.orchestra_tables import COUNTED_PIECES, baselines


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.argument("corpora", nargs=-1, required=True)
@click.option("--cache", type=click.Path(path_type=Path), default=Path("runs/cache"), show_default=True)
@click.option("--only", multiple=True, help="Measure only these of the corpora.")
@click.option("--split", default="valid", show_default=True, help="Which pieces are measured; train is counted.")
def table(data: Path, corpora: tuple[str, ...], cache: Path, only: tuple[str, ...], split: str) -> None:
    """Measure the trivial orchestras of CORPORA in the folder DATA."""
    ensembles = open_ensembles(find(data, corpora, {}), cache)
    some = orchestra.pieces(ensembles, split, only)
    rows = baselines(some, orchestra.pieces(ensembles, "train", only, COUNTED_PIECES))
    names = list(rows["repeat"])
    click.echo("| figure | " + " | ".join(rows) + " |\n|" + "---|" * (len(rows) + 1))
    for name in names:
        cells = (f"{row[name]:.3f}" if name in row else "" for row in rows.values())
        click.echo(f"| {name} | " + " | ".join(cells) + " |")
    events, changes = sum(map(len, some)), sum(int(piece.changes.sum()) for piece in some)
    click.echo(f"\n{len(some)} pieces, {events} events, at {changes} of them the orchestra changes")


if __name__ == "__main__":
    table()
