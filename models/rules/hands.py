"""What two hands play of what an orchestra sounds: event by event, knowing the past only.

Melody and bass come first, then what the hands hold already, then what the chord still lacks; doublings at the octave
are collapsed but for those of the outer lines. This is how scores are played at sight; the figures are taste.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

RIGHT, LEFT, EITHER = 0, 1, -1
FINGERS = 5
PITCHES, OCTAVE = 128, 12
NONE = -1
MUD = 48
"""Nothing is brought nearer to below this."""
MIDDLE = 60
"""Where the hands part if nothing else decides."""
AT_REST = (67, 50)
"""Where a hand is taken to be that holds nothing."""
LOW, HIGH, MOST = range(3)
"""Columns of bounds: lowest and highest pitch and most notes of a hand."""


class Reach(NamedTuple):
    """What hands can do."""

    span: int
    """Semitones from a hand's lowest to its highest note, at most."""
    bounds: Ints
    """(hand, column)"""


class Hands(NamedTuple):
    """What the hands hold, each from the top down."""

    pitches: Ints
    """(hand, finger), NONE where a finger is free."""
    struck: Bools
    """(hand, finger) of what was struck now."""


class Heard(NamedTuple):
    """What sounds in an event."""

    weight: Ints
    """(pitch) how many play it."""
    struck: Bools
    """(pitch) whether anybody struck it now."""
    were: Bools
    """(pitch) what sounded in the event before."""


# Loops where NumPy has expressions: those take numba seconds each to compile, before the first note of a new machine.


@njit
def _held(hands: Hands, hand: int) -> int:
    """How many notes a hand holds."""
    count = 0
    for pitch in hands.pitches[hand]:
        if pitch >= 0:
            count += 1
    return count


@njit
def _among(pitch: int, pitches: Ints) -> bool:
    for other in pitches:  # noqa: SIM110, numba knows no any() of a generator
        if other == pitch:
            return True
    return False


@njit
def _outermost(weight: Ints) -> tuple[int, int]:
    """The lowest and the highest pitch of any weight; NONE for both where there is none."""
    lowest, highest = NONE, NONE
    for pitch in range(PITCHES):
        if weight[pitch] > 0:
            lowest, highest = pitch if lowest < 0 else lowest, pitch
    return lowest, highest


@njit
def _fits(hands: Hands, hand: int, pitch: int, reach: Reach) -> bool:
    """Whether a hand can take one more note: near enough, by a free finger, and beside the other hand."""
    bounds, count, others = reach.bounds[hand], _held(hands, hand), _held(hands, 1 - hand)
    if count >= bounds[MOST] or not bounds[LOW] <= pitch <= bounds[HIGH]:
        return False
    own = hands.pitches[hand]
    if count and (max(own[0], pitch) - min(own[count - 1], pitch) > reach.span or _among(pitch, own)):
        return False
    if not others:
        return True
    beside = hands.pitches[1 - hand]
    return bool(pitch > beside[0] if hand == RIGHT else pitch < beside[others - 1])


@njit
def _newly(heard: Heard) -> Ints:
    """(pitch) how many play what is struck now."""
    weight = np.zeros(PITCHES, np.int64)
    for pitch in range(PITCHES):
        if heard.struck[pitch]:
            weight[pitch] = heard.weight[pitch]
    return weight


@njit
def _take(hands: Hands, hand: int, pitch: int, struck: bool, reach: Reach) -> bool:
    """Let a hand take a note, if it can; whether it does."""
    if not _fits(hands, hand, pitch, reach):
        return False
    at = _held(hands, hand)
    while at > 0 and hands.pitches[hand, at - 1] < pitch:
        hands.pitches[hand, at], hands.struck[hand, at] = hands.pitches[hand, at - 1], hands.struck[hand, at - 1]
        at -= 1
    hands.pitches[hand, at], hands.struck[hand, at] = pitch, struck
    return True


@njit
def _away(hands: Hands, hand: int, pitch: int) -> int:
    """How far a hand has to go to a pitch."""
    best = PITCHES
    for held in hands.pitches[hand]:
        if held >= 0:
            best = min(best, abs(held - pitch))
    return best if best < PITCHES else abs(AT_REST[hand] - pitch)


