"""Orchestras that only count, or not even that: what each learned one must beat."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from music.orchestra import SECTIONS
from train.ensembles.events import KEYS, LOWEST, STRUCK
from train.evaluate import orchestra_rules
from train.evaluate.orchestra import (
    UNIT_PITCH,
    UNIT_SECTION,
    UNITS,
    Chances,
    Figures,
    Piece,
    Player,
    State,
    free_metrics,
    metrics,
    surprise,
    written,
)
from train.evaluate.pieces import spread

Keys = NDArray[np.uint8]

COUNTED_PIECES = 200
"""Of the train split, evenly from all of it."""
TRUST = 20.0  # what is counted over a section, or over the orchestra, counts as so many events of the unit itself
THRESHOLDS = np.arange(0.1, 0.55, 0.05)
HALF = 0.5

_OCTAVE = 12
_KEY_CONTEXTS = 3 * 2 * 2 * 2
_UNIT_KEY = UNIT_PITCH - LOWEST
_FIRST_UNIT = np.flatnonzero(np.diff(UNIT_SECTION, prepend=-1))


class Counting(ABC):
    """Who expects each unit by itself."""

    def foretell(self, piece: Piece) -> tuple[State, NDArray[np.float64]]:
        """What it would play, and the nats of what came."""
        chances = self.probabilities(piece)
        return self.decide(chances), surprise(chances, piece.state)

    @abstractmethod
    def probabilities(self, piece: Piece) -> Chances:
        """Of each event from the piano up to it and the written orchestra before it, all at once."""

    @abstractmethod
    def decide(self, chances: Chances) -> State:
        """What it would play."""


class Silence(Counting):
    """Plays nothing; expects each unit as often as it sounds in the train split."""

    def __init__(self, train: Sequence[Piece]) -> None:
        events = sum(map(len, train))
        total = sum((piece.state.sum(0) for piece in train), np.zeros(len(UNITS), np.int64))
        self._marginal = ((total + HALF) / (events + 1)).astype(np.float32)

    def probabilities(self, piece: Piece) -> Chances:
        """The same at every event."""
        return np.broadcast_to(self._marginal, piece.state.shape)

    def decide(self, chances: Chances) -> State:
        """Silence."""
        return np.zeros(chances.shape, bool)

    def play(self, piece: Piece) -> State:
        """Silence."""
        return np.zeros(piece.state.shape, bool)


class Repeat(Counting):
    """Says the event before again; how likely a unit goes on, or begins, is counted over all units."""

    def __init__(self, train: Sequence[Piece]) -> None:
        counts = np.full((2, 2), HALF)
        for piece in train:
            counts += np.bincount((piece.before * 2 + piece.state).ravel(), minlength=4).reshape(2, 2)
        self._chances = (counts[:, 1] / counts.sum(1)).astype(np.float32)

    def probabilities(self, piece: Piece) -> Chances:
        """From the event before alone."""
        found: Chances = self._chances[piece.before.astype(np.int64)]
        return found

    def decide(self, chances: Chances) -> State:
        """The event before."""
        return chances > HALF

    def play(self, piece: Piece) -> State:
        """Silence: it has nothing to repeat."""
        return np.zeros(piece.state.shape, bool)


class CountTable(Counting):
    """How often a unit sounds under what the piano does with its pitch, an octave off and further octaves off.

    A unit's counts are smoothed by those of its section, and these by those of all (additive backing off).
    """

    def __init__(self, train: Sequence[Piece], past: bool) -> None:
        """Count.

        Args:
            train: pieces.
            past: whether it also knows if the unit, its section and the piano's key sounded before the event.
        """
        self._past = past
        contexts = _KEY_CONTEXTS * (8 if past else 1)
        counts = np.zeros((2, len(UNITS) * contexts), np.int64)
        offset = np.arange(len(UNITS)) * contexts
        for piece in train:
            places = self._contexts(piece.arrays.piano, piece.before) + offset
            counts[0] += np.bincount(places.ravel(), minlength=counts.shape[1])
            counts[1] += np.bincount(places[piece.state], minlength=counts.shape[1])
        events, sounding = counts.reshape(2, len(UNITS), contexts).astype(np.float64)
        self._table = _smoothed(events, sounding).astype(np.float32)  # (unit, context)
        self.threshold = self._best_threshold(train)

    def probabilities(self, piece: Piece) -> Chances:
        """Each unit by itself."""
        return self._chances(piece.arrays.piano, piece.before)

    def decide(self, chances: Chances) -> State:
        """What is likelier than the threshold that was best on the train split."""
        return chances > self.threshold

    def play(self, piece: Piece) -> State:
        """Event by event, from its own state before."""
        if not self._past:
            return self.decide(self.probabilities(piece))
        sounds, numbers = self._table > self.threshold, np.arange(len(UNITS))
        played = np.zeros(piece.state.shape, bool)
        last = np.zeros_like(played[:1])
        for event, row in enumerate(_piano_contexts(piece.arrays.piano)):
            last = sounds[numbers, row + _past_contexts(last)]
            played[event] = last
        return played

    def _chances(self, piano: Keys, before: State) -> Chances:
        return self._table[np.arange(len(UNITS)), self._contexts(piano, before)]

    def _contexts(self, piano: Keys, before: State) -> NDArray[np.int64]:
        """(event, unit): which column of the table."""
        if not self._past:
            return key_contexts(piano)[:, _UNIT_KEY]
        return _piano_contexts(piano) + _past_contexts(before)

    def _best_threshold(self, train: Sequence[Piece]) -> float:
        """With the highest TP / (TP + FP + FN) where the orchestra changes."""
        counts = np.zeros((len(THRESHOLDS), 2))
        for piece in spread(train, COUNTED_PIECES // 4):
            changes = piece.changes
            chances, came = self.probabilities(piece)[changes], piece.state[changes]
            for number, threshold in enumerate(THRESHOLDS):
                foretold = chances > threshold
                counts[number] += (foretold & came).sum(), (foretold | came).sum()
        return float(THRESHOLDS[np.argmax(counts[:, 0] / np.maximum(counts[:, 1], 1))])


def key_contexts(piano: Keys) -> NDArray[np.int64]:
    """(event, key): the key's state, whether the octaves above and below sound, and whether a farther one does."""
    sounds = piano > 0
    padded = np.pad(sounds, ((0, 0), (_OCTAVE, _OCTAVE)))
    above, below = padded[:, 2 * _OCTAVE :], padded[:, :KEYS]
    in_class = np.zeros(piano.shape, np.int64)
    for first in range(_OCTAVE):
        in_class[:, first::_OCTAVE] = sounds[:, first::_OCTAVE].sum(1)[:, None]
    farther = in_class > sounds.astype(np.int64) + above + below
    state = np.minimum(piano, STRUCK).astype(np.int64)
    return ((state * 2 + above) * 2 + below) * 2 + farther


