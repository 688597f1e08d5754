"""Charts as musicians write them: `Am F C G7`, a chord a bar; `C G | Am`, the bars marked; or the melody in a file."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from pychord import Chord

from bridge.errors import ValueRefused
from music.chart import Chart, Classes
from music.pitch import pitch_class

if TYPE_CHECKING:
    from music.midifile import Score

OCTAVE = 12
SUFFIXES = (".mid", ".midi")
LARGEST_BYTES = 20_000
"""Of a melody: the brain reads it while it plays."""
NOTHING, AGAIN = ("N.C.", "NC", "-"), "%"
SPELLINGS = (
    (r"^min|^-(?=$|\d)", "m"), (r"^maj$|^M$", ""), (r"^m?ø7?$|^h7?$", "m7b5"), (r"^[Δ^]7?|^j7|^Maj7|^ma7", "maj7"),
    (r"^[°o]", "dim"), (r"^\+", "aug"), (r"^m\(?maj7\)?$|^m\(M7\)$", "mM7"), (r"^6/9$", "69"), (r"^7?alt$", "7b9b13"),
    (r"[()]", ""),
)  # fmt: skip
"""What others write for what pychord calls so."""


def chart_of(text: str) -> Chart | None:
    """The chart that a text stands for; None where there is none. ValueRefused says what cannot be read.

    Without bar lines each chord has a bar; with them the chords of a bar share it. `%` is the one before again, `N.C.`
    nothing. Where the text is the path of a MIDI file, its notes are the chart, in their own beats.
    """
    text = text.strip()
    if text.lower().endswith(SUFFIXES):
        path = Path(text).expanduser()
        return _melody(path, path.stat().st_mtime_ns if path.exists() else 0)
    return _chords(text) if text else None


@lru_cache(64)
def _chords(text: str) -> Chart:
    bars = [bar.split() for bar in text.strip("|").split("|")] if "|" in text else [[name] for name in text.split()]
    starts, classes, before = list[float](), list[Classes](), Classes()
    for number, names in enumerate(bars):
        for place, name in enumerate(names or [AGAIN]):
            before = before if name == AGAIN else classes_of(name)
            starts.append(number + place / max(len(names), 1))
            classes.append(before)
    return Chart(tuple(starts), tuple(classes), float(len(bars)))


def classes_of(name: str) -> Classes:
    """The pitch classes of a chord as lead sheets write it; ValueRefused where it is none."""
    if name in NOTHING:
        return frozenset()
    found = re.fullmatch(r"([A-G][#b]?)(.*?)(?:/([A-G][#b]?))?", name.replace("♯", "#").replace("♭", "b"))
    if not found:
        raise ValueRefused(f"{name!r} is no chord (Am, F#m7b5, Bbmaj7, C/E; a chart is Am F C G, or C G | Am)", 400)
    root, quality, bass = found.groups()
    for spelt, known in SPELLINGS:
        quality = re.sub(spelt, known, quality)
    try:
        tones = Chord(root + quality).components(visible=False)
    except ValueError:
        raise ValueRefused(f"{name!r} is a chord that is not known here; try {root}, {root}m or {root}7", 400) from None
    below = [pitch_class(bass)] if bass else []
    return frozenset(int(tone) % OCTAVE for tone in (*tones, *below))


@lru_cache(8)
def _melody(path: Path, _changed: int) -> Chart:
    """The notes of a file; `_changed` tells it from what was there before."""
    from music.chunks import MidiFileError  # noqa: PLC0415 - slow to load, and hardly ever needed
    from music.midifile import read  # noqa: PLC0415 - the same

    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ValueRefused(f"{path}: more than {LARGEST_BYTES // 1000} kB; a melody alone is enough", 400)
        score = read(path)
    except (MidiFileError, OSError) as error:
        raise ValueRefused(f"no MIDI file that can be read: {error}", 404) from error
    return _sounding(score, path)


def _sounding(score: Score, path: Path) -> Chart:
    edges: dict[int, Counter[int]] = defaultdict(Counter)
    for track in score.tracks:
        for onset, length, pitch, _ in [] if track.drum else track.notes.tolist():
            edges[onset][pitch % OCTAVE] += 1
            edges[onset + max(length, 1)][pitch % OCTAVE] -= 1
    if not edges:
        raise ValueRefused(f"{path}: no notes in it", 400)
    sounding, starts, classes = Counter[int](), [0.0], [Classes()]
    for tick in sorted(edges):
        sounding.update(edges[tick])
        starts.append(tick / score.ticks_per_beat)
        classes.append(frozenset(pitch for pitch, count in sounding.items() if count > 0))
    return Chart(tuple(starts), tuple(classes), max(ceil(starts[-1] / 4), 1) * 4.0, in_bars=False)
