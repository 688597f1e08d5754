"""A frame model as who goes on where the musician stops: it decides each sixteenth of the whole piano, key by key."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, floor, log
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.abreast import Closed
from models.blocks.samplers.ascending import GOES_ON, STRUCK
from models.capture import live_step, swift
from models.continuation import OCTAVE, Aim, placed
from models.frame_model import FrameModel, FrameState
from models.frames import Choice
from models.learned.listening import SILENT_FRAMES, phase
from models.learned.together import Scene, drawn
from models.player import FRAMES_PER_BEAT
from models.tokens.draw import USUAL
from music.phrase import Onset, Tone

EARLY = 0.25
"""Of a frame: what begins so little before one was meant to begin with it, and what ends so little after one before."""
LONGEST = 16
"""Frames that a note sounds at most."""
PATIENT, EAGER = 8, 0.5
"""Frames without a strike, after which with each one more every key is likelier to sound, by so many nats."""
TOUCH = 32
"""Notes heard last, whose touch is taken up."""
WAITS = 16
"""Onsets heard last, by which it is known how quickly somebody plays who has no clock."""
PACES = (1 / 8, 3 / 8)
"""Beats that a frame may last then."""
PARTS = (1, 2, 4, 8, 16, 3, 6, 12)
"""How many frames the usual wait may have, of those that fit the first."""
HEARD, PLAYED, STEADY = 64, 16, 1.0
"""The newest frames by which it is told how much the musician plays, and how much it has played itself; where that is
more, every key is so many times less likely to sound, so that what grows thick does not go on growing."""
THICKER = 3.0
"""How far density moves the odds of a key that sounds, from end to end, in nats."""

Keys = NDArray[np.int64]


class Open(NamedTuple):
    """A frame that is decided, and not yet closed."""

    number: int
    frame: Keys
    """(key,): silent, going on or struck."""
    ages: Keys
    """(key,): for how many frames each has sounded."""
    state: FrameState
    """The model's, in which the frame is open."""
    struck: tuple[int, ...] = ()
    """How many keys were struck in the newest frames, this one included."""

    @property
    def waited(self) -> int:
        """Frames since something began."""
        return next((ago for ago, keys in enumerate(reversed(self.struck)) if keys), len(self.struck))


@dataclass(frozen=True, slots=True)
class Thread:
    """What is being played on."""

    last: Open
    """The newest frame in which something begins."""
    ends: Mapping[int, int]
    """By key, the frame in which what sounds there does so no more; none: that is free."""
    beat: float
    """When `last` began."""
    pace: float
    """Beats of a frame."""
    clock: bool
    """Whether frames are counted from a clock's beats, and not from what was played."""
    ahead: tuple[Open, ...] = ()
    """The frames after it that are decided, because a note could not be played without its end."""
    aim: Aim | None = None
    """What they were decided for."""


@dataclass(slots=True)
class Memory:
    """What was heard; it grows in place."""

    thread: Thread | None = None
    touch: deque[Tone] = field(default_factory=lambda: deque(maxlen=TOUCH))
    feel: dict[int, float] = field(default_factory=dict)
    """By place in the beat, how many frames late after a clock the newest onset there was."""
    waits: deque[float] = field(default_factory=lambda: deque(maxlen=WAITS))
    """Beats between onsets without a clock."""


