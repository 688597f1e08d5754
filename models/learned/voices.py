"""Four-part writing under a melody: the soprano is what is played, alto, tenor and bass are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from models.abreast import Closed
from models.capture import live_step
from models.frame_model import FrameModel, FrameState
from models.learned.advice import Advice, Adviser, planes
from models.learned.listening import OCTAVE, SILENT_FRAMES, choice, listen, outside, phase
from models.learned.together import Scene, SideBySide, drawn, side_by_side
from models.player import Answer, Frame, Moment, Sound, Wish
from models.rules.score import nearest_chord
from music.keys import SILENCE
from music.keys import Evidence as Heard
from music.pitch import Key

VOICES = 4
SOPRANO, ALTO, TENOR, BASS = range(VOICES)
MIDDLE_VELOCITY = 64
PARTS = {1: (ALTO,), 2: (ALTO, BASS)}
"""Which voices play where fewer than three are wished for."""
ALL = (ALTO, TENOR, BASS)


@dataclass(frozen=True, slots=True)
class State:
    """What was heard so far."""

    frames: FrameState
    silent: int = 0
    """For how many frames nothing has sounded."""
    evidence: Heard = SILENCE
    key: Key | None = None
    advice: Advice | None = None


class VoicePlayer(SideBySide[State]):
    """Up to three voices under (or, by octaves, above) a melody; a fourth one and more rest."""

    pulse = False

    def __init__(self, model: FrameModel, name: str) -> None:
        self.name = name
        self._model = model
        self._step = live_step(model)
        self._lowest, self._keys = model.config.lowest, model.config.keys
        self._device = next(model.parameters()).device
        self._adviser = Adviser() if model.config.given else None
        self._pitches = np.arange(self._lowest, self._lowest + self._keys)

    def start(self) -> State:
        """The state before anything was heard."""
        return State(self._model.start(1), advice=self._adviser.start() if self._adviser else None)

    def answer_all(
        self, states: Sequence[State], helds: Sequence[tuple[Sound, ...]], moments: Sequence[Moment]
    ) -> Iterator[Answer]:
        """Several answers, drawn side by side; each comes as soon as it is there."""
        asked = list(zip(states, helds, moments, strict=True))
        frames = drawn(self._model, [self._scene(*one) for one in asked])
        for frame, one in zip(frames, asked, strict=True):
            yield self._voiced(frame, *one)

    def _scene(self, state: State, held: tuple[Sound, ...], moment: Moment) -> Scene:
        """What the model is to decide."""
        wish, melody = moment.wish, _melody(held, moment.wish)
        advised = None
        if self._adviser and state.advice:
            heard = _alone(melody, moment.onsets, moment.beat)
            advised = self._adviser.now(state.advice, heard, wish.key)
        known = np.full(VOICES, -1)
        known[SOPRANO] = self._key(melody)
        return Scene(state.frames, self._given(advised), known, self._banned(wish, melody), choice(moment))

    def _voiced(self, frame: NDArray[np.int64], state: State, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """What the model has decided, (voice,), as the voices that are wished for."""
        wish, melody, keys = moment.wish, _melody(held, moment.wish), frame.tolist()
        parts = _parts(len(wish.ranges))
        found = [None if keys[part] == self._keys else keys[part] + self._lowest for part in parts]
        if wish.placement == "above":
            found = [_above(pitch, melody, wish.ranges[i]) for i, pitch in enumerate(found)]
        pitches = [pitch for pitch in (*found, *(sound.pitch for sound in held)) if pitch is not None]
        chord = nearest_chord(frozenset(pitch % OCTAVE for pitch in pitches), min(pitches) % OCTAVE)
        rests = (None,) * (len(wish.ranges) - len(found))
        return Answer((*found, *rests), chord, wish.key or state.key)

    def _heard(self, state: State, frame: Frame) -> tuple[State, Closed | None]:
        """What there is to know of a frame but for the model, and what the model is to hear; None: nothing."""
        answered = frame.answer.pitches if frame.answer else ()
        melody, answered = _written([sound.pitch for sound in frame.held or frame.onsets], answered)
        silent = state.silent + 1 if melody is None and not any(answered) else 0
        if silent > SILENT_FRAMES:
            return state, None
        target = [self._keys] * VOICES
        if melody is not None:
            target[SOPRANO] = self._key(melody)
        for voice, pitch in zip(_parts(len(answered)), answered, strict=False):
            if pitch is not None:
                target[voice] = self._key(pitch)
        row = torch.tensor([[target]], device=self._device)
        advice = state.advice
        if self._adviser and advice:
            advice = self._adviser.hear(advice, _alone(melody, frame.onsets, frame.beat))
        given = side_by_side([self._given(advice.answer if advice else None)], self._device)
        closed = Closed(state.frames, row, given, phase(frame.next_bar_frame, self._device))
        sounding = [pitch for pitch in (*answered, melody) if pitch is not None]
        evidence, key = listen(state.evidence, state.key, sounding[-1:] + sounding[:-1])
        return State(state.frames, silent, evidence, key, advice), closed

    def _given(self, advised: Answer | None) -> NDArray[np.float32]:
        """(key, plane): what the rules say; without planes for a model that has no adviser."""
        if not self._adviser:
            return np.zeros((self._keys, 0), np.float32)
        return np.array(planes(advised), np.float32)[self._pitches % OCTAVE]

    def _key(self, pitch: int) -> int:
        """The key of a pitch, folded by octaves into those that the model knows."""
        while pitch < self._lowest:
            pitch += OCTAVE
        while pitch >= self._lowest + self._keys:
            pitch -= OCTAVE
        return pitch - self._lowest

    def _banned(self, wish: Wish, melody: int) -> NDArray[np.bool_]:
        """(voice, key + 1): what the preset forbids, and a rest too where there is anything to play."""
        banned = np.zeros((VOICES, self._keys + 1), bool)
        strange = np.isin(self._pitches % OCTAVE, list(outside(wish.key)))
        for part, (low, high) in zip(_parts(len(wish.ranges)), wish.ranges, strict=False):
            row = strange
            if wish.placement == "below":  # else the model writes below all the same, and it is raised by octaves
                row = strange | (self._pitches < low) | (self._pitches > min(high, melody - 1))
            banned[part, :-1], banned[part, -1] = row, not row.all()
        return banned


def _melody(held: tuple[Sound, ...], wish: Wish) -> int:
    """The pitch under or above which the voices are to lie."""
    pitches = [sound.pitch for sound in held]
    return max(pitches) if wish.placement == "below" else min(pitches)


def _alone(melody: int | None, onsets: tuple[Sound, ...], beat: float) -> Frame:
    """A frame of the melody without what else is held."""
    held = () if melody is None else (Sound(melody, MIDDLE_VELOCITY),)
    return Frame(held if any(sound.pitch == melody for sound in onsets) else (), held, beat=beat)


def _written(held: Sequence[int], answered: tuple[int | None, ...]) -> tuple[int | None, tuple[int | None, ...]]:
    """The melody, and the voices as the model wrote them: under it, those that were raised above it by octaves too."""
    above = held and any(pitch is not None and pitch > max(held) for pitch in answered)
    if not above:
        return max(held, default=None), answered
    melody = min(held)
    return melody, tuple(None if pitch is None else _below(pitch, melody) for pitch in answered)


def _below(pitch: int, melody: int) -> int:
    return pitch if pitch < melody else melody - 1 - (melody - 1 - pitch) % OCTAVE


def _parts(voices: int) -> tuple[int, ...]:
    return PARTS.get(voices, ALL[:voices])


def _above(pitch: int | None, melody: int, limits: tuple[int, int]) -> int | None:
    """The same tone above the melody; None where the part does not reach it."""
    if pitch is None:
        return None
    low, high = max(limits[0], melody + 1), limits[1]
    raised = low + (pitch - low) % OCTAVE
    return raised if raised <= high else None
