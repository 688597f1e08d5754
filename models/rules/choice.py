"""Which chords suit this moment, best first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import exp

from models.rules.grammar import chord_of, grammar, place_of
from music.pitch import QUALITIES, Chord, Key

HASTE = 3.5
"""How much (in nats, as all that follows) a new chord costs at once after the last one."""
SETTLED_BEATS = 0.9
"""From this age on, a chord may be left at no cost."""
HURRIED_BEATS = 0.45
"""On the beat, only a chord younger than this is kept under a passing note."""
OFFBEAT = 1.0
"""How much a change off the beat costs; little, since without a clock the beat is only a guess."""
HELD = 1.0
"""How much a new chord under a note that is held on costs."""
PASSING = -4.0
"""The most that a passing note outside the chord costs as the chord settles; in proportion before."""
MODAL = -0.8
"""What a leading tone in minor costs while the lowered seventh step is in the ear."""
STRANGER = -6.0
"""What each held note outside the chord costs, beside the melody; and the melody too on top of a played chord."""
STALE = -0.5
"""What staying costs a settled chord when the melody has moved on."""
TOLD_TO_MOVE = -5.0
"""What staying costs where the chord is asked to move on under a held note: less than a wrong note."""
BORROWED = -7.0
"""log P of a chord that only a played chord can call for."""
CLASH = -2.0
"""What each chord tone costs a semitone from a melody note that no chord of a locked key holds."""
UNPLAYED = -2.0
"""What each chord tone costs that the musician left out of a chord of three or more."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What the choice of a chord depends on."""

    key: Key
    locked: bool
    """Whether the key is a wish, to be kept to."""
    melody: int
    """The pitch class to harmonise."""
    step: int | None
    """Semitones from the melody note before; 0: the same note; None: the first note."""
    others: tuple[int, ...]
    """The other pitch classes held, from the lowest up."""
    struck: bool
    """Whether the melody note is new; otherwise it is held on."""
    before: Chord | None
    """The chord from which the music moves on."""
    present: Chord | None
    """The chord sounding now."""
    age_beats: float
    """How long it has been sounding."""
    phase: float
    """Where in the beat, 0 to 1."""
    move: bool = False
    """Whether the chord is asked to move on under a held note."""
    modal: bool = False
    """Whether the minor key was heard with its lowered seventh step rather than its leading tone."""

    @property
    def passing(self) -> bool:
        """Whether the melody moves on by step, or not at all, too soon for a new chord."""
        soon = self.age_beats < (SETTLED_BEATS if 0.2 < self.phase < 0.8 else HURRIED_BEATS)
        return self.step is not None and abs(self.step) <= 2 and soon


@dataclass(frozen=True, slots=True)
class Option:
    """A chord and how well it suits, in nats."""

    chord: Chord
    score: float
    leading: bool
    """Whether it is a dominant with a leading tone."""


def options(scene: Scene) -> list[Option]:
    """The chords to choose from, best first; never empty."""
    key, rules = scene.key, grammar(scene.key.mode)
    melody = (scene.melody - key.tonic) % 12
    others = [(pitch - key.tonic) % 12 for pitch in scene.others]
    played = {melody, *others} if len(others) > 1 else None
    base = _following(scene)
    present = place_of(key, scene.present) if scene.present else None
    staying, leaving = _staying(scene), 0.0 if present is None else -_haste(scene)
    ranked = []
    for i, degree in enumerate(rules.degrees):
        if scene.locked and not rules.locked[i]:
            continue
        tones, under = rules.tones[i], rules.under[i][melody]
        if played:
            under = max(under, STRANGER)
        if i == present and scene.passing:
            under = max(under, PASSING * scene.age_beats / SETTLED_BEATS)
        score = base[i] + under + (staying if i == present else leaving)
        if others:
            score += STRANGER * sum(other not in tones for other in others)
        if scene.locked and melody not in tones:
            score += CLASH * len(tones & {(melody + 1) % 12, (melody - 1) % 12})
        if scene.modal and degree.leading and degree.step != 10 and melody not in (8, 11):
            score += MODAL
        if played:
            score += UNPLAYED * len(tones - played)
        ranked.append(Option(chord_of(key, i), score, degree.leading))
    if played and not scene.locked:
        ranked += _strangers(key, played, others)
    ranked.sort(key=lambda option: -option.score)
    return ranked


def _following(scene: Scene) -> tuple[float, ...]:
    """How likely each chord of the key is after the one before."""
    rules = grammar(scene.key.mode)
    if scene.before is None:
        return rules.start
    before = place_of(scene.key, scene.before)
    return rules.common if before is None else rules.then[before]


def _staying(scene: Scene) -> float:
    """What keeping the present chord costs now."""
    if scene.move:
        return TOLD_TO_MOVE
    return STALE if scene.step and scene.age_beats >= SETTLED_BEATS else 0.0


def _haste(scene: Scene) -> float:
    """What leaving the present chord costs now."""
    if scene.move:
        return 0.0
    haste = HASTE * max(0.0, 1 - scene.age_beats / SETTLED_BEATS)
    if 0.2 < scene.phase < 0.8:
        haste += OFFBEAT
    if not scene.struck:
        haste += HELD if min(scene.phase, 1 - scene.phase) < 0.1 else HASTE
    return haste


def _strangers(key: Key, played: set[int], others: list[int]) -> list[Option]:
    """Chords from outside the key's grammar that hold all that is played."""
    own = grammar(key.mode).own
    return [
        Option(Chord((key.tonic + root) % 12, quality), _borrowed(played, others, root, quality), leading=False)
        for root, quality in _holding(frozenset(played))
        if (root, quality) not in own
    ]


def _borrowed(played: set[int], others: list[int], root: int, quality: str) -> float:
    spare = len(QUALITIES[quality]) - len(played)
    return BORROWED + UNPLAYED * max(0, spare) + (1.0 if others and others[0] == root else 0.0)


@cache
def _holding(played: frozenset[int]) -> tuple[tuple[int, str], ...]:
    """Every chord that holds all of these, its root counted like them."""
    return tuple(
        (root, quality)
        for quality, steps in QUALITIES.items()
        for root in range(12)
        if played <= {(root + step) % 12 for step in steps}
    )


def draw(ranked: list[Option], temperature: float, chance: float) -> Option:
    """One of the options at a temperature, `chance` being evenly spread over 0 to 1."""
    best = ranked[0].score
    weights = [exp((option.score - best) / temperature) for option in ranked]
    left = chance * sum(weights)
    for option, weight in zip(ranked, weights, strict=True):
        left -= weight
        if left < 0:
            return option
    return ranked[0]
