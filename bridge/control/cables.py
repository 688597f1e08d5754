"""What the user reads of cables and devices: one sentence each, from what the port reports."""

from __future__ import annotations

from typing import Any


def concerns(report: dict[str, Any]) -> bool:
    """Whether a report of the port is one of a cable."""
    return "cable" in report or "waiting" in report


def sentence(report: dict[str, Any]) -> str:
    """The report of a cable that went, came, or is waited for."""
    if "waiting" in report:
        there = ", ".join(report["there"]) or "none"
        return f"Waiting for MIDI {_direction(report)} {report['waiting']!r}; there is: {there}"
    own, peer = report["own"], report["peer"]
    if report["cable"] == "gone":
        return f"{peer} is gone: {own} is connected to it again when it comes back"
    if report["cable"] == "refused":
        return f"{peer} is there, but cannot be connected to {own}: does another program hold it?"
    again = "is back, connected to" if report["cable"] == "back" else "connected to"
    return f"{peer} {again} {own}"


def _direction(report: dict[str, Any]) -> str:
    return "input" if report["plays"] else "output"
