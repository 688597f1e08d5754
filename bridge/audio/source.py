"""Where sound comes from."""

from __future__ import annotations

from typing import Protocol

from music.audio.yin import Samples


class Source(Protocol):
    """One channel of sound. The main thread of its process owns it."""

    name: str
    """What the user knows it by."""
    rate_hz: int

    @property
    def lost(self) -> str:
        """Why there will be no more; empty while there will."""

    def read(self) -> Samples:
        """What has come since it was read last, at most the newest second."""

    def look(self) -> None:
        """Plug what is to be plugged; every now and then."""

    def close(self) -> None:
        """Give it back."""
