"""An orchestra and the two hands that play the same, as the reducer learns it.

The hands are those that somebody wrote where there is a pair, else those that the rules make of the orchestra. Events
at which the orchestra strikes nothing are left out: live nobody asks then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from models.ensemble.batch import EventBatch, kind_of
from models.ensemble.config import KEYS, LOWEST, REST, EnsembleConfig
from models.ensemble.legal import UNKNOWN
from models.rules.hands import FINGERS
from models.rules.reduction import Reduction, reduce_events
from music.orchestra import REST as NOBODY
from train.ensembles.arrays import Ensembles
from train.ensembles.parting import HANDS, parted
from train.ensembles.windows import moved, summary

HELD, STRUCK, DOUBLED = range(3)
"""Planes of what the orchestra plays."""

Pitches = NDArray[np.uint8]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """What an orchestra plays, event by event, and two hands with it."""

    title: str
    kind: str
    """`pair`, or `reduction`: the hands are made by rule."""
    slots: Pitches
    """(event, slot): the pitch in each of `music.orchestra.SLOTS`, 0 where none."""
    struck: Bools
    """(event, slot): whether it began with this event."""
    beat: NDArray[np.float32]
    """(event,): beats since the start of the score."""
    hands: Pitches
    """(event, finger): pitches, the right hand's first, each from the top down; 0 where a finger is free."""

    def __len__(self) -> int:
        return len(self.beat)

    def cut(self, events: int) -> Reduced:
        """Its first events."""
        rows = slice(0, events)
        return Reduced(self.title, self.kind, self.slots[rows], self.struck[rows], self.beat[rows], self.hands[rows])


def reduced(arrays: Ensembles) -> Reduced:
    """One piece, see `Ensembles.piece`."""
    entry, slots, struck, beat = arrays.index[0], arrays.slots, arrays.struck, arrays.beat
    if entry.kind != "pair":
        return Reduced(entry.title, entry.kind, slots, struck, beat, by_rules(slots, struck))
    rows = np.flatnonzero(np.asarray(struck).any(1))
    hands = parted(np.asarray(arrays.piano)[rows])
    return Reduced(entry.title, entry.kind, slots[rows], struck[rows], beat[rows], hands)


def by_rules(slots: Pitches, struck: Bools) -> Pitches:
    """(event, finger): the hands of the rules."""
    return of(reduce_events(np.asarray(slots), np.asarray(struck)))


def of(reduction: Reduction) -> Pitches:
    """(event, finger): the right hand's, then the left one's."""
    return np.concatenate((reduction.right, reduction.left), 1)


def planes(slots: Pitches, struck: Bools) -> NDArray[np.uint8]:
    """(event, key, plane) of 0 and 1: what is held, what is struck, and what more than one desk holds."""
    found = np.zeros((len(slots), KEYS, DOUBLED + 1), np.uint8)
    event, slot = np.nonzero(slots != NOBODY)
    key = slots[event, slot].astype(np.int64) - LOWEST
    inside = (key >= 0) & (key < KEYS)
    event, slot, key = event[inside], slot[inside], key[inside]
    count = np.zeros((len(slots), KEYS), np.uint8)
    np.add.at(count, (event, key), 1)
    found[..., HELD], found[..., DOUBLED] = count > 0, count > 1
    fresh = struck[event, slot]
    found[event[fresh], key[fresh], STRUCK] = 1
    return found


class PianoPart:
    """A piece as the reducer hears it."""

    def __init__(self, piece: Reduced, config: EnsembleConfig) -> None:
        self.piece = piece
        self._past = max(1, config.past)
        self._whole = summary(planes(piece.slots, piece.struck)[..., HELD]) if config.summary else None

    def __len__(self) -> int:
        return len(self.piece)

    def window(self, first: int, events: int, shift: int) -> EventBatch:
        """Some events, so many semitones higher; the events after the end of the piece are not scored."""
        piece, rows = self.piece, slice(first, first + events)
        there = len(piece.beat[rows])
        given = np.zeros((events, KEYS, DOUBLED + 1), np.float32)
        given[:there] = moved(planes(piece.slots[rows], piece.struck[rows]).swapaxes(1, 2), shift).swapaxes(1, 2)
        target = np.full((events, HANDS * FINGERS), REST, np.int64)
        target[:there] = keys(piece.hands[rows], shift)
        beats = np.zeros(events, np.float32)
        beats[:there] = np.diff(piece.beat[rows], prepend=piece.beat[max(0, first - 1)])
        before = np.full((self._past, HANDS * FINGERS), UNKNOWN, np.int64)
        earlier = keys(piece.hands[max(0, first - self._past) : first], shift)[::-1]
        before[: len(earlier)] = earlier
        return EventBatch(
            given=torch.from_numpy(given)[None],
            target=torch.from_numpy(target)[None],
            elapsed=kind_of(torch.from_numpy(beats))[None],
            mask=(torch.arange(events) < there)[None],
            present=torch.ones(1, HANDS, dtype=torch.bool),
            before=torch.from_numpy(before)[None],
            whole=None if self._whole is None else torch.from_numpy(moved(self._whole, shift))[None],
        )


def keys(hands: Pitches, shift: int) -> NDArray[np.int64]:
    """Pitches as keys, so many higher, each hand from the top down; what leaves the keyboard is lost."""
    found = np.where(hands == NOBODY, -1, hands.astype(np.int64) + shift - LOWEST)
    found[(found < 0) | (found >= KEYS)] = -1
    found = -np.sort(-found.reshape(-1, HANDS, FINGERS), -1).reshape(hands.shape)
    return np.where(found < 0, REST, found)
