"""An orchestra that has learned who plays what; rules see to it that all is covered, in range and in the chord."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from models.ensemble.config import KEYS, LOWEST, REST
from models.ensemble.kernels import UNKNOWN, Bools, Floats, Ints
from models.learned.ensemble import EnsemblePlayer, State, foreign, lasts, seated, source
from models.learned.listening import OCTAVE, dice
from models.player import Answer, Frame, Moment, Scoring, Sound, Wish
from models.rules.choirs import BASSOON, CELLO, CLARINET, CONTRABASS, FLUTE, HORN, OBOE, VIOLA, VIOLIN_1, VIOLIN_2
from models.rules.orchestra import BALANCE
from music.orchestra import FIRST_SLOT, SECTIONS, SLOTS
from music.roll import PITCHES

UPPER = (VIOLIN_1, FLUTE, OBOE, CLARINET, VIOLIN_2, VIOLA, HORN, BASSOON, CELLO, CONTRABASS)
"""Who takes a melody that the model has left out, in turn; a bass, the other way round."""
STAYS = 2.5
"""How welcome (in nats) it is that who plays a held note goes on playing it."""
FOLLOWS = 2.0
"""How welcome it is that who played a note plays the next one near it: a figure stays in its hands."""
NEAR = 12
"""Semitones within which a note is near another, the less so the further."""
THICK = 6.0
"""How welcome, from density 0 to 1, it is that somebody plays."""
KEY = np.arange(KEYS, dtype=np.float32)
MIDDLE, SPAN = 80, 47
"""The touch at which density is what the preset says, and from there to the loudest."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What follows from the preset alone."""

    desks: tuple[tuple[int, ...], ...]
    """By section its voices, the top one first: those that may play."""
    present: Bools
    """(section,)."""
    known: Ints
    """(slot,): a rest for who does not play, all others are to be decided."""
    outside: Bools
    """(slot, key): what none of its section's parts has."""
    firsts: Ints
    """The slots of forced sections that are the last to be silent."""


