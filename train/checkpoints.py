"""Checkpoints of a training: written whole or not at all, read without running what is in them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import CheckpointIO

from music import files
from music.errors import FileError


class WholeFiles(CheckpointIO):
    """Checkpoints written whole or not at all, and read without running what is in them."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """FileError where it cannot be written; what was there before stays."""
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        files.write(Path(path), buffer.getvalue())

    def load_checkpoint(
        self, path: str | Path, map_location: Any = "cpu", weights_only: bool | None = True
    ) -> dict[str, Any]:
        """FileError where it is none."""
        return checkpoint(Path(path))

    def remove_checkpoint(self, path: str | Path) -> None:
        """Delete it."""
        Path(path).unlink(missing_ok=True)


def checkpoint(path: Path) -> dict[str, Any]:
    """What a training checkpoint holds: tensors, numbers and text; FileError where it is none."""
    try:
        found: dict[str, Any] = torch.load(io.BytesIO(files.read(path)), map_location="cpu", weights_only=True)
    except FileError:
        raise
    except Exception as error:  # torch raises whatever the damaged bytes lead to
        raise FileError(f"{path}: this is no checkpoint of a training", "Start anew, without --resume") from error
    return found
