"""What the user reads of a loop from an output into its input, and how to end it."""

from __future__ import annotations

REMEDY = "In the DAW, do not route the track that records {send} back into {receive}"


def sentence(ports: tuple[str, str], loop_ms: float | None) -> str:
    """The loop, or its end, in the names of the insert's input and output."""
    receive, send = ports
    if loop_ms is None:
        return f"{send} does not come back into {receive} any more"
    remedy = REMEDY.format(send=send, receive=receive)
    return f"{send} comes back into {receive} after {loop_ms:g} ms: the echo is kept out. {remedy}"
