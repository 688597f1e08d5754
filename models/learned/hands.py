"""The left hand to a right hand: struck, held and released frame by frame, in the texture it has heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import floor

import numpy as np
import torch
from numpy.typing import NDArray

from models.abreast import Closed
from models.blocks.samplers.ascending import GOES_ON, STRUCK
from models.capture import live_step
from models.frame_model import FrameModel, FrameState
from models.learned.advice import Advice, Adviser
from models.learned.listening import OCTAVE, SILENT_FRAMES, choice, listen, outside, phase, plane
from models.learned.together import Scene, SideBySide, drawn, side_by_side
from models.player import FRAMES_PER_BEAT, Answer, Frame, Moment, Sound, Wish
from models.rules.harmony import RuleHarmony
from models.rules.score import nearest_chord
from music.keys import SILENCE
from music.keys import Evidence as Heard
from music.pitch import Key

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


class HandPlayer(SideBySide[State]):
    """An accompaniment that goes on by itself, under what the right hand does. As many keys at a time as voices.

    Where it was asked in a frame already, what it struck there stays. What the musician accompanied by hand counts as
    its own.
    """

    pulse = True

    def __init__(self, model: FrameModel, name: str) -> None:
        self.name = name
        self._model = model
        self._step = live_step(model)
        self._rules, self._adviser = RuleHarmony(), Adviser()
        self._lowest, self._keys = model.config.lowest, model.config.keys
        self._pitches = np.arange(self._lowest, self._lowest + self._keys)
        self._device = next(model.parameters()).device

    def start(self) -> State:
        """The state before anything was heard."""
        return State(self._model.start(1))

    def answer_all(
        self, states: Sequence[State], helds: Sequence[tuple[Sound, ...]], moments: Sequence[Moment]
    ) -> Iterator[Answer]:
        """Several answers, drawn side by side; each comes as soon as it is there."""
        asked = list(zip(states, helds, moments, strict=True))
        scenes = [None if self._begins(*one) else self._scene(*one) for one in asked]
        frames = drawn(self._model, [scene for scene in scenes if scene])
        for scene, one in zip(scenes, asked, strict=True):
            yield self._played(next(frames), scene, *one) if scene else self._begin(*one)

    def _begins(self, state: State, held: tuple[Sound, ...], moment: Moment) -> bool:
        """Whether the rules begin: a model that hears nothing of its own has learned to go on with nothing."""
        begun = self._begun(moment)
        return bool(held) and state.bare >= BARE_FRAMES and not (begun and any(begun.pitches))

    def _scene(self, state: State, held: tuple[Sound, ...], moment: Moment) -> Scene:
        """What the model is to decide."""
        # at a frame's beginning nobody knows yet what the right hand will do in it
        given = None if moment.move else self._given((*held, *moment.onsets), moment.onsets)
        advised = self._adviser.now(state.advice, Frame(moment.onsets, held, beat=moment.beat), moment.wish.key)
        taken = replace(choice(moment), lean=lean(advised, self._lowest, self._keys))
        banned = self._banned(moment.wish, held)
        return Scene(state.frames, given, self._known(state, banned, self._begun(moment)), banned, taken)

    def _played(
        self, frame: NDArray[np.int64], scene: Scene, state: State, held: tuple[Sound, ...], moment: Moment
    ) -> Answer:
        """What the model has decided, (key,), in no more voices than are wished for."""
        keys, voices = np.flatnonzero(frame).tolist(), len(moment.wish.ranges)
        first = [key for key in keys if scene.known[key] > 0]
        others = [key for key in keys if scene.known[key] <= 0]
        wanted = first + others[:1] + others[:0:-1]  # where there are too many: the bass, then from the top
        kept = sorted(wanted[:voices])
        pitches = [key + self._lowest for key in reversed(kept)]
        struck = frozenset(key + self._lowest for key in kept if frame[key] == STRUCK)
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
        given = side_by_side([self._given(right, frame.onsets)], self._device)
        closed = Closed(state.frames, row, given, phase(frame.next_bar_frame, self._device))
        sounding = sorted({*own, *(sound.pitch for sound in right)})
        bare = 0 if own else state.bare + bool(right)
        advice = self._adviser.hear(state.advice, Frame(frame.onsets, frame.held, beat=frame.beat))
        evidence, key = listen(state.evidence, state.key, sounding)
        return State(state.frames, silent, evidence, key, bare, advice), closed

    def _begin(self, state: State, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """A chord of the rules."""
        wish, voices = moment.wish, len(moment.wish.ranges)
        few = replace(wish, ranges=wish.ranges[-FIRST_VOICES:], placement="below", spacing="open", temperature=0.0)
        chord = self._rules.answer(state.advice.rules, held, replace(moment, wish=few, last=None, move=False))
        pitches = [pitch for pitch in chord.pitches if pitch is not None]
        return Answer((*pitches, *(None,) * (voices - len(pitches))), chord.chord, chord.key, frozenset(pitches))

    def _given(self, held: tuple[Sound, ...], onsets: tuple[Sound, ...]) -> NDArray[np.float32]:
        """(key, plane)."""
        return np.array([plane(sounds, self._lowest, self._keys) for sounds in (held, onsets)], np.float32).T

    def _begun(self, moment: Moment) -> Answer | None:
        """The last answer, if it was given in the frame that is still open."""
        same = floor(moment.last_beat * FRAMES_PER_BEAT + 1e-6) == floor(moment.beat * FRAMES_PER_BEAT + 1e-6)
        return moment.last if moment.last and same and not moment.move else None

    def _banned(self, wish: Wish, held: tuple[Sound, ...]) -> NDArray[np.bool_]:
        """(key,): what the preset forbids."""
        low = min(low for low, _ in wish.ranges)
        high = max(high for _, high in wish.ranges)
        if held:
            high = min(high, min(sound.pitch for sound in held) - 1)  # the hands do not cross
        strange = np.isin(self._pitches % OCTAVE, list(outside(wish.key)))
        banned: NDArray[np.bool_] = strange | (self._pitches < low) | (self._pitches > high)
        return banned

    def _known(self, state: State, banned: NDArray[np.bool_], begun: Answer | None) -> NDArray[np.int64]:
        """(key,): what the answer in this frame so far has decided, -1 where a key is free."""
        known = np.full(self._keys, -1)
        for pitch in begun.pitches if begun else ():
            key = -1 if pitch is None else pitch - self._lowest
            if 0 <= key < self._keys and not banned[key]:
                before = bool(state.frames.before[0, 0, key])
                goes_on = before and begun is not None and pitch not in (begun.struck or ())
                known[key] = GOES_ON if goes_on else STRUCK
        return known


def lean(advised: Answer | None, lowest: int, keys: int) -> NDArray[np.float32] | None:
    """(key,): what the rules think of each key's sounding, for `Choice.lean`; None where they have no opinion."""
    if not (advised and advised.chord and advised.key):
        return None
    of_class = np.full(OCTAVE, STRANGE, np.float32)
    of_class[list(advised.key.scale)] = OTHER
    of_class[list(advised.chord.pitch_classes)] = TONE
    return of_class[(lowest + np.arange(keys)) % OCTAVE]
