"""The state of an insert as the engine reads it: made from the state tree of a preset, every change a new one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from models.player import FRAMES_PER_BEAT, Wish
from music.pitch import Key

Entry = Literal["now", "beat", "bar"]

MIDDLE_VELOCITY = 80
"""What velocity_follow = 0 plays, and what a full follow swings around."""


@dataclass(frozen=True, slots=True)
class Part:
    """One staff or output channel. Channel 0-based; program 0-based or None."""

    name: str
    channel: int
    program: int | None
    lowest: int
    highest: int
    softest: int
    loudest: int

    def velocity(self, played: int, follow: float) -> int:
        """The velocity that answers a played one."""
        return self.within(round(MIDDLE_VELOCITY + follow * (played - MIDDLE_VELOCITY)))

    def within(self, velocity: int) -> int:
        """The nearest velocity that the part may have."""
        return min(max(velocity, self.softest), self.loudest)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a musician can set on an insert."""

    bypass: bool
    channels: frozenset[int]
    """Input channels (0-based) that the effect listens to."""
    split: int
    """Keys below it are the musician's own hand; 0: there is none."""
    takeover_beats: float
    model: str
    velocity_follow: float
    strum_ns: int
    latch: bool
    motion_beats: float
    rest_beats: float
    pedal: bool
    """The sustain pedal holds what is answered too."""
    listens_to: int
    """The insert (from 1) whose notes are the input; 0: the insert's own port."""
    lookahead_frames: int
    commit_frames: int
    entry: Entry
    humanize: float
    wish: Wish
    parts: tuple[Part, ...]
    """One for each voice of the wish, from the top voice down; the last part takes the voices that are left."""

    @classmethod
    def of(cls, state: dict[str, Any]) -> Settings:
        """The settings that a state tree stands for."""
        harmonize, player, timing = state["harmonize"], state["player"], state["timing"]
        listened = state["input"]["channels"]
        parts = tuple(_part(part) for part in state["part"])
        voices = tuple(parts[min(voice, len(parts) - 1)] for voice in range(harmonize["voices"]))
        return cls(
            bypass=state["bypass"],
            channels=frozenset(range(16) if listened == "all" else (int(c) - 1 for c in listened.split(","))),
            split=state["input"]["split"],
            takeover_beats=state["input"]["takeover_beats"],
            model=player["model"],
            velocity_follow=harmonize["velocity_follow"],
            strum_ns=round(harmonize["strum_ms"] * 1e6),
            latch=harmonize["latch"],
            motion_beats=harmonize["motion_beats"],
            rest_beats=harmonize["rest_beats"],
            pedal=state["input"]["pedal"],
            listens_to=state["input"]["insert"],
            lookahead_frames=round(timing["lookahead_beats"] * FRAMES_PER_BEAT),
            commit_frames=round(timing["commit_beats"] * FRAMES_PER_BEAT),
            entry=timing["entry"],
            humanize=timing["humanize"],
            wish=Wish(
                ranges=tuple((part.lowest, part.highest) for part in voices),
                placement=harmonize["placement"],
                spacing=harmonize["spacing"],
                key=None if harmonize["key"] == "auto" else Key.parse(harmonize["key"]),
                temperature=player["temperature"],
                seed=player["seed"],
            ),
            parts=voices,
        )

    def owns(self, pitch: int) -> bool:
        """Whether a key belongs to the musician's own hand."""
        return pitch < self.split

    def listening_to(self, channel: int) -> Settings:
        """The same settings for a melody that comes from a file, on one channel (0-based).

        Nobody watches the plan there: unless some of it is committed it need not be made.
        """
        lookahead = self.lookahead_frames if self.commit_frames else 0
        return replace(self, channels=frozenset([channel]), listens_to=0, lookahead_frames=lookahead)


def _part(part: dict[str, Any]) -> Part:
    lowest, highest = part["pitches"]
    softest, loudest = part["velocity"]
    program = part["program"] - 1 if part["program"] else None
    return Part(
        part["name"], part["channel"] - 1, program, lowest, max(lowest, highest), softest, max(softest, loudest)
    )
