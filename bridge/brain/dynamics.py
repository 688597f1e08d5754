"""Controllers that tell a sampled instrument how loud it plays: its velocity alone says only how it begins."""

from __future__ import annotations

from bridge.brain.settings import Settings
from bridge.brain.sounding import Due
from music.events import Control, NoteOn


class Dynamics:
    """The newest value of each controller of each channel."""

    def __init__(self) -> None:
        self._told: dict[tuple[int, int], int] = {}

    def follow(self, due: list[Due], settings: Settings) -> list[Due]:
        """The messages, and before the onsets of a channel its controllers where they change."""
        controllers = {part.channel: part.dynamics for part in settings.parts if part.dynamics}
        if not controllers:
            return due
        found: list[Due] = []
        for one in due:
            if isinstance(one.event, NoteOn):
                channel, value = one.event.channel, one.event.velocity
                for number in controllers.get(channel, ()):
                    if self._told.get((channel, number)) != value:
                        self._told[channel, number] = value
                        found.append(Due(one.time_ns, Control(channel, number, value)))
            found.append(one)
        return found
