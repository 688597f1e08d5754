"""A melody of pitch classes as others hear it: the rule player, and a listener for keys."""

from __future__ import annotations

import torch
from torch import Tensor

from models.player import FRAMES_PER_BEAT, Answer
from models.rules.score import SILENT
from music.keys import SILENCE, estimate
from music.keys import heard as weighed
from music.pitch import Key
from train.advice import answers, line
from train.evaluate.pieces import Piece


def heard(piece: Piece) -> tuple[list[int], list[Key]]:
    """The melody's pitch in each frame, and the key heard by then."""
    pitches = line(piece.batch.given[0]).pitches
    evidence, key, keys = SILENCE, None, []
    for pitch in pitches:
        weights = {} if pitch == SILENT else {pitch % 12: 1 / FRAMES_PER_BEAT}
        evidence = weighed(evidence, weights, 1 / FRAMES_PER_BEAT)
        key = estimate(evidence, key, max(pitch, 0) % 12)
        keys.append(key)
    return pitches, keys


def by_rules(piece: Piece) -> Tensor:
    """(frame, 12) the chords of the rule player, asked at each note and each beat; a rest keeps the last one."""
    states = torch.zeros(len(piece), 12, dtype=torch.long)
    for row, answer in zip(states, answers(line(piece.batch.given[0])), strict=True):
        _write(row, answer)
    return states


def _write(row: Tensor, answer: Answer | None) -> None:
    if answer and answer.chord:
        row[list(answer.chord.pitch_classes)] = 1
        row[answer.chord.root] = 2
