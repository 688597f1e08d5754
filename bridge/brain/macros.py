"""The macros: what an insert makes of its player's answers before they sound. At their neutral values, nothing.

The player goes on from its own answer, wherever the macros have put it: voice leading would drift otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import floor

from bridge.brain.grid import COMMON_BEATS
from bridge.brain.settings import (
    FILL,
    FINGERS,
    HARMONIZE,
    MIDDLE_VELOCITY,
    REDUCE,
    Part,
    Settings,
    beyond,
)
from bridge.brain.sounding import Due, Note, Tone
from models.player import Answer
from music.dice import chance
from music.events import NoteOn

LOOSEST_NS = 20_000_000
"""The furthest behind: chords of good ensembles are 10 to 20 ms wide, and stay chords (Rasch 1979, Acustica 43)."""
EVEN = 0.5
"""Density and dynamics that change nothing."""
OCTAVE = 12
LOUDEST = 127


@dataclass(frozen=True, slots=True)
class _Voice:
    part: Part
    tone: Tone
    pitch: int

    @property
    def note(self) -> Note:
        return self.part.channel, self.pitch

    def moved(self, steps: int) -> _Voice:
        return replace(self, pitch=self.pitch + steps)


def loudness(velocity: int, part: Part, settings: Settings) -> int:
    """A velocity as dynamics and amount have it, in the limits of its part as long as all of it is wanted."""
    swung = round(MIDDLE_VELOCITY + settings.dynamics / EVEN * (velocity - MIDDLE_VELOCITY))
    return min(LOUDEST, max(1, round(settings.amount * part.within(swung))))


def notes_of(answer: Answer, settings: Settings, touch: int, held: frozenset[int], beat: float) -> dict[Note, Tone]:
    """Each note that an answer wants to sound, where the touch was `touch` and the musician holds some pitches."""
    if not settings.amount:
        return {}
    voices = []
    for place, (part, pitch) in enumerate(zip(settings.parts, answer.pitches, strict=True)):
        if pitch is not None:
            followed = part.velocity(touch, settings.velocity_follow)
            velocity = answer.velocities[place] if answer.velocities else followed
            voices.append(_Voice(part, Tone(loudness(velocity, part, settings), pitch), pitch))
    if settings.effect in (HARMONIZE, REDUCE, FILL) and voices:
        voices = _placed(voices, settings, held, beat)
    wanted: dict[Note, Tone] = {}
    for voice in voices:
        wanted.setdefault(voice.note, voice.tone)
    return wanted


class Looseness:
    """Onsets as far behind as a hand would be, no two alike. The thread of the engine owns it."""

    def __init__(self) -> None:
        self._onsets = 0

    def late_ns(self, settings: Settings) -> int:
        """How much later than it should the next onset comes."""
        if settings.tightness >= 1:
            return 0
        self._onsets += 1
        return round((1 - settings.tightness) * LOOSEST_NS * chance(settings.wish.seed, self._onsets))

    def loosened(self, due: list[Due], settings: Settings) -> list[Due]:
        """The messages, with their onsets so late."""
        if settings.tightness >= 1:
            return due
        late = (self.late_ns(settings) if isinstance(one.event, NoteOn) else 0 for one in due)
        return [replace(one, time_ns=one.time_ns + later) for one, later in zip(due, late, strict=True)]


def _placed(voices: list[_Voice], settings: Settings, held: frozenset[int], beat: float) -> list[_Voice]:
    """As density, register and surprise have it."""
    if settings.density == EVEN and not settings.register and not beyond(settings.surprise):
        return voices
    held = frozenset() if settings.effect == REDUCE else held  # its notes are the musician's own
    if settings.effect == REDUCE and beyond(settings.surprise):
        voices = _leapt(voices, settings, beat)
    if settings.density != EVEN:
        count = max(1, round(len(voices) * settings.density / EVEN))
        voices = _thinned(voices, settings, count) if count < len(voices) else _doubled(voices, settings, held, count)
    voices = _leaned(voices, settings, held) if settings.register else voices
    return sorted(voices, key=lambda voice: -voice.pitch)  # a strum goes from the top down


def _thinned(voices: Sequence[_Voice], settings: Settings, count: int) -> list[_Voice]:
    """The voice next to the musician's, the one furthest from it, then those between."""
    rank = _from_yours(voices, settings)
    order = [rank[0], rank[-1], *rank[1:-1]]
    return [voice for voice in voices if voice in order[:count]]


