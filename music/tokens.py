"""Notes as tokens: a row for each note, with all there is to say about it, for models that go on note by note.

A row has a place for each of `FIELDS`, and each place a vocabulary of its own: a note is one step of a model and not
five. Times are ticks of 1/24 beat, counted from position to position, so that rounding never adds up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from music.beat import CLOCKS_PER_BEAT
from music.phrase import Onset, Tone

Rows = NDArray[np.int16]
"""(note, field)."""


class Field(NamedTuple):
    """A place of a row."""

    name: str
    size: int
    """How many tokens its vocabulary has."""
    text: str


LONGEST_WAIT = 4 * CLOCKS_PER_BEAT
LONGEST = 16 * CLOCKS_PER_BEAT
NOTHING = 128
"""The pitch of a row that is no note: time passes."""
DRUMS = 128
NO_CLOCK = CLOCKS_PER_BEAT

FIELDS = (
    Field("wait", LONGEST_WAIT + 1, f"ticks since the row before, 0 to {LONGEST_WAIT}; 0: together with it"),
    Field("pitch", NOTHING + 1, "0 to 127, 60 = C4; 128: no note, time passes"),
    Field("length", LONGEST, f"ticks that it sounds less one, 0 to {LONGEST - 1}"),
    Field("velocity", 128, "1 to 127"),
    Field("instrument", DRUMS + 1, "General MIDI program, 0 to 127; 128: drums"),
    Field("phase", NO_CLOCK + 1, f"ticks since the beat, 0 to {NO_CLOCK - 1}; {NO_CLOCK}: no clock runs"),
)
WAIT, PITCH, LENGTH, VELOCITY, INSTRUMENT, PHASE = range(len(FIELDS))


@dataclass
class Writer:
    """Turns onsets into rows as they come."""

    instrument: int = 0
    clock: bool = True
    """Whether beats are those of a clock, and where in them a note lies means something."""
    tick: int | None = None
    """When the newest onset was."""

    def write(self, onset: Onset) -> Rows:
        """The rows of the next onset, one for each note from the lowest up, after one for each long wait."""
        tick = round(onset.beat * CLOCKS_PER_BEAT)
        wait = 0 if self.tick is None else tick - self.tick
        if wait < 0:  # somebody has gone back in the song
            wait = CLOCKS_PER_BEAT
        rows = []
        while wait > LONGEST_WAIT:
            wait -= LONGEST_WAIT
            rows.append((LONGEST_WAIT, NOTHING, 0, 0, self.instrument, self._phase(tick - wait)))
        for tone in onset.tones:
            length = min(max(round(tone.beats * CLOCKS_PER_BEAT), 1), LONGEST) - 1
            rows.append((wait, tone.pitch, length, tone.velocity, self.instrument, self._phase(tick)))
            wait = 0
        self.tick = tick
        return np.array(rows, np.int16).reshape(-1, len(FIELDS))

    def _phase(self, tick: int) -> int:
        return int(tick % CLOCKS_PER_BEAT) if self.clock else NO_CLOCK


def encode(onsets: Iterable[Onset], *, instrument: int = 0, clock: bool = True) -> Rows:
    """The rows of a stream of onsets; the first one waits for nothing."""
    writer = Writer(instrument, clock)
    rows = [writer.write(onset) for onset in onsets]
    return np.concatenate(rows) if rows else np.zeros((0, len(FIELDS)), np.int16)


def decode(rows: Rows, start: float = 0.0) -> Iterator[Onset]:
    """The onsets of rows, the first one at a beat; of a pitch twice in an onset the last counts."""
    tick, tones = round(start * CLOCKS_PER_BEAT), dict[int, Tone]()
    for wait, pitch, length, velocity, *_ in rows.tolist():
        if wait and tones:
            yield _onset(tick, tones)
            tones = {}
        tick += wait
        if pitch != NOTHING:
            tones[pitch] = Tone(pitch, velocity, (length + 1) / CLOCKS_PER_BEAT)
    if tones:
        yield _onset(tick, tones)


def _onset(tick: int, tones: dict[int, Tone]) -> Onset:
    return Onset(tick / CLOCKS_PER_BEAT, tuple(tones[pitch] for pitch in sorted(tones)))
