"""A player without weights who orchestrates what is held: piano in, orchestra out, at once and with no look-ahead.

Foreground, middle and bass by touch and register, doubling and spacing after Adler, The Study of Orchestration, and
Rimsky-Korsakov, Principles of Orchestration (ch. II-III: doubling, spacing, resonance). How much plays, and how early
each section comes in with a growing touch, is measured against nothing: it is taste, and the preset's to change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from models.player import Answer, Frame, Moment, Scoring, Sound, Wish
from models.rules.choirs import (
    BASSOON,
    BRASS,
    BY_HEIGHT,
    CELLO,
    CLARINET,
    CONTRABASS,
    EASE,
    FLUTE,
    HORN,
    OBOE,
    PICCOLO,
    STRINGS,
    TIMPANI,
    TROMBONE,
    TRUMPET,
    TUBA,
    VIOLA,
    VIOLIN_1,
    VIOLIN_2,
    WINDS,
    Bools,
    Ints,
    Manner,
)
from models.rules.seating import orchestrate
from music.dice import chance
from music.orchestra import SECTIONS

OCTAVE = 12
MIDDLE = 80
"""The touch (a velocity) at which `density` of the sections play."""
SPAN = 47
"""From the middle touch to the loudest."""
LOUD = 88
"""The touch from which trumpets, trombones, tuba and timpani may play."""
EASES = 8
"""So much softer than where it came in, a section still stays."""
STAYS = 1.0
"""So many places further back in the order, a section that plays still stays."""
MELODY_FROM = 55
"""Above this, a lone line is a melody, until it is known where the melody lies."""
APART = 12
"""Semitones from where the bass lies to where the melody does, for them to be two lines."""
SETTLES, FOUND = 0.1, 0.5
"""How fast, by frame, it is found out where lines lie: little by little, and where they lie further out than known."""
SWELLS, EBBS = 0.7, 0.4
"""How much a louder and a softer stroke counts against what was heard before."""
STEP = 2
"""A bass that moves up by more, and soon, is a figure above a bass."""
LEAP = 7
"""The same for one that had come to rest."""
RESTED = 3
"""Frames on one pitch after which a bass has come to rest."""
RECENT = 6
"""Frames in which the lowest bass is remembered."""
HIGH = 76
"""Where a melody lies high for brass."""
OCTAVES_ABOVE, OCTAVES_BELOW = 0.6, 0.66
"""How loud and willing it has to be for a melody to be doubled at the octave."""
UNISONS = 0.6
"""The share of the sections from which on several winds double the melody."""
PHRASE_BEATS = 8
"""How long an order of entry that surprises lasts."""
PHRASES = 1_000_003
"""More than there are in a day."""
STRANGEST = 10
"""So many places earlier or later a section comes in at the most."""
COMPLETE = 3
"""A choir of fewer sections needs others to carry a piece."""

# A preset's order of entry (0 first), and how far a bright (dark: the opposite) register moves a section in it.
ENTRY = {
    VIOLIN_1: (0, 0), CELLO: (1, 0), VIOLA: (2, 0), VIOLIN_2: (3, 0), CONTRABASS: (4, 1), CLARINET: (5, 1),
    BASSOON: (6, 2), FLUTE: (7, -2), HORN: (8, 2), OBOE: (9, -2), TRUMPET: (10, -1), TROMBONE: (11, 1),
    TIMPANI: (12, 0), TUBA: (13, 1), PICCOLO: (14, -3),
}  # fmt: skip
LOUD_ONES = frozenset((*BRASS, TIMPANI))
BALANCE = {TRUMPET: -6, TROMBONE: -6, TUBA: -6, TIMPANI: -4, HORN: -3, PICCOLO: -10}
"""What is taken off the velocity of those who would cover the others."""
INNER = -6
"""What is taken off the velocity of all but melody and bass."""


@dataclass(frozen=True, slots=True)
class State:
    """What was heard so far."""

    touch: float | None = None
    """The velocity of what was struck lately."""
    top: float | None = None
    """Where the melody lies, as a pitch."""
    bottom: float | None = None
    """Where the bass lies."""
    lows: tuple[int, ...] = ()
    """The lowest key in each of the last frames in which a bass sounded."""
    deep: bool = True
    """Whether the last of them was a bass, or a tone of a figure above one."""
    keys: tuple[int, ...] = ()
    """What was held in the last frame."""
    runs: bool = False
    """Whether anything was struck in the last frame: what comes now is fast."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What follows from the preset alone."""

    scoring: Scoring
    voices: Ints
    """(voice, 3): section, lowest and highest pitch; an empty range for one that may not play."""
    entry: tuple[tuple[int, float], ...]
    """The sections that may play, with their places in the order of entry (0 to 1)."""
    core: Ints
    winds: Ints
    brass: Ints


