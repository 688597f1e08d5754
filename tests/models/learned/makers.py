"""Players of ensembles with random weights, as small as they can be."""

from __future__ import annotations

from typing import Any

import torch

from models.ensemble.config import EnsembleConfig, EnsembleName
from models.ensemble.model import EnsembleModel
from models.learned import player
from models.player import Player, Sound

SMALL: dict[str, Any] = {
    "width": 16,
    "key_width": 8,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "heads": 2,
    "context": 6,
}


def made(ensemble: EnsembleName) -> Player[Any]:
    """The player of an ensemble."""
    torch.manual_seed(3)
    model = EnsembleModel(EnsembleConfig(ensemble=ensemble, **SMALL)).eval()
    for value in model.parameters():
        value.detach().normal_(std=0.3)
    return player(model, "made")


def sounds(*pitches: int, velocity: int = 80) -> tuple[Sound, ...]:
    """Notes of one velocity."""
    return tuple(Sound(pitch, velocity) for pitch in pitches)
