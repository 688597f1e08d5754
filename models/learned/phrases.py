"""A token model as who goes on where the musician stops: it has heard all by the time it is its turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from models.continuation import Aim, placed
from models.tokens.draw import MOST, Drawing, Odds, lengthened, phase_of
from models.tokens.known import Guard, Known
from models.tokens.live import Heard, Recalls, Row, State
from models.tokens.spread import Spread
from music.beat import CLOCKS_PER_BEAT
from music.phrase import Onset, Tone
from music.tokens import LENGTH, PHASE, WAIT, Writer

STRAIGHT = (0, 6, 8, 12, 16, 18, 24)
"""Ticks of a beat to which a musician who follows a clock is taken to have meant to play, from one tick away."""


@dataclass(slots=True)
class Memory:
    """What was heard; it grows in place."""

    state: State
    recalls: Recalls
    """Of what was heard; what it plays itself it does not take for a theme."""
    last: Row | None = None
    """The newest note: it is not in the state, which has to know when the next one comes."""
    writer: Writer | None = None
    tick: int = 0
    """When the newest note was."""
    spread: Spread = field(default_factory=Spread)
    guard: Guard = field(default_factory=Guard)


class Thread(NamedTuple):
    """What is being played on."""

    state: State
    last: Row
    tick: int
    spread: Spread
    guard: Guard
    wait: int | None = None
    """When the next note comes, where that is decided."""


class PhrasePlayer:
    """Goes on with what it heard, a note at a time."""

    effect = "continue"

    def __init__(self, live: Odds, name: str, known: Known | None = None) -> None:
        """Play by somebody's odds; of what is known no seventeen notes in a row."""
        self._live, self._name, self._known = live, name, known

    @property
    def name(self) -> str:
        """As the preset's `model` names it."""
        return self._name

    def start(self) -> Memory:
        """The memory before anything was heard."""
        return Memory(self._live.start(), self._live.recalls(), guard=Guard(self._known))

    def hear(self, memory: Memory, onset: Onset, *, phase: bool = False) -> None:
        """Take in what was played."""
        if phase:
            onset = _straight(onset)
        if memory.writer is None or memory.writer.clock != phase:
            memory.writer = Writer(clock=phase, tick=None if memory.last is None else memory.tick)
        sounding = {tone.pitch for tone in onset.tones if tone.lasts}
        for row in map(tuple, memory.writer.write(onset).tolist()):
            self._hear(memory, row, lasts=row[1] in sounding)
        memory.tick = round(onset.beat * CLOCKS_PER_BEAT)

    def _hear(self, memory: Memory, row: Row, *, lasts: bool) -> None:
        if memory.last is not None:
            before = Heard(memory.state, memory.last)
            memory.state = self._live.hear(*before, row[WAIT], row[PHASE])
            self._live.remember(memory.recalls, before, Heard(memory.state, row), ended=not lasts)
            if lasts:
                length = lengthened(self._live, memory.state, row)
                row = (*row[:LENGTH], length, *row[LENGTH + 1 :])
        memory.last, memory.spread, memory.guard = row, memory.spread.hear(row), memory.guard.hear(row)

    def begin(self, memory: Memory) -> Thread | None:
        """Where the musician has stopped."""
        if memory.last is None:
            return None
        return Thread(memory.state, memory.last, memory.tick, memory.spread, memory.guard)

    def ready(self, memory: Memory, thread: Thread, aim: Aim, dice: np.random.Generator) -> bool:  # noqa: ARG002
        """It takes a millisecond for each note: who cannot wait has to have it done elsewhere."""
        return True

    def fallbacks(self, memory: Memory) -> int:  # noqa: ARG002 - nobody stands in for it
        """Nobody stands in."""
        return 0

    def follow(self, thread: Thread, onset: Onset, *, phase: bool) -> Thread:
        """The thread after an onset that somebody else has played."""
        writer = Writer(clock=phase, tick=thread.tick)
        state, last, spread, guard = thread.state, thread.last, thread.spread, thread.guard
        for row in map(tuple, writer.write(onset).tolist()):
            state, last = self._live.hear(state, last, row[WAIT], row[PHASE]), row
            spread, guard = spread.play(row), guard.play(row)
        return Thread(state, last, round(onset.beat * CLOCKS_PER_BEAT), spread, guard)

    def go_on(self, memory: Memory, thread: Thread, aim: Aim, dice: np.random.Generator) -> tuple[Onset, Thread]:
        """What comes next."""
        drawing = Drawing(self._live, aim, dice, memory.recalls, thread.spread, thread.guard)
        state, last = thread.state, thread.last
        wait = thread.wait or drawing.wait(state, last, thread.tick, 0)
        tick, phase = thread.tick + wait, phase_of(thread.tick + wait, clock=aim.phase)
        tones: list[Tone] = []
        while wait == 0 or not tones:
            after = self._live.hear(state, last, wait, phase)
            row = drawing.note(after, last, wait, phase, tick)
            if row is None:  # the chord can have no more: when does the next one come?
                wait = drawing.wait(state, last, tick, MOST)
                break
            state, last = after, row
            tones.append(Tone(row[1], row[3], (row[LENGTH] + 1) / CLOCKS_PER_BEAT))
            wait = drawing.wait(state, last, tick, len(tones))
        beat = tick / CLOCKS_PER_BEAT
        return Onset(beat, placed(tones, aim, beat)), Thread(state, last, tick, drawing.spread, drawing.guard, wait)


def _straight(onset: Onset) -> Onset:
    """An onset as it was meant, where it is near enough to that."""
    tick = round(onset.beat * CLOCKS_PER_BEAT)
    near = min(STRAIGHT, key=lambda place: abs(place - tick % CLOCKS_PER_BEAT))
    off = near - tick % CLOCKS_PER_BEAT
    return Onset((tick + off) / CLOCKS_PER_BEAT, onset.tones) if abs(off) <= 1 else onset
