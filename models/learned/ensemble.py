"""What players of ensembles have in common: what was heard, what is certain of now, and who takes which note."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from models.ensemble.batch import kind_since
from models.ensemble.config import LOWEST
from models.ensemble.kernels import UNKNOWN, Bools, Floats, Ints
from models.ensemble.layers import Memory
from models.ensemble.live import Event, Live
from models.ensemble.model import EnsembleModel
from models.learned.listening import OCTAVE
from models.player import Coming, Frame, Moment, Sound, Wish


@dataclass(frozen=True, slots=True)
class State:
    """What was heard so far."""

    memories: tuple[Memory, ...]
    heard: Floats
    """(event, width): the encoded events that may be looked back at."""
    past: Ints
    """(past, slot): what sounded at the events before, newest first."""
    beat: float | None = None
    """Of the newest event."""
    keys: frozenset[int] = frozenset()
    """What sounded of what is played, at the newest event."""


class EnsemblePlayer:
    """A model that is asked with all that sounds, whenever something is struck."""

    pulse = False

    def __init__(self, model: EnsembleModel, name: str) -> None:
        self.name = name
        self.live = Live(model)
        """What decides."""
        self._reach = max(1, model.config.context - 1)
        self._past = max(1, model.config.past)

    def start(self) -> State:
        """The state before anything was heard."""
        live = self.live
        nothing = np.zeros((0, live.width), np.float32)
        return State(live.start(), nothing, np.full((self._past, live.slots), UNKNOWN))

    def heard(self, state: State, given: Floats, frame: Frame, sounded: Ints) -> State:
        """The state after a frame that is an event, with what the ensemble sounded at it, (slot,)."""
        new, memories = self.live.steps(given[None], [kind_since(state.beat, frame.beat)], state.memories)
        heard = np.concatenate((state.heard, new))[-self._reach :]
        past = np.concatenate((sounded[None], state.past))[: self._past]
        keys = frozenset(sound.pitch for sound in (*frame.held, *frame.onsets))
        return State(memories, heard, past, frame.beat, keys)

    def event(self, state: State, given: Sequence[Floats], moment: Moment, present: Bools) -> Event:
        """All that is certain of now: what was heard, what sounds, and what is known to come.

        `given` is what the model is told of now, (key, plane), and then of what is to come, see `coming`.
        """
        coming = self.coming(moment)
        beats = [moment.beat, *(one.beat for one in coming)]
        elapsed = [kind_since(state.beat, moment.beat), *(kind_since(before, now) for before, now in pairwise(beats))]
        new, _ = self.live.steps(np.stack(given), elapsed, state.memories)
        seen, at = np.concatenate((state.heard, new)), len(state.heard)
        return self.live.event(seen, at, given[0], state.past, present, ahead=len(coming), free=True)

    def coming(self, moment: Moment) -> tuple[Coming, ...]:
        """What is known to come, as far as the model has learned to look ahead."""
        return moment.coming[: self.live.config.ahead]


def foreign(held: Iterable[Sound], keys: int) -> Bools:
    """(key,): what is not of the chord."""
    found = np.ones(OCTAVE, bool)
    found[[sound.pitch % OCTAVE for sound in held]] = False
    return found[(LOWEST + np.arange(keys)) % OCTAVE]


def source(pitch: int, held: Sequence[Sound]) -> Sound:
    """The key that a pitch stands for: of those of its class the nearest."""
    alike = [sound for sound in held if sound.pitch % OCTAVE == pitch % OCTAVE]
    return min(alike, key=lambda sound: abs(sound.pitch - pitch), default=held[-1])


def lasts(pitch: int | None, held: Sequence[Sound], state: State) -> bool:
    """Whether a pitch goes on where only keys went up: one of the chord, if it was no key that went up itself."""
    keys = {sound.pitch for sound in held}
    return pitch is not None and pitch % OCTAVE in {key % OCTAVE for key in keys} and pitch not in state.keys - keys


def seated(voices: Sequence[int], pitches: Sequence[int], wish: Wish) -> Iterable[tuple[int, int]]:
    """(voice, pitch), from the top down, each by the next voice whose range has it; who finds none is left out."""
    free = list(voices)
    for pitch in pitches:
        able = [voice for voice in free if wish.ranges[voice][0] <= pitch <= wish.ranges[voice][1]]
        if able:
            free.remove(able[0])
            yield able[0], pitch
