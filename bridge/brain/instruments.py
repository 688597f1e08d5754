"""What instruments are told beside their notes: programs and keyswitches at first, then how loud they play."""

from __future__ import annotations

from bridge.brain.settings import MIDDLE_VELOCITY, Settings
from bridge.brain.sounding import Due
from music.events import Control, NoteOff, NoteOn, Program

NEUTRAL = {1: 0, 11: 127}
"""What a controller is at where nobody moves it (MIDI 1.0, RP-015)."""
KEYSWITCH_NS = 20_000_000
"""How long a keyswitch is held."""


def programs(settings: Settings, now_ns: int) -> list[Due]:
    """The program changes and keyswitches that the parts ask for."""
    parts = {part.channel: part for part in settings.parts}.values()
    found = [Due(now_ns, Program(part.channel, part.program)) for part in parts if part.program is not None]
    for part in parts:
        if part.keyswitch:
            found.append(Due(now_ns, NoteOn(part.channel, part.keyswitch, MIDDLE_VELOCITY)))
            found.append(Due(now_ns + KEYSWITCH_NS, NoteOff(part.channel, part.keyswitch)))
    return found


class Dynamics:
    """Controllers that follow the touch: of a sampled instrument, velocity says how a note begins and no more."""

    def __init__(self) -> None:
        self._told: dict[tuple[int, int], int] = {}

    def leave(self, settings: Settings, now_ns: int) -> list[Due]:
        """Controllers that are not followed any more, back where instruments expect them."""
        followed = {(part.channel, number) for part in settings.parts for number in part.dynamics}
        left = [key for key in self._told if key not in followed]
        for key in left:
            del self._told[key]
        return [Due(now_ns, Control(channel, number, NEUTRAL[number])) for channel, number in left]

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
