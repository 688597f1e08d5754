"""What becomes of something that the daemon was asked to do: done, or refused with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge.addresses import ROOT

Say = Callable[..., None]
"""Sends a message to an address below the root."""
Messages = list[tuple[str, list[Any]]]


class Request:
    """One wish at a time.

    What one sender says is served in turn: a list that was asked for after the wish comes when it is true, unless
    an error came before. It comes alone: what comes with others was told to all.
    """

    def __init__(self, say: Say) -> None:
        self._say = say
        self._name = ""
        self._proof = ""

    @property
    def open(self) -> bool:
        """Whether an answer is waited for."""
        return bool(self._name)

    def make(self, name: str, *values: object, proof: str) -> None:
        """Ask for something, and for the list that comes after it."""
        self._name, self._proof = name, proof
        self._say(name, *values)
        self._say(proof)

    def hear(self, messages: Messages) -> str | None:
        """What has come: the sentence of a refusal, nothing ("") where it is done; None: neither yet."""
        for name, values in messages if self.open else ():
            if name == "error" and values[2] == f"{ROOT}/{self._name}":
                self._name = ""
                return str(values[1])
            if name == self._proof and len(messages) == 1:
                self._name = ""
                return ""
        return None