class RuleOrchestra:
    """Any ensemble out of the sections of an orchestra. Any thread; keeps nothing between calls."""

    @property
    def name(self) -> str:
        """As the preset's `model` names it."""
        return "rule-orchestra"

    @property
    def pulse(self) -> bool:
        """Asked with what is played, and never without."""
        return False

    def start(self) -> State:
        """The state before anything was heard."""
        return State()

    def hear(self, state: State, frame: Frame) -> State:
        """The state one frame later."""
        sounding = {sound.pitch for sound in (*frame.held, *frame.onsets)}
        held = tuple(sorted(sound.pitch for sound in frame.held))
        if not sounding:
            return replace(state, keys=(), runs=False)
        touch = _touch(state, frame.onsets) if frame.onsets else state.touch
        top, bottom = _lines(state, max(sounding), min(sounding))
        lowest, lows, deep = min(sounding), state.lows, state.deep
        if lowest <= (top + bottom) / 2:
            lows, deep = (*lows, lowest)[-RECENT:], _is_deep(state, lowest)
        return State(touch, top, bottom, lows, deep, held, runs=bool(frame.onsets))

    def answer(self, state: State, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """What the orchestra plays with the notes held now; silence where none is."""
        wish = moment.wish
        if not held:
            return Answer((None,) * len(wish.ranges))
        plan = _plan(wish, moment.beat)
        pressed = {sound.pitch: sound.velocity for sound in held}
        fresh = {sound.pitch for sound in moment.onsets}
        pitches = sorted(pressed, reverse=True)
        last = moment.last.pitches if moment.last and len(moment.last.pitches) == len(wish.ranges) else ()
        if all(pitch is None for pitch in last):
            last = ()
        keys = np.array([(pitch, not last or pitch in fresh) for pitch in pitches], np.int64)
        before = np.array([-1 if pitch is None else pitch for pitch in last] or [-1] * len(wish.ranges), np.int64)
        touch = _touch(state, moment.onsets or held)
        share, active = _active(plan, touch, before, runs=state.runs)
        same = last and not fresh and not moment.move and tuple(reversed(pitches)) == state.keys
        if same and _may_stay(before, plan):
            seats = np.array([(pitch, _key_of(pitch, pitches)) for pitch in before.tolist()])
        else:
            choirs = (plan.core, plan.winds, plan.brass, active)
            manner = _manner(state, plan.scoring, share, pitches)
            seats = orchestrate(keys, plan.voices, (before, _were_keys(state, fresh)), choirs, manner)
        return _answer(seats, plan, [(pitch, pressed[pitch]) for pitch in pitches], fresh)


def warm() -> None:
    """Compile the player, or load it from the cache on disk."""
    player, note = RuleOrchestra(), (Sound(60, 80),)
    player.answer(player.start(), note, Moment(0.0, Wish(((0, 127),)), onsets=note))


def _touch(state: State, struck: tuple[Sound, ...]) -> float:
    """The touch after something was struck: a louder one counts at once, a softer one little by little."""
    now = sum(sound.velocity for sound in struck) / len(struck)
    if state.touch is None:
        return now
    return state.touch + (SWELLS if now > state.touch else EBBS) * (now - state.touch)


def _lines(state: State, highest: int, lowest: int) -> tuple[float, float]:
    """Where melody and bass lie after one more frame; a lone line tells only of the nearer one."""
    if state.top is None or state.bottom is None:
        return float(highest), float(lowest)
    between = (state.top + state.bottom) / 2
    apart = state.top - state.bottom >= APART
    up, down = highest - state.top, lowest - state.bottom
    top = state.top if apart and highest < between else state.top + (FOUND if up > APART else SETTLES) * up
    bottom = state.bottom if apart and lowest > between else state.bottom + (FOUND if down < -APART else SETTLES) * down
    return top, bottom


def _is_deep(state: State, lowest: int) -> bool:
    """Whether the lowest key is a bass, and not a tone of a figure above one that was let go."""
    lows = state.lows
    if not lows or lowest <= min(lows) + STEP:
        return True
    rested = len(lows) >= RESTED and len(set(lows[-RESTED:])) == 1
    return state.deep and lowest <= lows[-1] + (LEAP if rested else STEP)


def _were_keys(state: State, fresh: set[int]) -> Bools:
    found = np.zeros(128, np.bool_)
    found[list(state.keys)] = True
    found[list(fresh)] = True
    return found


def _may_stay(before: Ints, plan: Plan) -> bool:
    """Whether all who play may go on."""
    _, low, high = plan.voices.T
    fits: Bools = (before < 0) | ((before >= low) & (before <= high))
    return bool(fits.all())


def _key_of(pitch: int, pitches: list[int]) -> int:
    """The place of the key that a pitch stands for: of those of its class the nearest."""
    alike = [place for place, key in enumerate(pitches) if (key - pitch) % OCTAVE == 0]
    return min(alike, key=lambda place: abs(pitches[place] - pitch), default=0)


def _manner(state: State, scoring: Scoring, share: float, pitches: list[int]) -> Manner:
    """How to play keys (from the top down) where that share of the sections plays."""
    melody_from = MELODY_FROM
    if state.top is not None and state.bottom is not None and state.top - state.bottom >= APART:
        melody_from = round((state.top + state.bottom) / 2)
    octaves = scoring.doubling * (0.5 + share)
    return Manner(
        melody=pitches[0] >= melody_from,
        deep=_is_deep(state, pitches[-1]),
        above=scoring.doubling > 0 and octaves + 0.25 * scoring.register >= OCTAVES_ABOVE,
        below=scoring.doubling > 0 and octaves - 0.25 * scoring.register >= OCTAVES_BELOW,
        bass=scoring.doubling > 0,
        unison=share >= UNISONS,
        high=(pitches[0] if state.top is None else state.top) >= HIGH,
    )


def _active(plan: Plan, touch: float, before: Ints, *, runs: bool) -> tuple[float, Ints]:
    """The share of the sections that a touch asks for, and for each section whether it is among them.

    Brass and timpani leave runs to the others.
    """
    scoring = plan.scoring
    share = min(1.0, max(0.0, scoring.density + scoring.weight * (touch - MIDDLE) / SPAN / 2))
    played = set(plan.voices[before >= 0, 0].tolist())
    slack = STAYS / max(1, len(plan.entry))
    active = np.zeros(len(SECTIONS), np.int64)
    for section, place in plan.entry:
        stays = section in played
        loud = section not in LOUD_ONES or (touch >= LOUD - (EASES if stays else 0) and not runs)
        wanted = loud and place < share + (slack if stays else 0.0)
        active[section] = wanted or SECTIONS[section].instrument.family in scoring.forced
    return share, active


def _answer(seats: Ints, plan: Plan, keys: list[tuple[int, int]], fresh: set[int]) -> Answer:
    """The seats as an answer; each voice as loud as its key was struck, in balance with the others."""
    pitches: list[int | None] = []
    velocities: list[int] = []
    held, struck = {pitch for pitch, _ in keys}, set()
    loudest = max(velocity for _, velocity in keys)
    for (section, _, _), (pitch, key) in zip(plan.voices.tolist(), seats.tolist(), strict=True):
        if pitch < 0:
            pitches.append(None)
            velocities.append(loudest)
            continue
        source, velocity = keys[key]
        if pitch in fresh if pitch in held else source in fresh:
            struck.add(pitch)
        inner = 0 if key in (0, len(keys) - 1) else INNER
        pitches.append(pitch)
        velocities.append(min(127, max(1, velocity + inner + BALANCE.get(section, 0))))
    return Answer(tuple(pitches), struck=frozenset(struck), velocities=tuple(velocities))


def _plan(wish: Wish, beat: float) -> Plan:
    scoring = wish.scoring or _strings(wish.ranges)
    phrase = int(beat // PHRASE_BEATS) if scoring.surprise else 0
    return _planned(scoring, wish.ranges, wish.seed * PHRASES + phrase)


def _strings(ranges: tuple[tuple[int, int], ...]) -> Scoring:
    """A scoring for voices of which nothing is said: each is the string section at ease where its range is."""
    sections = []
    for low, high in ranges:
        middle = (max(0, low) + min(127, high)) / 2
        sections.append(min(STRINGS, key=lambda section: abs(float(EASE[section].mean()) - middle)))
    return Scoring(tuple(sections))


def _place(section: int, scoring: Scoring, draw: int) -> float:
    """Where a section stands in the order of entry."""
    place = ENTRY[section][0] + scoring.register * ENTRY[section][1]
    return place + scoring.surprise * STRANGEST * (2 * chance(draw, section) - 1)


@lru_cache(maxsize=64)
def _planned(scoring: Scoring, ranges: tuple[tuple[int, int], ...], draw: int) -> Plan:
    """ValueError where the scoring has not one section for each voice."""
    if len(scoring.sections) != len(ranges):
        raise ValueError(f"{len(scoring.sections)} sections were named for {len(ranges)} voices")
    desks = [0] * len(SECTIONS)
    voices = np.zeros((len(ranges), 3), np.int64)
    for voice, (section, (low, high)) in enumerate(zip(scoring.sections, ranges, strict=True)):
        mute = SECTIONS[section].instrument.family in scoring.muted or desks[section] >= scoring.divisi
        voices[voice] = section, *((128, -1) if mute else (max(0, low), min(127, high)))
        desks[section] += not mute and low <= high
    there = [section for section in range(len(SECTIONS)) if desks[section]]
    order = sorted(there, key=lambda section: _place(section, scoring, draw))
    entry = tuple((section, (place + 0.5) / len(order)) for place, section in enumerate(order))
    core = [section for section in STRINGS if desks[section]]
    for choir in (WINDS, BRASS):
        if len(core) < COMPLETE:
            core += [section for section in choir if desks[section]]
    lists = (core, [s for s in WINDS if s not in core], [s for s in BRASS if s not in core])
    choirs = [np.array([s for s in BY_HEIGHT if s in chosen and desks[s]], np.int64) for chosen in lists]
    return Plan(scoring, voices, entry, *choirs)
