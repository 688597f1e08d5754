"""The frames of the grid as a player hears them, closed one after the other."""

from __future__ import annotations

from typing import Any

from bridge.brain.grid import Grid
from bridge.brain.hands import RING_FRAMES, Hands
from bridge.brain.sounding import Sounding
from models.player import FRAMES_PER_BEAT, Answer, Frame, Player

MAX_SILENT_FRAMES = 64
"""After a longer pause the player is not told of every empty frame, nor of more than the ring has while notes last."""
HALF_FRAME = 0.5


class Frames:
    """What a player was told of what the hands did and what it sounded itself, frame by frame."""

    def __init__(self, grid: Grid, now_ns: int, player: Player[Any], hands: Hands, sounding: Sounding) -> None:
        self.open = grid.frame_at(now_ns)
        """The frame that runs."""
        self.closed: Frame | None = None
        """The newest that has ended."""
        self._grid, self._hands, self._sounding = grid, hands, sounding
        self.tell(player)

    def tell(self, player: Player[Any]) -> None:
        """From now on another player hears, who has heard nothing yet."""
        self._player = player
        self.state = player.start()

    def is_late(self, time_ns: int) -> bool:
        """Whether what ends then has sounded for most of the open frame."""
        return self._grid.timeline.beat_at(time_ns) * FRAMES_PER_BEAT - self.open >= HALF_FRAME

    def close(self, now_ns: int, answer: Answer | None, sections: tuple[int, ...]) -> None:
        """Tell the player of every frame that ended before now; its newest answer's voices are of such sections."""
        frame = self._grid.frame_at(now_ns)
        self.open = max(self.open, frame - (RING_FRAMES if self._hands else MAX_SILENT_FRAMES))
        while self.open < frame:
            self.open += 1
            onsets, held, own_onsets, own_hand = self._hands.close_frame()
            sounded, struck = self._sounding.close_frame()
            self.closed = Frame(
                onsets=onsets,
                held=held,
                answer=answer if sounded else None,
                struck=struck,
                own_onsets=own_onsets,
                own_hand=own_hand,
                sections=sections,
                next_bar_frame=self._grid.bars(self.open),
                beat=(self.open - 1) / FRAMES_PER_BEAT,
            )
            self.state = self._player.hear(self.state, self.closed)
