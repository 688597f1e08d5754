"""How far from the beat a musician plays, so that an accompaniment may lie there too."""

from __future__ import annotations

from models.player import FRAMES_PER_BEAT
from music.beat import Timeline

MEMORY = 0.1
"""Weight of the newest onset: the last dozen of them count."""
WIDEST = 0.25
"""Of a frame: what is further from its edge is no playing before or behind the beat."""
EARLIEST_NS = -15_000_000
"""A frame is handed to the port little earlier than it begins."""


class Feel:
    """The mean distance of onsets from the nearest frame's edge. The thread of the engine owns it."""

    def __init__(self) -> None:
        self._lag_ns = 0.0

    def hear(self, time_ns: int, timeline: Timeline) -> None:
        """Note an onset."""
        frame = timeline.beat_at(time_ns) * FRAMES_PER_BEAT
        edge = round(frame)
        if abs(frame - edge) <= WIDEST:
            self._lag_ns += MEMORY * (time_ns - timeline.ns_at(edge / FRAMES_PER_BEAT) - self._lag_ns)

    def lag_ns(self, share: float) -> int:
        """How much later than the grid to play (earlier where negative), at a share of 0 to 1 of the musician's."""
        return round(max(EARLIEST_NS, share * self._lag_ns))
