"""From what the sections play to the pitch of each voice, with every key covered that anybody can play."""

from __future__ import annotations

import numpy as np
from numba import njit

from models.rules.choirs import (
    ACTIVE,
    CAPACITY,
    CONTRABASS,
    EASE,
    HIGHEST,
    LOAD,
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
    double,
    folded,
    keep,
    keep_octaves,
    lay,
    tones_of,
)

# numba's cache on disk looks at the file of a kernel only: after a change in `choirs`, change this one too.

SECTION, LOW, HIGH = range(3)
"""Columns of voices; one that may not play has a range without pitches."""
EXACT, CLASS = 0, 1
"""What a target asks for: a key's very pitch, or its pitch class."""
IDLE_CROSSING, INACTIVE = 30, 20
"""What it costs to have a string section cross another one, or one in that the touch does not ask for."""


@njit
def _seat(stage: Stage, voices: Ints) -> Ints:
    """(voice, 2): pitch and key of each voice, -1 for none; the desks of a section from the top down."""
    seats = np.full((len(voices), 2), -1, np.int64)
    for section in range(len(stage.bench)):
        if stage.bench[section, LOAD] == 0:
            continue
        after = 0
        for pitch in range(PITCHES - 1, -1, -1):
            if stage.plays[section, pitch] < 0:
                continue
            for attempt in range(2):  # the next desk that can, or else any
                found = False
                for v in range(after if attempt == 0 else 0, len(voices)):
                    if voices[v, SECTION] == section and seats[v, 0] < 0 and voices[v, LOW] <= pitch <= voices[v, HIGH]:
                        seats[v, 0], seats[v, 1] = pitch, stage.plays[section, pitch]
                        after, found = v + 1, True
                        break
                if found:
                    break
    return seats


@njit
def _targets(keys: Ints) -> Ints:
    """(target, 2): what has to be heard, the most important first: what kind, and the key."""
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
def _pitch_for(target: Ints, keys: Ints, voice: Ints, now: int) -> int:
    """The pitch by which a voice that plays `now` would meet a target; -1: by none."""
    key = keys[target[1], 0]
    if voice[SECTION] == TIMPANI or voice[LOW] > voice[HIGH]:
        return -1
    if target[0] == EXACT:
        return int(key) if voice[LOW] <= key <= voice[HIGH] else -1
    if now >= 0 and (now - key) % OCTAVE == 0:
        return now
    best = -1
    for pitch in range(key % OCTAVE, PITCHES, OCTAVE):
        if voice[LOW] <= pitch <= voice[HIGH] and (best < 0 or abs(pitch - key) < abs(best - key)):
            best = pitch
    return best


@njit
def _price(v: int, pitch: int, seats: Ints, voices: Ints, bench: Ints) -> int:
    """What it costs that a voice without a target takes a pitch."""
    section, now = voices[v, SECTION], seats[v, 0]
    if now == pitch:
        return 0
    price = 1 + UNEASE * max(0, EASE[section, 0] - pitch, pitch - EASE[section, 1])
    price += 0 if bench[section, ACTIVE] else INACTIVE
    price += 0 if now < 0 else INACTIVE
    if VIOLIN_1 <= section <= CONTRABASS:
        for other in range(len(voices)):
            beside, sounding = voices[other, SECTION], seats[other, 0]
            if beside < VIOLIN_1 or sounding < 0:
                continue
            if (beside < section and sounding < pitch) or (beside > section and sounding > pitch):
                price += IDLE_CROSSING
                break
    return int(price)


@njit
def _reach(t: int, targets: Ints, keys: Ints, seats: Ints, voices: Ints, bench: Ints, meets: Ints) -> None:
    """Find a voice for a target by an augmenting path (Kuhn 1955), so that those met before stay met."""
    asks = np.full(len(voices), -1, np.int64)  # the target by which a voice was found
    queue = np.full(len(targets), -1, np.int64)
    queue[0], head, tail = t, 0, 1
    while head < tail:
        target = queue[head]
        head += 1
        best, cheapest = -1, NEVER
        for v in range(len(voices)):
            pitch = _pitch_for(targets[target], keys, voices[v], seats[v, 0])
            if pitch < 0 or asks[v] >= 0:
                continue
            if meets[v] < 0:
                price = _price(v, pitch, seats, voices, bench)
                if price < cheapest:
                    best, cheapest = v, price
            else:
                asks[v] = target
                queue[tail] = meets[v]
                tail += 1
        if best >= 0:
            asks[best] = target
            _settle(best, asks, targets, keys, seats, voices, meets)
            return


