"""The live ring buffer: the last frames of what is played, onset plane and held plane.

Every frame is written at two places, one buffer length apart, so that the last n frames always lie in one piece.
No kernels here: one cell or one row at a time is quicker in numpy (measured 2026-11: `on` 1 us, `advance` 2 us).
"""

from __future__ import annotations

import numpy as np

from music.held import Held
from music.roll import PITCHES, Plane


class Ring:
    """The last `frames` closed frames and the open one, of shape (part, pitch) each. One thread.

    What it shows of a stream of notes is what `music.roll.draw` draws of them.
    """

    __slots__ = ("_at", "_carried", "_held", "_ledger", "_onset", "_size", "frames", "parts")

    def __init__(self, frames: int, parts: int) -> None:
        if frames < 1 or parts < 1:
            raise ValueError(f"a ring of {frames} frames and {parts} parts holds nothing")
        self.frames = frames
        self.parts = parts
        self._size = frames + 1  # one of them is open
        self._onset = np.zeros((2 * self._size, parts, PITCHES), np.uint8)
        self._held = np.zeros_like(self._onset)
        self._carried = np.zeros((parts, PITCHES), np.uint8)  # what the next frame begins with
        self._ledger = Held()
        self._at = 0

    def on(self, part: int, pitch: int, velocity: int) -> None:
        """Strike a note in the open frame; struck twice in one frame it is as loud as the louder."""
        low, high = self._at, self._at + self._size
        self._ledger.press(part, pitch, velocity)
        velocity = max(velocity, int(self._onset[low, part, pitch]))
        self._onset[low, part, pitch] = self._onset[high, part, pitch] = velocity
        self._held[low, part, pitch] = self._held[high, part, pitch] = velocity
        self._carried[part, pitch] = velocity

    def off(self, part: int, pitch: int, *, late: bool = False) -> None:
        """Release a note; a note struck twice needs two, a note that is not held none.

        A note struck in the open frame stays in it. One held from before leaves it, as if it had ended at the frame's
        start, unless the release is `late`: past the middle of the frame, and so nearer to its end.
        """
        if not self._ledger.release(part, pitch):
            return
        self._carried[part, pitch] = 0
        low, high = self._at, self._at + self._size
        if not late and not self._onset[low, part, pitch]:
            self._held[low, part, pitch] = self._held[high, part, pitch] = 0

    def advance(self) -> None:
        """Close the open frame and open the next one with what is still held."""
        self._at = low = (self._at + 1) % self._size
        high = low + self._size
        self._onset[low] = self._onset[high] = 0
        self._held[low] = self._held[high] = self._carried

    def window(self, n: int, *, with_open: bool = False) -> tuple[Plane, Plane]:
        """The last n frames as (onset, held) of shape (n, part, pitch), oldest first; silence before the first one.

        The closed frames, or with the open one as the last of them. A view: copy before handing on, it changes with
        the next call. ValueError for more frames than the ring has.
        """
        if not 0 <= n <= self.frames + with_open:
            raise ValueError(f"a window of {n} frames does not fit a ring of {self.frames}")
        end = self._at + self._size + with_open
        return self._onset[end - n : end], self._held[end - n : end]

    def silence(self) -> None:
        """Release every note, as on panic; the past stays."""
        for part, pitch in self._ledger.drain():
            self._carried[part, pitch] = 0

    def clear(self) -> None:
        """Forget everything, as on a new start."""
        self._ledger.clear()
        self._onset[:] = self._held[:] = self._carried[:] = 0
