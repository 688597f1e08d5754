"""Weights and their card: safetensors beside JSON, no pickle. What does not fit together is refused by name."""

from __future__ import annotations

import hashlib
from importlib.resources import files as resources
from pathlib import Path

import msgspec
import platformdirs
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from models import card as cards
from models.assemble import Model, build
from models.card import Card
from music import files
from music.errors import ContinuoError, FileError, did_you_mean

_WEIGHTS = ".safetensors"


class CheckpointError(FileError):
    """Weights that cannot be used."""


def user_folder() -> Path:
    """Where the user's own models lie."""
    return Path(platformdirs.user_config_dir("continuo")) / "weights"


def shelf() -> dict[str, Path]:
    """Weights by name; the user's own come before the bundled ones."""
    bundled = Path(str(resources("presets"))) / "weights"
    return {path.stem: path for folder in (bundled, user_folder()) for path in sorted(folder.glob(f"*{_WEIGHTS}"))}


def locate(path_or_name: str | Path) -> tuple[Path, Path]:
    """The files of weights and card that a name, a folder, or either file stands for."""
    path = Path(path_or_name)
    known = shelf()
    if path.is_dir():
        path /= f"model{_WEIGHTS}"
    elif str(path_or_name) in known:
        path = known[str(path_or_name)]
    elif path.suffix == ".json":
        path = path.with_name("model.json") if path.name == "card.json" else path
        path = path.with_suffix(_WEIGHTS)
    elif path.suffix != _WEIGHTS:
        hint = did_you_mean(str(path_or_name), known) if known else "Give a .safetensors file"
        raise CheckpointError(f"there is no model {str(path_or_name)!r}", hint)
    card = path.with_suffix(".json")
    if not card.exists() and path.with_name("card.json").exists():
        card = path.with_name("card.json")
    return path, card


def save(target: Path, model: nn.Module, card: Card) -> Card:
    """Write float16 weights and their card; gives the card with hash and size of what was written.

    A folder gets `model.safetensors` and `card.json`, any other path is a stem.
    """
    weights, beside = _targets(target)
    tensors = {}
    for name, value in model.state_dict().items():
        tensor = value.detach().cpu()
        if tensor.is_floating_point():
            tensor = tensor.to(torch.float16)
            if not bool(torch.isfinite(tensor).all()):
                raise CheckpointError(f"{weights}: {name} holds values that are no finite numbers", _RETRAIN)
        tensors[name] = tensor.clone().contiguous()
    data = safetensors.torch.save(tensors)
    count = sum(value.numel() for value in model.parameters())
    card = msgspec.structs.replace(card, sha256=hashlib.sha256(data).hexdigest(), parameters=count)
    files.write(weights, data)
    cards.write(beside, card)
    return card


_RETRAIN = "Train it again, with a lower train.lr where it happens again"


def _targets(target: Path) -> tuple[Path, Path]:
    if target.is_dir():
        return target / f"model{_WEIGHTS}", target / "card.json"
    stem = target.with_suffix("") if target.suffix in {_WEIGHTS, ".json"} else target
    return stem.with_name(stem.name + _WEIGHTS), stem.with_name(stem.name + ".json")


def load(path_or_name: str | Path, device: torch.device | str = "cpu") -> tuple[Model, Card]:
    """A model ready to play, and its card; CheckpointError (or CardError) says what does not fit."""
    path, beside = locate(path_or_name)
    data = files.read(path)
    card = cards.read(beside)
    if hashlib.sha256(data).hexdigest() != card.sha256:
        raise CheckpointError(f"{path}: these are not the weights that {beside.name} describes", "Copy both again")
    try:
        tensors = safetensors.torch.load(data)
    except SafetensorError as error:
        raise CheckpointError(f"{path}: no valid safetensors file ({error})", "Copy it again") from error
    try:
        model = build(card.config)
    except ContinuoError as error:
        raise CheckpointError(f"{beside}: {error.message}", error.hint or "Use the Continuo that wrote it") from error
    fill(model, tensors, str(path))
    return model.to(device).eval(), card


def fill(model: nn.Module, tensors: dict[str, Tensor], source: str) -> None:
    """Put weights into a model; CheckpointError where they are of another architecture or no numbers."""
    own = model.state_dict()
    for name in sorted(own.keys() ^ tensors.keys()):
        what = "lacks" if name in own else "has, and the model has not,"
        raise CheckpointError(f"{source}: weights of another architecture (it {what} {name})", _OTHER)
    for name, value in tensors.items():
        if value.shape != own[name].shape:
            shapes = f"{name} is {_shape(value)}, not {_shape(own[name])}"
            raise CheckpointError(f"{source}: weights of another architecture ({shapes})", _OTHER)
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise CheckpointError(f"{source}: {name} holds values that are no finite numbers", _RETRAIN)
    model.load_state_dict(tensors)


_OTHER = "Take the card that came with them"


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"