@njit
def _settle(v: int, asks: Ints, targets: Ints, keys: Ints, seats: Ints, voices: Ints, meets: Ints) -> None:
    """Go the path back that ends with voice `v`: each voice on it takes the target that asked for it."""
    while v >= 0:
        target = asks[v]
        before = -1  # the voice that meets this target so far
        for other in range(len(voices)):
            if other != v and meets[other] == target:
                before = other
        seats[v, 0] = _pitch_for(targets[target], keys, voices[v], seats[v, 0])
        seats[v, 1] = targets[target, 1] if seats[v, 1] < 0 or targets[target, 0] == EXACT else seats[v, 1]
        if (keys[seats[v, 1], 0] - seats[v, 0]) % OCTAVE:
            seats[v, 1] = targets[target, 1]
        meets[v] = target
        if before >= 0:
            meets[before] = -1
        v = before


@njit
def _cover(keys: Ints, seats: Ints, voices: Ints, bench: Ints) -> None:
    """See that melody and bass are played at their pitch and every pitch class by somebody, as far as ranges allow."""
    targets = _targets(keys)
    meets = np.full(len(voices), -1, np.int64)
    for t in range(len(targets)):
        met = False
        if targets[t, 0] == CLASS:
            for v in range(len(voices)):
                if meets[v] >= 0 and (seats[v, 0] - keys[targets[t, 1], 0]) % OCTAVE == 0:
                    met = True
        if not met:
            _reach(t, targets, keys, seats, voices, bench, meets)


@njit
def _uncross(seats: Ints, voices: Ints) -> None:
    """Put the desks of each section into order, where their ranges allow it."""
    for upper in range(len(voices)):
        for lower in range(upper + 1, len(voices)):
            if voices[lower, SECTION] != voices[upper, SECTION] or seats[upper, 0] < 0:
                continue
            high, low = seats[lower, 0], seats[upper, 0]
            fits = voices[upper, LOW] <= high <= voices[upper, HIGH] and voices[lower, LOW] <= low <= voices[lower, HIGH]
            if high > low and fits:
                key = seats[upper, 1]
                seats[upper] = seats[lower]
                seats[lower, 0], seats[lower, 1] = low, key


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
    bench = np.zeros((len(active), 5), np.int64)
    had = np.zeros((len(active), PITCHES), np.bool_)
    bench[:, LOWEST], bench[:, HIGHEST], bench[:, ACTIVE] = PITCHES, -1, active
    for v in range(len(voices)):
        section, low, high = voices[v, SECTION], voices[v, LOW], voices[v, HIGH]
        if low <= high:
            bench[section, CAPACITY] += 1
            bench[section, LOWEST] = min(bench[section, LOWEST], low)
            bench[section, HIGHEST] = max(bench[section, HIGHEST], high)
        if last[v] >= 0:
            had[section, last[v]] = True
    led = np.zeros(len(active), np.bool_)
    for pitch in range(PITCHES):
        if were_keys[pitch] and had[:, pitch].any():
            led = had[:, pitch].copy()
    stage = Stage(bench, had, np.full((len(active), PITCHES), -1, np.int64), led)
    tones = tones_of(keys, had, manner)
    brassy = folded(tones, manner.high)
    everybody = np.arange(len(active))
    keep(stage, everybody, tones)
    keep(stage, brass, brassy)
    keep_octaves(stage, keys, were_keys)
    lay(stage, core, tones, True)
    lay(stage, winds, tones, False)
    lay(stage, brass, brassy, False)
    double(stage, keys, manner)
    seats = _seat(stage, voices)
    _cover(keys, seats, voices, bench)
    _uncross(seats, voices)
    return seats
