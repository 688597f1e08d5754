"""How well a continuation fits what is known to come: the melody, or the harmony, of how the piece really goes on."""

from __future__ import annotations

from collections.abc import Sequence

from models.ahead import Ahead
from music.chart import Chart, Classes
from music.phrase import Onset
from train.evaluate.continuation import Figures, Opening

RUBS = (1, 11)
"""Semitones."""


def melody(opening: Opening) -> Ahead:
    """The highest note of each moment at which something begins."""
    return _known(opening, [(onset.beat, frozenset((onset.top % 12,))) for onset in opening.truth])


def harmony(opening: Opening) -> Ahead:
    """What begins in each beat."""
    beats: dict[int, set[int]] = {}
    for onset in opening.truth:
        beats.setdefault(int(onset.beat), set()).update(tone.pitch % 12 for tone in onset.tones)
    return _known(opening, [(float(beat), frozenset(tones)) for beat, tones in sorted(beats.items())])


def _known(opening: Opening, classes: list[tuple[float, Classes]]) -> Ahead:
    starts = [0.0, *(beat - opening.start for beat, _ in classes[1:])]
    length = classes[-1][0] - opening.start + 1.0
    return Ahead(Chart(tuple(starts), tuple(one for _, one in classes), length, in_bars=False), origin=opening.start)


def fit(streams: Sequence[Sequence[Onset]], known: Sequence[Ahead]) -> Figures:
    """Of all notes where they begin: the share that sounds in what is known, and that is a semitone beside it."""
    inside = beside = total = 0
    for stream, ahead in zip(streams, known, strict=True):
        for onset in stream:
            sounding = ahead.sounding(onset.beat)
            for tone in onset.tones:
                total += 1
                inside += tone.pitch % 12 in sounding
                rubs = any((tone.pitch - one) % 12 in RUBS for one in sounding)
                beside += rubs and tone.pitch % 12 not in sounding
    return {"inside": inside / max(total, 1), "a semitone beside": beside / max(total, 1)}