class SoloPlayer:
    """Goes on with what it heard, a frame at a time; how loud and how late its notes are is the musician's own."""

    effect = "continue"

    def __init__(self, model: FrameModel, name: str) -> None:
        self.model, self._name = model, name
        self._step = live_step(model)
        self.lowest, self.keys = model.config.lowest, model.config.keys
        self._device = next(model.parameters()).device

    @property
    def name(self) -> str:
        """As the preset's `model` names it."""
        return self._name

    def start(self) -> Memory:
        """The memory before anything was heard."""
        return Memory()

    def hear(self, memory: Memory, onset: Onset, *, phase: bool = False) -> None:
        """Take in what was played."""
        before = memory.thread
        if phase:
            number = frame_of(onset.beat)
            memory.feel[number % FRAMES_PER_BEAT] = onset.beat * FRAMES_PER_BEAT - number
        elif before is not None:
            memory.waits.append(onset.beat - before.beat)
            before = replace(before, pace=pace_of(memory.waits))
        memory.thread = self._heard(before, onset, clock=phase)
        memory.touch.extend(onset.tones)

    def begin(self, memory: Memory) -> Thread | None:
        """Where the musician has stopped."""
        return memory.thread

    def ready(self, memory: Memory, thread: Thread, aim: Aim, dice: np.random.Generator) -> bool:  # noqa: ARG002
        """It takes some milliseconds for each onset: who cannot wait has to have it done elsewhere."""
        return True

    def fallbacks(self, memory: Memory) -> int:  # noqa: ARG002 - nobody stands in for it
        """Nobody stands in."""
        return 0

    def follow(self, thread: Thread, onset: Onset, *, phase: bool) -> Thread:
        """The thread after an onset that somebody else has played."""
        return self._heard(thread, onset, clock=phase)

    def go_on(self, memory: Memory, thread: Thread, aim: Aim, dice: np.random.Generator) -> tuple[Onset, Thread]:
        """What comes next."""
        drawing, first = _Drawing(self, memory, thread, aim, dice), 0
        while not (drawing[first].frame == STRUCK).any():
            first += 1
        last, struck = drawing[first], np.flatnonzero(drawing[first].frame == STRUCK).tolist()
        ends = {key: end for key, end in thread.ends.items() if end > last.number and key not in struck}
        for key in struck:
            place = first + 1
            while drawing[place].frame[key] == GOES_ON:
                place += 1
            ends[key] = last.number + place - first
        tones = (self._tone(memory, key, (ends[key] - last.number) * thread.pace) for key in struck)
        beat = thread.beat + (last.number - thread.last.number) * thread.pace
        if thread.clock:
            beat = (last.number + memory.feel.get(last.number % FRAMES_PER_BEAT, 0.0)) / FRAMES_PER_BEAT
        after = replace(thread, last=last, ends=ends, beat=beat, ahead=drawing.after(first), aim=aim)
        return Onset(beat, placed(tones, aim, beat)), after

    def _tone(self, memory: Memory, key: int, beats: float) -> Tone:
        """A key as loud as the nearest one that was heard of late."""
        pitch = self.lowest + key
        like = min(reversed(memory.touch), key=lambda tone: abs(tone.pitch - pitch))
        return Tone(pitch, like.velocity, beats)

    def _heard(self, thread: Thread | None, onset: Onset, *, clock: bool) -> Thread:
        """The thread after an onset; one in the frame of the one before belongs to it."""
        number, pace = frame_of(onset.beat), 1 / FRAMES_PER_BEAT
        if thread is None:
            last, ends = self._silence(number, clock=clock), dict[int, int]()
        elif clock:
            last, ends = thread.last, dict(thread.ends)
            if not thread.clock:
                last = last._replace(number=frame_of(thread.beat))
                ends = {key: end + last.number - thread.last.number for key, end in ends.items()}
        else:
            last, ends, pace = thread.last, dict(thread.ends), thread.pace
            number = last.number + round((onset.beat - thread.beat) / pace)
        last, ends = self._silent_until(number, last, ends, clock=clock)
        last = last._replace(frame=last.frame.copy(), ages=last.ages.copy())
        late = onset.beat * FRAMES_PER_BEAT - number if clock else 0.0
        for tone in onset.tones:
            key = tone.pitch - self.lowest
            if 0 <= key < self.keys:
                last.frame[key], last.ages[key] = STRUCK, 0
                ends[key] = last.number + max(ceil(tone.beats / pace + late - EARLY), 1)
                if tone.lasts:  # how long, whoever goes on may say
                    del ends[key]
        struck = (*last.struck[:-1], int((last.frame == STRUCK).sum()))
        return Thread(last._replace(struck=struck), ends, onset.beat, pace, clock)

    def _silent_until(
        self, number: int, last: Open, ends: dict[int, int], *, clock: bool
    ) -> tuple[Open, dict[int, int]]:
        """A frame in which nothing new begins, after those before it."""
        while last.number < number:
            if number - last.number > SILENT_FRAMES and not last.frame.any():
                last = last._replace(number=number - SILENT_FRAMES)
            state, frame = self.closed(last, clock=clock), np.zeros(self.keys, np.int64)
            frame[[key for key, end in ends.items() if end > last.number + 1]] = GOES_ON
            last = opened(last, frame, state)
            ends = {key: end for key, end in ends.items() if frame[key]}
        return last, ends

    @torch.inference_mode()
    def _silence(self, number: int, *, clock: bool) -> Open:
        """Before anything."""
        nothing = np.zeros(self.keys, np.int64)
        return Open(number, nothing, nothing.copy(), self.model.start(1, self._phase(number, clock=clock)))

    @torch.inference_mode()
    def closed(self, last: Open, *, clock: bool) -> FrameState:
        """The model's state in the frame after one."""
        target = torch.from_numpy(last.frame).to(self._device)[None, None]
        given = torch.zeros(1, 1, self.keys, 0, device=self._device)
        with swift():
            return self._step([Closed(last.state, target, given, self._phase(last.number + 1, clock=clock))])[0]

    def _phase(self, number: int, *, clock: bool) -> Tensor:
        return phase(number % FRAMES_PER_BEAT if clock else None, self._device)


