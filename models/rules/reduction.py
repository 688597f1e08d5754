"""A player without weights who reduces: an orchestra or a quartet in, two hands at a piano out, with no look-ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.player import Answer, Frame, Moment, Sound, Wish
from models.rules.hands import FINGERS, LEFT, NONE, PITCHES, RIGHT, Hands, Heard, Ints, Reach, reduce_all, reduce_event
from music.orchestra import REST

SPAN = 12
"""Semitones that a hand reaches; large hands reach 14."""

Pitches = NDArray[np.uint8]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """A piano part, event by event; each hand from the top down, `music.orchestra.REST` where a finger is free."""

    right: Pitches
    """(event, finger)"""
    left: Pitches
    """(event, finger)"""
    right_struck: Flags
    """(event, finger): struck in this event; False: held on."""
    left_struck: Flags
    """(event, finger)"""


def reduce_events(pitches: Pitches, struck: Flags, span: int = SPAN, fingers: int = FINGERS) -> Reduction:
    """The piano part of what an orchestra plays; each event knows those before it only.

    Args:
        pitches: (event, slot) of what sounds, `music.orchestra.REST` where a slot is silent.
        struck: (event, slot) of what begins or is repeated in the event.
        span: semitones from the lowest to the highest note of a hand, at most.
        fingers: notes of a hand, at most 5.

    Raises:
        ValueError: where shapes differ, or hands are no hands.
    """
    if pitches.ndim != 2 or pitches.shape != struck.shape:
        raise ValueError(f"pitches of {pitches.shape} and strokes of {struck.shape} are not of the same events")
    if not (0 < fingers <= FINGERS and span >= 0):
        raise ValueError(f"{fingers} fingers over {span} semitones are no hand")
    bounds = np.array([(0, PITCHES - 1, fingers)] * 2, np.int64)
    found, fresh = reduce_all(pitches.astype(np.int64), struck.astype(np.bool_), Reach(span, bounds))
    hands = np.where(found == NONE, REST, found).astype(np.uint8)
    return Reduction(hands[:, RIGHT], hands[:, LEFT], fresh[:, RIGHT], fresh[:, LEFT])


class RuleReducer:
    """Two hands of up to five voices each, the right one's first. Any thread; keeps nothing between calls."""

    @property
    def name(self) -> str:
        """As the preset's `model` names it."""
        return "rule-reduction"

    @property
    def pulse(self) -> bool:
        """Asked with what is played, and never without."""
        return False

    def start(self) -> tuple[int, ...]:
        """The state before anything was heard: nothing was held."""
        return ()

    def hear(self, state: tuple[int, ...], frame: Frame) -> tuple[int, ...]:  # noqa: ARG002 - the last frame is enough
        """What was held in the last frame."""
        return tuple(sound.pitch for sound in frame.held)

    def answer(self, state: tuple[int, ...], held: tuple[Sound, ...], moment: Moment) -> Answer:
        """What the fingers play of what is held now; the same pitch held twice counts as played by two."""
        wish = moment.wish
        voices = len(wish.ranges)
        if not held:
            return Answer((None,) * voices)
        before = _before(moment, voices)
        hands = reduce_event(_heard(state, held, moment), before, Reach(wish.span, _bounds(wish)))
        pitches = _seated(hands, wish)
        fresh = {int(pitch) for pitch in hands.pitches[hands.struck]}
        touch = _touches(held)
        velocities = tuple(touch.get(NONE if pitch is None else pitch, held[-1].velocity) for pitch in pitches)
        return Answer(pitches, struck=frozenset(fresh & set(pitches)), velocities=velocities)


def warm() -> None:
    """Compile the reduction, or load it from the cache on disk."""
    player, note = RuleReducer(), (Sound(60, 80),)
    player.answer(player.start(), note, Moment(0.0, Wish(((0, 127),) * 2), onsets=note))
    reduce_events(np.array([[60]], np.uint8), np.array([[True]]))


def _parting(voices: int) -> int:
    """How many of the voices are the right hand's."""
    return (voices + 1) // 2


def _before(moment: Moment, voices: int) -> Hands:
    """What the hands held when they were last asked."""
    pitches = np.full((2, FINGERS), NONE, np.int64)
    if moment.last and len(moment.last.pitches) == voices:
        parting = _parting(voices)
        for hand, own in ((RIGHT, moment.last.pitches[:parting]), (LEFT, moment.last.pitches[parting:])):
            sounding = sorted((pitch for pitch in own if pitch is not None), reverse=True)[:FINGERS]
            pitches[hand, : len(sounding)] = sounding
    return Hands(pitches, np.zeros((2, FINGERS), np.bool_))


def _heard(state: tuple[int, ...], held: tuple[Sound, ...], moment: Moment) -> Heard:
    weight, struck, were = np.zeros(PITCHES, np.int64), np.zeros(PITCHES, np.bool_), np.zeros(PITCHES, np.bool_)
    for sound in held:
        weight[sound.pitch] += 1
    fresh = [sound.pitch for sound in moment.onsets]
    were[list(state)] = True
    were[fresh] = True
    struck[fresh] = True
    if moment.last is None:
        struck |= weight > 0
    return Heard(weight, struck & (weight > 0), were)


def _touches(held: tuple[Sound, ...]) -> dict[int, int]:
    """The velocity of each pitch that may be played: its own, or that of its pitch class in another octave."""
    classes = {sound.pitch % 12: sound.velocity for sound in held}
    found = {pitch: classes[pitch % 12] for pitch in range(PITCHES) if pitch % 12 in classes}
    return found | {sound.pitch: sound.velocity for sound in held}


def _bounds(wish: Wish) -> Ints:
    """(hand, 3): lowest and highest pitch of each hand, and how many notes it plays."""
    parting = _parting(len(wish.ranges))
    rows = []
    for own in (wish.ranges[:parting], wish.ranges[parting:]):
        playable = [(max(0, low), min(127, high)) for low, high in own if low <= high]
        lows, highs = [low for low, _ in playable], [high for _, high in playable]
        rows.append((min(lows, default=128), max(highs, default=-1), min(FINGERS, len(playable))))
    return np.array(rows, np.int64)


def _seated(hands: Hands, wish: Wish) -> tuple[int | None, ...]:
    """The pitch of each voice: of each hand from the top down, each by the next voice whose range has it."""
    parting = _parting(len(wish.ranges))
    voices: list[int | None] = [None] * len(wish.ranges)
    for hand, first, end in ((RIGHT, 0, parting), (LEFT, parting, len(voices))):
        for pitch in hands.pitches[hand].tolist():
            able = [v for v in range(first, end) if wish.ranges[v][0] <= pitch <= wish.ranges[v][1]]
            free = [v for v in able if voices[v] is None]
            if pitch != NONE and free:
                voices[free[0]] = pitch
    return tuple(voices)
