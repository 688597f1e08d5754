"""What the user reads of faults that the port reports."""

from __future__ import annotations

from typing import Any


def sentence(message: dict[str, Any]) -> str:
    """The report of MIDI that is lost, an overrun or a fault."""
    if "lost" in message:
        return f"MIDI is gone: {message['lost']}"
    if "overrun" in message:
        return "More arrived than the brain could take: what it sounded was ended"
    return f"A fault in the port, please report it: {message['fault']}"
