"""Chords to a melody: the model chooses the chord, the voices are led by the book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from models.abreast import Closed
from models.blocks.live.chord import BASS, SOUNDS
from models.capture import live_step
from models.frame_model import Evidence, FrameModel, FrameState
from models.learned.advice import Advice, Adviser, planes
from models.learned.listening import OCTAVE, SILENT_FRAMES, choice, outside, phase, plane
from models.learned.together import stepped
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


class CompPlayer:
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

    def hear(self, state: State, frame: Frame) -> State:
        """The state one frame later."""
        return self.hear_all((state,), (frame,))[0]

    def hear_all(self, states: Sequence[State], frames: Sequence[Frame]) -> list[State]:
        """Several states one frame later each, in one step of the model."""
        return stepped(self._step, [self._heard(*one) for one in zip(states, frames, strict=True)])

    def answer(self, state: State, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """The chord to the notes the musician holds now, oldest press first, never empty."""
        forbidden = outside(moment.wish.key)
        banned = [tone in forbidden for tone in range(OCTAVE)]
        evidence = Evidence(
            torch.full((1, 1, OCTAVE), -1, device=self._device),
            torch.tensor([[[*banned, True]]], device=self._device),  # something is to sound
        )
        advised = None
        if self._adviser and state.advice:
            heard = Frame(moment.onsets, held, beat=moment.beat)
            advised = self._adviser.now(state.advice, heard, moment.wish.key)
        given = self._given(held, moment.onsets, advised)
        drawn = self._model.draw(state.frames, given, evidence, choice(moment))[0, 0].tolist()
        tones = frozenset(tone for tone, sounds in enumerate(drawn) if sounds)
        return self._rules.realise(nearest_chord(tones, drawn.index(BASS), forbidden), state.rules, held, moment)

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
        given = self._given(melody, frame.onsets, advice.answer if advice else None)
        closed = Closed(state.frames, row, given, phase(frame.next_bar_frame, self._device))
        return State(state.frames, rules, silent, advice), closed

    def _given(self, held: tuple[Sound, ...], onsets: tuple[Sound, ...], advised: Answer | None) -> torch.Tensor:
        folded = [[Sound(sound.pitch % OCTAVE, sound.velocity) for sound in sounds] for sounds in (held, onsets)]
        melody = torch.tensor([plane(sounds, 0, OCTAVE) for sounds in folded]).T
        given = torch.cat((melody, torch.tensor(planes(advised))), 1) if self._adviser else melody
        return given.to(self._device)[None, None]
