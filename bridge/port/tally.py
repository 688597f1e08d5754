"""Which keys somebody holds while a loop lasts: presses that arrived, less those that are our own coming back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.port.notes import is_onset

Key = tuple[int, int]


@dataclass(slots=True)
class Count:
    """Of one key."""

    presses: int
    newest_ns: int


class Tally:
    """Exact wherever all that was sent has come back: whatever was taken for an echo, the sum is the musician's."""

    def __init__(self) -> None:
        self._counts: dict[Key, Count] = {}

    def clear(self) -> None:
        """Begin anew: a probe leaves."""
        self._counts.clear()

    def sent(self, data: bytes, time_ns: int, *, holds: bool) -> None:
        """Take off a note message that will come back. `holds`: whether the key was down before, as far as is known."""
        self._add(data, time_ns, -1, holds=holds)

    def heard(self, data: bytes, time_ns: int, *, holds: bool) -> None:
        """Count a note message that arrives."""
        self._add(data, time_ns, 1, holds=holds)

    def begin(self, holds: Callable[[Key], bool]) -> None:
        """The probe is back: what was sent since it left comes back from now on; these keys are held."""
        for key, count in self._counts.items():
            count.presses += holds(key)

    def holds(self, key: Key) -> bool:
        """Whether somebody holds a key."""
        return key not in self._counts or self._counts[key].presses > 0

    def settle(self, before_ns: int) -> None:
        """Forget keys that have not moved since then: all that was sent of them has come back."""
        self._counts = {key: count for key, count in self._counts.items() if count.newest_ns >= before_ns}

    def _add(self, data: bytes, time_ns: int, sign: int, *, holds: bool) -> None:
        key = (data[0] & 0x0F, data[1])
        count = self._counts.get(key)
        if count is None:
            count = self._counts[key] = Count(int(holds), time_ns)
        count.presses += sign if is_onset(data) else -sign
        count.newest_ns = time_ns
