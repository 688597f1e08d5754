"""Which sound inputs there are, asked in a process of its own.

PortAudio makes whoever loads it a client of the JACK server, whose threads stay: another server is out of reach from
then on, and with the server the process goes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from bridge.audio import device
from music.errors import ContinuoError

PATIENCE_S = 20.0


def names() -> list[str]:
    """The names of all sound inputs of the system; ContinuoError where nobody can tell."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__], capture_output=True, timeout=PATIENCE_S, check=False
        )
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise ContinuoError(
            "the sound system does not answer", "Close what else uses the sound card, or start the sound system anew"
        ) from error
    if "error" in answer:
        raise ContinuoError(answer["error"], answer["hint"])
    found: list[str] = answer["inputs"]
    return found


def _answer() -> dict[str, object]:
    try:
        return {"inputs": [str(one["name"]) for one in device.inputs()]}
    except ContinuoError as error:
        return {"error": error.message, "hint": error.hint}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_answer()))
    sys.stdout.flush()
    os._exit(0)  # PortAudio's own end asserts that JACK is still there
