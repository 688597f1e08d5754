"""A melody of pitch classes as others hear it: the rule player, and a listener for keys."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from models.player import FRAMES_PER_BEAT, Answer, Frame, Moment, Sound, Wish
from models.rules.harmony import RuleHarmony
from models.rules.score import SILENT
from music.keys import SILENCE, estimate
from music.keys import heard as weighed
from music.pitch import Key
from train.evaluate.pieces import Piece

LOWEST, HIGHEST = 60, 83
"""Where the melody is put: targets have lost its octaves."""
VELOCITY = 80
WISH = Wish(((53, 71), (48, 67), (36, 55)))


@dataclass(frozen=True, slots=True)
class Line:
    """The top pitch class of each frame as a pitch near the one before, or SILENT, and whether it is struck."""

    pitches: list[int]
    struck: list[bool]


def line(piece: Piece) -> Line:
    """The melody of a piece."""
    last, pitches, struck = (LOWEST + HIGHEST) // 2, [], []
    for held, onset in piece.batch.given[0].permute(0, 2, 1).tolist():
        new = [place for place, state in enumerate(onset) if state]
        sounding = new or [place for place, state in enumerate(held) if state]
        struck.append(bool(new))
        if not sounding:
            pitches.append(SILENT)
            continue
        last = _near(sounding[-1], last)
        pitches.append(last)
    return Line(pitches, struck)


def _near(pitch_class: int, last: int) -> int:
    candidates = range(LOWEST + (pitch_class - LOWEST) % 12, HIGHEST + 1, 12)
    return min(candidates, key=lambda pitch: abs(pitch - last))


def heard(piece: Piece) -> tuple[list[int], list[Key]]:
    """The melody's pitch in each frame, and the key heard by then."""
    pitches = line(piece).pitches
    evidence, key, keys = SILENCE, None, []
    for pitch in pitches:
        weights = {} if pitch == SILENT else {pitch % 12: 1 / FRAMES_PER_BEAT}
        evidence = weighed(evidence, weights, 1 / FRAMES_PER_BEAT)
        key = estimate(evidence, key, max(pitch, 0) % 12)
        keys.append(key)
    return pitches, keys


def by_rules(piece: Piece) -> Tensor:
    """(frame, 12) the chords of the rule player, asked at each note and each beat; a rest keeps the last one."""
    player, melody = RuleHarmony(), line(piece)
    state, last, last_beat = player.start(), None, 0.0
    states = torch.zeros(len(piece), 12, dtype=torch.long)
    for frame, pitch in enumerate(melody.pitches):
        held = () if pitch == SILENT else (Sound(pitch, VELOCITY),)
        onsets = held if melody.struck[frame] else ()
        beat = frame / FRAMES_PER_BEAT
        if onsets or (held and frame % FRAMES_PER_BEAT == 0):
            last = player.answer(state, held, Moment(beat, WISH, last, last_beat, onsets))
            last_beat = beat
        _write(states[frame], last)
        state = player.hear(state, Frame(onsets, held, last))
    return states


def _write(row: Tensor, answer: Answer | None) -> None:
    if answer and answer.chord:
        row[list(answer.chord.pitch_classes)] = 1
        row[answer.chord.root] = 2
