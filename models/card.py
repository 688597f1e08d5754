"""The card of a model: what it is, what it learned from, what that allows, how well it does and where it fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from music import files
from music.errors import FileError

FORMAT = 1


class CardError(FileError):
    """A card that does not read or does not match its weights."""


class Corpus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One corpus that a model learned from."""

    name: str
    licence: str = ""
    pieces: int = 0


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything about a model that is not a weight."""

    format: int = FORMAT
    name: str
    about: str = ""
    kind: str
    config: dict[str, Any]
    """What `models.assemble.build` takes."""
    data: tuple[Corpus, ...] = ()
    attribution: tuple[str, ...] = ()
    """Lines that must be shown wherever the weights go."""
    licence: str = ""
    """Of the weights."""
    train: dict[str, Any] = {}
    """The config it was trained with, and what the training cost."""
    commit: str = ""
    seed: int = 0
    figures: dict[str, float] = {}
    """Held-out figures, each with its unit in its name."""
    baselines: dict[str, Any] = {}
    """What trivial players reach by the same names."""
    ms_per_step: float = 0.0
    parameters: int = 0
    sha256: str = ""
    """Of the weights file."""
    weaknesses: tuple[str, ...] = ()


def read(path: Path) -> Card:
    """The card in a file; CardError where there is none or it does not read."""
    try:
        card = msgspec.json.decode(files.read(path), type=Card)
    except msgspec.MsgspecError as error:
        said = str(error).replace("`", "")
        raise CardError(f"{path}: no valid card ({said})", "Export the model again") from error
    if card.format != FORMAT:
        raise CardError(f"{path}: format is {card.format}, not {FORMAT}", "Use the Continuo that wrote it")
    return card


def write(path: Path, card: Card) -> None:
    """Write a card, whole or not at all."""
    files.write(path, msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")
