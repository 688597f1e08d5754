"""Pitches of a voice or an instrument, one every few milliseconds, become notes that do not flutter."""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple


class Look(NamedTuple):
    """What was found in one hop of a sound."""

    pitch: float
    """69 = 440 Hz, with its fraction."""
    aperiodicity: float
    """0 = periodic, about 1 = noise."""
    level_db: float
    """Of full scale."""


class Written(NamedTuple):
    """A note that begins, or (velocity 0) ends."""

    pitch: int
    velocity: int
    since: int
    """The hop in which it probably began or ended, some before the one in which that was clear."""


@dataclass(frozen=True, slots=True)
class Gates:
    """What counts as a note."""

    gate_db: float = -50.0
    """What is softer is none."""
    confidence: float = 0.85
    """How periodic it must be to begin; it goes on with less."""


FLOOR_DB = -100.0
ABOVE_FLOOR_DB = 8.0
"""A note is louder than the noise of the room by so much."""
FLOOR_RISES_DB_S = 12.0
CLOSES_DB = 6.0
"""An open gate closes so much below where it opens."""
LOUDEST_DB = -6.0
RISE_DB, RISE_S = 6.0, 0.025
"""So much louder within so long is a new attack: a tremolo of 12 dB, five times a second, stays below it."""
ATTACK_S = 0.12
"""How long a new attack may take to find its pitch."""
REST_S, SWELL_S = 0.06, 0.1
"""Between attacks, and after the beginning of a note, which may swell."""
SETTLED_HOPS, SETTLED = 3, 0.35
"""So many hops within so many semitones are a pitch."""
STILL, IN_TUNE, SCOOP_S = 0.1, 0.35, 0.05
"""A note begins when its pitch hardly moves and is in tune, or has been there for so long: voices come from below."""
STEP = 0.62
"""Semitones from the held note at which another one is nearer, with some hysteresis."""
LEAP, LEAP_S = 1.5, 0.025
"""So far away is another note as soon as it has settled, if the pitch has leapt there, or has broken off before."""
LEAPT, LEAPT_S = 1.0, 0.02
"""A vibrato of a semitone to either side moves more slowly than that."""
MEAN_S, CYCLE_S = 0.12, 0.19
"""A step is told from a vibrato by its mean: over a whole cycle of that, or less where the pitch rests."""
RESTS_S, RESTS = 0.06, 0.3
"""So long within so many semitones, it rests."""
OCTAVE_S = 0.08
"""A leap by an octave or a twelfth without an attack is rather a harmonic taken for the pitch: it must last."""
OCTAVES, NEAR = (12, 19, 24), 0.6
ECHO, ECHO_S = 11, 0.2
"""So far below a note that has just ended, it may be the pitch of its echo and the next note together: it must last."""
SLIDE_S = 0.15
"""A glissando that does not settle is followed so often."""
NOISE_S = 0.04
"""How long a note outlives its pitch: shorter than a consonant."""
SHORTEST_S = 0.05
"""No note is shorter."""


