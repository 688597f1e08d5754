"""The rule harmonizer on chorales: the soprano is played to it live, its answers are compared with Bach's chords."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from models.player import FRAMES_PER_BEAT, Answer, Frame, Moment, Sound, Spacing, Wish
from models.rules.grammar import chord_of, grammar, place_of
from models.rules.harmony import RuleHarmony
from models.rules.score import FAULTS, SILENT, Lines, changes, faults, nearest_chord, overlap
from music.keys import SILENCE, estimate, heard
from music.midifile import Score, read
from music.pitch import Chord, Key

RANGES = ((53, 74), (48, 69), (36, 64))
"""Alto, tenor and bass: what Bach uses in the train split, rounded outwards."""

VELOCITY = 80


@dataclass(frozen=True, slots=True)
class Chorale:
    """Four lines on the frame grid, shape (frame, line), from the soprano down, and where a soprano note begins."""

    title: str
    lines: Lines
    struck: tuple[bool, ...]
    """Whether the soprano strikes a note in the frame."""


Harmonisation = tuple[list[frozenset[int]], list[int | None]]
"""Per beat the pitch classes sounding, and the chord's root."""

Played = dict[str, tuple[Lines, list[Answer | None]]]
"""By title what `play` gave."""


def read_chorales(data: Path, split: str) -> Iterator[Chorale]:
    """The pieces of a split with four tracks, without duplicates."""
    with (data / "manifest.csv").open(encoding="utf-8", newline="") as manifest:
        rows = [row for row in csv.DictReader(manifest) if row["split"] == split and row["duplicate"] != "1"]
    for row in rows:
        score = read(data / row["file"])
        if len(score.tracks) == len(RANGES) + 1:
            yield _chorale(row["title"], score)


def _chorale(title: str, score: Score) -> Chorale:
    spans = [_frames(track.notes["onset"], track.notes["length"], score.ticks_per_beat) for track in score.tracks]
    frames = max(int(end.max()) for _, end in spans)
    lines = np.full((frames, len(spans)), SILENT, np.int64)
    for line, (track, (start, end)) in enumerate(zip(score.tracks, spans, strict=True)):
        for note, first, after in zip(track.notes, start, end, strict=True):
            lines[first:after, line] = note["pitch"]
    struck = [False] * frames
    for first in spans[0][0].tolist():
        struck[first] = True
    return Chorale(title, lines, tuple(struck))


def _frames(onset: Lines, length: Lines, ticks_per_beat: int) -> tuple[Lines, Lines]:
    """First frame and the one after the last, at least one frame apart."""
    start = np.rint(onset * FRAMES_PER_BEAT / ticks_per_beat).astype(np.int64)
    end = np.rint((onset + length) * FRAMES_PER_BEAT / ticks_per_beat).astype(np.int64)
    return start, np.maximum(end, start + 1)


def play(chorale: Chorale, wish: Wish, every_beat: bool) -> tuple[Lines, list[Answer | None]]:
    """The soprano with the player's voices on the frame grid, and the answer sounding in each frame.

    Args:
        chorale: only its soprano is heard.
        wish: what is asked of the player.
        every_beat: whether the player is asked again at each beat under a held note.
    """
    player = RuleHarmony()
    state, last, last_beat = player.start(), None, 0.0
    lines = np.full((len(chorale.lines), 1 + len(wish.ranges)), SILENT, np.int64)
    answers: list[Answer | None] = []
    for frame, soprano in enumerate(chorale.lines[:, 0].tolist()):
        held = () if soprano == SILENT else (Sound(soprano, VELOCITY),)
        onsets = held if chorale.struck[frame] else ()
        beat = frame / FRAMES_PER_BEAT
        if onsets or (every_beat and held and frame % FRAMES_PER_BEAT == 0):
            last = player.answer(state, held, Moment(beat, wish, last, last_beat, onsets))
            last_beat = beat
        if held and last:
            lines[frame] = [soprano, *(SILENT if pitch is None else pitch for pitch in last.pitches)]
        answers.append(last if held else None)
        state = player.hear(state, Frame(onsets, held, last))
    return lines, answers


