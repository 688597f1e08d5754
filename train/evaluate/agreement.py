"""How far a harmonisation agrees with the one that stands in the piece, beat by beat, and simple players to beat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from models.player import FRAMES_PER_BEAT
from models.rules.grammar import chord_of, grammar, place_of
from models.rules.score import SILENT, Lines, nearest_chord, overlap
from music.pitch import Chord, Key


@dataclass(frozen=True, slots=True)
class Harmony:
    """What sounds on a beat, as pitch classes."""

    tones: frozenset[int]
    root: int | None
    """Of the chord that explains the tones best; None where there are less than two."""


NOTHING = Harmony(frozenset(), None)


def harmony(tones: frozenset[int], bass: int | None) -> Harmony:
    """A beat's tones, with the root they have over this bass."""
    return Harmony(tones, nearest_chord(tones, bass).root if bass is not None and len(tones) > 1 else None)


def of_lines(lines: Lines) -> list[Harmony]:
    """The harmony on each beat of lines (frame, line), the bass last."""
    found = []
    for row in lines[::FRAMES_PER_BEAT].tolist():
        sounding = [pitch % 12 for pitch in row if pitch != SILENT]
        found.append(harmony(frozenset(sounding), sounding[-1] if sounding else None))
    return found


def agreement(pairs: Iterable[tuple[Sequence[Harmony], Sequence[Harmony]]], least: int = 3) -> dict[str, float]:
    """Means over the beats on which the other harmonisation has at least so many tones.

    Args:
        pairs: ours and the piece's own, beat by beat, of each piece.
        least: tones of the piece's own.
    """
    beats = [(a, b) for ours, theirs in pairs for a, b in zip(ours, theirs, strict=True) if len(b.tones) >= least]
    return {
        "jaccard": _mean([overlap(ours.tones, theirs.tones) for ours, theirs in beats]),
        "same_tones_share": _mean([ours.tones == theirs.tones for ours, theirs in beats]),
        "same_root_share": _mean([ours.root == theirs.root for ours, theirs in beats]),
    }


Choose = Callable[[Key, int, Chord | None], Chord]
"""A chord for a melody's pitch class in a key, after another chord."""


def chosen(melody: Sequence[int], keys: Sequence[Key], choose: Choose, alone: bool = False) -> list[Harmony]:
    """What a player that chooses chord by chord makes of a melody.

    Args:
        melody: its pitch on each beat, or SILENT.
        keys: as heard by that beat.
        choose: the player.
        alone: whether its chords are meant without the melody's own tone.
    """
    chord: Chord | None = None
    found = []
    for pitch, key in zip(melody, keys, strict=True):
        if pitch == SILENT:
            found.append(NOTHING)
            continue
        chord = choose(key, pitch % 12, chord)
        tones = chord.pitch_classes if alone else (*chord.pitch_classes, pitch % 12)
        found.append(Harmony(frozenset(tones), chord.root))
    return found


def tonic(key: Key, _: int, __: Chord | None) -> Chord:
    """Always the same chord: the key's own."""
    return Chord(key.tonic, "m" if key.mode == "minor" else "")


def likeliest(key: Key, melody: int, before: Chord | None) -> Chord:
    """By the counts of chord pairs and of melody steps alone."""
    rules = grammar(key.mode)
    place = place_of(key, before) if before else None
    base = rules.common if place is None else rules.then[place]
    step = (melody - key.tonic) % 12
    return chord_of(key, max(range(len(base)), key=lambda i: base[i] + rules.under[i][step]))


def thirds(key: Key, melody: int, _: Chord | None) -> Chord:
    """A third and a sixth below in the scale: a triad under each note, whose third the melody is."""
    below = sorted((melody - tone) % 12 for tone in key.scale)
    third, fifth = below[2], (below[2] - below[5]) % 12
    qualities = {(4, 7): "", (3, 7): "m", (3, 6): "dim", (4, 8): "aug"}
    return Chord((melody - third) % 12, qualities.get((third, fifth), ""))


SIMPLE: tuple[tuple[str, Choose], ...] = (("tonic_triad", tonic), ("thirds", thirds), ("count_table", likeliest))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0
