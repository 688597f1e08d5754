"""What a token model is made of."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

_Count = Annotated[int, Meta(ge=1)]


class TokenConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a token model is made of."""

    kind: str = "tokens"
    width: _Count = 192
    heads: _Count = 6
    layers: _Count = 4
    near: Annotated[int, Meta(ge=0)] = 12
    """Features of a pitch that say what it is to those played before it; 0: none."""
    context: _Count = 384
    """Rows that are looked back at."""
    known: Annotated[int, Meta(ge=0)] = 0
    """Bytes of the filter of runs that it learned from; 0: none, as while it learns."""
    dropout: Annotated[float, Meta(ge=0, lt=1)] = 0.1