def keys_of(lines: Lines) -> list[Key]:
    """The key at each frame, estimated from all lines so far."""
    evidence, key, keys = SILENCE, None, []
    for row in lines.tolist():
        weights: dict[int, float] = {}
        for pitch in row:
            if pitch != SILENT:
                weights[pitch % 12] = weights.get(pitch % 12, 0.0) + 1 / FRAMES_PER_BEAT
        evidence = heard(evidence, weights, 1 / FRAMES_PER_BEAT)
        key = estimate(evidence, key, row[-1] % 12)
        keys.append(key)
    return keys


def _tones(row: Lines) -> frozenset[int]:
    return frozenset(pitch % 12 for pitch in row.tolist() if pitch != SILENT)


def _beats(chorale: Chorale) -> range:
    return range(0, len(chorale.lines), FRAMES_PER_BEAT)


def _bach(chorale: Chorale) -> Harmonisation:
    tones = [_tones(chorale.lines[frame]) for frame in _beats(chorale)]
    low = [next((p for p in reversed(chorale.lines[f].tolist()) if p != SILENT), 0) % 12 for f in _beats(chorale)]
    roots = [nearest_chord(t, b).root if len(t) > 1 else None for t, b in zip(tones, low, strict=True)]
    return tones, roots


def _ours(chorale: Chorale, lines: Lines, answers: list[Answer | None]) -> Harmonisation:
    tones = [_tones(lines[frame]) for frame in _beats(chorale)]
    beats = [answers[frame] for frame in _beats(chorale)]
    return tones, [answer.chord.root if answer and answer.chord else None for answer in beats]


def _played(pieces: Played) -> Callable[[Chorale], Harmonisation]:
    return lambda chorale: _ours(chorale, *pieces[chorale.title])


def _baseline(choose: Callable[[Key, int, Chord | None], Chord]) -> Callable[[Chorale], Harmonisation]:
    """A harmonisation that chooses a chord per beat from the key (heard from the soprano alone) and the soprano."""

    def harmonise(chorale: Chorale) -> Harmonisation:
        keys, chord = keys_of(chorale.lines[:, :1]), None
        tones: list[frozenset[int]] = []
        roots: list[int | None] = []
        for frame in _beats(chorale):
            soprano = int(chorale.lines[frame, 0])
            if soprano == SILENT:
                tones.append(frozenset())
                roots.append(None)
                continue
            chord = choose(keys[frame], soprano % 12, chord)
            tones.append(frozenset((*chord.pitch_classes, soprano % 12)))
            roots.append(chord.root)
        return tones, roots

    return harmonise


def _tonic(key: Key, _: int, __: Chord | None) -> Chord:
    return Chord(key.tonic, "m" if key.mode == "minor" else "")


def _likeliest(key: Key, soprano: int, before: Chord | None) -> Chord:
    """By counts of chord pairs and of melody steps alone."""
    rules = grammar(key.mode)
    place = place_of(key, before) if before else None
    base = rules.common if place is None else rules.then[place]
    step = (soprano - key.tonic) % 12
    return chord_of(key, max(range(len(base)), key=lambda i: base[i] + rules.under[i][step]))


def _thirds(chorale: Chorale) -> Harmonisation:
    """A third and a sixth below in the scale: a triad's first inversion under each note."""
    keys = keys_of(chorale.lines[:, :1])
    tones: list[frozenset[int]] = []
    roots: list[int | None] = []
    for frame in _beats(chorale):
        soprano = int(chorale.lines[frame, 0])
        steps = sorted((soprano - tone) % 12 for tone in keys[frame].scale)
        under = ((soprano - steps[2]) % 12, (soprano - steps[5]) % 12)
        tones.append(frozenset() if soprano == SILENT else frozenset((soprano % 12, *under)))
        roots.append(None if soprano == SILENT else soprano % 12)
    return tones, roots


