"""Devices that the user has named, opened through rtmidi beside our own ports whenever they are there.

rtmidi tells nobody of a device that comes or goes: it is looked for. One that went is given back a look later, when
the poll thread has certainly let go of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from bridge.port.cables import Cable, Cables, Peer, Wish

LOOK_S = 1.0


class Devices:
    """The open devices. The main thread looks; the poll thread reads `inputs` and `outputs`, which are replaced whole.

    Every device belongs to the first insert.
    """

    def __init__(self, rtmidi: Any, api: int, name: str, own: Sequence[str], wishes: Iterable[Wish]) -> None:
        self.inputs: tuple[Any, ...] = ()
        self.outputs: tuple[Any, ...] = ()
        self._rtmidi, self._api, self._name = rtmidi, api, name
        self._own = set(own)
        self._client = re.compile(rf"{re.escape(name)}(-\d+)?:")  # JACK counts clients of one name
        self._wishes = list(wishes)
        self._cables = Cables(self._wishes)
        self._open: dict[Cable, Any] = {}
        self._retired: list[Any] = []
        self._looked_s = float("-inf")
        self._scouts: tuple[Any, ...] = ()
        if self._wishes:
            self._scouts = rtmidi.MidiIn(api, name=f"{name} scout"), rtmidi.MidiOut(api, name=f"{name} scout")

    def look(self, now_s: float) -> tuple[list[dict[str, Any]], bool]:
        """Open what has come and close what has gone; gives what there is to tell, and whether an input has gone."""
        if not self._wishes or now_s - self._looked_s < LOOK_S:
            return [], False
        self._looked_s = now_s
        while self._retired:
            self._retired.pop().close_port()
        peers = self._peers()
        names = {(peer.name, peer.plays) for peer in peers}
        gone = [cable for cable in self._open if (cable.peer, self._plays(cable)) not in names]
        for cable in gone:
            self._retired.append(self._open.pop(cable))
        due = self._cables.look(set(self._open), peers, now_s)
        if due:
            self._open |= {cable: port for cable in due if (port := self._opened(cable))}
            self._cables.look(set(self._open), peers, now_s)
        self.inputs = tuple(port for cable, port in self._open.items() if self._plays(cable))
        self.outputs = tuple(port for cable, port in self._open.items() if not self._plays(cable))
        news, self._cables.news = self._cables.news, []
        return news, any(self._plays(cable) for cable in gone)

    def close(self) -> None:
        """Give every device back; the poll thread has ended."""
        for port in (*self._open.values(), *self._retired):
            port.close_port()

    def _plays(self, cable: Cable) -> bool:
        return any(wish.own == cable.own and wish.plays for wish in self._wishes)

    def _peers(self) -> list[Peer]:
        return [
            Peer(name, name.lower(), plays)
            for scout, plays in zip(self._scouts, (True, False), strict=True)
            for name in scout.get_ports()
            if name not in self._own and not self._client.match(name)
        ]

    def _opened(self, cable: Cable) -> Any:
        """The open device, None where the system refuses (another program has it, it has just gone)."""
        plays = self._plays(cable)
        try:
            port = (self._rtmidi.MidiIn if plays else self._rtmidi.MidiOut)(self._api, name=self._name)
            if plays:
                port.ignore_types(sysex=False, timing=False, active_sense=True)
            return port.open_port(port.get_ports().index(cable.peer), f"{cable.own} (device)")
        except (self._rtmidi.RtMidiError, ValueError, OSError):
            return None
