"""What is heard in the microphone, while one is listened to."""

from __future__ import annotations

from bridge.tui.mirror import Mirror
from music.pitch import pitch_name

QUIET_DB, LOUD_DB = -60, 0
CELLS = 10


def ear(mirror: Mirror) -> str:
    """How loud it is, the pitch in it and how clear that is, as wide whatever it hears; empty where nobody listens."""
    if not mirror.get("microphone"):
        return ""
    level = int(mirror.get("microphone_level", QUIET_DB))
    filled = round(CELLS * min(max((level - QUIET_DB) / (LOUD_DB - QUIET_DB), 0.0), 1.0))
    return f"mic {'■' * filled}{'·' * (CELLS - filled)}{level:>5} dB  {_pitch(mirror):<15} "


def _pitch(mirror: Mirror) -> str:
    """The nearest note, whether it counts as one or not; empty where there is none."""
    pitch = float(mirror.get("microphone_pitch", 0.0))
    if not pitch:
        return ""
    return f"{pitch_name(round(pitch)):<3} {int(mirror.get('microphone_confidence', 0)):>3} % clear"
