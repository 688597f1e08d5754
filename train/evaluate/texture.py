"""What a left hand is like: how often it strikes, where, how many notes at once, how long it holds, which pitches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.player import FRAMES_PER_BEAT
from models.rules.score import overlap
from train.roles import LAYOUTS

LOWEST = LAYOUTS["hands"].lowest
BEYOND_BEATS = 8
"""A note held longer than this, two bars of 4/4, has lost its support."""


@dataclass(frozen=True, slots=True)
class Texture:
    """A left hand's playing in figures."""

    onset_rate_per_beat: float
    """Frames in which it strikes, per beat."""
    register_semitones: float
    """Mean pitch of what sounds."""
    polyphony_notes: float
    """Mean number of notes where any sounds."""
    longest_held_beats: float
    held_beyond_share: float
    """Of its notes, those held for more than two bars of 4/4."""
    repeated_share: float
    """Of its strikes, those of a key that was struck in the frame before: hammering."""


MEASURES = {"onset_rate": "onset_rate_per_beat", "register": "register_semitones", "polyphony": "polyphony_notes"}
"""Those that must lie in the middle half of the corpus."""


def texture(states: Tensor) -> Texture | None:
    """The figures of (frame, key) states; None where nothing sounds."""
    sounding = states > 0
    if not bool(sounding.any()):
        return None
    strikes, lengths = states == 2, held_frames(states)
    pitches = torch.nonzero(sounding)[:, 1].double() + LOWEST
    at_once = sounding.sum(1)
    return Texture(
        FRAMES_PER_BEAT * float(strikes.any(1).double().mean()),
        float(pitches.mean()),
        float(at_once[at_once > 0].double().mean()),
        float(lengths.max()) / FRAMES_PER_BEAT,
        float((lengths > BEYOND_BEATS * FRAMES_PER_BEAT).mean()),
        float((strikes[1:] & strikes[:-1]).sum() / strikes.sum().clamp(min=1)),
    )


def held_frames(states: Tensor) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """How many frames each note lasts; what goes on from before the first frame counts from there."""
    padded = torch.nn.functional.pad(states, (0, 0, 1, 1)).T  # (K, T + 2)
    begins = (padded == 2) | ((padded == 1) & (padded.roll(1, 1) == 0))
    ends = (padded.roll(-1, 1) != 1) & (padded > 0)
    first, last = torch.nonzero(begins), torch.nonzero(ends)  # by key, then by frame: they pair off
    lengths: np.ndarray[tuple[int], np.dtype[np.int64]] = (last[:, 1] - first[:, 1] + 1).numpy()
    return lengths


def classes(states: Tensor) -> list[frozenset[int]]:
    """The pitch classes that sound in each beat."""
    beats = torch.split(states > 0, FRAMES_PER_BEAT)
    return [frozenset(((torch.nonzero(beat.any(0))[:, 0] + LOWEST) % 12).tolist()) for beat in beats]


def shared(ours: Sequence[frozenset[int]], theirs: Sequence[frozenset[int]]) -> list[float]:
    """Jaccard index of each beat in which both sound."""
    return [overlap(a, b) for a, b in zip(ours, theirs, strict=True) if a and b]


def quartiles(textures: Sequence[Texture]) -> dict[str, tuple[float, float]]:
    """The middle half of pieces, by measure."""
    found = {}
    for measure, name in MEASURES.items():
        low, high = np.percentile([getattr(texture, name) for texture in textures], (25, 75))
        found[measure] = (float(low), float(high))
    return found


def summary(textures: Sequence[Texture]) -> dict[str, float]:
    """Means over pieces, and the longest note of all."""
    if not textures:
        return {}
    found = {name: float(np.mean([getattr(texture, name) for texture in textures])) for name in MEASURES.values()}
    found["longest_held_beats"] = max(texture.longest_held_beats for texture in textures)
    for name in ("held_beyond_share", "repeated_share"):
        found[name] = float(np.mean([getattr(texture, name) for texture in textures]))
    return found
