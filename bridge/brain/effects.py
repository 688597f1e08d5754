"""Which kind of insert an effect is."""

from __future__ import annotations

from typing import Any

from bridge.brain.continuation import Continuation
from bridge.brain.grid import Grid
from bridge.brain.insert import Insert
from bridge.brain.settings import CONTINUE, Settings

Effect = Insert | Continuation


def effect(settings: Settings, player: Any, grid: Grid, now_ns: int) -> Effect:
    """A new insert of these settings."""
    if settings.effect == CONTINUE:
        return Continuation(settings, player, grid)
    return Insert(settings, player, grid, now_ns)


def fits(insert: Effect, settings: Settings) -> bool:
    """Whether an insert can take these settings."""
    return isinstance(insert, Continuation) == (settings.effect == CONTINUE)
