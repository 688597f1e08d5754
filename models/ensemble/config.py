"""What an ensemble model is made of, and who plays in the ensemble."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from models.blocks.embed import EmbedName
from music.orchestra import SECTIONS

EnsembleName = Literal["orchestra", "piano", "choir"]

LOWEST, KEYS = 21, 88
"""All that is played lies between A0 and C8."""
REST = KEYS
"""The outcome of a slot that is silent."""

_Share = Annotated[float, Meta(ge=0, lt=1)]
_Count = Annotated[int, Meta(ge=1)]


class Group(msgspec.Struct, frozen=True):
    """Slots of one kind, the highest note in the first."""

    name: str
    low: int
    """Lowest key, counted from A0; highest likewise."""
    high: int
    slots: int


def _keys(low: int, high: int) -> tuple[int, int]:
    return max(0, low - LOWEST), min(KEYS - 1, high - LOWEST)


ENSEMBLES: dict[EnsembleName, tuple[Group, ...]] = {
    "orchestra": tuple(Group(one.name, *_keys(*one.instrument.extreme), one.desks) for one in SECTIONS),
    "piano": (Group("Right hand", 0, KEYS - 1, 5), Group("Left hand", 0, KEYS - 1, 5)),
    "choir": (
        Group("Soprano", *_keys(57, 84), 1), Group("Alto", *_keys(52, 77), 1),
        Group("Tenor", *_keys(45, 72), 1), Group("Bass", *_keys(36, 65), 1),
    ),
}  # fmt: skip
"""From the top of the score down."""
GIVEN: dict[EnsembleName, int] = {"orchestra": 2, "piano": 3, "choir": 8}
"""Planes of what is played. Of a piano: held, struck. Of an orchestra: held, struck, held by more than one; live nobody
says who plays what. Of a choir: held and struck of each voice, from the soprano down, empty where it is not given."""


class EnsembleConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an ensemble model is made of."""

    ensemble: EnsembleName
    kind: str = "ensemble"
    width: _Count = 96
    heads: _Count = 4
    encoder: Literal["attention", "lstm"] = "attention"
    encoder_layers: _Count = 2
    decoder_layers: _Count = 3
    context: _Count = 64
    """Events of what is played that are looked back at."""
    ahead: Annotated[int, Meta(ge=0)] = 0
    """Events that may be looked ahead at, where they are known; half of the training windows know none."""
    past: Annotated[int, Meta(ge=0)] = 2
    """Events of the ensemble itself that are looked back at, slot by slot."""
    embed: EmbedName = "bag"
    key_width: _Count = 64
    """Features of a key."""
    reach: _Count = 24
    """How many keys up and down a key sees."""
    condition: Literal["shared", "slices", "film"] = "shared"
    """How the decoder is told what is played: all layers look at one encoding, or each at a slice of its own, or each
    is scaled and shifted by the newest event's."""
    presence: bool = True
    """Whether a second stack tells the decoder which sections there are."""
    summary: bool = False
    """Whether the whole of what is played is summed up where it is known."""
    relative: bool = True
    """Whether attention knows how long ago, and whose, what it looks at is."""
    dropout: _Share = 0.1
    embedding_dropout: _Share = 0.1
    """Share of the features of what goes into the decoder that are left out in training."""
    token_dropout: _Share = 0.1
    """Share of the slots of the past that are hidden in training."""
    hide_own: _Share = 0.1
    """Share of the events that in training are shown without what the ensemble sounded before them."""
    blend: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """How much a player that does not hear itself has to say in what is played freely; 1: it alone.

    One that hears itself holds on to what it has once played; one that does not hears where the music is.
    """
    eager: float = 0.0
    """How much playing is preferred to resting when it plays freely, in nats: a rest is likeliest too often."""
    soft: _Share = 0.0
    """Share of a label that goes to its neighbours and octaves in training."""
    mixup: float = 0.0
    """Parameter of the beta distribution by which two windows are mixed in training (Zhang et al. 2018); 0: none."""
    passes: _Count = 2
    """In how many a frame is drawn, the surest slots first."""

    @property
    def groups(self) -> tuple[Group, ...]:
        """Who plays."""
        return ENSEMBLES[self.ensemble]

    @property
    def given(self) -> int:
        """Planes of what is played."""
        return GIVEN[self.ensemble]
