"""How near a continuation is to how a piece really goes on, without asking for the same notes.

Statistics of both are held against each other (Yang and Lerch 2020, "On the evaluation of generative models in music";
groove after Wu and Yang 2020, arXiv:2008.01307; scale after MusPy, Dong et al. 2020, arXiv:2008.01951), beside what two
halves of the true continuation differ by: nobody can be asked to be nearer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.ahead import Ahead
from models.continuation import Aim, Continuer
from music.beat import CLOCKS_PER_BEAT
from music.phrase import Onset
from music.pitch import ALL_KEYS

Stream = Sequence[Onset]
Figures = dict[str, float]

BAR_BEATS = 4.0
STEPS = 4
"""Of a beat, in which grooves are compared."""
GRAM = 8
"""Onsets in a row that are the same, before it counts as repeated."""
LONGEST_COPY = 16
"""Notes in a row that may be those of a piece that was learned from."""
WAITS = 16
LENGTHS = 16
"""Classes of waits and lengths, half octaves from 1/32 beat."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A piece, cut where the player takes over."""

    title: str
    heard: Stream
    truth: Stream
    """How it goes on."""
    start: float
    """The beat of the cut."""


def cut(title: str, onsets: Stream, heard_beats: float, beats: float) -> Opening | None:
    """The opening of a piece and so many beats after it; None where it is too short."""
    heard = [one for one in onsets if one.beat < heard_beats]
    truth = [one for one in onsets if heard_beats <= one.beat < heard_beats + beats]
    enough = len(heard) >= 4 * GRAM and len(truth) >= 4 * GRAM and truth[-1].beat > heard_beats + beats / 2
    return Opening(title, heard, truth, heard_beats) if enough else None


def goes_on(
    player: Continuer[Any, Any], opening: Opening, beats: float, seed: int, ahead: Ahead | None = None
) -> list[Onset]:
    """What a player plays after an opening, knowing what is to come."""
    memory, dice, found = player.start(), np.random.default_rng(seed), list[Onset]()
    for onset in opening.heard:
        player.hear(memory, onset, phase=True)
    thread, aim = player.begin(memory), Aim(phase=True, ahead=ahead)
    while not found or found[-1].beat < opening.start + beats:
        onset, thread = player.go_on(memory, thread, aim, dice)
        found.append(onset)
    return found[:-1]


