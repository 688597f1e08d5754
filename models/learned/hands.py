"""The left hand to a right hand: struck, held and released frame by frame, in the texture it has heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import floor

import numpy as np
import torch
from numpy.typing import NDArray

from models.abreast import Closed
from models.blocks.samplers.ascending import GOES_ON
from models.capture import live_step
from models.frame_model import Evidence, FrameModel, FrameState
from models.learned.advice import Advice, Adviser
from models.learned.listening import OCTAVE, SILENT_FRAMES, choice, listen, outside, phase, plane
from models.learned.together import stepped
from models.player import FRAMES_PER_BEAT, Answer, Frame, Moment, Sound, Wish
from models.rules.harmony import RuleHarmony
from models.rules.score import nearest_chord
from music.keys import SILENCE
from music.keys import Evidence as Heard
from music.pitch import Key

STRUCK = 2
BARE_FRAMES = 8
"""After so long alone, and at first, the right hand gets a chord of the rules, for the model to go on from."""
FIRST_VOICES = 3
TONE, OTHER, STRANGE = 0.7, -1.5, -3.0
"""How welcome (in nats) it is to sound a tone of the rules' chord, another one of the key, one out of the key.

By itself the model has the texture of a left hand, but hears the harmony less well than the rules do; like this, better
(`left_hand_precision` of `continuo evaluate`: 0.397, the rules' 0.364)."""


@dataclass(frozen=True, slots=True)
class State:
    """What was heard so far."""

    frames: FrameState
    silent: int = 0
    """For how many frames nothing has sounded."""
    evidence: Heard = SILENCE
    key: Key | None = None
    bare: int = BARE_FRAMES
    """For how many frames the right hand has sounded alone."""
    advice: Advice = field(default_factory=Advice)


class HandPlayer:
    """An accompaniment that goes on by itself, under what the right hand does. As many keys at a time as voices."""

    pulse = True

    def __init__(self, model: FrameModel, name: str) -> None:
        self.name = name
        self._model = model
        self._step = live_step(model)
        self._rules, self._adviser = RuleHarmony(), Adviser()
        self._lowest, self._keys = model.config.lowest, model.config.keys
        self._device = next(model.parameters()).device

    def start(self) -> State:
        """The state before anything was heard."""
        return State(self._model.start(1))

    def hear(self, state: State, frame: Frame) -> State:
        """The state one frame later. What the musician accompanied by hand is taken for the model's own."""
        return self.hear_all((state,), (frame,))[0]

    def hear_all(self, states: Sequence[State], frames: Sequence[Frame]) -> list[State]:
        """Several states one frame later each, in one step of the model."""
        return stepped(self._step, [self._heard(*one) for one in zip(states, frames, strict=True)])

    def answer(self, state: State, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """What sounds in the open frame, from the top down; where it was asked already, what it struck stays."""
        begun = self._begun(moment)
        if held and state.bare >= BARE_FRAMES and not (begun and any(begun.pitches)):
            return self._begin(state, held, moment)
        # at a frame's beginning nobody knows yet what the right hand will do in it
        given = None if moment.move else self._given((*held, *moment.onsets), moment.onsets)
        evidence = self._evidence(state, moment.wish, held, begun)
        kept_on = evidence.known[0, 0] > 0
        advised = self._adviser.now(state.advice, Frame(moment.onsets, held, beat=moment.beat), moment.wish.key)
        taken = replace(choice(moment), lean=lean(advised, self._lowest, self._keys))
        drawn = self._model.draw(state.frames, given, evidence, taken)[0, 0]
        keys = [int(key) for key in drawn.nonzero()[:, 0]]
        voices = len(moment.wish.ranges)
        first = [key for key in keys if kept_on[key]]
        others = [key for key in keys if not kept_on[key]]
        wanted = first + others[:1] + others[:0:-1]  # where there are too many: the bass, then from the top
        kept = sorted(wanted[:voices])
        pitches = [key + self._lowest for key in reversed(kept)]
        struck = frozenset(key + self._lowest for key in kept if int(drawn[key]) == STRUCK)
        tones = frozenset(pitch % OCTAVE for pitch in (*pitches, *(sound.pitch for sound in held)))
        chord = nearest_chord(tones, pitches[-1] % OCTAVE) if pitches else None
        rests = (None,) * (voices - len(pitches))
        return Answer((*pitches, *rests), chord, moment.wish.key or state.key, struck)

    def _heard(self, state: State, frame: Frame) -> tuple[State, Closed | None]:
        """What there is to know of a frame but for the model, and what the model is to hear; None: nothing."""
        if frame.own_hand or frame.own_onsets:
            struck = {sound.pitch for sound in frame.own_onsets}
            own = struck | {sound.pitch for sound in frame.own_hand}
        else:
            struck = set(frame.struck)
            own = struck | {pitch for pitch in (frame.answer.pitches if frame.answer else ()) if pitch is not None}
        right = frame.held + frame.onsets
        silent = 0 if own or right else state.silent + 1
        if silent > SILENT_FRAMES:
            return state, None
        target = [0] * self._keys
        for pitch in own:
            if 0 <= pitch - self._lowest < self._keys:
                target[pitch - self._lowest] = STRUCK if pitch in struck else GOES_ON
        row = torch.tensor([[target]], device=self._device)
        given = self._given(right, frame.onsets)
        closed = Closed(state.frames, row, given, phase(frame.next_bar_frame, self._device))
        sounding = sorted({*own, *(sound.pitch for sound in right)})
        bare = 0 if own else state.bare + bool(right)
        advice = self._adviser.hear(state.advice, Frame(frame.onsets, frame.held, beat=frame.beat))
        evidence, key = listen(state.evidence, state.key, sounding)
        return State(state.frames, silent, evidence, key, bare, advice), closed

    def _begin(self, state: State, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """A chord of the rules. A model that hears nothing of its own has learned to go on with nothing."""
        wish, voices = moment.wish, len(moment.wish.ranges)
        few = replace(wish, ranges=wish.ranges[-FIRST_VOICES:], placement="below", spacing="open", temperature=0.0)
        chord = self._rules.answer(state.advice.rules, held, replace(moment, wish=few, last=None, move=False))
        pitches = [pitch for pitch in chord.pitches if pitch is not None]
        return Answer((*pitches, *(None,) * (voices - len(pitches))), chord.chord, chord.key, frozenset(pitches))

    def _given(self, held: tuple[Sound, ...], onsets: tuple[Sound, ...]) -> torch.Tensor:
        planes = [plane(sounds, self._lowest, self._keys) for sounds in (held, onsets)]
        return torch.tensor(planes, device=self._device).T[None, None]

    def _begun(self, moment: Moment) -> Answer | None:
        """The last answer, if it was given in the frame that is still open."""
        same = floor(moment.last_beat * FRAMES_PER_BEAT + 1e-6) == floor(moment.beat * FRAMES_PER_BEAT + 1e-6)
        return moment.last if moment.last and same and not moment.move else None

    def _evidence(self, state: State, wish: Wish, held: tuple[Sound, ...], begun: Answer | None) -> Evidence:
        low = min(low for low, _ in wish.ranges)
        high = max(high for _, high in wish.ranges)
        if held:
            high = min(high, min(sound.pitch for sound in held) - 1)  # the hands do not cross
        forbidden = outside(wish.key)
        pitches = range(self._lowest, self._lowest + self._keys)
        banned = [not low <= pitch <= high or pitch % OCTAVE in forbidden for pitch in pitches]
        known = [-1] * self._keys
        for pitch in begun.pitches if begun else ():
            key = -1 if pitch is None else pitch - self._lowest
            if 0 <= key < self._keys and not banned[key]:
                before = bool(state.frames.before[0, 0, key])
                goes_on = before and begun is not None and pitch not in (begun.struck or ())
                known[key] = GOES_ON if goes_on else STRUCK
        return Evidence(torch.tensor([[known]], device=self._device), torch.tensor([[banned]], device=self._device))


def lean(advised: Answer | None, lowest: int, keys: int) -> NDArray[np.float32] | None:
    """(key,): what the rules think of each key's sounding, for `Choice.lean`; None where they have no opinion."""
    if not (advised and advised.chord and advised.key):
        return None
    of_class = np.full(OCTAVE, STRANGE, np.float32)
    of_class[list(advised.key.scale)] = OTHER
    of_class[list(advised.chord.pitch_classes)] = TONE
    return of_class[(lowest + np.arange(keys)) % OCTAVE]
