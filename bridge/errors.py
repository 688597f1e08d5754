"""Expected failures of the daemon, beside those of `music.errors`."""

from __future__ import annotations

from music.errors import ContinuoError


class PresetError(ContinuoError):
    """A preset that is missing or does not read; the message begins with file and key."""


class PortError(ContinuoError):
    """MIDI ports that cannot be had."""


class ValueRefused(ContinuoError):  # noqa: N818 - the name says what happened
    """A parameter does not take this value; `code` is 400 for the wrong type, 422 for the wrong range."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code
