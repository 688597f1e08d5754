"""Small pairs and scores as real files."""

from __future__ import annotations

import csv
from pathlib import Path

from music.midifile import Score, Track
from tests.train.pieces import Line, part, score, write
from train.corpora import Piece
from train.ensembles.reading import Source

FLUTE, OBOE, VIOLIN, CELLO = 73, 68, 40, 42
STEPS = (0, 2, 4, 5, 7, 9, 11, 12)


def scale(first: int, beats: int = 16, start: int = 0) -> Line:
    """A note on each beat, up and down a scale."""
    return [(start + beat, 1, first + STEPS[beat % 8]) for beat in range(beats)]


def orchestra(*more: Track, beats: int = 16) -> Score:
    """Four sections in octaves and thirds, and more."""
    parts = [("Flute", FLUTE, 72), ("Violin 1", VIOLIN, 67), ("Violin 2", VIOLIN, 60), ("Violoncello", CELLO, 48)]
    return score(*(part(name, scale(first, beats), program) for name, program, first in parts), *more)


def piano(beats: int = 16, start: int = 0) -> Score:
    """The same music on a piano."""
    return score(part("RH", [*scale(72, beats, start), *scale(67, beats, start)]), part("LH", scale(48, beats, start)))


def source(folder: Path, found: Score, played: Score | None = None, anchors: str = "", title: str = "a") -> Source:
    """A source of these scores, written to files."""
    path = write(folder / "orchestra" / f"{title}.mid", found)
    piece = Piece(title, path, title, "train", "CC0", "made")
    if played is None:
        return Source(piece)
    table = None
    if anchors:
        table = folder / "align" / f"{title}.csv"
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text(f"piano_tick,orchestra_tick\n{anchors}")
    return Source(piece, write(folder / "piano" / f"{title}.mid", played), table)


def pairs(folder: Path, found: dict[str, tuple[Score, Score]], splits: dict[str, str]) -> Path:
    """A corpus of pairs in one time."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["name", "piano_file", "orchestra_file", "split", "kind"])
        writer.writeheader()
        for name, (played, of_orchestra) in found.items():
            write(folder / "piano" / f"{name}.mid", played)
            write(folder / "orchestra" / f"{name}.mid", of_orchestra)
            writer.writerow(
                {
                    "name": name,
                    "piano_file": f"piano/{name}.mid",
                    "orchestra_file": f"orchestra/{name}.mid",
                    "split": splits[name],
                    "kind": name[0],
                }
            )
    return folder