@njit
def _nearer(pitch: int, now: Hands, before: Hands) -> int:
    """The hand that would rather take a pitch: the one that had it, that is nearer now, or that was nearer before."""
    for hand in (RIGHT, LEFT):
        if _among(pitch, before.pitches[hand]):
            return hand
    for hands in (now, before):
        right, left = _held(hands, RIGHT), _held(hands, LEFT)
        if right and left and _away(hands, RIGHT, pitch) != _away(hands, LEFT, pitch):
            return RIGHT if _away(hands, RIGHT, pitch) < _away(hands, LEFT, pitch) else LEFT
    if _held(before, RIGHT) or _held(before, LEFT):
        return RIGHT if _away(before, RIGHT, pitch) <= _away(before, LEFT, pitch) else LEFT
    return RIGHT if pitch >= MIDDLE else LEFT


@njit
def _strike(pitch: int, now: Hands, before: Hands, reach: Reach) -> bool:
    """Let the nearer hand strike a pitch, or else the other one; whether one does."""
    hand = _nearer(pitch, now, before)
    return bool(_take(now, hand, pitch, True, reach) or _take(now, 1 - hand, pitch, True, reach))


@njit
def _going_on(heard: Heard, before: Hands) -> Ints:
    """(hand, finger): what each finger can hold on, NONE where its note has ended or is struck again.

    A note that was brought nearer by octaves goes on as long as one of its pitch class does that no finger plays.
    """
    found = before.pitches.copy()
    for hand in (RIGHT, LEFT):
        for finger in range(FINGERS):
            pitch = found[hand, finger]
            if pitch < 0 or (heard.weight[pitch] and not heard.struck[pitch]):
                continue
            found[hand, finger] = NONE
            if heard.weight[pitch] or heard.were[pitch]:
                continue
            for other in range(pitch % OCTAVE, PITCHES, OCTAVE):
                sounds_on = heard.weight[other] and not heard.struck[other] and heard.were[other]
                if sounds_on and not _among(other, before.pitches[RIGHT]) and not _among(other, before.pitches[LEFT]):
                    found[hand, finger] = pitch
    return found


@njit
def _hold(found: Ints, pitch: int, now: Hands, reach: Reach) -> None:
    """Let a pitch go on in the hand that holds it."""
    for hand in (RIGHT, LEFT):
        if _among(pitch, found[hand]):
            _take(now, hand, pitch, False, reach)


@njit
def _outer(heard: Heard, found: Ints, now: Hands, before: Hands, reach: Reach) -> None:
    """The highest note and the bass, and then the top moving voice where that is another one."""
    bottom, top = _outermost(heard.weight)
    moving = _outermost(_newly(heard))[1]
    wide = top - bottom > reach.span
    if heard.struck[top]:
        apart = top > bottom and (top >= MIDDLE or wide)
        if not (apart and _take(now, RIGHT, top, True, reach)):
            _strike(top, now, before, reach)
    if heard.struck[bottom]:
        apart = top > bottom and (bottom < MIDDLE or wide)
        if not (apart and _take(now, LEFT, bottom, True, reach)):
            _strike(bottom, now, before, reach)
    _hold(found, top, now, reach)  # an onset that is left out is lost, what goes on was heard
    _hold(found, bottom, now, reach)
    if moving >= 0 and (moving - bottom) % OCTAVE:  # not one that only doubles the bass
        _strike(moving, now, before, reach)


@njit
def _plays(now: Hands, pitch_class: int) -> bool:
    """Whether a pitch class is in the hands; the bass of two hands does not count, it is too far from the others."""
    basses = _held(now, LEFT) - 1 if _held(now, RIGHT) else FINGERS
    for hand in (RIGHT, LEFT):
        for finger in range(FINGERS):
            pitch, bass = now.pitches[hand, finger], hand == LEFT and finger == basses
            if pitch >= 0 and not bass and pitch % OCTAVE == pitch_class:
                return True
    return False


@njit
def _rubs(pitch: int, now: Hands) -> bool:
    """Whether a pitch would lie a semitone beside one in the hands."""
    for hand in (RIGHT, LEFT):  # noqa: SIM110, as above
        if _among(pitch - 1, now.pitches[hand]) or _among(pitch + 1, now.pitches[hand]):
            return True
    return False


