"""A choir that has learned to sing the voices that are not given; which ones are given may change at any note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.ensemble.config import ENSEMBLES, KEYS, LOWEST, REST
from models.ensemble.kernels import UNKNOWN, Bools, Floats
from models.learned.ensemble import EnsemblePlayer
from models.learned.ensemble import State as Heard
from models.learned.listening import dice
from models.player import Answer, Frame, Moment, Sound, Wish
from models.rules.filling import Given, assigned, kept, still, waits

CHOIR = ENSEMBLES["choir"]
ALL = np.ones(len(CHOIR), bool)
SINGS = np.zeros((len(CHOIR), KEYS + 1), np.float32)
"""(voice, key + 1): how welcome what is, in nats: in a choir that is led nobody rests."""
SINGS[:, REST] = -12.0
RANGES = tuple((group.low + LOWEST, group.high + LOWEST) for group in CHOIR)


@dataclass(frozen=True, slots=True)
class State:
    """What was heard so far."""

    heard: Heard
    given: Given = ()
    """By voice, at the newest event."""


class ChoirPlayer:
    """Four voices from the top down; a given one rests in the answer, for it sounds already."""

    pulse = False
    effect = "fill"

    def __init__(self, ensemble: EnsemblePlayer) -> None:
        self.name = ensemble.name
        self._ensemble = ensemble

    def start(self) -> State:
        """The state before anything was heard."""
        return State(self._ensemble.start())

    def hear(self, state: State, frame: Frame) -> State:
        """The state one frame later; what is struck is an event, and so is a beat while something is held."""
        if not frame.onsets and not (frame.held and frame.beat % 1 == 0):
            return state
        sounding = frame.held or frame.onsets
        pitches = [sound.pitch for sound in sounding]
        given = kept(pitches, frame.answer, state.given) if frame.answer else ()
        if len(given) != len(CHOIR):
            given = assigned(pitches, RANGES, state.given)
        answered = frame.answer.pitches if frame.answer and len(frame.answer.pitches) == len(CHOIR) else (None,) * 4
        sung = [own if own is not None else pitch for own, pitch in zip(given, answered, strict=True)]
        slots = np.array([_key(pitch) for pitch in sung])
        return State(self._ensemble.heard(state.heard, _planes(given, frame.onsets), frame, slots), given)

    def answer(self, state: State, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """The voices that are not given, while any is; ValueError where the preset has not four."""
        wish = moment.wish
        if len(wish.ranges) != len(CHOIR):
            raise ValueError(f"a choir has four voices, this preset has {len(wish.ranges)}")
        if not held:
            return Answer((None,) * len(CHOIR))
        given = assigned([sound.pitch for sound in held], wish.ranges, state.given)
        if moment.last and waits(moment, given):
            return still(moment.last, given)
        known = np.array([UNKNOWN if pitch is None else _key(pitch) for pitch in given])
        drawn = self._ensemble.live.draw(
            self._ensemble.event(state.heard, [_planes(given, moment.onsets)], moment, ALL), known,
            temperature=max(0.0, wish.temperature), dice=dice(moment), lean=self._ensemble.live.eager + SINGS,
            banned=_banned(given, wish),
        ).tolist()  # fmt: skip
        return Answer(
            tuple(key + LOWEST if own is None and key != REST else None for own, key in zip(given, drawn, strict=True))
        )


def _key(pitch: int | None) -> int:
    return REST if pitch is None or not 0 <= pitch - LOWEST < KEYS else pitch - LOWEST


def _planes(given: Given, onsets: Sequence[Sound]) -> Floats:
    """(key, 2 * voice): held and struck of each voice from the soprano down, empty where it is not given."""
    planes, struck = np.zeros((KEYS, 2 * len(CHOIR)), np.float32), {sound.pitch for sound in onsets}
    for voice, pitch in enumerate(given):
        if pitch is not None and _key(pitch) != REST:
            planes[_key(pitch), 2 * voice] = 1
            planes[_key(pitch), 2 * voice + 1] = pitch in struck
    return planes


def _banned(given: Given, wish: Wish) -> Bools:
    """Bool (voice, key + 1): what is out of a voice's range, or on the other side of a given voice."""
    pitches = LOWEST + np.arange(KEYS)
    banned = np.zeros((len(CHOIR), KEYS + 1), bool)
    for voice, (low, high) in enumerate(wish.ranges):
        above = min((pitch for pitch in given[:voice] if pitch is not None), default=128)
        below = max((pitch for pitch in given[voice + 1 :] if pitch is not None), default=-1)
        banned[voice, :KEYS] = (pitches < max(low, below)) | (pitches > min(high, above))
    return banned
