"""What fits what is known to come: notes are led to it by odds, and what would rub is moved or cut short."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from music.chart import Chart, Classes

OCTAVE = 12
RUBS = -5.0
"""Nats of a semitone beside what sounds: the avoid note of the jazz books (Levine 1995, "The Jazz Theory Book")."""
LEANS = -2.0
"""Nats of a whole tone or a tritone beside it."""
PASSING = 0.4
"""How much of that counts off the beat."""
PASSING_BEATS = 0.5
"""What is off the beat and shorter than that may rub."""
ON_BEAT = 1 / 12
"""Beats: what is so near to one is on it."""

_BY_INTERVAL = (0.0, RUBS, LEANS, 0.0, 0.0, 0.0, LEANS, 0.0, 0.0, 0.0, LEANS, RUBS)


@dataclass(frozen=True, slots=True)
class Ahead:
    """A chart, and where in the player's time it begins."""

    chart: Chart
    bar: float = 4.0
    """Beats."""
    origin: float | None = None
    """The beat; None: with the next onset."""

    def sounding(self, beat: float) -> Classes:
        """The pitch classes at a beat."""
        return self.chart.at(self._since(beat), self.bar)

    def fit(self, beat: float) -> NDArray[np.float64]:
        """(pitch class,) nats of what begins at a beat, 0 for what sounds."""
        return _fit(self.sounding(beat)) * (1.0 if _on_beat(self._since(beat)) else PASSING)

    def passes(self, pitch: int, beat: float, beats: float) -> bool:
        """Whether a note may be there: it does not rub, or hardly anybody hears it."""
        short = beats < PASSING_BEATS and not _on_beat(self._since(beat))
        return short or _fit(self.sounding(beat))[pitch % OCTAVE] > RUBS

    def until(self, pitch: int, beat: float, beats: float) -> float:
        """How long a note of so many beats may sound: to where it would begin to rub."""
        since, at = self._since(beat), 0.0
        while at < beats - ON_BEAT:
            wait, following = self.chart.change(since + at, self.bar)
            at += max(wait, ON_BEAT)
            if at < beats - ON_BEAT and _fit(following)[pitch % OCTAVE] <= RUBS:
                return at
        return beats

    def _since(self, beat: float) -> float:
        return 0.0 if self.origin is None else beat - self.origin


@cache
def _fit(classes: Classes) -> NDArray[np.float64]:
    if not classes:
        return np.zeros(OCTAVE)
    harshest = [min(_BY_INTERVAL[(one - other) % OCTAVE] for other in classes) for one in range(OCTAVE)]
    return np.array([0.0 if one in classes else nats for one, nats in enumerate(harshest)])


def _on_beat(beat: float) -> bool:
    return abs(beat - round(beat)) <= ON_BEAT