class Scribe:
    """Writes down one melody. One thread."""

    def __init__(self, hop_s: float, gates: Gates) -> None:
        self.gates = gates
        """What counts; may be changed at any time."""
        self._hop_s = hop_s
        self._now = -1
        self._held: int | None = None
        self._began = 0
        self._floor_db = FLOOR_DB
        self._open = False
        self._levels: deque[float] = deque([FLOOR_DB], maxlen=self._hops(RISE_S) + 1)
        self._pitches: deque[float] = deque(maxlen=self._hops(CYCLE_S))  # of the stretch that is periodic now
        self._rose = -self._hops(1.0)  # when the gate opened, or it was struck anew
        self._attack: int | None = None  # an attack that has no pitch yet
        self._noisy = 0
        self._away = 0
        self._last, self._ended = 0, 0  # the newest note, and when it was held

    def hear(self, look: Look) -> list[Written]:
        """What begins or ends with one more hop, releases first."""
        self._now += 1
        if self._held is not None:
            self._last, self._ended = self._held, self._now
        self._weigh(look.level_db)
        sure = 1 - self.gates.confidence
        voiced = self._open and look.aperiodicity < (sure if self._held is None else 2 * sure + 0.05)
        if not voiced:
            self._pitches.clear()
            self._away = 0
            self._noisy += 1
            return self._end() if self._held is not None and self._over() else []
        self._noisy = 0
        self._pitches.append(look.pitch)
        if self._held is None:
            return self._strike(self._since(len(self._pitches))) if self._arrived() else []
        if self._attack is not None:
            return self._attacked(self._held, self._attack)
        return self._moved(self._held)

    def end(self) -> list[Written]:
        """The sound is over: so is its note."""
        return self._end() if self._held is not None else []

    def _hops(self, seconds: float) -> int:
        return max(1, round(seconds / self._hop_s))

    def _weigh(self, level_db: float) -> None:
        """Gate, noise of the room, attacks."""
        opens_db = max(self.gates.gate_db, self._floor_db + ABOVE_FLOOR_DB)
        if self._held is None and not self._pitches:
            self._floor_db = min(level_db, self._floor_db + FLOOR_RISES_DB_S * self._hop_s)
        rises = level_db - min(self._levels) > RISE_DB
        self._levels.append(max(level_db, FLOOR_DB))
        was_open, self._open = self._open, level_db > (opens_db - CLOSES_DB if self._open else opens_db)
        if self._open and (not was_open or (rises and self._now - self._rose > self._hops(REST_S))):
            self._rose = self._now
            if self._held is not None and self._now - self._began > self._hops(SWELL_S):
                self._attack = self._now
                self._pitches.clear()

    def _settled(self, within: float = SETTLED) -> bool:
        newest = list(self._pitches)[-SETTLED_HOPS:]
        return len(newest) == SETTLED_HOPS and max(newest) - min(newest) < within

    def _arrived(self) -> bool:
        """Whether a new stretch is a note by now."""
        lately = self._now - self._ended < self._hops(ECHO_S)
        if lately and self._pitch() < self._last - ECHO and len(self._pitches) < self._hops(OCTAVE_S):
            return False
        if len(self._pitches) >= self._hops(SCOOP_S):
            return self._settled()
        return self._settled(STILL) and abs(self._pitch() - round(self._pitch())) < IN_TUNE

    def _leapt(self, held: int) -> bool:
        """Whether the pitch came to where it is at a stroke."""
        pitches, apart = list(self._pitches), self._hops(LEAPT_S)
        if abs(pitches[0] - held) > STEP and len(pitches) < self._hops(MEAN_S):  # it had broken off
            return True
        pitches = pitches[-self._away - apart - 1 :]
        return any(abs(after - before) > LEAPT for before, after in zip(pitches, pitches[apart:], strict=False))

    def _pitch(self) -> float:
        return statistics.median(list(self._pitches)[-SETTLED_HOPS:])

    def _over(self) -> bool:
        """Whether the held note has ended, and was long enough to end."""
        gone = not self._open or self._noisy >= self._hops(NOISE_S)
        return gone and self._now - self._began >= self._hops(SHORTEST_S)

    def _since(self, hops: int) -> int:
        """When what is clear now began: with its attack, if there was one lately."""
        return self._rose if self._now - self._rose < self._hops(ATTACK_S) else self._now - hops

    def _attacked(self, held: int, attack: int) -> list[Written]:
        """The same note once more, or another one, once its pitch is there."""
        if self._now - attack > self._hops(ATTACK_S):
            self._attack = None
            return []
        if not self._arrived() or self._now - self._began < self._hops(SHORTEST_S):
            return []
        self._attack = None
        near = abs(self._pitch() - held) < STEP
        return self._end() + self._strike(attack, held if near else None)

    def _moved(self, held: int) -> list[Written]:
        """Another note, where the pitch has left the held one for good."""
        away = self._pitch() - held
        self._away = self._away + 1 if abs(away) > STEP else 0
        if not self._away or self._now - self._began < self._hops(SHORTEST_S):
            return []
        lasts = self._away * self._hop_s
        if abs(away) >= LEAP and self._settled() and self._leapt(held):
            octave = any(abs(abs(away) - leap) < NEAR for leap in OCTAVES)
            if lasts >= (OCTAVE_S if octave else LEAP_S):
                return self._change(None, self._away)
        elif lasts >= SLIDE_S:
            return self._change(None, self._away)
        elif abs(away) < LEAP and (centre := self._centre()) is not None and abs(centre - held) > STEP:
            return self._change(round(centre), self._away)
        return []

    def _centre(self) -> float | None:
        """Around what the pitch moves; None while that is not clear."""
        pitches = list(self._pitches)
        newest = pitches[-self._hops(RESTS_S) :]
        rests = max(newest) - min(newest) < RESTS
        hops = self._hops(MEAN_S if rests else CYCLE_S)
        return statistics.fmean(pitches[-hops:]) if len(pitches) >= hops else None

    def _change(self, pitch: int | None, hops: int) -> list[Written]:
        since = self._now - hops
        ended = self._end()
        return [ended[0]._replace(since=since), *self._strike(since, pitch)]

    def _strike(self, since: int, pitch: int | None = None) -> list[Written]:
        self._held = round(self._pitch()) if pitch is None else pitch
        self._held = min(max(self._held, 0), 127)
        self._began, self._away, self._attack = self._now, 0, None
        while len(self._pitches) > SETTLED_HOPS:  # of the note before
            self._pitches.popleft()
        gate_db = self.gates.gate_db
        loud = (max(self._levels) - gate_db) / max(LOUDEST_DB - gate_db, 1.0)
        return [Written(self._held, min(max(round(20 + 100 * loud), 1), 127), since)]

    def _end(self) -> list[Written]:
        pitch, self._held, self._attack = self._held, None, None
        assert pitch is not None  # noqa: S101 - who calls has looked
        return [Written(pitch, 0, self._now - self._noisy)]
