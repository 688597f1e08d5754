"""Who decides which keys of the open frame sound, from the features of each key: three samplers with the same seam.

A known key is a fact: it is drawn as it is known, also where it is banned. A ban is evidence that a key is silent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, Protocol

from torch import Tensor

from models.blocks.samplers.boltzmann import Boltzmann
from models.blocks.samplers.independent import Independent
from models.blocks.samplers.masked import Masked
from models.frames import Choice

__all__ = ["SAMPLERS", "Boltzmann", "Independent", "Masked", "Sampler", "SamplerName"]

SamplerName = Literal["independent", "masked", "boltzmann"]


class Sampler(Protocol):
    """What a model asks of whoever decides a frame."""

    def nll(self, features: Tensor, target: Tensor) -> Tensor:
        """(batch, frame) nats of 0/1 (batch, frame, key), by features (batch, frame, key, width).

        While training, what to descend instead, where the two differ.
        """
        ...

    def planes(self, target: Tensor) -> Tensor:
        """(batch, frame, key) as planes of a roll, (batch, frame, key, 1)."""
        ...

    def draw(self, features: Tensor, known: Tensor, banned: Tensor, choice: Choice) -> Tensor:
        """The open frame, long (batch, 1, key); `known` is 0/1, or -1 where the key is free; `banned` is bool."""
        ...


SAMPLERS: Mapping[SamplerName, Callable[..., Independent | Masked | Boltzmann]] = MappingProxyType(
    {"independent": Independent, "masked": Masked, "boltzmann": Boltzmann}
)
"""By the name that a config uses; each is built as `(width, keys=, ...)`."""