def looped(opening: Opening, beats: float, bars: int = 4) -> list[Onset]:
    """The last bars of an opening over and over."""
    span = bars * BAR_BEATS
    last = [one for one in opening.heard if one.beat >= opening.start - span]
    return [
        Onset(one.beat + (number + 1) * span, one.tones)
        for number in range(int(-(-beats // span)))
        for one in last
        if one.beat + (number + 1) * span < opening.start + beats
    ]


def entropy(stream: Stream) -> float:
    """Of pitch classes, in bits."""
    counts = Counter(tone.pitch % 12 for onset in stream for tone in onset.tones)
    total = sum(counts.values())
    return -sum(count / total * log2(count / total) for count in counts.values())


def in_scale(stream: Stream) -> float:
    """The share of notes in the scale that has most of them."""
    pitches = [tone.pitch % 12 for onset in stream for tone in onset.tones]
    return max(sum(pitch in key.scale for pitch in pitches) for key in ALL_KEYS) / max(1, len(pitches))


def groove(stream: Stream) -> float:
    """How alike neighbouring bars are in where something begins; 1: all the same."""
    size = round(BAR_BEATS * STEPS)
    places = np.array([round(onset.beat * STEPS) for onset in stream])
    if not len(places):
        return 1.0
    bars = np.zeros((int(places.max() - places.min()) // size + 2, size), bool)
    places -= places.min() // size * size
    bars[places // size, places % size] = True
    bars = bars[: places.max() // size + 1]
    return float(1 - np.mean(bars[1:] != bars[:-1])) if len(bars) > 1 else 1.0


def notes_per_beat(stream: Stream) -> float:
    """How much is played."""
    beats = max(1.0, stream[-1].beat - stream[0].beat) if stream else 1.0
    return sum(len(onset.tones) for onset in stream) / beats


def tones_per_onset(stream: Stream) -> float:
    """How thick it is."""
    return sum(len(onset.tones) for onset in stream) / max(1, len(stream))


MEASURES: dict[str, Callable[[Stream], float]] = {
    "pitch_class_entropy": entropy,
    "in_scale": in_scale,
    "groove": groove,
    "notes_per_beat": notes_per_beat,
    "tones_per_onset": tones_per_onset,
}


def overlap(found: Stream, truth: Stream) -> float:
    """The mean overlapping area of the distributions of pitches, waits, lengths and velocities."""
    areas = [np.minimum(a, b).sum() for a, b in zip(_spread(found), _spread(truth), strict=True)]
    return float(np.mean(areas))


def _spread(stream: Stream) -> list[NDArray[np.float64]]:
    tones = [tone for onset in stream for tone in onset.tones]
    waits = [b.beat - a.beat for a, b in pairwise(stream)]
    return [
        _shares([tone.pitch // 4 for tone in tones], 32),
        _shares([_class(wait, WAITS) for wait in waits], WAITS),
        _shares([_class(tone.beats, LENGTHS) for tone in tones], LENGTHS),
        _shares([tone.velocity // 8 for tone in tones], 16),
    ]


def _class(beats: float, classes: int) -> int:
    return min(max(round(2 * log2(max(beats, 1 / 64) * 32)), 0), classes - 1)


def _shares(values: Sequence[int], size: int) -> NDArray[np.float64]:
    counts: NDArray[np.float64] = np.bincount(np.array(values, np.int64), minlength=size).astype(np.float64)
    return counts / max(1.0, float(counts.sum()))


def distances(found: Sequence[Stream], truths: Sequence[Stream]) -> Figures:
    """How far statistics are apart, and how little distributions overlap; 0: alike. The mean of pieces."""
    figures = {
        name: float(np.mean([abs(measure(a) - measure(b)) for a, b in zip(found, truths, strict=True)]))
        for name, measure in MEASURES.items()
    }
    figures["not_overlapping"] = float(np.mean([1 - overlap(a, b) for a, b in zip(found, truths, strict=True)]))
    return figures


def halves(stream: Stream) -> tuple[Stream, Stream]:
    """What is before and after the middle in time."""
    middle = (stream[0].beat + stream[-1].beat) / 2
    return [one for one in stream if one.beat < middle], [one for one in stream if one.beat >= middle]


def grams(stream: Stream) -> list[tuple[tuple[int, ...], ...]]:
    """All stretches of `GRAM` onsets, as pitches and waits."""
    waits = [0, *(round((b.beat - a.beat) * 12) for a, b in pairwise(stream))]
    words = [(wait, *(tone.pitch for tone in onset.tones)) for wait, onset in zip(waits, stream, strict=True)]
    return [tuple(words[at : at + GRAM]) for at in range(len(words) - GRAM + 1)]


def copied(found: Stream, heard: Stream) -> float:
    """The share of what is played that was heard so, eight onsets in a row."""
    known, mine = set(grams(heard)), grams(found)
    return sum(gram in known for gram in mine) / max(1, len(mine))


def repeated(found: Stream) -> float:
    """The share of what is played that it has played so before."""
    mine = grams(found)
    return 1 - len(set(mine)) / max(1, len(mine))


class Known:
    """All runs of so many notes, as pitches and waits, of some pieces."""

    def __init__(self, pieces: Iterable[Stream], notes: int = LONGEST_COPY + 1) -> None:
        self._notes = notes
        self._runs = {run for piece in pieces for run in self._of(piece)}

    def has(self, stream: Stream, heard: Stream = ()) -> bool:
        """Whether a stream has one of them, other than what its player had just heard."""
        own = set(self._of(heard))
        return any(run in self._runs and run not in own for run in self._of(stream))

    def _of(self, stream: Stream) -> Iterator[int]:
        ticks = [round(onset.beat * CLOCKS_PER_BEAT) for onset in stream]
        waits = [b - a for a, b in pairwise([*ticks[:1], *ticks])]
        words = [
            (wait if number == 0 else 0, tone.pitch)
            for wait, onset in zip(waits, stream, strict=True)
            for number, tone in enumerate(onset.tones)
        ]
        for at in range(1, len(words) - self._notes + 1):
            yield hash(tuple(words[at : at + self._notes]))