@njit
def _bring_nearer(pitch: int, heard: Heard, now: Hands, before: Hands, reach: Reach) -> None:
    """Strike a pitch in another octave between the outer lines, where a hand has room for it."""
    bottom, top = _outermost(heard.weight)
    for shift in (OCTAVE, -OCTAVE, 2 * OCTAVE, -2 * OCTAVE, 3 * OCTAVE, -3 * OCTAVE):
        nearer = pitch + shift
        inside = max(bottom + 1, MUD) <= nearer < top and not heard.weight[nearer]
        if inside and not _rubs(nearer, now) and _strike(nearer, now, before, reach):
            return


@njit
def _inner(heard: Heard, now: Hands, before: Hands, reach: Reach) -> None:
    """What the chord lacks and is struck now, what most play first; brought nearer by octaves where it must be."""
    weight = _newly(heard)
    while True:
        pitch, most = NONE, 0
        for candidate in range(PITCHES):  # of those that as many play, the highest
            if weight[candidate] > 0 and weight[candidate] >= most:
                pitch, most = candidate, weight[candidate]
        if pitch < 0:
            return
        weight[pitch] = 0
        there = _among(pitch, now.pitches[RIGHT]) or _among(pitch, now.pitches[LEFT])
        if there or _plays(now, pitch % OCTAVE) or _strike(pitch, now, before, reach):
            continue
        elsewhere = False  # whether another octave of it may yet be in reach
        for other in range(pitch % OCTAVE, PITCHES, OCTAVE):
            elsewhere |= weight[other] > 0
        if not elsewhere:
            _bring_nearer(pitch, heard, now, before, reach)


@njit
def _octaves(heard: Heard, now: Hands, before: Hands, reach: Reach) -> None:
    """The octaves in which melody and bass are doubled, where a hand has room for them."""
    bottom, top = _outermost(heard.weight)
    for pitch in (top - OCTAVE, bottom + OCTAVE):
        there = 0 <= pitch < PITCHES and heard.weight[pitch] and heard.struck[pitch]
        if there and not _rubs(pitch, now):
            _strike(pitch, now, before, reach)


@njit
def _empty() -> Hands:
    return Hands(np.full((2, FINGERS), NONE, np.int64), np.zeros((2, FINGERS), np.bool_))


@njit(cache=True)
def reduce_event(heard: Heard, before: Hands, reach: Reach) -> Hands:
    """What the hands play of an event, after what they held before it."""
    now: Hands = _empty()
    if _outermost(heard.weight)[1] < 0:
        return now
    found = _going_on(heard, before)
    _outer(heard, found, now, before, reach)
    for hand in (RIGHT, LEFT):
        for pitch in found[hand]:
            if pitch >= 0:
                _take(now, hand, pitch, False, reach)
    _inner(heard, now, before, reach)
    _octaves(heard, now, before, reach)
    return now


@njit(cache=True)
def reduce_all(pitches: Ints, struck: Bools, reach: Reach) -> tuple[Ints, Bools]:
    """(event, hand, finger) of pitches and of what is struck, for events (event, slot) of pitches, 0 for a rest."""
    found = np.full((len(pitches), 2, FINGERS), NONE, np.int64)
    fresh = np.zeros((len(pitches), 2, FINGERS), np.bool_)
    hands, were = _empty(), np.zeros(PITCHES, np.bool_)
    for event in range(len(pitches)):
        weight, now = np.zeros(PITCHES, np.int64), np.zeros(PITCHES, np.bool_)
        for slot in range(pitches.shape[1]):
            pitch = pitches[event, slot]
            if pitch > 0:
                weight[pitch] += 1
                now[pitch] |= struck[event, slot]
        for pitch in range(PITCHES):  # what begins is struck, whatever is said
            now[pitch] |= weight[pitch] > 0 and not were[pitch]
        hands = reduce_event(Heard(weight, now, were), hands, reach)
        for hand in (RIGHT, LEFT):
            for finger in range(FINGERS):
                found[event, hand, finger] = hands.pitches[hand, finger]
                fresh[event, hand, finger] = hands.struck[hand, finger]
        for pitch in range(PITCHES):
            were[pitch] = weight[pitch] > 0
    return found, fresh