class OrchestraPlayer(EnsemblePlayer):
    """Every key counts until it is up; the model is asked with all that sounds."""

    effect = "orchestrate"

    def hear(self, state: State, frame: Frame) -> State:
        """The state one frame later; only what is struck is an event."""
        if not frame.onsets:
            return state
        given = _planes((*frame.held, *frame.onsets), frame.onsets)
        return self.heard(state, given, frame, _slots(frame.answer, frame.sections))

    def answer(self, state: State, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """What the orchestra plays with the notes held now; silence where none is."""
        wish = moment.wish
        scoring = wish.scoring
        if not held or scoring is None:
            return Answer((None,) * len(wish.ranges))
        plan = _plan(wish)
        if not moment.onsets and not moment.move and moment.last and len(moment.last.pitches) == len(wish.ranges):
            playing = _still(moment.last, held, state, plan)  # a key went up: nobody has to think about that
        else:
            playing = self._drawn(state, held, moment, scoring)
        _cover(playing, [sound.pitch for sound in held], plan, wish)
        return _answer(playing, plan, held, moment)

    def _drawn(self, state: State, held: tuple[Sound, ...], moment: Moment, scoring: Scoring) -> list[list[int]]:
        """What each section plays, from the top down."""
        live, plan = self.live, _plan(moment.wish)
        coming = (_planes(one.held, one.onsets) for one in self.coming(moment))
        event = self.event(state, [_planes(held, moment.onsets), *coming], moment, plan.present)
        drawn = live.draw(
            event, plan.known, temperature=max(0.0, moment.wish.temperature), dice=dice(moment),
            lean=self._lean(held, moment, scoring), banned=_banned(held, plan),
        ).tolist()  # fmt: skip
        return [
            [key + LOWEST for key in drawn[first : first + len(own)] if key != REST]
            for first, own in zip(FIRST_SLOT, plan.desks, strict=True)
        ]

    def _lean(self, held: Sequence[Sound], moment: Moment, scoring: Scoring) -> Floats:
        """(slot, key + 1): how much somebody is wanted to play at this touch, and that held notes are kept."""
        found = self.live.eager.copy()
        touch = max(sound.velocity for sound in moment.onsets or held)
        share = scoring.density - 0.5 + scoring.weight * (touch - MIDDLE) / SPAN / 2
        fresh = {sound.pitch for sound in moment.onsets}
        going_on = {sound.pitch % OCTAVE for sound in held if sound.pitch not in fresh}
        found[:, REST] -= THICK * share
        found[_plan(moment.wish).firsts, REST] -= 2 * THICK
        if moment.last and len(moment.last.pitches) == len(scoring.sections):
            for section, pitch in zip(scoring.sections, moment.last.pitches, strict=True):
                if pitch is None or not 0 <= pitch - LOWEST < KEYS:
                    continue
                own = slice(FIRST_SLOT[section], FIRST_SLOT[section] + SECTIONS[section].desks)
                if pitch % OCTAVE in going_on:
                    found[own, pitch - LOWEST] += STAYS
                else:
                    found[own, :KEYS] += FOLLOWS * np.maximum(0, 1 - abs(LOWEST + KEY - pitch) / NEAR)
        return found


def _planes(held: Sequence[Sound], onsets: Sequence[Sound]) -> Floats:
    """(key, 2): sounds, is struck."""
    planes = np.zeros((KEYS, 2), np.float32)
    for plane, sounds in enumerate((held, onsets)):
        for sound in sounds:
            if 0 <= sound.pitch - LOWEST < KEYS:
                planes[sound.pitch - LOWEST, : plane + 1] = 1
    return planes


def _slots(answer: Answer | None, sections: Sequence[int]) -> Ints:
    """What an answer sounds, (slot,); all rests where there is none."""
    slots = np.full(len(SLOTS), REST)
    if answer and len(answer.pitches) == len(sections):
        for section, first in enumerate(FIRST_SLOT):
            own = [p for p, s in zip(answer.pitches, sections, strict=True) if s == section and p is not None]
            keys = sorted({p - LOWEST for p in own if 0 <= p - LOWEST < KEYS}, reverse=True)
            kept = keys[: SECTIONS[section].desks]
            slots[first : first + len(kept)] = kept
    return slots


@lru_cache(maxsize=32)
def _plan(wish: Wish) -> Plan:
    scoring = wish.scoring
    assert scoring is not None  # noqa: S101 - nobody else asks
    desks: list[list[int]] = [[] for _ in SECTIONS]
    for voice, section in enumerate(scoring.sections):
        muted = SECTIONS[section].instrument.family in scoring.muted
        low, high = wish.ranges[voice]
        if not muted and low <= high and len(desks[section]) < min(scoring.divisi, SECTIONS[section].desks):
            desks[section].append(voice)
    known, outside = np.full(len(SLOTS), UNKNOWN), np.ones((len(SLOTS), KEYS), bool)
    pitches = LOWEST + np.arange(KEYS)
    for section, own in enumerate(desks):
        first, last = FIRST_SLOT[section], FIRST_SLOT[section] + SECTIONS[section].desks
        known[first + len(own) : last] = REST
        for low, high in (wish.ranges[voice] for voice in own):
            outside[first:last] &= (pitches < low) | (pitches > high)
    forced = [one for one, section in enumerate(SECTIONS) if section.instrument.family in scoring.forced]
    return Plan(
        desks=tuple(tuple(own) for own in desks),
        present=np.array([bool(own) for own in desks]),
        known=known,
        outside=outside,
        firsts=np.array([FIRST_SLOT[section] for section in forced], np.int64),
    )


def _banned(held: Sequence[Sound], plan: Plan) -> Bools:
    """Bool (slot, key + 1): what is out of a part's range or of the chord."""
    banned = np.zeros((len(SLOTS), KEYS + 1), bool)
    banned[:, :KEYS] = plan.outside | foreign(held, KEYS)
    return banned


def _still(last: Answer, held: Sequence[Sound], state: State, plan: Plan) -> list[list[int]]:
    """Of what each section plays, what goes on."""
    playing = [[last.pitches[voice] for voice in own] for own in plan.desks]
    return [
        sorted((pitch for pitch in own if pitch is not None and lasts(pitch, held, state)), reverse=True)
        for own in playing
    ]


def _cover(playing: list[list[int]], keys: Sequence[int], plan: Plan, wish: Wish) -> None:
    """Melody and bass are played at pitch, and every class by somebody, where anybody is free and able to."""

    def give(pitch: int, order: Iterable[int]) -> bool:
        for section in order:
            free = len(playing[section]) < len(plan.desks[section])
            able = any(wish.ranges[voice][0] <= pitch <= wish.ranges[voice][1] for voice in plan.desks[section])
            if free and able and pitch not in playing[section]:
                playing[section] = sorted([*playing[section], pitch], reverse=True)
                return True
        return False

    for pitch, order in ((max(keys), UPPER), (min(keys), UPPER[::-1])):
        if not any(pitch in own for own in playing):
            give(pitch, order)
    for pitch in sorted(keys):
        if not any(pitch % OCTAVE == other % OCTAVE for own in playing for other in own):
            any(give(near, UPPER) for near in _octaves(pitch))


def _octaves(pitch: int) -> list[int]:
    """A pitch and its octaves, the nearest first: a key may be higher, or lower, than any instrument goes."""
    return sorted(range(pitch % OCTAVE, PITCHES, OCTAVE), key=lambda one: abs(one - pitch))


def _answer(playing: list[list[int]], plan: Plan, held: Sequence[Sound], moment: Moment) -> Answer:
    """Sections as voices; each as loud, and struck or not, as the key that it is nearest to."""
    voices = len(moment.wish.ranges)
    pitches: list[int | None] = [None] * voices
    velocities = [max(sound.velocity for sound in held)] * voices
    fresh, struck = {sound.pitch for sound in moment.onsets}, set()
    for section, (own, pitched) in enumerate(zip(plan.desks, playing, strict=True)):
        for voice, pitch in seated(own, pitched, moment.wish):
            key = source(pitch, held)
            pitches[voice] = pitch
            velocities[voice] = min(127, max(1, key.velocity + BALANCE.get(section, 0)))
            if key.pitch in fresh:
                struck.add(pitch)
    return Answer(tuple(pitches), struck=frozenset(struck), velocities=tuple(velocities))
