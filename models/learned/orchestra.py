"""An orchestra that has learned who plays what; rules see to it that all is covered, in range and in the chord."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.blocks.attention import State as Memory
from models.ensemble import passes
from models.ensemble.batch import kind_of
from models.ensemble.config import KEYS, LOWEST, REST
from models.ensemble.encoder import ELAPSED
from models.ensemble.legal import UNKNOWN
from models.ensemble.model import EnsembleModel
from models.learned.listening import OCTAVE, choice
from models.player import Answer, Frame, Moment, Scoring, Sound, Wish
from models.rules.choirs import BASSOON, CELLO, CLARINET, CONTRABASS, FLUTE, HORN, OBOE, VIOLA, VIOLIN_1, VIOLIN_2
from models.rules.orchestra import BALANCE
from music.orchestra import FIRST_SLOT, SECTIONS

UPPER = (VIOLIN_1, FLUTE, OBOE, CLARINET, VIOLIN_2, VIOLA, HORN, BASSOON, CELLO, CONTRABASS)
"""Who takes a melody that the model has left out, in turn; a bass, the other way round."""
STAYS = 2.5
"""How welcome (in nats) it is that who plays a held note goes on playing it."""
THICK = 6.0
"""How welcome, from density 0 to 1, it is that somebody plays."""
MIDDLE, SPAN = 80, 47
"""The touch at which density is what the preset says, and from there to the loudest."""


@dataclass(frozen=True, slots=True)
class State:
    """What was heard so far."""

    memories: tuple[Memory, ...]
    heard: Tensor
    """(1, event, width): the encoded events that may be looked back at."""
    past: Tensor
    """long (1, 1, past, slot): what sounded at the events before, newest first."""
    beat: float | None = None
    """Of the newest event."""


class OrchestraPlayer:
    """Every key counts until it is up; the model is asked with all that sounds."""

    pulse = False
    effect = "orchestrate"

    def __init__(self, model: EnsembleModel, name: str) -> None:
        self.name = name
        self._model = model
        self._device = model.range.device
        self._reach = max(1, model.config.context - 1)

    def start(self) -> State:
        """The state before anything was heard."""
        model = self._model
        past = torch.full((1, 1, max(1, model.config.past), model.slots), UNKNOWN, device=self._device)
        nothing = torch.zeros(1, 0, model.encoder.width, device=self._device)
        return State(model.encoder.start(1, self._device), nothing, past)

    def hear(self, state: State, frame: Frame) -> State:
        """The state one frame later; only what is struck is an event."""
        if not frame.onsets:
            return state
        new, memories = self._encoded(state, (*frame.held, *frame.onsets), frame.onsets, frame.beat)
        heard = torch.cat((state.heard, new), 1)[:, -self._reach :]
        sounded = self._slots(frame.answer, frame.sections)
        past = torch.cat((sounded, state.past), 2)[:, :, : state.past.shape[2]]
        return State(memories, heard, past, frame.beat)

    def answer(self, state: State, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """What the orchestra plays with the notes held now; silence where none is."""
        wish = moment.wish
        scoring = wish.scoring
        if not held or scoring is None:
            return Answer((None,) * len(wish.ranges))
        desks = _desks(wish, scoring)
        new, _ = self._encoded(state, held, moment.onsets, moment.beat)
        seen = torch.cat((state.heard, new), 1)
        present = torch.tensor([[bool(own) for own in desks]], device=self._device)
        given = self._given(held, moment.onsets)
        scene = self._model.scene(seen, given, state.past, present, seen.shape[1] - 1)
        lean = self._lean(held, moment, scoring)
        banned = self._banned(held, desks, wish)
        known = passes.evidence(self._model, present, (1, 1, self._model.slots))
        for section, own in enumerate(desks):
            first = FIRST_SLOT[section]
            known[..., first + len(own) : first + SECTIONS[section].desks] = REST
        drawn = passes.draw(
            self._model, scene, known, choice(moment), self._model.config.passes, lean=lean, banned=banned
        )[0, 0].tolist()
        playing = [
            [key + LOWEST for key in drawn[first : first + len(own)] if key != REST]
            for first, own in zip(FIRST_SLOT, desks, strict=True)
        ]
        _cover(playing, [sound.pitch for sound in held], desks, wish)
        return _answer(playing, desks, held, moment)

    def _encoded(
        self, state: State, held: Iterable[Sound], onsets: Sequence[Sound], beat: float
    ) -> tuple[Tensor, tuple[Memory, ...]]:
        since = torch.tensor([[64.0 if state.beat is None else beat - state.beat]], device=self._device)
        return self._model.encoder.step(self._given(held, onsets), kind_of(since, ELAPSED), state.memories)

    def _given(self, held: Iterable[Sound], onsets: Iterable[Sound]) -> Tensor:
        """(1, 1, key, 2): sounds, is struck."""
        planes = np.zeros((KEYS, 2), np.float32)
        for plane, sounds in enumerate((held, onsets)):
            for sound in sounds:
                if 0 <= sound.pitch - LOWEST < KEYS:
                    planes[sound.pitch - LOWEST, : plane + 1] = 1
        return torch.from_numpy(planes).to(self._device)[None, None]

    def _slots(self, answer: Answer | None, sections: Sequence[int]) -> Tensor:
        """What an answer sounds, long (1, 1, 1, slot); all rests where there is none."""
        slots = np.full(self._model.slots, REST, np.int64)
        if answer and len(answer.pitches) == len(sections):
            for section, first in enumerate(FIRST_SLOT):
                own = [p for p, s in zip(answer.pitches, sections, strict=True) if s == section and p is not None]
                keys = sorted({p - LOWEST for p in own if 0 <= p - LOWEST < KEYS}, reverse=True)
                kept = keys[: SECTIONS[section].desks]
                slots[first : first + len(kept)] = kept
        return torch.from_numpy(slots).to(self._device)[None, None, None]

    def _lean(self, held: Sequence[Sound], moment: Moment, scoring: Scoring) -> Tensor:
        """(slot, key + 1): how much somebody is wanted to play at this touch, and that held notes are kept."""
        found = np.zeros((self._model.slots, KEYS + 1), np.float32)
        touch = max(sound.velocity for sound in moment.onsets or held)
        share = scoring.density - 0.5 + scoring.weight * (touch - MIDDLE) / SPAN / 2
        fresh = {sound.pitch for sound in moment.onsets}
        going_on = {sound.pitch % OCTAVE for sound in held if sound.pitch not in fresh}
        for section, first in enumerate(FIRST_SLOT):
            mine = slice(first, first + SECTIONS[section].desks)
            found[mine, REST] -= THICK * share
            if SECTIONS[section].instrument.family in scoring.forced:
                found[first, REST] -= 2 * THICK
        if moment.last and len(moment.last.pitches) == len(scoring.sections):
            for section, pitch in zip(scoring.sections, moment.last.pitches, strict=True):
                if pitch is not None and pitch % OCTAVE in going_on and 0 <= pitch - LOWEST < KEYS:
                    first = FIRST_SLOT[section]
                    found[first : first + SECTIONS[section].desks, pitch - LOWEST] += STAYS
        return torch.from_numpy(found).to(self._device)

    def _banned(self, held: Sequence[Sound], desks: list[list[int]], wish: Wish) -> Tensor:
        """Bool (slot, key + 1): what is out of a part's range or of the chord."""
        classes = {sound.pitch % OCTAVE for sound in held}
        pitches = LOWEST + np.arange(KEYS)
        foreign = ~np.isin(pitches % OCTAVE, list(classes))
        banned = np.zeros((self._model.slots, KEYS + 1), bool)
        for section, own in enumerate(desks):
            inside = np.zeros(KEYS, bool)
            for voice in own:
                low, high = wish.ranges[voice]
                inside |= (pitches >= low) & (pitches <= high)
            first = FIRST_SLOT[section]
            banned[first : first + SECTIONS[section].desks, :KEYS] = foreign | ~inside
        return torch.from_numpy(banned).to(self._device)


