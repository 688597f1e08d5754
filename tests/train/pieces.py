"""Small pieces as real files, and what is needed to read them."""

from __future__ import annotations

import csv
import multiprocessing
import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PosixPath

import numpy as np

from music import midifile
from music.beat import Meter
from music.midifile import Score, Track

TICKS = 480
COMMON_TIME = (Meter(0, 4, 4),)

Line = Iterable[tuple[float, float, int]]
"""Beat, length in beats, pitch."""


def part(name: str, line: Line, program: int = 0, velocity: int = 80) -> Track:
    rows = [(round(beat * TICKS), round(beats * TICKS), pitch, velocity) for beat, beats, pitch in line]
    onset, length, pitch, loud = zip(*rows, strict=True)
    return Track(name, program, drum=False, notes=midifile.notes(onset, length, pitch, loud))


def score(*tracks: Track, meters: tuple[Meter, ...] = COMMON_TIME) -> Score:
    return Score(TICKS, tracks, (), meters)


def chorale(seed: int, beats: int = 16) -> Score:
    """Four voices in quarter notes."""
    random = np.random.default_rng(seed)
    middles = {"Soprano": 72, "Alto": 65, "Tenor": 57, "Bass": 48}
    return score(
        *(
            part(name, [(beat, 1, int(middle + random.integers(-4, 5))) for beat in range(beats)], program=52)
            for name, middle in middles.items()
        )
    )


def song(seed: int, beats: int = 16) -> Score:
    """A voice and a piano: half notes under quarters."""
    random = np.random.default_rng(seed)
    melody = [(beat, 1, int(72 + random.integers(-4, 5))) for beat in range(beats)]
    chords = [(beat, 1, pitch - below) for beat, _, pitch in melody for below in (0, 4, 7)]
    bass = [(beat, 2, int(48 + random.integers(-4, 5))) for beat in range(0, beats, 2)]
    return score(part("Voice", melody, 52), part("Piano RH", chords), part("Piano LH", bass))


def moved(found: Score, semitones: int) -> Score:
    """The piece in another key."""
    tracks = []
    for track in found.tracks:
        notes = track.notes.copy()
        notes["pitch"] = notes["pitch"].astype(int) + semitones
        tracks.append(Track(track.name, track.program, track.drum, notes))
    return Score(found.ticks_per_beat, tuple(tracks), found.tempos, found.meters)


def write(path: Path, found: Score) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    midifile.write(found, path)
    return path


def corpus(folder: Path, scores: Mapping[str, Score], **columns: Mapping[str, str]) -> Path:
    """A folder with a manifest; each column is given by title. The first two thirds are the train split."""
    rows = []
    for number, (title, found) in enumerate(scores.items()):
        write(folder / "mid" / f"{title}.mid", found)
        split = "train" if number * 3 < len(scores) * 2 else "valid"
        row = {"file": f"mid/{title}.mid", "title": title, "work": title, "split": split, "licence": "CC0"}
        rows.append(row | {name: values.get(title, row.get(name, "")) for name, values in columns.items()})
    return manifest(folder, rows)


def manifest(folder: Path, rows: list[dict[str, str]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


def benchmark(path: Path, **splits: list[np.ndarray]) -> Path:
    """A file of the polyphonic benchmark from pieces (frame, 88)."""
    tables: dict[str, np.ndarray] = {}
    for split, pieces in splits.items():
        tables[f"{split}_roll"] = np.packbits(np.concatenate(pieces), axis=1)
        tables[f"{split}_lengths"] = np.array([len(piece) for piece in pieces], np.int32)
    np.savez(path, **tables)  # type: ignore[arg-type] # its stubs take the tables for settings
    return path


class Deadly(PosixPath):
    """A file that ends the process that reads it, if it is a worker."""

    @property
    def suffix(self) -> str:
        if multiprocessing.parent_process() is not None:
            os._exit(9)
        return super().suffix
