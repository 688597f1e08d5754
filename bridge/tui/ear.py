"""What is heard in the microphone, while one is listened to."""

from __future__ import annotations

from bridge.actions import ACTIONS
from bridge.addresses import ROOT
from bridge.tui.mirror import Mirror

QUIET_DB, LOUD_DB = -60, 0
CELLS = 10
LEVEL = "microphone_level"
HEARD = tuple(
    name
    for action in ACTIONS
    if (name := action.address.removeprefix(f"{ROOT}/")).startswith("microphone_") and name != LEVEL
)
"""What else the daemon tells of it."""


def ear(mirror: Mirror) -> str:
    """Its level, and what else is told of it; empty where nobody listens."""
    if not mirror.get("microphone"):
        return ""
    level = int(mirror.get(LEVEL, QUIET_DB))
    filled = round(CELLS * min(max((level - QUIET_DB) / (LOUD_DB - QUIET_DB), 0.0), 1.0))
    more = "".join(
        f"  {name.removeprefix('microphone_')} {mirror.get(name)}" for name in HEARD if mirror.get(name) != ""
    )
    return f"mic {'■' * filled}{'·' * (CELLS - filled)}{level:>4} dB{more} "
