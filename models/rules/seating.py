"""From what the sections play to the pitch of each voice, with every key covered that anybody can play."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from models.rules.choirs import (
    ACTIVE,
    CAPACITY,
    CONTRABASS,
    HIGHEST,
    LOWEST,
    NEVER,
    OCTAVE,
    PITCHES,
    TIMPANI,
    UNEASE,
    VIOLIN_1,
    Bools,
    Ints,
    Manner,
    Stage,
    any_had,
    copy_row,
    folded,
    keep,
    lay,
    tones_of,
    unease,
)
from models.rules.octaves import double, keep_octaves

# numba's cache on disk looks at the file of a kernel only: so after a change in `choirs` or `octaves`, change this.

SECTION, LOW, HIGH = range(3)
"""Columns of voices; one that may not play has a range without pitches."""
EXACT, CLASS = 0, 1
"""What a target asks for: a key's very pitch, or its pitch class."""
CROSSING, UNASKED, BUSY = 30, 20, 20
"""What it costs that a string section crosses another one, to call on one that the touch does not ask for, and on one
that plays something else."""


class Table(NamedTuple):
    """Who covers what."""

    keys: Ints
    """(key, 2): pitch and whether it was struck, from the top down"""
    voices: Ints
    """(voice, 3)"""
    seats: Ints
    """(voice, 2): pitch and key, -1 for none"""
    bench: Ints
    """(section, column), as `choirs` has it"""
    targets: Ints
    """(target, 2): what has to be heard, the most important first: what kind, and the key"""
    meets: Ints
    """(voice) the target that a voice is there for; -1: none"""
    last: Ints
    """(voice) the pitch so far, -1 for none"""


@njit
def _desk(section: int, pitch: int, after: int, voices: Ints, seats: Ints) -> int:
    """The first free desk of a section, from a voice on, whose range has a pitch; -1: there is none."""
    for v in range(after, len(voices)):
        if voices[v, SECTION] == section and seats[v, 0] < 0 and voices[v, LOW] <= pitch <= voices[v, HIGH]:
            return v
    return -1


@njit
def _seat(stage: Stage, voices: Ints, last: Ints) -> Ints:
    """(voice, 2): pitch and key of each voice, -1 for none; what goes on stays at its desk, the rest from the top."""
    seats: Ints = np.full((len(voices), 2), -1, np.int64)
    for v in range(len(voices)):
        section, pitch = voices[v, SECTION], last[v]
        if pitch >= 0 and stage.plays[section, pitch] >= 0 and voices[v, LOW] <= pitch <= voices[v, HIGH]:
            seats[v, 0], seats[v, 1] = pitch, stage.plays[section, pitch]
            stage.plays[section, pitch] = -1
    for section in range(len(stage.bench)):
        after = 0
        for pitch in range(PITCHES - 1, -1, -1):
            key = stage.plays[section, pitch]
            if key < 0:
                continue
            v = _desk(section, pitch, after, voices, seats)
            if v < 0:
                v = _desk(section, pitch, 0, voices, seats)
            if v >= 0:
                seats[v, 0], seats[v, 1] = pitch, key
                after = v + 1
    return seats


@njit
def _targets(keys: Ints) -> Ints:
    """The targets of a table."""
    count = len(keys)
    targets = np.zeros((2 * count, 2), np.int64)
    targets[0, 0], targets[0, 1] = EXACT, 0
    filled = 1
    if count > 1:
        targets[1, 0], targets[1, 1] = EXACT, count - 1
        filled = 2
    for i in range(count):
        known = False
        for j in range(filled):
            if targets[j, 0] == CLASS and (keys[targets[j, 1], 0] - keys[i, 0]) % OCTAVE == 0:
                known = True
        if not known:
            targets[filled, 0], targets[filled, 1] = CLASS, i
            filled += 1
    return targets[:filled]


@njit
def _pitch_for(t: int, v: int, table: Table) -> int:
    """The pitch by which a voice would meet a target, that which it plays if that does; -1: by none."""
    kind, key = table.targets[t, 0], table.keys[table.targets[t, 1], 0]
    voice, now = table.voices[v], table.seats[v, 0]
    if voice[SECTION] == TIMPANI or voice[LOW] > voice[HIGH]:
        return -1
    if kind == EXACT:
        return int(key) if voice[LOW] <= key <= voice[HIGH] else -1
    known = now if now >= 0 else table.last[v]
    if known >= 0 and (known - key) % OCTAVE == 0 and voice[LOW] <= known <= voice[HIGH]:
        return int(known)
    best = -1
    for pitch in range(key % OCTAVE, PITCHES, OCTAVE):
        if voice[LOW] <= pitch <= voice[HIGH] and (best < 0 or abs(pitch - key) < abs(best - key)):
            best = pitch
    return best


@njit
def _price(v: int, pitch: int, table: Table) -> int:
    """What it costs that a voice without a target takes a pitch."""
    section, now = table.voices[v, SECTION], table.seats[v, 0]
    if now == pitch or table.last[v] == pitch:
        return 0
    price = 1 + UNEASE * unease(pitch, section)
    price += 0 if table.bench[section, ACTIVE] else UNASKED
    price += 0 if now < 0 else BUSY
    if not VIOLIN_1 <= section <= CONTRABASS:
        return int(price)
    for other in range(len(table.voices)):
        beside, sounding = table.voices[other, SECTION], table.seats[other, 0]
        below = beside < section and sounding < pitch
        above = beside > section and sounding > pitch
        if beside >= VIOLIN_1 and sounding >= 0 and (below or above):
            return int(price + CROSSING)
    return int(price)


