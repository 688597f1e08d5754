"""What all learned players have in common: from notes to the planes of a model, and what the preset forbids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from models.frames import MAX_PHASE, Choice
from models.player import Moment, Sound
from music.keys import Evidence as Heard
from music.keys import estimate, heard
from music.pitch import Key

OCTAVE = 12
SILENT_FRAMES = 16
"""After so long a silence the state stands still: no piece that was learned from is silent for longer."""
_MIX = 0x9E3779B97F4A7C15


def phase(bar_frame: int | None, device: torch.device | str) -> Tensor:
    """The phase of a frame as models take it, (1, 1)."""
    value = 0 if bar_frame is None else min(bar_frame + 1, MAX_PHASE)
    return torch.tensor([[value]], device=device)


def choice(moment: Moment) -> Choice:
    """How outcomes are taken: the same for the same seed and beat."""
    if moment.wish.temperature <= 0:
        return Choice(0.0)
    return Choice(moment.wish.temperature, generator=torch.Generator().manual_seed(_seed(moment)))


def dice(moment: Moment) -> np.random.Generator | None:
    """The same, for players in NumPy; None where the likeliest is taken."""
    return None if moment.wish.temperature <= 0 else np.random.default_rng(_seed(moment))


def _seed(moment: Moment) -> int:
    return (moment.wish.seed * _MIX + round(moment.beat * 96) * 0xD1B54A32D192ED03) & ((1 << 63) - 1)


def outside(key: Key | None) -> frozenset[int]:
    """The pitch classes that a locked key forbids; in minor the leading tone is allowed."""
    if key is None:
        return frozenset()
    allowed = {*key.scale, (key.tonic - 1) % OCTAVE} if key.mode == "minor" else set(key.scale)
    return frozenset(range(OCTAVE)) - allowed


def plane(sounds: Iterable[Sound], lowest: int, keys: int) -> list[float]:
    """1 where one of the sounds is, by key; what lies outside the keys is left out."""
    row = [0.0] * keys
    for sound in sounds:
        if 0 <= sound.pitch - lowest < keys:
            row[sound.pitch - lowest] = 1.0
    return row


def listen(evidence: Heard, key: Key | None, pitches: Sequence[int]) -> tuple[Heard, Key | None]:
    """The key estimate one frame later, from all that sounded in it."""
    if not pitches:
        return evidence, key
    weights: dict[int, float] = {}
    for pitch in pitches:
        weights[pitch % OCTAVE] = weights.get(pitch % OCTAVE, 0.0) + 0.25
    evidence = heard(evidence, weights, 0.25)
    return evidence, estimate(evidence, key, pitches[0] % OCTAVE)
