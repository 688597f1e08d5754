"""All figures of a model on held-out pieces, whatever kind it is of."""

from __future__ import annotations

from pathlib import Path

from models.assemble import Model
from models.frame_model import FrameModel
from models.tokens.model import TokenModel
from train import evaluate as frames
from train.config import Config
from train.ensembles import reducing, singing
from train.ensembles import report as ensembles
from train.evaluate.report import Report
from train.tokens import report as notes

_ENSEMBLES = {"orchestra": ensembles.evaluate, "piano": reducing.evaluate, "choir": singing.evaluate}


def evaluate(model: Model, data: Path, config: Config, split: str, cache: Path = frames.CACHE) -> Report:
    """See `train.evaluate.evaluate` and `train.ensembles.report.evaluate`."""
    if isinstance(model, FrameModel):
        return frames.evaluate(model, data, config, split, cache)
    if isinstance(model, TokenModel):
        return notes.evaluate(model, data, config, split, cache)
    return _ENSEMBLES[model.config.ensemble](model, data, config, split, cache)
