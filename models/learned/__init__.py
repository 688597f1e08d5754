"""Players with weights: each adapts a frame model to what the bridge asks of a player."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from models import checkpoint
from models.ensemble.config import EnsembleName
from models.ensemble.model import EnsembleModel
from models.frame_model import FrameModel
from models.learned.choir import ChoirPlayer
from models.learned.comp import CompPlayer
from models.learned.ensemble import EnsemblePlayer
from models.learned.hands import HandPlayer
from models.learned.orchestra import OrchestraPlayer
from models.learned.phrases import PhrasePlayer
from models.learned.reduction import ReductionPlayer
from models.learned.soloist import SoloPlayer
from models.learned.voices import VoicePlayer
from models.player import Player
from models.tokens.known import Known
from models.tokens.live import Live
from models.tokens.model import TokenModel
from music.errors import ContinuoError

PLAYERS: dict[str, Callable[[FrameModel, str], Player[Any]]] = {
    "voices": VoicePlayer,
    "hands": HandPlayer,
    "lead": CompPlayer,
}


ENSEMBLES: dict[EnsembleName, Callable[[EnsembleModel, str], Player[Any]]] = {
    "orchestra": OrchestraPlayer,
    "piano": ReductionPlayer,
    "choir": lambda model, name: ChoirPlayer(EnsemblePlayer(model, name)),
}


def make(name: str, device: str = "cpu") -> Any:
    """Whoever plays with bundled or own weights: a `Player`, or a `Continuer`; ContinuoError where they are no use."""
    model, card = checkpoint.load(name, device)
    if isinstance(model, TokenModel):
        known = None if model.known is None else Known(model.known.cpu().numpy())
        return PhrasePlayer(Live(model), card.name, known)
    if isinstance(model, FrameModel) and model.config.task == "solo":
        return SoloPlayer(model, card.name)
    return player(model, card.name)


def player(model: FrameModel | EnsembleModel, name: str) -> Player[Any]:
    """A model as a player; ContinuoError for a task that nobody plays live."""
    if not isinstance(model, FrameModel):
        return ENSEMBLES[model.config.ensemble](model, name)
    task = model.config.task
    if task not in PLAYERS:
        raise ContinuoError(f"the model {name!r} decides {task!r}, which is no player", "Take another model")
    return PLAYERS[task](model, name)
