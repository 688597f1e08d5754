"""A sound, in whatever pieces it comes, becomes notes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numba import njit

from music.audio.scribe import CLOSES_DB, Gates, Look, Scribe
from music.audio.yin import Samples, Yin, warm

HOP_S = 0.005
ENOUGH_HZ = 22_000
"""A rate is halved while it stays above this: a quarter of the work, and C7 is still found within some cents."""
RUMBLE_HZ = 40.0
SILENCE = 1e-10


@dataclass(frozen=True, slots=True)
class Range:
    """What is listened for. A lower `lowest` makes all notes later: its period has to be waited for twice."""

    lowest: int = 40
    highest: int = 96
    gates: Gates = field(default_factory=Gates)


class Heard(NamedTuple):
    """A note that begins, or (velocity 0) ends."""

    pitch: int
    velocity: int
    since_s: float
    """When it probably did, in seconds of the sound."""


class Listener:
    """Follows one melody. One thread."""

    def __init__(self, rate_hz: float, heard: Range | None = None) -> None:
        heard = heard or Range()
        self._halvings = max(0, math.floor(math.log2(rate_hz / ENOUGH_HZ)))
        self._rate_hz = rate_hz / 2**self._halvings
        self._hop = max(1, round(HOP_S * self._rate_hz))
        self._yin = Yin(self._rate_hz, heard.lowest, heard.highest)
        self._still_db = heard.gates.gate_db - CLOSES_DB  # no pitch is asked for where none would count
        self._scribe = Scribe(self._hop / self._rate_hz, heard.gates)
        self._rest = np.empty(0, np.float32)  # of the sound as it came, too short to be halved
        self._sound = np.zeros(self._yin.window, np.float32)
        self._filter = np.zeros(2)
        self._keep = math.exp(-2 * math.pi * RUMBLE_HZ / self._rate_hz)
        self._heard = heard
        self.look = Look(0.0, 1.0, -100.0)
        """What is heard now, whether it is a note or not; pitch 0: none was asked for."""
        self.rate_hz = rate_hz
        warm()

    def hear(self, samples: Samples) -> list[Heard]:
        """What begins or ends with these samples of one channel, releases first."""
        sound = np.concatenate((self._sound, self._filtered(samples)))
        found = []
        window, span = self._yin.window, self._yin.span
        at = window + self._hop
        while at <= len(sound):
            newest = sound[at - window : at]
            power = float(np.dot(newest[-span:], newest[-span:])) / span
            level_db = 10 * math.log10(power + SILENCE)
            pitch, aperiodicity = self._yin.pitch(newest) if level_db > self._still_db else (0.0, 1.0)
            self.look = Look(pitch, aperiodicity, level_db)
            found += self._scribe.hear(self.look)
            at += self._hop
        self._sound = sound[at - self._hop - window :]
        return [self._timed(note.pitch, note.velocity, note.since) for note in found]

    def adjust(self, heard: Range) -> list[Heard]:
        """Listen for something else from now on; another range ends the note that sounds."""
        ended = []
        if (heard.lowest, heard.highest) != (self._heard.lowest, self._heard.highest):
            ended = self.end()
            self._yin = Yin(self._rate_hz, heard.lowest, heard.highest)
            self._sound = np.zeros(self._yin.window, np.float32)
        self._heard = heard
        self._still_db = heard.gates.gate_db - CLOSES_DB
        self._scribe.gates = heard.gates
        return ended

    def end(self) -> list[Heard]:
        """The sound is over."""
        return [self._timed(note.pitch, note.velocity, note.since) for note in self._scribe.end()]

    def _timed(self, pitch: int, velocity: int, hop: int) -> Heard:
        return Heard(pitch, velocity, max(0.0, hop * self._hop / self._rate_hz))

    def _filtered(self, samples: Samples) -> Samples:
        """At the lower rate, without what lies below all notes."""
        sound = np.concatenate((self._rest, np.asarray(samples, np.float32)))
        step = 2**self._halvings
        whole = len(sound) - len(sound) % step
        self._rest = sound[whole:]
        low: Samples = sound[:whole].reshape(-1, step).mean(axis=1, dtype=np.float32)
        _no_rumble(low, self._filter, self._keep)
        return np.asarray(low)


@njit(cache=True, nogil=True)
def _no_rumble(samples: Samples, state: Samples, keep: float) -> None:
    """A high pass of first order, in place; `state` is the last sample before and after it. What is no number is 0."""
    before, after = state
    for i in range(len(samples)):
        sample = samples[i]
        if not np.isfinite(sample):
            sample = np.float32(0)
        after = keep * (after + sample - before)
        before = sample
        samples[i] = after
    state[0], state[1] = before, after
