"""What the bridge asks of whoever goes on where the musician stops, onset after onset, in time or without a clock.

What was heard is a memory that grows in place and belongs to the caller. What is played from it hangs on a thread,
which is never changed: plans are thrown away as often as the musician does something else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np

from models.ahead import Ahead
from music.chart import Classes
from music.phrase import Onset, Tone
from music.pitch import Key

OCTAVE = 12
STAYS = 0.875
"""How readily whoever leads goes on leading for an onset more."""

Memory = TypeVar("Memory")
Thread = TypeVar("Thread")


@dataclass(frozen=True, slots=True)
class Aim:
    """What the preset asks of what is played next."""

    lowest: int = 21
    highest: int = 108
    key: Key | None = None
    """The key to stay in; None: the one that is heard."""
    temperature: float = 1.0
    """Standard meaning; 0 = likeliest."""
    density: float = 0.5
    """0 to 1, thin to thick, fewer notes to more; 0.5: as heard."""
    register: float = 0.0
    """-1 to 1: up to an octave lower or higher than heard."""
    surprise: float = 0.2
    """0 to 1: how readily what was heard is left."""
    distance: float = 1.0
    """0 to 1: how far from the musician's own playing, where a model can lead away from it."""
    phase: bool = False
    """Whether a clock runs: what lay on a beat goes on lying on one."""
    last: bool = False
    """Whether this is the end: something to rest on."""
    ahead: Ahead | None = None
    """What is known to sound meanwhile."""


class Continuer(Protocol[Memory, Thread]):
    """Who plays on: a memory of what was heard, or a model."""

    @property
    def name(self) -> str:
        """As the preset's `model` names it."""
        ...

    def start(self) -> Memory:
        """The memory before anything was heard."""
        ...

    def hear(self, memory: Memory, onset: Onset, *, phase: bool = False) -> None:
        """Learn what was played, in the order of its beats; `phase`: while a clock ran."""
        ...

    def begin(self, memory: Memory) -> Thread | None:
        """Where the musician has stopped; None where nothing was heard that anybody could go on with."""
        ...

    def ready(self, memory: Memory, thread: Thread, aim: Aim, dice: np.random.Generator) -> bool:
        """Whether `go_on` of the same would answer at once; where it would not, thinking begins."""
        ...

    def go_on(self, memory: Memory, thread: Thread, aim: Aim, dice: np.random.Generator) -> tuple[Onset, Thread]:
        """What comes next, later than all before, and the thread after it."""
        ...

    def fallbacks(self, memory: Memory) -> int:
        """How often somebody else had to stand in."""
        ...


def leads(before: bool | None, distance: float, dice: np.random.Generator) -> bool:
    """Whether a model leads the next onset, or the musician's own phrases do: in turns of some onsets each.

    `distance` is the share that it leads, `before` whether it has led the onset before (None: nobody has).
    """
    if before is None or dice.random() >= STAYS:
        before = bool(dice.random() < distance)
    return before and distance > 0


def within(pitch: int, aim: Aim) -> int:
    """The pitch in the range, by octaves where that can be, and in the key that is locked."""
    while pitch < aim.lowest:
        pitch += OCTAVE
    while pitch > aim.highest:
        pitch -= OCTAVE
    pitch = min(max(pitch, aim.lowest), aim.highest)
    if aim.key and pitch % OCTAVE not in aim.key.scale:
        down, up = pitch - 1, pitch + 1
        pitch = down if down % OCTAVE in aim.key.scale and down >= aim.lowest else min(up, aim.highest)
    return pitch


def placed(tones: Iterable[Tone], aim: Aim, beat: float) -> tuple[Tone, ...]:
    """Tones that begin at a beat, as high as is wanted, in range and in the key that is locked, each pitch once.

    What would rub with what is known to sound is moved, or ends before it does.
    """
    found: dict[int, Tone] = {}
    for tone in tones:
        pitch, beats = within(tone.pitch + OCTAVE * round(aim.register), aim), tone.beats
        if aim.ahead:
            if not aim.ahead.passes(pitch, beat, beats):
                pitch = _fitting(pitch, aim, aim.ahead.sounding(beat))
            beats = aim.ahead.until(pitch, beat, beats)
        found.setdefault(pitch, replace(tone, pitch=pitch, beats=beats))
    return tuple(found[pitch] for pitch in sorted(found))


def _fitting(pitch: int, aim: Aim, classes: Classes) -> int:
    """The nearest pitch in the range that sounds already, rather below than above; the same where there is none."""
    near = sorted(
        range(max(aim.lowest, pitch - OCTAVE), min(aim.highest, pitch + OCTAVE) + 1),
        key=lambda one: (abs(one - pitch), one),
    )
    return next((one for one in near if one % OCTAVE in classes), pitch)
