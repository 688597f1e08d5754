"""When an insert's player is asked though no key goes down, and how far from the beat it plays."""

from __future__ import annotations

from math import floor
from typing import NamedTuple

from bridge.brain.feel import Feel
from bridge.brain.frames import Frames
from bridge.brain.grid import Grid
from bridge.brain.settings import Entry
from models.player import FRAMES_PER_BEAT

PLAN_AHEAD_NS = 20_000_000
"""How long before its beat something goes to the port: a held chord's motion, decided then; a continuation's plan."""


class Cue(NamedTuple):
    """When a player is next asked."""

    beat: float
    """The one that it is asked for."""
    wake_ns: int
    """A little before it begins."""


class Timing:
    """From the first key until rest, a player of pulse is asked for every frame, another where its chord may move on.

    The thread of the engine owns it.
    """

    def __init__(self, grid: Grid, frames: Frames) -> None:
        self.awake = False
        """A key was touched, and neither the host nor the player of pulse has come to rest since."""
        self.asked_beat = 0.0
        """The one that the newest question was about."""
        self._grid, self._frames = grid, frames
        self._begun_frame = frames.open  # the newest for which nobody is to be asked any more
        self._enters = frames.open  # an accompaniment that has joined in plays from this frame on
        self._feel = Feel()

    def strike(self, time_ns: int, entry: Entry) -> None:
        """A key goes down: who rests wakes, and joins in where `entry` has it."""
        if not self.awake:
            self.wake()
            self._enters = self._grid.entry(self._frames.open, self._frames.is_late(time_ns), entry)
        if self._has_bars():
            self._feel.hear(time_ns, self._grid.timeline)

    def wake(self) -> None:
        """Go on, with the frame after the open one."""
        self.awake = True
        self.pass_frame()

    def rest(self) -> None:
        """Wait for a key."""
        self.awake = False

    def pass_frame(self) -> None:
        """The open frame has begun, with an answer or without one."""
        self._begun_frame = self._frames.open

    def asked(self, beat: float) -> None:
        """A question was about a beat, and about the rest of the open frame."""
        self.asked_beat = beat
        self.pass_frame()

    @property
    def joined_in(self) -> bool:
        """Whether an accompaniment plays in the open frame."""
        return self._frames.open >= self._enters

    def next_frame(self) -> Cue:
        """Where a player of pulse goes on."""
        frame = max(self._begun_frame + 1, self._frames.open, self._enters)
        return Cue(frame / FRAMES_PER_BEAT, self._grid.edge_ns(frame) - self._grid.lead_ns)

    def next_motion(self, now_ns: int, motion_beats: float) -> Cue:
        """Where a held chord may move on: every so many beats, a frame at least."""
        timeline, step = self._grid.timeline, max(motion_beats, 1 / FRAMES_PER_BEAT)
        beat = (floor(max(timeline.beat_at(now_ns), self.asked_beat) / step + 1e-6) + 1) * step
        # never before the last one: at 60 000 000 bpm PLAN_AHEAD_NS would be far ahead
        return Cue(beat, max(timeline.ns_at(beat) - PLAN_AHEAD_NS, timeline.ns_at(beat - step)))

    def lag_ns(self, share: float) -> int:
        """How far behind the grid to play, at a share of the musician's own way: not at all where there is no grid."""
        return self._feel.lag_ns(share) if self._has_bars() else 0

    def _has_bars(self) -> bool:
        return self._grid.bars(self._frames.open) is not None
