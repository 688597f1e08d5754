"""Notes drawn one field after the other, as the preset wants them and as music allows. Any thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models.blocks.live.dense import Floats
from models.continuation import OCTAVE, Aim
from models.tokens.known import Guard
from models.tokens.live import Heard, Recalls, Row, State
from models.tokens.spread import Spread
from music.beat import CLOCKS_PER_BEAT
from music.tokens import INSTRUMENT, LENGTH, LONGEST_WAIT, NO_CLOCK, NOTHING, PITCH, VELOCITY, WAIT

NUCLEUS, TIME_NUCLEUS = 0.98, 0.95
"""What is not among the likeliest of so much in all is not played (Holtzman et al. 2020, arXiv:1904.09751): of when
and how long less than of what, since a rhythm that has slipped once does not come back."""
PLACES, FINE_PLACES = (0, 6, 8, 12, 16, 18), (3, 4, 9, 15, 20, 21)
"""Ticks of a beat on which something may begin where a clock runs; on the fine ones only right after another note."""
RIGHT_AFTER = 5
"""Ticks."""
PATIENT_TICKS = 2 * CLOCKS_PER_BEAT
"""The longest wait for the first note of a turn."""
MOST = 10
"""Notes of a chord; no more than the musician's largest, unless it is to be thicker."""
BEYOND = 5
"""Semitones beyond all that was heard."""
USUAL_DENSITY = 0.5
"""The one that changes nothing."""
USUAL = 0.2
"""The surprise at which the temperature is as it is said."""
THICKER, BUSIER = 3.0, 2.0
"""How far density moves the odds of one note more in a chord, and of half the wait, from end to end, in nats."""

_TICKS = np.arange(LONGEST_WAIT + 1)
_PITCHES = np.arange(NOTHING + 1)


class Odds(Protocol):
    """Who says how likely a note is, field by field: `models.tokens.live.Live`, or somebody who is compared with it."""

    @property
    def velocity(self) -> Callable[..., Floats]:
        """As `Live` has it; so is all that follows."""
        ...

    @property
    def length(self) -> Callable[..., Floats]: ...  # noqa: D102

    def start(self) -> Any: ...  # noqa: D102

    def recalls(self) -> Any: ...  # noqa: D102

    def hear(self, state: Any, row: Row, wait: int, phase: int) -> Any: ...  # noqa: D102

    def remember(self, recalls: Any, before: Heard, now: Heard, *, ended: bool) -> None: ...  # noqa: D102

    def wait(self, state: Any, row: Row, recall: Any = None) -> Floats: ...  # noqa: D102

    def pitch(self, state: Any, before: Row, wait: int, recall: Any = None) -> Floats: ...  # noqa: D102


