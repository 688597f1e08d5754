"""Notes in ticks as events: what the piano's keys and the orchestra's slots do at each moment something is struck."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from music.orchestra import DESKS, FIRST_SLOT, SECTIONS, SLOTS
from train.ensembles.reduction import piano_of

Notes = NDArray[np.void]
Bools = NDArray[np.bool_]

LOWEST, KEYS = 21, 88
PITCHES = 128
SILENT, HELD, STRUCK = 0, 1, 2
TOGETHER = 1 / 32
"""Beats (16 ms at 120 bpm, a half of the shortest value that scores use): onsets that close are one event, and what
ends that soon after an event has ended."""


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """A piece in event time; all arrays have the length of `tick`."""

    tick: NDArray[np.int64]
    piano: NDArray[np.uint8]
    """(event, key) from A0 up: SILENT, HELD or STRUCK, right after the event."""
    piano_velocity: NDArray[np.uint8]
    """(event,): the mean of what the piano strikes, 0 where it strikes nothing."""
    slots: NDArray[np.uint8]
    """(event, slot): the pitch that sounds right after the event, REST where none."""
    struck: Bools
    """(event, slot): whether it began with this event."""

    def __len__(self) -> int:
        return len(self.tick)

    @property
    def at_piano(self) -> Bools:
        """(event,): whether the piano strikes something."""
        found: Bools = (self.piano == STRUCK).any(1)
        return found


def moments(onsets: NDArray[np.int64], together: float) -> NDArray[np.int64]:
    """The distinct onsets, each with all that follow no later than `together` ticks after it."""
    rest = np.unique(onsets)
    found, at = [], 0
    while at < len(rest):
        found.append(rest[at])
        at = int(np.searchsorted(rest, rest[at] + together, "right"))
    return np.array(found, np.int64)


def states(notes: Notes, tick: NDArray[np.int64], together: float) -> tuple[Bools, Bools]:
    """(event, pitch) of what sounds right after each event, and of what began with it.

    Args:
        notes: onset, length, pitch; each onset is at one of the moments or less than `together` after it.
        tick: the moments.
        together: in ticks.
    """
    first = np.searchsorted(tick, notes["onset"], "right") - 1
    after = np.searchsorted(tick, notes["onset"] + notes["length"] - together)
    steps = np.zeros((len(tick) + 1, PITCHES), np.int16)
    np.add.at(steps, (first, notes["pitch"]), 1)
    np.add.at(steps, (np.maximum(after, first + 1), notes["pitch"]), -1)
    struck = np.zeros((len(tick), PITCHES), bool)
    struck[first, notes["pitch"]] = True
    return np.cumsum(steps[:-1], 0, np.int16) > 0, struck


def seated(sounding: Bools, desks: int) -> NDArray[np.uint8]:
    """(event, desk) of a section's pitches as `music.orchestra.slotted` seats them, all events at once."""
    count = np.count_nonzero(sounding, axis=1)
    event, below = np.nonzero(sounding[:, ::-1])  # from the top down
    rank = np.arange(len(event)) - np.repeat(np.cumsum(count) - count, count)
    last = rank == count[event] - 1
    desk = np.where(last, np.minimum(rank, desks - 1), rank)
    kept = (rank < desks - 1) | last
    slots = np.zeros((len(sounding), desks), np.uint8)
    slots[event[kept], desk[kept]] = PITCHES - 1 - below[kept]
    return slots


def events(orchestra: Notes, piano: Notes | None, together: float) -> tuple[Events, Counter[str]]:
    """A piece in event time, and how many struck notes found no desk, by section.

    Args:
        orchestra: dtype SPAN in ticks, `part` is the section.
        piano: dtype NOTE in ticks of the orchestra, all of a piano's range; None: a rule makes it from the orchestra.
        together: ticks, see `TOGETHER`.
    """
    onsets = orchestra["onset"] if piano is None else np.concatenate((orchestra["onset"], piano["onset"]))
    tick = moments(onsets, together)
    slots, struck = np.zeros((len(tick), len(SLOTS)), np.uint8), np.zeros((len(tick), len(SLOTS)), bool)
    beyond: Counter[str] = Counter()
    for number, section in enumerate(SECTIONS):
        mine = slice(FIRST_SLOT[number], FIRST_SLOT[number] + DESKS[number])
        sounding, began = states(orchestra[orchestra["part"] == number], tick, together)
        slots[:, mine] = seated(sounding, section.desks)
        struck[:, mine] = np.take_along_axis(began, slots[:, mine].astype(np.int64), 1)
        beyond[section.name] += int(np.count_nonzero(began) - np.count_nonzero(struck[:, mine]))
    if piano is None:
        keys, loud = piano_of(slots, struck), orchestra
    else:
        keys, loud = _keys(piano, tick, together), piano
    velocity = np.where((keys == STRUCK).any(1), _mean_velocity(loud, tick), 0).astype(np.uint8)
    return Events(tick, keys, velocity, slots, struck), +beyond


def _keys(piano: Notes, tick: NDArray[np.int64], together: float) -> NDArray[np.uint8]:
    """(event, key) of the piano."""
    sounding, struck = states(piano, tick, together)
    keys = slice(LOWEST, LOWEST + KEYS)
    return sounding[:, keys].astype(np.uint8) + struck[:, keys]


def _mean_velocity(notes: Notes, tick: NDArray[np.int64]) -> NDArray[np.float64]:
    """(event,) of what begins there, at least 1; 1 where nothing does."""
    at = np.searchsorted(tick, notes["onset"], "right") - 1
    count = np.bincount(at, minlength=len(tick))
    total = np.bincount(at, notes["velocity"], len(tick))
    return np.maximum(np.rint(total / np.maximum(count, 1)), 1)
