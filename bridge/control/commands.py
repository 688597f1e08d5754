"""What surfaces and keys want done, and who does it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bridge.control.capture import Captures
from bridge.control.scenes import Scenes
from bridge.control.song import Song
from bridge.control.supervisor import Supervisor
from music.errors import ContinuoError


class Commands:
    """Hands each on to those whom it concerns. Control's event loop."""

    def __init__(
        self,
        supervisor: Supervisor,
        captures: Captures,
        song: Song,
        scenes: Scenes,
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        self._supervisor = supervisor
        self._captures = captures
        self._song = song
        self._scenes = scenes
        self._tell = tell

    def press(self, command: str) -> asyncio.Task[str] | None:
        """Do what a key of the terminal means; what cannot be done is told."""
        if command.startswith("scene/"):
            self.attempt(lambda: self._scenes.do(command, []))
            return None
        return self.do(command, [])

    def attempt(self, do: Callable[[], None]) -> None:
        """What nobody waits for an answer of: if it cannot be done, the terminal says so."""
        try:
            do()
        except ContinuoError as error:
            self._tell({"event": "trouble", "text": str(error)})

    def do(self, command: str, values: list[object]) -> asyncio.Task[str] | None:
        """What a surface wants done; what takes its time is answered later."""
        match command:
            case "capture":
                return self._captures.write(values)
            case "panic" | "resume":
                for role in ("port", "brain"):
                    self._supervisor.say(role, **{command: True})
            case "tap" | "play" | "stop":
                self._song.do(command, values)
            case _:
                self._scenes.do(command, values)
        return None