def _desks(wish: Wish, scoring: Scoring) -> list[list[int]]:
    """By section its voices, the top one first: those that may play."""
    found: list[list[int]] = [[] for _ in SECTIONS]
    for voice, section in enumerate(scoring.sections):
        muted = SECTIONS[section].instrument.family in scoring.muted
        low, high = wish.ranges[voice]
        if not muted and low <= high and len(found[section]) < min(scoring.divisi, SECTIONS[section].desks):
            found[section].append(voice)
    return found


def _cover(playing: list[list[int]], keys: Sequence[int], desks: list[list[int]], wish: Wish) -> None:
    """Melody and bass are played at pitch, and every class by somebody, where anybody is free and able to."""

    def give(pitch: int, order: Iterable[int]) -> None:
        for section in order:
            free = len(playing[section]) < len(desks[section])
            able = any(wish.ranges[voice][0] <= pitch <= wish.ranges[voice][1] for voice in desks[section])
            if free and able and pitch not in playing[section]:
                playing[section] = sorted([*playing[section], pitch], reverse=True)
                return

    for pitch, order in ((max(keys), UPPER), (min(keys), UPPER[::-1])):
        if not any(pitch in own for own in playing):
            give(pitch, order)
    for pitch in sorted(keys):
        if not any(pitch % OCTAVE == other % OCTAVE for own in playing for other in own):
            give(pitch, UPPER)


def _answer(playing: list[list[int]], desks: list[list[int]], held: Sequence[Sound], moment: Moment) -> Answer:
    """Sections as voices; each as loud, and struck or not, as the key that it is nearest to."""
    voices = len(moment.wish.ranges)
    pitches: list[int | None] = [None] * voices
    velocities = [max(sound.velocity for sound in held)] * voices
    fresh, struck = {sound.pitch for sound in moment.onsets}, set()
    for section, (own, pitched) in enumerate(zip(desks, playing, strict=True)):
        for voice, pitch in _seated(own, pitched, moment.wish):
            source = min(
                (sound for sound in held if sound.pitch % OCTAVE == pitch % OCTAVE),
                key=lambda sound: abs(sound.pitch - pitch), default=held[-1],
            )  # fmt: skip
            pitches[voice] = pitch
            velocities[voice] = min(127, max(1, source.velocity + BALANCE.get(section, 0)))
            if source.pitch in fresh:
                struck.add(pitch)
    return Answer(tuple(pitches), struck=frozenset(struck), velocities=tuple(velocities))


def _seated(voices: list[int], pitches: Sequence[int], wish: Wish) -> Iterable[tuple[int, int]]:
    """The pitches from the top down, each by the next voice whose range has it; who finds none is left out."""
    free = list(voices)
    for pitch in pitches:
        able = [voice for voice in free if wish.ranges[voice][0] <= pitch <= wish.ranges[voice][1]]
        if able:
            free.remove(able[0])
            yield able[0], pitch