def _copied(chorale: Chorale) -> Harmonisation:
    """Bach's own chord of the beat before, under the soprano of this one: it looks at the solution."""
    tones, roots = _bach(chorale)
    melody = [_tones(chorale.lines[frame, :1]) for frame in _beats(chorale)]
    return [(tones[max(0, i - 1)] | own) for i, own in enumerate(melody)], [None, *roots[:-1]]


def _agreement(chorales: list[Chorale], harmonise: Callable[[Chorale], Harmonisation]) -> dict[str, float]:
    """Means over all beats with at least three of Bach's voices."""
    shared, same, root, right = [], [], [], []
    for chorale in chorales:
        for (tones, root_), (bach, bach_root) in zip(
            zip(*harmonise(chorale), strict=True), zip(*_bach(chorale), strict=True), strict=True
        ):
            if len(bach) < 3:
                continue
            shared.append(overlap(tones, bach))
            same.append(tones == bach)
            root.append(root_ == bach_root)
            right.append(2 * len(tones & bach) / (len(tones) + len(bach)))
    return {
        "jaccard": float(np.mean(shared)),
        "F1": float(np.mean(right)),
        "same tones": float(np.mean(same)),
        "same root": float(np.mean(root)),
    }


def _writing(pieces: list[tuple[Lines, list[Key]]]) -> dict[str, float]:
    """Faults of part writing per 100 changes of any line, by kind, and altogether."""
    total, moments = dict.fromkeys(FAULTS, 0), 0
    for lines, keys in pieces:
        at = changes(lines)
        found = faults(lines[at], RANGES, [keys[frame].tonic for frame in at])
        total = {kind: total[kind] + found[kind] for kind in FAULTS}
        moments += len(at)
    table = {kind: 100 * count / moments for kind, count in total.items()}
    return table | {"all": sum(table.values()), "changes": float(moments)}


def main(data: Path, split: str = "valid", spacing: Spacing = "close") -> dict[str, dict[str, dict[str, float]]]:
    """Two tables: `agreement` with Bach's chords by harmoniser, `faults` per 100 changes by harmoniser."""
    chorales = list(read_chorales(data, split))
    wish = Wish(RANGES, spacing=spacing)
    played = {
        name: {chorale.title: play(chorale, wish, every_beat) for chorale in chorales}
        for name, every_beat in (("rules, at each note", False), ("rules, also at each beat", True))
    }
    harmonisers: dict[str, Callable[[Chorale], Harmonisation]] = {
        "tonic triad": _baseline(_tonic),
        "thirds and sixths": _thirds,
        "likeliest by counts": _baseline(_likeliest),
        "Bach's chord a beat late": _copied,
    }
    for name, pieces in played.items():
        harmonisers[name] = _played(pieces)
    keys = {chorale.title: keys_of(chorale.lines) for chorale in chorales}
    writing = {"Bach": _writing([(chorale.lines, keys[chorale.title]) for chorale in chorales])}
    for name, pieces in played.items():
        writing[name] = _writing([(pieces[c.title][0], keys[c.title]) for c in chorales])
    return {
        "agreement": {name: _agreement(chorales, harmonise) for name, harmonise in harmonisers.items()},
        "faults": writing,
    }


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--split", default="valid", show_default=True, help="Which pieces of manifest.csv.")
@click.option("--spacing", type=click.Choice(["close", "open"]), default="close", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def table(data: Path, split: str, spacing: Spacing, as_json: bool) -> None:
    """Harmonise the sopranos of a folder of chorales (manifest.csv and mid/) and compare with what stands there."""
    tables = main(data, split, spacing)
    if as_json:
        click.echo(json.dumps(tables))
        return
    for title, rows in tables.items():
        names = list(next(iter(rows.values())))
        click.echo(f"| {title} | " + " | ".join(names) + " |\n|" + "---|" * (len(names) + 1))
        for name, row in rows.items():
            click.echo(f"| {name} | " + " | ".join(f"{row[column]:.3f}" for column in names) + " |")
        click.echo()


if __name__ == "__main__":
    table()
