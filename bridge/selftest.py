"""A note through the real daemon, without a MIDI system: does it come back, is it answered, does all of it end?"""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from bridge import presets
from bridge.addresses import ROOT
from bridge.control.daemon import Daemon
from bridge.control.options import Options
from music.errors import ContinuoError

NOTE_ON, NOTE_OFF = bytes((0x90, 72, 80)), bytes((0x80, 72, 64))
MELODY = [(400_000_000, NOTE_ON), (700_000_000, NOTE_OFF), (2_200_000_000, bytes((0xB0, 119, 0)))]
"""A note a little after the start, as a musician's; at the end, when the meters have been read, what means nothing."""


METER = f"{ROOT}/1/p99"


class Passed(NamedTuple):
    """What became of the note."""

    thru: bool
    voices: int
    wait_ms: float
    """From the note to the last voice of its answer, by the port's own meter."""
    hanging: int
    """Notes that were not ended."""


def play() -> Passed:
    """Run the daemon for a second; ContinuoError where it does not start."""
    played: list[bytes] = []
    waits_ms: list[float] = []

    def heard(event: dict[str, Any]) -> None:
        if event["event"] == "played":
            played.append(bytes.fromhex(event["played"][2]))
        elif event.get("address") == METER:
            waits_ms.append(event["value"])

    melody = [(time_ns, data.hex()) for time_ns, data in MELODY]
    options = Options([presets.DEFAULT], backend="loopback", osc_port=0)
    try:
        asyncio.run(asyncio.wait_for(Daemon(options, lambda: melody, heard).run(), timeout=60))
    except TimeoutError as error:
        raise ContinuoError("the daemon does not end", "Report it, with what continuo doctor says") from error
    return _passed(played, max(waits_ms, default=0.0))


def _passed(played: list[bytes], wait_ms: float) -> Passed:
    sounding: set[tuple[int, int]] = set()
    voices = 0
    for data in played:
        key = (data[0] & 0x0F, data[1])
        if data[0] & 0xF0 == 0x90:
            sounding.add(key)
            voices += key[0] > 0
        elif data[0] & 0xF0 == 0x80:
            sounding.discard(key)
    return Passed(NOTE_ON in played, voices, wait_ms, len(sounding))