def _doubled(voices: Sequence[_Voice], settings: Settings, held: frozenset[int], count: int) -> list[_Voice]:
    """So many voices where there is room: the outer ones doubled an octave further out, then those within."""
    high_to_low = sorted(voices, key=lambda voice: -voice.pitch)
    down = [voice.moved(-OCTAVE) for voice in reversed(high_to_low)]
    up = [voice.moved(OCTAVE) for voice in high_to_low]
    outermost = (down[0], up[0])  # bass and top line stay who they are
    if settings.effect == HARMONIZE:
        further = down if settings.wish.placement == "below" else up
    else:
        further = [voice for both in zip(down, up, strict=True) for voice in both]
    found = list(voices)
    for voice in further:
        if len(found) >= count:
            break
        within = min(one.pitch for one in found) < voice.pitch < max(one.pitch for one in found)
        if (within or voice in outermost) and _fits(voice, found, settings, held):
            found.append(voice)
    return found


def _leaned(voices: Sequence[_Voice], settings: Settings, held: frozenset[int]) -> list[_Voice]:
    """Some of the voices an octave away, the lowest first for dark, the highest for bright; a hand as a whole."""
    bright = settings.register > 0
    groups: list[list[_Voice]] = []
    for voice in sorted(voices, key=lambda voice: voice.pitch, reverse=bright):
        if settings.effect == REDUCE and groups and groups[-1][0].part is voice.part:  # hands do not cross
            groups[-1].append(voice)
        else:
            groups.append([voice])
    for place in range(round(abs(settings.register) * len(groups))):
        there = [voice.moved(OCTAVE if bright else -OCTAVE) for voice in groups[place]]
        taken = held.union(*({voice.pitch for voice in group} for group in groups if group is not groups[place]))
        if all(_is_free(voice, taken) for voice in there):
            groups[place] = there
    return [voice for group in groups for voice in group]


def _leapt(voices: Sequence[_Voice], settings: Settings, beat: float) -> list[_Voice]:
    """A piano part whose hands now and then spend a bar an octave further out."""
    bar, found = floor(beat / COMMON_BEATS), list[_Voice]()
    parts = list(dict.fromkeys(part for part in settings.parts))
    for part in parts:
        hand = [voice for voice in voices if voice.part is part]
        steps = OCTAVE if part is parts[0] else -OCTAVE
        there = [voice.moved(steps) for voice in hand]
        drawn = chance(settings.wish.seed + bar, steps) < beyond(settings.surprise) / 2
        found += there if drawn and all(_is_free(voice, frozenset()) for voice in there) else hand
    return found


def _from_yours(voices: Iterable[_Voice], settings: Settings) -> list[_Voice]:
    """From the voice next to the musician's on."""
    above = settings.effect == HARMONIZE and settings.wish.placement == "above"
    return sorted(voices, key=lambda voice: voice.pitch if above else -voice.pitch)


def _fits(voice: _Voice, others: Sequence[_Voice], settings: Settings, held: frozenset[int]) -> bool:
    """Whether a voice may sound beside others: in its part, nobody's note, and of a hand within its reach."""
    if not _is_free(voice, held) or any(other.pitch == voice.pitch for other in others):
        return False
    if settings.effect != REDUCE:
        return True
    hand = [other.pitch for other in others if other.part is voice.part] + [voice.pitch]
    return len(hand) <= FINGERS and max(hand) - min(hand) <= settings.wish.span


def _is_free(voice: _Voice, held: frozenset[int]) -> bool:
    return voice.part.lowest <= voice.pitch <= voice.part.highest and voice.pitch not in held