class _Drawing:
    """The frames after those that were played, as an aim wants them, as far as they are asked for."""

    def __init__(self, player: SoloPlayer, memory: Memory, thread: Thread, aim: Aim, dice: np.random.Generator) -> None:
        self._player, self._thread, self._aim = player, thread, aim
        self._frames = list(thread.ahead) if thread.aim == aim else []
        self._busy = busy(memory.thread.last.struck) if memory.thread else 1.0
        self._heat = aim.temperature * 2 ** (aim.surprise - USUAL)
        self._dice = torch.Generator().manual_seed(int(dice.integers(2**63)))
        pitches = player.lowest + np.arange(player.keys)
        foreign = (pitches + OCTAVE * round(aim.register) < aim.lowest) | (
            pitches + OCTAVE * round(aim.register) > aim.highest
        )
        outside = ~np.isin(pitches % OCTAVE, list(aim.key.scale)) if aim.key else np.zeros(player.keys, bool)
        if not (foreign | outside).all():
            foreign |= outside
        self._foreign = foreign & ~foreign.all()  # a range beyond all keys: what is played is put into it

    def __getitem__(self, place: int) -> Open:
        while place >= len(self._frames):
            self._frames.append(self._next(self._frames[-1] if self._frames else self._thread.last))
        return self._frames[place]

    def after(self, place: int) -> tuple[Open, ...]:
        """What is decided beyond a frame."""
        return tuple(self._frames[place + 1 :])

    @torch.inference_mode()
    def _next(self, last: Open) -> Open:
        player, number, clock = self._player, last.number + 1, self._thread.clock and self._aim.phase
        known = np.full(player.keys, -1)
        for key, end in self._thread.ends.items():
            if last.frame[key] and number <= end:
                known[key] = GOES_ON if number < end else 0
        eager = EAGER * max(0, last.waited + 1 - PATIENT)
        steady = STEADY * log(self._busy / busy(last.struck[-PLAYED:]))
        lean = np.full(player.keys, eager + steady + THICKER * (self._aim.density - 0.5), np.float32)
        choice = Choice(self._heat, generator=self._dice if self._heat > 0 else None, lean=lean)
        banned = self._foreign | (last.ages + 1 >= LONGEST)
        state = player.closed(last, clock=clock)
        with swift():
            frame = next(drawn(player.model, [Scene(state, None, known, banned, choice)]))
        return opened(last, frame, state)


def opened(last: Open, frame: Keys, state: FrameState) -> Open:
    """The frame after one."""
    struck = (*last.struck, int((frame == STRUCK).sum()))[-HEARD:]
    return Open(last.number + 1, frame, np.where(frame == GOES_ON, last.ages + 1, 0), state, struck)


def busy(struck: Sequence[int]) -> float:
    """Keys struck in a frame; a little where there were none."""
    return (sum(struck) + 0.5) / (len(struck) + 1)


def frame_of(beat: float) -> int:
    """The frame in which something that begins at a beat was meant to begin."""
    return floor(beat * FRAMES_PER_BEAT + EARLY)


def pace_of(waits: Collection[float]) -> float:
    """Beats of a frame for somebody who plays without a clock: a part of the usual wait that all of them fit."""
    usual, (least, most) = sorted(waits)[len(waits) // 2], PACES
    paces = [usual / parts for parts in PARTS if least <= usual / parts <= most]

    def miss(pace: float) -> float:
        return round(sum(abs(wait / pace - round(wait / pace)) for wait in waits) / len(waits), 2)

    return min(paces, key=miss, default=1 / FRAMES_PER_BEAT)
