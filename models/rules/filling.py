"""A player without weights who fills voices: some are given, and the others come from the harmony rules.

Which voice a given note is, is found by where the voices lie and by what each was given before. A given voice rests in
the answer: it sounds already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from models.player import Answer, Frame, Moment, Sound, Wish
from models.rules.harmony import RuleHarmony
from models.rules.harmony import State as Harmony

OUTSIDE = 24
"""How many semitones from its middle it counts that a note is not in a voice's range."""
FROM_MIDDLE = 0.4
"""How much the way from a voice's middle counts, against the way from its note before."""

STRANGE = 12
"""The longest way that counts from a voice's note before, and what counts for a voice that was not given before."""

STRETCH = 3
"""How many semitones beyond its range a voice still sings its own line."""
INNER = 4.0
"""How much it counts that an outer voice is not among those that are given: they are the first to be."""

Given = tuple[int | None, ...]
"""The pitch of each voice that is given, from the top voice down."""


@dataclass(frozen=True, slots=True)
class State:
    """What was heard so far."""

    harmony: Harmony = field(default_factory=Harmony)
    given: Given = ()
    """By voice, in the last frame that was not silent."""


class RuleFiller:
    """Any of some voices in, the others out. Any thread; keeps nothing between calls."""

    def __init__(self) -> None:
        self._harmony = RuleHarmony()

    @property
    def name(self) -> str:
        """As the preset's `model` names it."""
        return "rule-filling"

    @property
    def pulse(self) -> bool:
        """Asked with what is played, and never without."""
        return False

    def start(self) -> State:
        """The state before anything was heard."""
        return State()

    def hear(self, state: State, frame: Frame) -> State:
        """The state one frame later."""
        harmony = self._harmony.hear(state.harmony, frame)
        if not frame.held or not frame.answer:
            return State(harmony, state.given)
        pitches = [sound.pitch for sound in frame.held]
        return State(harmony, kept(pitches, frame.answer, state.given))

    def answer(self, state: State, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """The voices that are not given, while any is."""
        ranges = moment.wish.ranges
        if not held:
            return Answer((None,) * len(ranges))
        given = assigned([sound.pitch for sound in held], ranges, state.given)
        if waits(moment, given):
            return still(moment.last, given)  # type: ignore[arg-type] # there is one, or it would not wait
        pitches: list[int | None] = [None] * len(ranges)
        top = min(voice for voice, pitch in enumerate(given) if pitch is not None)
        groups = ("below", range(top + 1, len(ranges))), ("above", range(top))
        found: Answer | None = None
        for placement, voices in groups:
            missing = [voice for voice in voices if given[voice] is None]
            if not missing:
                continue
            last = _of(moment.last, missing)
            wish = replace(moment.wish, ranges=tuple(_between(ranges, given, v) for v in missing), placement=placement)  # type: ignore[arg-type]
            here = replace(moment, wish=wish, last=last)
            harmony = replace(state.harmony, answer=_of(state.harmony.answer, missing))
            if found and found.chord:
                found = self._harmony.realise(found.chord, harmony, held, here)
            else:
                found = self._harmony.answer(harmony, held, here)
            for voice, pitch in zip(missing, found.pitches, strict=True):
                pitches[voice] = pitch
        return Answer(tuple(pitches), found.chord if found else None, found.key if found else None)


def assigned(pitches: Sequence[int], ranges: Sequence[tuple[int, int]], before: Given) -> Given:
    """Which voice each pitch is, from the top down; of more pitches than voices the outer ones are taken."""
    notes = sorted(set(pitches), reverse=True)
    if len(notes) > len(ranges):
        notes = [*notes[: len(ranges) - 1], notes[-1]]
    voices = _same(notes, ranges, before) or min(
        combinations(range(len(ranges)), len(notes)), key=lambda chosen: _cost(chosen, notes, ranges, before)
    )
    found: list[int | None] = [None] * len(ranges)
    for voice, pitch in zip(voices, notes, strict=True):
        found[voice] = pitch
    return tuple(found)


def _same(notes: Sequence[int], ranges: Sequence[tuple[int, int]], before: Given) -> tuple[int, ...]:
    """The voices that were given before, where as many are given as then: whoever sings goes on with their own."""
    voices = tuple(voice for voice, pitch in enumerate(before) if pitch is not None)
    if len(before) != len(ranges) or len(voices) != len(notes):
        return ()
    places = zip(voices, notes, strict=True)
    fits = all(ranges[voice][0] - STRETCH <= pitch <= ranges[voice][1] + STRETCH for voice, pitch in places)
    return voices if fits else ()


def kept(pitches: Sequence[int], answer: Answer, before: Given) -> Given:
    """What is given by now, where the answer says who is: its rests."""
    resting = [voice for voice, pitch in enumerate(answer.pitches) if pitch is None]
    notes = sorted(set(pitches), reverse=True)
    if len(resting) != len(notes):
        return before
    found: list[int | None] = [None] * len(answer.pitches)
    for voice, pitch in zip(resting, notes, strict=True):
        found[voice] = pitch
    return tuple(found)


def waits(moment: Moment, given: Given) -> bool:
    """Whether nothing asks for other notes: only a key went up."""
    last = moment.last
    if moment.onsets or moment.move or last is None or len(last.pitches) != len(given):
        return False
    return any(pitch is not None for pitch in last.pitches)


def still(last: Answer, given: Given) -> Answer:
    """The last answer, without the voices that are given by now."""
    pitches = tuple(None if own is not None else pitch for pitch, own in zip(last.pitches, given, strict=True))
    return Answer(pitches, last.chord, last.key, struck=frozenset())


def _cost(chosen: Sequence[int], notes: Sequence[int], ranges: Sequence[tuple[int, int]], before: Given) -> float:
    outer = len({0, len(ranges) - 1}.intersection(chosen))
    total = INNER * (min(2, len(notes)) - outer)
    for voice, pitch in zip(chosen, notes, strict=True):
        low, high = ranges[voice]
        total += FROM_MIDDLE * abs(pitch - (low + high) / 2) + (0 if low <= pitch <= high else OUTSIDE)
        was = before[voice] if len(before) == len(ranges) else None
        total += (1 - FROM_MIDDLE) * (STRANGE if was is None else min(STRANGE, abs(pitch - was)))
    return total


def _between(ranges: Sequence[tuple[int, int]], given: Given, voice: int) -> tuple[int, int]:
    """The range of a voice, between the given ones above and below it."""
    low, high = ranges[voice]
    above = [pitch for pitch in given[:voice] if pitch is not None]
    below = [pitch for pitch in given[voice + 1 :] if pitch is not None]
    low, high = max([low, *(pitch + 1 for pitch in below)]), min([high, *(pitch - 1 for pitch in above)])
    return low, max(low, high)


def _of(answer: Answer | None, voices: Sequence[int]) -> Answer | None:
    """An answer's voices, some of them."""
    if answer is None or max(voices) >= len(answer.pitches):
        return None
    return Answer(tuple(answer.pitches[voice] for voice in voices), answer.chord, answer.key)


def warm() -> None:
    """Compile the player, or load it from the cache on disk."""
    player, note = RuleFiller(), (Sound(72, 80),)
    player.answer(player.start(), note, Moment(0.0, Wish(((60, 84), (48, 72))), onsets=note))
