"""A player without weights who goes on in the musician's own style: a variable-order memory of what was heard.

After Pachet (2003), "The Continuator: Musical Interaction with Style", Journal of New Music Research 32(3): contexts of
every length are looked up in several reductions of what was played, the richest first, and what followed one of them is
played on, with its own touch, length and timing. Learning an onset and answering one take the same time, however much
is remembered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import takewhile
from math import log2
from typing import NamedTuple

import numpy as np

from models.continuation import OCTAVE, Aim, placed
from music.keys import SILENCE, Evidence, estimate, heard
from music.phrase import Onset, Tone
from music.pitch import Key

REMEMBERED = 4096
"""Onsets."""
PLACES = 48
"""Of each context, the newest."""
LONGEST = 6
"""Onsets that a context is made of, at most."""
HALF_LIFE = 300.0
"""After so many onsets what was played counts half."""
LONGEST_WAIT = 4.0
"""Beats: whoever paused for longer has begun anew."""
SHORTEST_WAIT = 1 / 48
ESCAPE = 0.2
"""How much each step to a poorer context counts against the one before."""
ENOUGH = 3
"""With so many different ones to choose from nobody looks at poorer contexts."""
VERBATIM = 8
"""Onsets in a row that may be what was played, note for note."""
WORN = 0.35
"""How much a turn counts that was made lately, each time: whoever repeats has to leave it in the end."""
LATELY = 128
RECITED = 1e-9
"""How much the next onset counts after so many in a row."""
FOREIGN = 0.2
"""How much a note counts that is not of the key, where the place it comes from was of another."""
ENDS = 256
"""How far back an end is looked for, in onsets."""
FAR_OFF = 1e-4
"""How much a place counts that follows from nothing."""
HOME = 1000.0
"""How much better an end on the tonic is."""
FAR = 0.88
"""How much each semitone counts that it is away from where the musician was at the same place."""
BEYOND = 0.7
"""How much each semitone counts above or below all that was heard."""
OFF_BEAT = 0.1
"""How much a place counts from another place in its beat, where a clock runs."""
ON_BEAT = 1 / 24
PAUSE = 0.3
"""How much a place counts that comes after a long wait."""
NOWHERE = -2
"""The place of what nobody remembers."""
REST_BEATS = 2.0
"""How long the last onset sounds at least."""

MOVED = 2
"""The view in which only steps count: what follows is played higher or lower than it was."""

Symbol = tuple[int, ...]
Context = tuple[int, tuple[Symbol | None, ...]]
"""A view, and what was last seen in it, newest first."""


class Candidate(NamedTuple):
    """A place to go on from."""

    place: int
    exact: bool
    """Whether it is played at its own pitch."""
    weight: float


@dataclass(slots=True)
class Memory:
    """What was heard; it grows in place."""

    onsets: deque[Onset] = field(default_factory=deque)
    followed: deque[tuple[Context, ...]] = field(default_factory=deque)
    """The contexts of each of them."""
    first: int = 0
    """The number of the oldest onset that is remembered."""
    places: dict[Context, deque[int]] = field(default_factory=dict)
    """By context the numbers of the onsets that followed it."""
    evidence: Evidence = SILENCE
    key: Key | None = None
    heard_range: tuple[int, int] = (127, 0)
    """The lowest and the highest pitch so far."""

    @property
    def end(self) -> int:
        """The number that the next onset will have."""
        return self.first + len(self.onsets)

    def at(self, number: int) -> Onset:
        """An onset that is remembered."""
        return self.onsets[number - self.first]

    def latest(self) -> tuple[Onset, ...]:
        """The newest, oldest first: what a context is made of, and one more."""
        return tuple(self.at(number) for number in range(max(self.first, self.end - LONGEST - 1), self.end))


@dataclass(frozen=True, slots=True)
class Thread:
    """What is being played on."""

    recent: tuple[Onset, ...]
    """What was heard or played last, newest last: at its own height, wherever it was wanted."""
    place: int = -1
    """Where in the memory the newest is from."""
    shift: int = 0
    """By how much it was moved."""
    run: int = 0
    """How many have been played as they stand in the memory, one after the other."""
    lately: tuple[Symbol, ...] = ()
    """The turns that were made."""


class MemoryPlayer:
    """Plays on in the style of what it heard."""

    name = "memory"

    def start(self) -> Memory:
        """The memory before anything was heard."""
        return Memory()

    def hear(self, memory: Memory, onset: Onset, *, phase: bool = False) -> None:  # noqa: ARG002 - it keeps its beat
        """Learn what was played."""
        before = memory.onsets[-1] if memory.onsets else None
        contexts = tuple(context for level in _contexts(memory.latest()) for context in level)
        for context in contexts:
            memory.places.setdefault(context, deque(maxlen=PLACES)).append(memory.end)
        memory.followed.append(contexts)
        memory.onsets.append(onset)
        lowest, highest = memory.heard_range
        memory.heard_range = min(lowest, onset.bottom), max(highest, onset.top)
        weights: dict[int, float] = {}
        for tone in onset.tones:
            weights[tone.pitch % OCTAVE] = weights.get(tone.pitch % OCTAVE, 0.0) + min(tone.beats, 2.0) + 0.25
        memory.evidence = heard(memory.evidence, weights, 0.0 if before is None else _wait(before, onset))
        memory.key = estimate(memory.evidence, memory.key, onset.bottom % OCTAVE)
        if len(memory.onsets) > REMEMBERED:
            memory.first += 1
            memory.onsets.popleft()
            for context in memory.followed.popleft():
                memory.places[context].popleft()
                if not memory.places[context]:
                    del memory.places[context]

    def begin(self, memory: Memory) -> Thread | None:
        """Where the musician has stopped."""
        return Thread(memory.latest(), place=memory.end - 1) if memory.onsets else None

    def ready(self, memory: Memory, thread: Thread, aim: Aim, dice: np.random.Generator) -> bool:  # noqa: ARG002
        """It always is."""
        return True

    def fallbacks(self, memory: Memory) -> int:  # noqa: ARG002 - nobody stands in for it
        """Nobody has to stand in."""
        return 0

    @staticmethod
    def follow(thread: Thread, onset: Onset) -> Thread:
        """The thread after an onset that somebody else has played."""
        turn = _turn(thread.recent[-1], onset, 0)
        lately = (*thread.lately, turn)[-LATELY:]
        return Thread((*thread.recent, onset)[-LONGEST - 1 :], place=NOWHERE, lately=lately)

    def go_on(self, memory: Memory, thread: Thread, aim: Aim, dice: np.random.Generator) -> tuple[Onset, Thread]:
        """What comes next."""
        key = aim.key or memory.key
        found = _candidates(memory, thread, aim, dice)
        weights = [_welcome(memory, thread, candidate, aim, key) for candidate in found]
        place, exact, _ = found[_drawn(weights, aim.temperature, dice)]
        shift = 0 if exact else _shift(memory, thread, place)
        onset = Onset(_when(memory, thread, place, aim), _moved(memory.at(place), shift, key))
        goes_on = place == thread.place + 1 and shift == thread.shift
        return _played(onset, aim, dice), Thread(
            recent=(*thread.recent, onset)[-LONGEST - 1 :],
            place=place,
            shift=shift,
            run=thread.run + 1 if goes_on else 1,
            lately=(*thread.lately, _turn(thread.recent[-1], memory.at(place), shift))[-LATELY:],
        )


def _wait(before: Onset, onset: Onset) -> float:
    """Beats from one onset to the next, as they count."""
    return min(max(onset.beat - before.beat, SHORTEST_WAIT), LONGEST_WAIT)


def _symbols(before: Onset | None, onset: Onset) -> tuple[Symbol | None, ...]:
    """An onset as it was, by pitch class, and as a step from the one before; None where that cannot be said."""
    if before is None or onset.beat - before.beat > LONGEST_WAIT:
        return (onset.bottom, onset.top), (onset.bottom % OCTAVE, onset.top % OCTAVE), None
    wait = round(2 * log2(_wait(before, onset)))
    return (
        (onset.bottom, onset.top, wait),
        (onset.bottom % OCTAVE, onset.top % OCTAVE, wait),
        (onset.top - before.top, onset.bottom - before.bottom, wait),
    )


def _contexts(latest: tuple[Onset, ...]) -> Iterator[list[Context]]:
    """What the next onset follows, as it was and in poorer views, the longest first."""
    befores = (None, *latest)
    newest_first = [_symbols(*both) for both in zip(befores, latest, strict=False)][::-1][:LONGEST]
    chains = [tuple(takewhile(lambda one: one is not None, views)) for views in zip(*newest_first, strict=True)]
    for length in range(LONGEST, 0, -1):
        yield [(view, chain[:length]) for view, chain in enumerate(chains) if length <= len(chain)]


def _candidates(memory: Memory, thread: Thread, aim: Aim, dice: np.random.Generator) -> list[Candidate]:
    """Where to go on from, the best contexts first, until there is enough to choose from."""
    most = LONGEST if dice.random() >= aim.surprise else int(dice.integers(1, LONGEST))
    found: dict[int, Candidate] = {}
    if aim.last:  # an end may come from anywhere
        anywhere = range(max(memory.first, memory.end - ENDS), memory.end)
        found = {place: Candidate(place, exact=True, weight=FAR_OFF) for place in anywhere}
    trust = 1.0
    for level in _contexts(thread.recent):
        for view, chain in level:
            if len(chain) > most + view or (view == MOVED and len(chain) == 1):  # one step alone says nothing
                continue
            for place in memory.places.get((view, chain), ()):
                weight = trust * 0.5 ** ((memory.end - place) / HALF_LIFE)
                if place not in found or found[place].weight < weight:
                    found[place] = Candidate(place, view != MOVED, weight)
            sounds = {(memory.at(place).bottom, memory.at(place).top) for place in found}
            if len(sounds) >= ENOUGH and not aim.last:
                return list(found.values())
            trust *= ESCAPE if found else 1.0
    if not found:  # nothing like it was ever heard: go on from anywhere
        return [
            Candidate(place, exact=False, weight=1.0)
            for place in range(max(memory.first, memory.end - PLACES), memory.end)
        ]
    return list(found.values())


def _welcome(memory: Memory, thread: Thread, candidate: Candidate, aim: Aim, key: Key | None) -> float:
    """How well it goes on with a candidate, whatever its context says."""
    place, weight = candidate.place, candidate.weight
    if thread.run >= VERBATIM and place == thread.place + 1:
        weight *= RECITED
    shift = 0 if candidate.exact else _shift(memory, thread, place)
    onset = memory.at(place)
    weight *= WORN ** thread.lately.count(_turn(thread.recent[-1], onset, shift))
    if shift and key:
        weight *= FOREIGN ** sum(tone.pitch % OCTAVE not in key.scale for tone in _moved(onset, shift, key))
    lowest, highest = memory.heard_range
    weight *= BEYOND ** max(0, onset.top + shift - highest, lowest - onset.bottom - shift)
    weight *= FAR ** abs(_shift(memory, thread, place))  # from where the step to it was made
    if place > memory.first:
        wait = _wait(memory.at(place - 1), onset)
        weight *= PAUSE if wait > LONGEST_WAIT / 2 else 1.0
        weight *= 2.0 ** (4 * (0.5 - aim.density) * log2(wait))
        off = (thread.recent[-1].beat + wait - onset.beat) % 1
        weight *= OFF_BEAT if aim.phase and ON_BEAT < off < 1 - ON_BEAT else 1.0
    if aim.last and key:
        weight *= HOME if (onset.bottom + shift) % OCTAVE == key.tonic else 1.0
    return weight


def _turn(before: Onset, onset: Onset, shift: int) -> Symbol:
    """What followed what."""
    return before.bottom, before.top, onset.bottom + shift, onset.top + shift


def _drawn(weights: list[float], temperature: float, dice: np.random.Generator) -> int:
    """One of some, the heaviest at temperature 0."""
    if temperature <= 0:
        return int(np.argmax(weights))
    logs = np.log(np.maximum(weights, 1e-30)) / temperature
    chances = np.exp(logs - logs.max())
    return int(dice.choice(len(chances), p=chances / chances.sum()))


def _shift(memory: Memory, thread: Thread, place: int) -> int:
    """By how much a place is moved to go on from where the thread is with the step that was made there."""
    if place <= memory.first:
        return 0
    return thread.recent[-1].top - memory.at(place - 1).top


def _when(memory: Memory, thread: Thread, place: int, aim: Aim) -> float:
    """The beat at which the onset of a place goes on with the thread."""
    source, last = memory.at(place), thread.recent[-1]
    wait = _wait(memory.at(place - 1), source) if place > memory.first else 1.0
    beat = last.beat + wait
    if aim.phase:  # it keeps its place in the beat, and with it its feel
        beat = source.beat % 1 + round(beat - source.beat % 1)
        beat += beat <= last.beat + SHORTEST_WAIT / 2
    return beat


def _moved(onset: Onset, shift: int, key: Key | None) -> tuple[Tone, ...]:
    """The tones of an onset, higher or lower; what was of the key stays of it, as in a sequence."""
    found: dict[int, Tone] = {}
    for tone in onset.tones:
        pitch = tone.pitch + shift
        if shift and key and pitch % OCTAVE not in key.scale and tone.pitch % OCTAVE in key.scale:
            pitch += 1 if (pitch + 1) % OCTAVE in key.scale else -1
        found.setdefault(pitch, replace(tone, pitch=pitch))
    return tuple(found[pitch] for pitch in sorted(found))


def _played(onset: Onset, aim: Aim, dice: np.random.Generator) -> Onset:
    """An onset as thick, as high and as long as is wanted."""
    tones = onset.tones
    if aim.density < 0.5 and len(tones) > 2:  # the outer voices are the last to go
        tones = (tones[0], *(tone for tone in tones[1:-1] if dice.random() < 2 * aim.density), tones[-1])
    if aim.last:
        tones = tuple(replace(tone, beats=max(tone.beats, REST_BEATS)) for tone in tones)
    return Onset(onset.beat, placed(tones, aim, onset.beat))
