"""Two hands that have learned to play what an orchestra plays; what they cannot reach is left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.ensemble.config import ENSEMBLES, KEYS, LOWEST, REST
from models.ensemble.kernels import UNKNOWN, Bools, Floats, Ints
from models.ensemble.reach import within_reach
from models.learned.ensemble import EnsemblePlayer, State, foreign, lasts, seated, source
from models.learned.listening import dice
from models.player import Answer, Frame, Moment, Sound, Wish

RIGHT, LEFT = ENSEMBLES["piano"]
FINGERS = RIGHT.slots + LEFT.slots
BOTH = np.ones(2, bool)


class ReductionPlayer(EnsemblePlayer):
    """Every note counts until it ends; the first half of the voices is the right hand's."""

    effect = "reduce"

    def hear(self, state: State, frame: Frame) -> State:
        """The state one frame later; only what is struck is an event."""
        if not frame.onsets:
            return state
        gone = [sound for sound in frame.onsets if sound not in frame.held]
        given = _planes((*frame.held, *gone), frame.onsets)
        return self.heard(state, given, frame, _slots(frame.answer))

    def answer(self, state: State, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """What the hands play of what sounds now; silence where nothing does."""
        wish = moment.wish
        if not held or len(wish.ranges) < 2:
            return Answer((None,) * len(wish.ranges))
        if not moment.onsets and not moment.move and moment.last and len(moment.last.pitches) == len(wish.ranges):
            slots = _still(moment.last, held, state)  # a note ended: nobody has to think about that
        else:
            coming = (_planes(one.held, one.onsets) for one in self.coming(moment))
            slots = self.live.draw(
                self.event(state, [_planes(held, moment.onsets), *coming], moment, BOTH), np.full(FINGERS, UNKNOWN),
                temperature=max(0.0, wish.temperature), dice=dice(moment),
                lean=self.live.eager, banned=_banned(held, wish),
            )  # fmt: skip
        right, left = _outer(within_reach(slots, wish.span), held, wish)
        return _answer(right, left, held, moment)


def _parting(wish: Wish) -> int:
    return (len(wish.ranges) + 1) // 2


def _planes(held: Sequence[Sound], onsets: Sequence[Sound]) -> Floats:
    """(key, 3): sounds, is struck, and sounds more than once."""
    planes = np.zeros((KEYS, 3), np.float32)
    for sound in held:
        if 0 <= sound.pitch - LOWEST < KEYS:
            planes[sound.pitch - LOWEST, 2 if planes[sound.pitch - LOWEST, 0] else 0] = 1
    for sound in onsets:
        if 0 <= sound.pitch - LOWEST < KEYS:
            planes[sound.pitch - LOWEST, 1] = 1
    return planes


def _slots(answer: Answer | None) -> Ints:
    """What an answer sounds, (finger,)."""
    slots = np.full(FINGERS, REST)
    if answer:
        parting = (len(answer.pitches) + 1) // 2
        for first, own in ((0, answer.pitches[:parting]), (RIGHT.slots, answer.pitches[parting:])):
            keys = sorted({p - LOWEST for p in own if p is not None and 0 <= p - LOWEST < KEYS}, reverse=True)
            kept = keys[: RIGHT.slots]
            slots[first : first + len(kept)] = kept
    return slots


def _still(last: Answer, held: Sequence[Sound], state: State) -> Ints:
    """Of what the hands play, what goes on."""
    return _slots(Answer(tuple(pitch if lasts(pitch, held, state) else None for pitch in last.pitches)))


def _banned(held: Sequence[Sound], wish: Wish) -> Bools:
    """Bool (finger, key + 1): what is out of a hand's range or of the chord."""
    pitches, parting = LOWEST + np.arange(KEYS), _parting(wish)
    banned = np.zeros((FINGERS, KEYS + 1), bool)
    for first, own in ((0, wish.ranges[:parting]), (RIGHT.slots, wish.ranges[parting:])):
        inside = np.zeros(KEYS, bool)
        for low, high in own:
            inside |= (pitches >= low) & (pitches <= high)
        banned[first : first + RIGHT.slots, :KEYS] = foreign(held, KEYS) | ~inside
    return banned


def _outer(slots: Ints, held: Sequence[Sound], wish: Wish) -> tuple[list[int], list[int]]:
    """The pitches of the hands, from the top down, melody and bass among them, as far as each hand reaches."""
    right, left = ([key + LOWEST for key in own if key != REST] for own in np.split(slots, [RIGHT.slots]))
    top, bottom = max(sound.pitch for sound in held), min(sound.pitch for sound in held)
    if top not in {*right, *left} and (not right or top > max(right)):
        right = [top, *(pitch for pitch in right if pitch >= top - wish.span)][: RIGHT.slots]
    if bottom not in {*right, *left} and (not left or bottom < min(left)):
        left = [*(pitch for pitch in left if pitch <= bottom + wish.span), bottom][-LEFT.slots :]
    return right, [pitch for pitch in left if pitch not in right]


def _answer(right: list[int], left: list[int], held: Sequence[Sound], moment: Moment) -> Answer:
    """Hands as voices; each note as loud, and struck or not, as the one that it stands for."""
    wish = moment.wish
    voices, parting = len(wish.ranges), _parting(wish)
    pitches: list[int | None] = [None] * voices
    velocities = [max(sound.velocity for sound in held)] * voices
    fresh, struck = {sound.pitch for sound in moment.onsets}, set()
    for own, hand in ((range(parting), right), (range(parting, voices), left)):
        for voice, pitch in seated(own, hand, wish):
            key = source(pitch, held)
            pitches[voice], velocities[voice] = pitch, key.velocity
            if key.pitch in fresh:
                struck.add(pitch)
    return Answer(tuple(pitches), struck=frozenset(struck), velocities=tuple(velocities))
