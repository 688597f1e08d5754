"""What the rules would play, as planes for a model: it knows their chord and key, and decides for itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import floor

from models.learned.listening import OCTAVE
from models.player import FRAMES_PER_BEAT, Answer, Frame, Moment, Wish
from models.rules import harmony
from music.pitch import Key

PLANES = 3
"""A tone of the chord, its root, a tone of the key's scale."""
WISH = Wish(((53, 71), (48, 67), (36, 55)))


@dataclass(frozen=True, slots=True)
class Advice:
    """What the adviser has heard, and said."""

    rules: harmony.State = field(default_factory=harmony.State)
    answer: Answer | None = None
    beat: float = 0.0
    """When that was said."""


class Adviser:
    """The rule player under a melody, asked at each note and on each beat while one lasts; it hears itself alone."""

    def __init__(self) -> None:
        self._rules = harmony.RuleHarmony()

    def start(self) -> Advice:
        """Before anything was heard."""
        return Advice()

    def now(self, advice: Advice, frame: Frame, key: Key | None = None) -> Answer | None:
        """What it says in a frame that may still be open, staying in a key; None where nothing was played yet."""
        on_beat = floor(frame.beat * FRAMES_PER_BEAT + 1e-6) % FRAMES_PER_BEAT == 0
        strays = key is not None and advice.answer is not None and advice.answer.key != key
        if not (frame.onsets or (frame.held and (on_beat or strays))):
            return advice.answer
        wish = replace(WISH, key=key) if key else WISH
        moment = Moment(frame.beat, wish, advice.answer, advice.beat, frame.onsets)
        return self._rules.answer(advice.rules, frame.held or frame.onsets, moment)

    def hear(self, advice: Advice, frame: Frame) -> Advice:
        """One frame later; of the frame, what was played and its beat count."""
        answer = self.now(advice, frame)
        rules = self._rules.hear(advice.rules, Frame(frame.onsets, frame.held, answer))
        return Advice(rules, answer, advice.beat if answer is advice.answer else frame.beat)


def planes(answer: Answer | None) -> list[list[float]]:
    """(12, plane) of an answer, by pitch class; nothing where there is none."""
    found = [[0.0] * PLANES for _ in range(OCTAVE)]
    if answer and answer.chord and answer.key:
        for tone in answer.chord.pitch_classes:
            found[tone][0] = 1.0
        found[answer.chord.root][1] = 1.0
        for tone in answer.key.scale:
            found[tone][2] = 1.0
    return found
