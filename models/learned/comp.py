"""Chords to a melody: the model chooses the chord, the voices are led by the book."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from models.abreast import Closed
from models.blocks.live.chord import BASS, SOUNDS
from models.capture import live_step
from models.frame_model import FrameModel, FrameState
from models.learned.advice import Advice, Adviser, planes
from models.learned.listening import OCTAVE, SILENT_FRAMES, choice, outside, phase, plane
from models.learned.together import Scene, SideBySide, drawn, side_by_side
from models.player import Answer, Frame, Moment, Sound
from models.rules import harmony
from models.rules.score import nearest_chord

MELODY_PLANES = 2
"""Sounds, struck; behind them there may be what the rules say."""


@dataclass(frozen=True, slots=True)
class State:
    """What was heard so far."""

    frames: FrameState
    rules: harmony.State
    """Key and melody, for the leading of the voices."""
    silent: int = 0
    """For how many frames nothing has sounded."""
    advice: Advice | None = None


class CompPlayer(SideBySide[State]):
    """Any number of voices, above or below, close or open: what the rules can lead."""

    pulse = False

    def __init__(self, model: FrameModel, name: str) -> None:
        self.name = name
        self._model = model
        self._step = live_step(model)
        self._rules = harmony.RuleHarmony()
        self._device = next(model.parameters()).device
        self._adviser = Adviser() if model.config.given > MELODY_PLANES else None

    def start(self) -> State:
        """The state before anything was heard."""
        advice = self._adviser.start() if self._adviser else None
        return State(self._model.start(1), self._rules.start(), advice=advice)

    def answer_all(
        self, states: Sequence[State], helds: Sequence[tuple[Sound, ...]], moments: Sequence[Moment]
    ) -> Iterator[Answer]:
        """Several answers, drawn side by side; each comes as soon as it is there."""
        asked = list(zip(states, helds, moments, strict=True))
        frames = drawn(self._model, [self._scene(*one) for one in asked])
        for frame, one in zip(frames, asked, strict=True):
            yield self._led(frame.tolist(), *one)

    def _scene(self, state: State, held: tuple[Sound, ...], moment: Moment) -> Scene:
        """What the model is to decide."""
        banned = np.zeros(OCTAVE + 1, bool)
        banned[[*outside(moment.wish.key), OCTAVE]] = True  # something is to sound
        advised = None
        if self._adviser and state.advice:
            heard = Frame(moment.onsets, held, beat=moment.beat)
            advised = self._adviser.now(state.advice, heard, moment.wish.key)
        given = self._given(held, moment.onsets, advised)
        return Scene(state.frames, given, np.full(OCTAVE, -1), banned, choice(moment))

    def _led(self, frame: list[int], state: State, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """The chord that the model has decided on, (class,), its voices led by the book."""
        tones = frozenset(tone for tone, sounds in enumerate(frame) if sounds)
        chord = nearest_chord(tones, frame.index(BASS), outside(moment.wish.key))
        return self._rules.realise(chord, state.rules, held, moment)

    def _heard(self, state: State, frame: Frame) -> tuple[State, Closed | None]:
        """What there is to know of a frame but for the model, and what the model is to hear; None: nothing."""
        chord = frame.answer.chord if frame.answer else None
        melody = frame.held + frame.onsets
        rules = self._rules.hear(state.rules, frame)
        silent = 0 if melody else state.silent + 1  # a latched chord alone goes nowhere
        if silent > SILENT_FRAMES:
            return State(state.frames, rules, state.silent, state.advice), None
        advice = self._adviser.hear(state.advice, frame) if self._adviser and state.advice else None
        target = [0] * OCTAVE
        for tone in chord.pitch_classes if chord else ():
            target[tone] = BASS if chord and tone == chord.root else SOUNDS
        row = torch.tensor([[target]], device=self._device)
        given = side_by_side([self._given(melody, frame.onsets, advice.answer if advice else None)], self._device)
        closed = Closed(state.frames, row, given, phase(frame.next_bar_frame, self._device))
        return State(state.frames, rules, silent, advice), closed

    def _given(self, held: tuple[Sound, ...], onsets: tuple[Sound, ...], advised: Answer | None) -> NDArray[np.float32]:
        """(class, plane)."""
        folded = [[Sound(sound.pitch % OCTAVE, sound.velocity) for sound in sounds] for sounds in (held, onsets)]
        melody = np.array([plane(sounds, 0, OCTAVE) for sounds in folded], np.float32).T
        return np.hstack((melody, np.array(planes(advised), np.float32))) if self._adviser else melody
