"""From a config to a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from models.ensemble.config import EnsembleConfig
from models.ensemble.model import EnsembleModel
from models.frame_model import FrameModel, FrameModelConfig
from models.tokens.attention import TURNS
from models.tokens.config import TokenConfig
from models.tokens.model import TokenModel
from music.errors import ContinuoError, did_you_mean

Model = FrameModel | EnsembleModel | TokenModel
KINDS: dict[str, tuple[type[msgspec.Struct], type[Model]]] = {
    "frame": (FrameModelConfig, FrameModel),
    "ensemble": (EnsembleConfig, EnsembleModel),
    "tokens": (TokenConfig, TokenModel),
}


def build(config: Mapping[str, Any]) -> Model:
    """The model, with fresh weights, that a config describes; ContinuoError for an unknown kind, key or value."""
    kind = str(config.get("kind", "frame"))
    if kind not in KINDS:
        raise ContinuoError(f"model.kind: there is no kind {kind!r}", did_you_mean(kind, KINDS))
    schema, _ = KINDS[kind]
    for key in config:
        if key not in schema.__struct_fields__:
            raise ContinuoError(f"model.{key}: there is no such key", did_you_mean(key, schema.__struct_fields__))
    try:
        checked = msgspec.convert(dict(config), schema)
    except msgspec.ValidationError as error:
        raise ContinuoError(f"model: {error}", "Mend that value") from error
    if isinstance(checked, EnsembleConfig):
        _check_ensemble(checked)
        return EnsembleModel(checked)
    if isinstance(checked, TokenConfig):
        _check_tokens(checked)
        return TokenModel(checked)
    assert isinstance(checked, FrameModelConfig)  # noqa: S101 - there are three kinds
    _check_frames(checked)
    return FrameModel(checked)


def build_frames(config: Mapping[str, Any]) -> FrameModel:
    """As `build`, for those who need a frame model; ContinuoError where the config describes another kind."""
    model = build(config)
    if not isinstance(model, FrameModel):
        raise ContinuoError(f"model.kind: {config['kind']!r} is no frame model", 'Take kind = "frame"')
    return model


def _check_ensemble(config: EnsembleConfig) -> None:
    """ContinuoError where parts of a config do not go together."""
    if config.width % config.heads:
        raise ContinuoError(f"model.width is {config.width}, no multiple of {config.heads} heads", "Mend one of them")
    if config.ahead and config.condition == "film":
        raise ContinuoError("model.ahead: a decoder that looks at nothing cannot look ahead", "Set ahead to 0")


def _check_tokens(config: TokenConfig) -> None:
    """ContinuoError where parts of a config do not go together."""
    if config.width % config.heads or config.width // config.heads < 2 * TURNS:
        hint = f"Give each head a width of {2 * TURNS} at least"
        raise ContinuoError(f"model.width is {config.width}, too little for {config.heads} heads", hint)


def _check_frames(checked: FrameModelConfig) -> None:
    """ContinuoError where parts of a config do not go together."""
    fits = {"keys": {"ascending", "independent", "masked", "boltzmann"}, "voices": {"voices"}, "hands": {"ascending"},
            "solo": {"ascending"}, "lead": {"sounds-silent"}}  # fmt: skip
    if checked.sampler not in fits[checked.task]:
        raise ContinuoError(f"model.sampler: {checked.sampler!r} does not decide {checked.task!r}",
                            f"Take {' or '.join(sorted(fits[checked.task]))}")  # fmt: skip
    losses = {"independent": {"nll", "focal", "soft"}, "voices": {"nll", "soft", "distance"}}.get(
        checked.sampler, {"nll"}
    )
    if checked.loss not in losses:
        raise ContinuoError(f"model.loss: {checked.sampler!r} cannot be trained with {checked.loss!r}",
                            f"Take {' or '.join(sorted(losses))}")  # fmt: skip
    if checked.hide_own and checked.task not in {"voices", "lead"}:
        raise ContinuoError(f"model.hide_own: what {checked.task!r} decides hangs on what it was", "Leave hide_own out")
    if not 0 <= checked.blend < 1:
        raise ContinuoError(f"model.blend is {checked.blend:g}", "It goes from 0 to below 1")
    if checked.blend and not checked.hide_own:
        raise ContinuoError("model.blend: nobody has learned to play without hearing itself", "Set hide_own too")
