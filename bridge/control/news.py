"""What the terminal is told of what the port reports: a cable, a loop, a fault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bridge.control import cables, feedback, trouble


def of_port(message: dict[str, Any], ports: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The event, in the names of the inserts' ports."""
    if cables.concerns(message):
        return {"event": "cable", "text": cables.sentence(message)}
    if "feedback" in message and ports:
        insert, loop_ms = message["feedback"], message["loop_ms"]
        text = feedback.sentence(ports[insert], loop_ms)
        return {"event": "feedback", "insert": insert + 1, "loop_ms": loop_ms, "text": text}
    return {"event": "trouble", "text": trouble.sentence(message)}
