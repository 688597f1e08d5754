"""What the musician plays, above the split and below it, and how much of it falls into each frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from models.player import Sound
from music.held import Held
from music.ring import Ring

RING_FRAMES = 512
MELODY, OWN = 0, 1
"""The ring's parts."""


class Row(NamedTuple):
    """One frame of both hands."""

    onsets: tuple[Sound, ...]
    held: tuple[Sound, ...]
    own_onsets: tuple[Sound, ...]
    own_hand: tuple[Sound, ...]


class Hands:
    """The keys that are down: `melody` is what is answered, `own` what the musician accompanies by hand."""

    def __init__(self) -> None:
        self.melody = Held()
        self.own = Held()
        self._halted: dict[tuple[int, int], tuple[int, bool]] = {}  # velocity and hand of keys not let go since a halt
        self._ring = Ring(RING_FRAMES, 2)

    def press(self, channel: int, pitch: int, velocity: int, *, own: bool) -> None:
        """A key goes down."""
        self._halted.pop((channel, pitch), None)
        (self.own if own else self.melody).press(channel, pitch, velocity)
        self._ring.on(OWN if own else MELODY, pitch, velocity)

    def release(self, channel: int, pitch: int, *, own: bool, late: bool) -> bool:
        """A key goes up, `late` in its frame or not; False where it was not down."""
        self._halted.pop((channel, pitch), None)
        hand = self.own if own else self.melody
        if (channel, pitch) not in hand:
            return False
        self._ring.off(OWN if own else MELODY, pitch, late=late)
        return hand.release(channel, pitch)

    def velocity(self, channel: int, pitch: int) -> int:
        """Of a key of the melody that is down; 0 where it is not."""
        return next((velocity for one, other, velocity in self.melody if (one, other) == (channel, pitch)), 0)

    def clear(self) -> None:
        """Every key goes up; the past stays."""
        self.melody.clear()
        self.own.clear()
        self._ring.silence()

    def halt(self) -> None:
        """Every key counts as up, until `resume`."""
        hands = ((self.own, True), (self.melody, False))
        self._halted |= {(channel, pitch): (velocity, own) for hand, own in hands for channel, pitch, velocity in hand}
        self.clear()

    def listen(self, channels: frozenset[int]) -> None:
        """Of the keys that wait for `resume`, those on other channels are let go: nobody hears of their end."""
        self._halted = {key: held for key, held in self._halted.items() if key[0] in channels}

    def resume(self) -> bool:
        """The keys that have not been let go since the halt are down again; False where there is none."""
        halted = list(self._halted.items())
        for (channel, pitch), (velocity, own) in halted:
            self.press(channel, pitch, velocity, own=own)
        return bool(halted)

    def close_frame(self) -> Row:
        """The frame that ends now; the next one opens with what is still down."""
        onset, held = self._ring.window(1, with_open=True)
        row = Row(*(_sounds(plane[0, part]) for part in (MELODY, OWN) for plane in (onset, held)))
        self._ring.advance()
        return row

    def onsets(self) -> tuple[Sound, ...]:
        """What was struck of the melody in the open frame so far."""
        return _sounds(self._ring.window(1, with_open=True)[0][0, MELODY])

    def sounds(self) -> tuple[Sound, ...]:
        """What is held of the melody, oldest press first."""
        return tuple(Sound(pitch, velocity) for _, pitch, velocity in self.melody)

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """(channel, pitch, velocity) of every key that is down, oldest press first in each hand."""
        yield from self.own
        yield from self.melody

    def __len__(self) -> int:
        return len(self.own) + len(self.melody)


def _sounds(velocities: Any) -> tuple[Sound, ...]:
    """The notes of one row of a roll, low to high."""
    pitches = velocities.nonzero()[0]
    return tuple(Sound(int(pitch), int(velocities[pitch])) for pitch in pitches)
