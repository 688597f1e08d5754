"""What the user reads of faults that the port reports."""

from __future__ import annotations

from typing import Any

NEWS = ("trouble", "dropped", "feedback", "cable", "microphone", "starting")


def said(event: dict[str, Any]) -> str:
    """What the log has of an event; nothing of those that are no news to a user."""
    if event["event"] == "back":
        return "The brain is back"
    return event["text"] if event["event"] in NEWS else ""


def sentence(message: dict[str, Any]) -> str:
    """The report of MIDI that is lost, an overrun or a fault."""
    if "lost" in message:
        return f"MIDI is gone: {message['lost']}"
    if "overrun" in message:
        return "More arrived than the brain could take: what it sounded was ended"
    return f"A fault in the port, please report it: {message['fault']}"
