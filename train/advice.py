"""What the rules would play under a melody, for models that are told of it: as they hear it on stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.frames import Batch
from models.learned.advice import PLANES, Adviser, planes
from models.player import FRAMES_PER_BEAT, Answer, Frame, Sound
from models.rules.score import SILENT
from train.roles import LAYOUTS

OCTAVE = 12
LOWEST, HIGHEST = 60, 83
"""Where a melody of pitch classes is put."""
VELOCITY = 64


@dataclass(frozen=True, slots=True)
class Line:
    """The pitch of each frame, or SILENT, and whether it is struck."""

    pitches: list[int]
    struck: list[bool]


def line(given: NDArray[np.uint8] | Tensor) -> Line:
    """The melody in (frame, 12, plane) as a line: the top pitch class of each frame as a pitch near the one before."""
    last, pitches, struck = (LOWEST + HIGHEST) // 2, [], []
    for held, onset in given[..., :2].swapaxes(1, 2).tolist():
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
    candidates = range(LOWEST + (pitch_class - LOWEST) % OCTAVE, HIGHEST + 1, OCTAVE)
    return min(candidates, key=lambda pitch: abs(pitch - last))


def top(given: NDArray[np.uint8] | Tensor, lowest: int) -> Line:
    """The highest of what is struck, or else held, in each frame of (frame, key, plane), as a line."""
    pitches, struck = [], []
    for held, onset in given[..., :2].swapaxes(1, 2).tolist():
        new = [key for key, state in enumerate(onset) if state]
        sounding = new or [key for key, state in enumerate(held) if state]
        struck.append(bool(new))
        pitches.append(sounding[-1] + lowest if sounding else SILENT)
    return Line(pitches, struck)


def soprano(target: NDArray[np.int64] | Tensor) -> Line:
    """The first voice of (frame, voice) keys as a line; a note that is repeated is not struck again."""
    layout = LAYOUTS["voices"]
    keys = target[:, 0].tolist()
    pitches = [SILENT if key == layout.keys else key + layout.lowest for key in keys]
    before = [SILENT, *pitches[:-1]]
    return Line(pitches, [pitch not in (SILENT, last) for pitch, last in zip(pitches, before, strict=True)])


def advice(melody: Line) -> NDArray[np.uint8]:
    """(frame, 12, plane): what the adviser says of each pitch class when it knows the melody up to that frame."""
    return np.array([planes(answer) for answer in answers(melody)], np.uint8)


def answers(melody: Line) -> Iterator[Answer | None]:
    """What the rules play in each frame, asked at each note and each beat; a rest keeps the last answer."""
    adviser = Adviser()
    state = adviser.start()
    for number, (pitch, struck) in enumerate(zip(melody.pitches, melody.struck, strict=True)):
        held = () if pitch == SILENT else (Sound(pitch, VELOCITY),)
        state = adviser.hear(state, Frame(held if struck else (), held, beat=number / FRAMES_PER_BEAT))
        yield state.answer


def on_keys(classes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(frame, 12, plane) on the keys of voices, (frame, key, plane)."""
    layout = LAYOUTS["voices"]
    return classes[:, (layout.lowest + np.arange(layout.keys)) % OCTAVE]


def readvised(batch: Batch, task: str) -> Batch:
    """A piece whose melody was changed, with the advice that this one gets; as it is, where there was none."""
    own = 0 if task == "voices" else 2
    if batch.given.shape[-1] != own + PLANES:
        return batch
    new = on_keys(advice(soprano(batch.target[0]))) if task == "voices" else advice(line(batch.given[0]))
    told = torch.from_numpy(new)[None].to(batch.given)
    return replace(batch, given=torch.cat((batch.given[..., :own], told), -1))
