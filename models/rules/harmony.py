"""A player without weights who harmonises what is held: key by listening, chord by grammar, voices by the book."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from models.player import FRAMES_PER_BEAT, Answer, Frame, Moment, Sound, Wish
from models.rules import doubling, voicing
from models.rules.choice import SETTLED_BEATS, Option, Scene, draw, options
from models.rules.grammar import leads
from models.rules.parts import Setting, voice
from music.dice import chance
from music.keys import SILENCE, Evidence, estimate, heard
from music.pitch import Chord, Key

FRAME_BEATS = 1 / FRAMES_PER_BEAT
STRUCK = 0.5
"""How much evidence (in beats) a struck note is beside its duration."""
RIVALS = 4
"""How many chords are voiced before the best is taken."""
WITHIN = 2.5
"""How far behind the best (in nats) a chord may be and still be voiced under a single note; less under a chord."""
CRAFT = 0.012
"""How much a voicing's cost counts beside the chord's score, in nats."""
STEP = 2
"""The widest step of a scale, in semitones."""
SAME_STRIKE_BEATS = 0.2
"""Keys struck within this time are one chord."""


@dataclass(frozen=True, slots=True)
class State:
    """What was heard so far."""

    evidence: Evidence = SILENCE
    key: Key | None = None
    held: tuple[int, ...] = ()
    """The pitches of the last frame that was not silent, from the lowest up."""
    left: int | None = None
    """A pitch among them that the melody has already left by step, its key not yet up."""
    answer: Answer | None = None
    """What this player itself was sounding at the end of the last frame."""
    age: int = 0
    """For how many frames its chord has been sounding."""


class RuleHarmony:
    """Harmony in 1 to 16 voices above or below what is held. Any thread; keeps nothing between calls."""

    @property
    def name(self) -> str:
        """As the preset's `model` names it."""
        return "rules"

    @property
    def pulse(self) -> bool:
        """Asked with what is played, and never without."""
        return False

    def start(self) -> State:
        """The state before anything was heard."""
        return State()

    def hear(self, state: State, frame: Frame) -> State:
        """The state one frame later."""
        same = frame.answer is not None and state.answer is not None and frame.answer.chord == state.answer.chord
        state = replace(state, answer=frame.answer, age=state.age + 1 if same else 0)
        sounding = frame.held or frame.onsets
        if not sounding:
            return state
        weights: dict[int, float] = {}
        for sound in frame.held:
            weights[sound.pitch % 12] = weights.get(sound.pitch % 12, 0.0) + FRAME_BEATS
        for sound in frame.onsets:
            weights[sound.pitch % 12] = weights.get(sound.pitch % 12, 0.0) + STRUCK
        evidence = heard(state.evidence, weights, FRAME_BEATS)
        key = estimate(evidence, state.key, sounding[0].pitch % 12)
        held = tuple(sorted({sound.pitch for sound in sounding}))
        return replace(state, evidence=evidence, key=key, held=held, left=_left(state, held, frame.onsets))

    def answer(self, state: State, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """What to play with the notes the musician holds now, oldest press first, never empty."""
        wish, last = moment.wish, moment.last
        pitches = tuple(sorted({sound.pitch for sound in held}))
        left = _left(state, pitches, moment.onsets)
        played = tuple(pitch for pitch in pitches if pitch != left)
        melody = played[-1] if wish.placement == "below" else played[0]
        past = _past(state, played, moment)
        melody_before = _melody_before(state, pitches, moment)
        key = wish.key or _key(state, pitches, melody, moment)
        seventh, leading = state.evidence[(key.tonic - 2) % 12], state.evidence[(key.tonic - 1) % 12]
        scene = Scene(
            key=key,
            locked=wish.key is not None,
            melody=melody % 12,
            step=None if melody_before is None else melody - melody_before,
            others=tuple(dict.fromkeys(pitch % 12 for pitch in played if pitch % 12 != melody % 12)),
            struck=melody != melody_before or any(sound.pitch == melody for sound in moment.onsets),
            before=past.chord if past else None,
            present=past.chord if past and past is moment.last else None,
            age_beats=_age_beats(state, past, moment),
            phase=moment.beat % 1.0,
            move=moment.move,
            modal=key.mode == "minor" and seventh > leading,
        )
        ranked = options(scene)
        if wish.temperature > 0 and scene.age_beats >= SETTLED_BEATS:
            ranked = [draw(ranked, wish.temperature, chance(wish.seed, round(moment.beat * 96)))]
        if last and ranked[0].chord == last.chord and scene.passing and _playable(last, pitches, melody, wish):
            return Answer(last.pitches, last.chord, scene.key)
        setting = Setting(
            wish=wish,
            held=pitches,
            played=played,
            melody=melody,
            melody_before=melody_before,
            before=_voices(past, wish),
            chord_before=scene.before,
            leading_before=leads(scene.key, scene.before),
        )
        return _best(ranked, setting, scene.key)

    def realise(self, chord: Chord, state: State, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """The voices of a chord that somebody else has chosen, led as in `answer`."""
        wish, last = moment.wish, moment.last
        pitches = tuple(sorted({sound.pitch for sound in held}))
        melody = pitches[-1] if wish.placement == "below" else pitches[0]
        key = wish.key or _key(state, pitches, melody, moment)
        if last and chord == last.chord and _playable(last, pitches, melody, wish):
            return Answer(last.pitches, chord, key)
        past = _past(state, pitches, moment)
        before = past.chord if past else None
        setting = Setting(
            wish=wish,
            held=pitches,
            played=pitches,
            melody=melody,
            melody_before=_melody_before(state, pitches, moment),
            before=_voices(past, wish),
            chord_before=before,
            leading_before=leads(key, before),
        )
        return Answer(voice(chord, leads(key, chord), setting)[0], chord, key)


def _best(ranked: list[Option], setting: Setting, key: Key) -> Answer:
    """The chord and voicing that suit best together, among the best chords."""
    best, best_score = Answer((None,) * len(setting.wish.ranges)), float("-inf")
    melody = setting.melody % 12
    fits = melody in ranked[0].chord.pitch_classes
    for option in ranked[:RIVALS]:
        if option.score < ranked[0].score - WITHIN / len(setting.played):
            break
        if fits and melody not in option.chord.pitch_classes:
            continue
        voices, cost = voice(option.chord, option.leading, setting)
        score = option.score - CRAFT * cost
        if score > best_score:
            best, best_score = Answer(voices, option.chord, key), score
    return best


def _left(state: State, pitches: tuple[int, ...], onsets: tuple[Sound, ...]) -> int | None:
    """The one of two pitches a step apart from which a legato melody has moved on to the other."""
    if len(pitches) != 2 or pitches[1] - pitches[0] > STEP:
        return None
    if state.left in pitches:
        return state.left
    struck = {sound.pitch for sound in onsets}
    left = [pitch for pitch in pitches if pitch not in struck and pitch in state.held]
    return left[0] if len(left) == 1 else None


def _past(state: State, played: tuple[int, ...], moment: Moment) -> Answer | None:
    """The answer to move on from: the last one, or the one before while a chord is still being struck."""
    striking = len(played) > 1 and bool(moment.onsets) and abs(moment.beat - moment.last_beat) < SAME_STRIKE_BEATS
    return state.answer if striking else moment.last


def _voices(past: Answer | None, wish: Wish) -> tuple[int | None, ...]:
    """The voices to move on from; rests where there are none, or another number of them."""
    return past.pitches if past and len(past.pitches) == len(wish.ranges) else (None,) * len(wish.ranges)


def _melody_before(state: State, pitches: tuple[int, ...], moment: Moment) -> int | None:
    """The melody's last pitch; itself where it is held on."""
    for sound in reversed(moment.onsets):
        if sound.pitch not in pitches:
            return sound.pitch
    if not state.held:
        return None
    return state.held[-1] if moment.wish.placement == "below" else state.held[0]


def _key(state: State, pitches: tuple[int, ...], melody: int, moment: Moment) -> Key:
    """The key with the open frame's notes."""
    weights: dict[int, float] = {}
    for sound in moment.onsets:
        weights[sound.pitch % 12] = weights.get(sound.pitch % 12, 0.0) + STRUCK
    if state.key is None and not weights:
        weights = {pitch % 12: STRUCK for pitch in pitches}
    return estimate(heard(state.evidence, weights, 0.0), state.key, melody % 12)


def _age_beats(state: State, past: Answer | None, moment: Moment) -> float:
    """How long the chord has been sounding."""
    if past and state.answer and state.answer.chord == past.chord:
        return (state.age + 1) * FRAME_BEATS
    return max(0.0, moment.beat - moment.last_beat)


def _playable(last: Answer, pitches: tuple[int, ...], melody: int, wish: Wish) -> bool:
    """Whether the last answer may simply go on."""
    if len(last.pitches) != len(wish.ranges):
        return False
    for pitch, (low, high) in zip(last.pitches, wish.ranges, strict=True):
        if pitch is None or pitch in pitches or not low <= pitch <= high:
            return False
        if (pitch > melody) == (wish.placement == "below"):
            return False
    return all(a > b for a, b in pairwise(last.pitches) if a is not None and b is not None)


def warm() -> None:
    """Compile what is compiled, or load it from the cache on disk."""
    voicing.warm()
    doubling.warm()