@njit
def _reach(t: int, table: Table) -> None:
    """Find a voice for a target by an augmenting path (Kuhn 1955), so that those met before stay met."""
    asks = np.full(len(table.voices), -1, np.int64)  # the target by which a voice was found
    queue = np.full(len(table.targets), -1, np.int64)
    queue[0], head, tail = t, 0, 1
    while head < tail:
        target = queue[head]
        head += 1
        best, cheapest = -1, NEVER
        for v in range(len(table.voices)):
            pitch = _pitch_for(target, v, table)
            if pitch < 0 or asks[v] >= 0:
                continue
            if table.meets[v] >= 0:
                asks[v], queue[tail] = target, table.meets[v]
                tail += 1
                continue
            price = _price(v, pitch, table)
            if price < cheapest:
                best, cheapest = v, price
        if best >= 0:
            asks[best] = target
            _settle(best, asks, table)
            return


@njit
def _settle(v: int, asks: Ints, table: Table) -> None:
    """Go the path back that ends with voice `v`: each voice on it takes the target that asked for it."""
    meets, seats = table.meets, table.seats
    while v >= 0:
        target = asks[v]
        before = -1  # the voice that has met this target so far
        for other in range(len(meets)):
            if other != v and meets[other] == target:
                before = other
        pitch, key = _pitch_for(target, v, table), table.targets[target, 1]
        if pitch != seats[v, 0] or table.targets[target, 0] == EXACT:
            seats[v, 0], seats[v, 1] = pitch, key
        meets[v] = target
        if before >= 0:
            meets[before] = -1
        v = before


@njit
def _cover(table: Table) -> None:
    """See that melody and bass are played at their pitch and every pitch class by somebody, as far as ranges allow."""
    for t in range(len(table.targets)):
        key, met = table.keys[table.targets[t, 1], 0], False
        if table.targets[t, 0] == CLASS:
            for v in range(len(table.voices)):
                met |= table.meets[v] >= 0 and (table.seats[v, 0] - key) % OCTAVE == 0
        if not met:
            _reach(t, table)


@njit
def _uncross(seats: Ints, voices: Ints) -> None:
    """Put the desks of each section into order, where their ranges allow it."""
    for upper in range(len(voices)):
        for lower in range(upper + 1, len(voices)):
            if voices[lower, SECTION] != voices[upper, SECTION] or seats[upper, 0] < 0:
                continue
            high, low = seats[lower, 0], seats[upper, 0]
            up = voices[upper, LOW] <= high <= voices[upper, HIGH]
            fits = up and voices[lower, LOW] <= low <= voices[lower, HIGH]
            if high > low and fits:
                key = seats[upper, 1]
                copy_row(seats[lower], seats[upper])
                seats[lower, 0], seats[lower, 1] = low, key


@njit
def _stage(voices: Ints, before: tuple[Ints, Bools], active: Ints) -> Stage:
    """Who is there, and what each section sounded before; nothing is given to anybody yet."""
    last, were_keys = before
    bench = np.zeros((len(active), 5), np.int64)
    had = np.zeros((len(active), PITCHES), np.bool_)
    led = np.zeros(len(active), np.bool_)
    for section in range(len(active)):
        bench[section, LOWEST], bench[section, HIGHEST], bench[section, ACTIVE] = PITCHES, -1, active[section]
    for v in range(len(voices)):
        section, low, high = voices[v, SECTION], voices[v, LOW], voices[v, HIGH]
        if low <= high:
            bench[section, CAPACITY] += 1
            bench[section, LOWEST] = min(bench[section, LOWEST], low)
            bench[section, HIGHEST] = max(bench[section, HIGHEST], high)
        if last[v] >= 0:
            had[section, last[v]] = True
    for pitch in range(PITCHES):
        if were_keys[pitch] and any_had(had, pitch):
            for section in range(len(active)):
                led[section] = had[section, pitch]
    return Stage(bench, had, np.full((len(active), PITCHES), -1, np.int64), led)


@njit(cache=True)
def orchestrate(
    keys: Ints, voices: Ints, before: tuple[Ints, Bools], choirs: tuple[Ints, Ints, Ints, Ints], manner: Manner
) -> Ints:
    """(voice, 2): the pitch of each voice and the key (its place in `keys`) that it stands for; -1: it rests.

    Args:
        keys: (key, 2) pitch and whether it was struck now, from the highest down; at least one.
        voices: (voice, 3) section, lowest and highest pitch; the desks of a section from the top down.
        before: the pitch of each voice so far (-1: none), and which pitches were keys so far.
        choirs: the sections of the choir that carries the piece, of the winds and of the brass beside it, each from
            the top down; then whether the touch asks for each section.
        manner: how to play.
    """
    last, were_keys = before
    core, winds, brass, active = choirs
    stage = _stage(voices, before, active)
    tones = tones_of(keys, stage.had, manner)
    brassy = folded(tones, manner.high)
    everybody = np.arange(len(active))
    keep(stage, everybody, tones)
    keep(stage, brass, brassy)
    keep_octaves(stage, keys, were_keys)
    lay(stage, core, tones, True)
    lay(stage, winds, tones, False)
    lay(stage, brass, brassy, False)
    double(stage, keys, manner)
    seats: Ints = _seat(stage, voices, last)
    _cover(Table(keys, voices, seats, stage.bench, _targets(keys), np.full(len(voices), -1, np.int64), last))
    _uncross(seats, voices)
    return seats