class Drawing:
    """What an aim makes of somebody's odds."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a draw depends on
        self,
        live: Odds,
        aim: Aim,
        dice: np.random.Generator,
        recalls: Recalls | None = None,
        spread: Spread | None = None,
        guard: Guard | None = None,
    ) -> None:
        self._live, self._dice = live, dice
        self.spread = spread or Spread()
        """After what has been drawn; so is `guard`."""
        self.guard = guard or Guard()
        self._recalls = recalls or live.recalls()
        self._heat = aim.temperature * 2 ** (aim.surprise - USUAL)
        more = aim.density - USUAL_DENSITY
        self._eager = -BUSIER * more * np.log2(np.maximum(_TICKS, 1) / CLOCKS_PER_BEAT)
        self._eager[0] = THICKER * more
        self._steady = 1 - 2 * abs(more)  # who wants it thicker or thinner does not want it as it was
        self._off = ~np.isin(np.arange(CLOCKS_PER_BEAT), PLACES) & aim.phase
        self._always_off = self._off & ~np.isin(np.arange(CLOCKS_PER_BEAT), FINE_PLACES)
        self._ahead, moved = aim.ahead, OCTAVE * round(aim.register)
        self._foreign = (aim.lowest - moved > _PITCHES) | (aim.highest - moved < _PITCHES)
        self._foreign[NOTHING] = True
        outside = ~np.isin(_PITCHES % OCTAVE, list(aim.key.scale)) if aim.key else np.zeros(len(_PITCHES), bool)
        if not (self._foreign | outside).all():
            self._foreign |= outside
        elif self._foreign.all():  # a range that is moved beyond all pitches: what is played is put into it
            self._foreign[:NOTHING] = False
        if self.spread.pitches:
            low, high = self.spread.pitches
            far = self._foreign | (low - BEYOND > _PITCHES) | (high + BEYOND < _PITCHES)
            self._foreign = self._foreign if far.all() else far
        self._most = min(self.spread.thickest or MOST, MOST) if aim.density <= USUAL_DENSITY else MOST

    def wait(self, state: Any, row: Row, tick: int, chord: int) -> int:
        """Ticks until the next note after a row at a tick.

        `chord` is how many notes begin together so far, 0: the turn is to begin.
        """
        logits = self._live.wait(state, row, self._recalls.wait) + self._eager
        logits = logits + self._steady * self.spread.lean(WAIT)
        if 0 < chord < self._most and self._thicker(logits):
            return 0
        places = (tick + _TICKS) % CLOCKS_PER_BEAT
        banned = np.where(_TICKS > RIGHT_AFTER, self._off[places], self._always_off[places])
        banned[0] = True
        if not chord:
            banned[PATIENT_TICKS + 1 :] = True
        return self._drawn(logits, banned, TIME_NUCLEUS) or 0

    def _thicker(self, logits: NDArray[np.floating]) -> bool:
        """Whether a chord has a note more.

        That is decided at temperature 1: it is likelier than each of the waits, and all together may be likelier.
        """
        chance = 1 / float(np.exp(logits - logits[0]).sum())
        return bool(chance > (0.5 if self._heat <= 0 else self._dice.random()))

    def note(self, state: State, before: Row, wait: int, phase: int, tick: int) -> Row | None:
        """A note whose time is known; None where a chord can have no more."""
        banned = self._foreign | ((wait == 0) & (before[1] >= _PITCHES))
        shut = self.guard.shut(wait)
        if shut is not None and not (wait and (banned | shut).all()):  # where all is shut, a known note beats none
            banned |= shut
        logits: NDArray[np.floating] = self._live.pitch(state, before, wait, self._recalls.pitch)
        logits = logits + self.spread.lean(PITCH)
        if self._ahead:
            logits = logits + self._ahead.fit(tick / CLOCKS_PER_BEAT)[_PITCHES % OCTAVE]
        pitch = self._drawn(logits, banned)
        if pitch is None:
            return None
        row = [wait, pitch, 0, 0, before[INSTRUMENT], phase]
        velocity = self._live.velocity(state, tuple(row), self._recalls.velocity) + self.spread.lean(VELOCITY)
        row[VELOCITY] = self._drawn(velocity, _SILENT) or 1
        length = self._live.length(state, tuple(row), self._recalls.length) + self.spread.lean(LENGTH)
        row[LENGTH] = self._drawn(length, None, TIME_NUCLEUS) or 0
        self.spread, self.guard = self.spread.play(tuple(row)), self.guard.play(tuple(row))
        return tuple(row)

    def _drawn(
        self, logits: NDArray[np.floating], banned: NDArray[np.bool_] | None, most: float = NUCLEUS
    ) -> int | None:
        odds = logits.astype(np.float64)
        if np.isnan(odds).any():
            raise ArithmeticError("what it would play is no number (NaN)")
        if banned is not None:
            if banned.all():
                return None
            odds[banned] = -np.inf
        if self._heat <= 0:
            return int(odds.argmax())
        chances = np.exp((odds - odds.max()) / self._heat)
        chances /= chances.sum()
        order = np.argsort(-chances)
        kept = order[: int(np.searchsorted(np.cumsum(chances[order]), most)) + 1]
        return int(self._dice.choice(kept, p=chances[kept] / chances[kept].sum()))


_SILENT = np.arange(128) == 0


def lengthened(live: Odds, state: State, row: Row) -> int:
    """The likeliest length of a note that sounds still, and has for as long as its row says."""
    logits = live.length(state, row).astype(np.float64)
    logits[: row[2]] = -np.inf
    return int(logits.argmax())


def phase_of(tick: int, *, clock: bool) -> int:
    """Where in its beat a tick lies."""
    return tick % CLOCKS_PER_BEAT if clock else NO_CLOCK
