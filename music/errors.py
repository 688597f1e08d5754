"""Expected failures: one sentence that says what is wrong, one that says what to do. The command line exits with 2."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ContinuoError(Exception):
    """Something the user can mend."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


class FileError(ContinuoError):
    """A file that cannot be read or written."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint: the nearest known word, else all of them."""
    known = sorted(known)
    near = get_close_matches(word, known, n=1, cutoff=0.5)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}"
