"""The ledger of held notes: what was pressed and not yet released, counted."""

from __future__ import annotations

from collections.abc import Iterator


class Held:
    """Which (channel, pitch) is held, and how often: the same pitch pressed twice needs two releases.

    Any thread may own one, but only one at a time.
    """

    __slots__ = ("_counts", "_velocities")

    def __init__(self) -> None:
        self._counts: dict[tuple[int, int], int] = {}
        self._velocities: dict[tuple[int, int], int] = {}

    def press(self, channel: int, pitch: int, velocity: int) -> bool:
        """Note a press; True where the note was silent before. The newest velocity is kept."""
        key = (channel, pitch)
        count = self._counts.pop(key, 0)  # pop and set: the newest press is the last in order
        self._counts[key] = count + 1
        self._velocities[key] = velocity
        return count == 0

    def release(self, channel: int, pitch: int) -> bool:
        """Note a release; True where it was the last one. A release without a press is False and changes nothing."""
        key = (channel, pitch)
        count = self._counts.get(key, 0)
        if count > 1:
            self._counts[key] = count - 1
            return False
        return self.forget(channel, pitch)

    def forget(self, channel: int, pitch: int) -> bool:
        """Drop a note whatever its count (something else ended it); True where it was held."""
        key = (channel, pitch)
        self._velocities.pop(key, None)
        return self._counts.pop(key, 0) > 0

    def drain(self) -> Iterator[tuple[int, int]]:
        """Each held (channel, pitch) once, oldest first; the ledger is empty afterwards."""
        held = list(self._counts)
        self.clear()
        return iter(held)

    def clear(self) -> None:
        """Forget all of them."""
        self._counts.clear()
        self._velocities.clear()

    def __contains__(self, key: tuple[int, int]) -> bool:
        return key in self._counts

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """(channel, pitch, velocity) of each held note, in the order of their newest presses."""
        return ((channel, pitch, self._velocities[channel, pitch]) for channel, pitch in self._counts)

    def __len__(self) -> int:
        return len(self._counts)