def _piano_contexts(piano: Keys) -> NDArray[np.int64]:
    """(event, unit): what the piano does and whether the unit's key sounded before, times the 4 of `_past_contexts`."""
    sounded = np.zeros(piano.shape, bool)
    sounded[1:] = piano[:-1] > 0
    return (key_contexts(piano) * 2 + sounded)[:, _UNIT_KEY] * 4


def _past_contexts(before: State) -> NDArray[np.int64]:
    """(event, unit): whether the unit sounded before, and whether any of its section did."""
    sections = np.logical_or.reduceat(before, _FIRST_UNIT, 1)
    return before + 2 * sections[:, UNIT_SECTION].astype(np.int64)


def _smoothed(events: NDArray[np.float64], sounding: NDArray[np.float64]) -> NDArray[np.float64]:
    """(unit, context): shares of the events, backed off to the section's and the orchestra's."""
    overall = (sounding.sum(0) + HALF) / (events.sum(0) + 1)
    table = np.empty_like(events)
    for section in range(len(SECTIONS)):
        own = section == UNIT_SECTION
        prior = (sounding[own].sum(0) + TRUST * overall) / (events[own].sum(0) + TRUST)
        table[own] = (sounding[own] + TRUST * prior) / (events[own] + TRUST)
    return table


def baselines(some: Sequence[Piece], train: Sequence[Piece]) -> dict[str, Figures]:
    """The figures of the players that learned nothing, by name; `data`: what the written orchestras have.

    The rules say what they play and not how likely anything is: they have free-running figures alone.
    """
    found = {"data": written(some), "rules": free_metrics(orchestra_rules.play, some)}
    counted = spread(train, COUNTED_PIECES)
    if counted:
        players: dict[str, Player] = {
            "silence": Silence(counted),
            "repeat": Repeat(counted),
            "piano_table": CountTable(counted, past=False),
            "table_with_past": CountTable(counted, past=True),
        }
        found |= {name: metrics(player, some) for name, player in players.items()}
    return found
