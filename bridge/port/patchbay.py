"""The cables of a JACK client: plugged again when a peer comes back.

JACK's threads only say that something has changed: its callbacks must not ask the server for anything. The main thread
looks and plugs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from bridge.port.cables import Cable, Cables, Peer, Wish

LINGER_S = 1.0
"""For this long after a change it is looked again: JACK 2 tells of a connection before it can be read, and that a
client's ports are gone before they are."""


class Patchbay:
    """What is plugged into the ports of a client that is open and stays so."""

    def __init__(self, client: Any, ports: Sequence[tuple[str, str]], wishes: Iterable[Wish]) -> None:
        import jack  # noqa: PLC0415 - the client has loaded it already

        self._refusal = jack.JackError
        self._client = client
        self._receives = {receive for receive, _ in ports}
        self._own = {f"{client.name}:{name}": name for pair in ports for name in pair}
        self._cables = Cables(wishes)
        self._told: deque[Cable | str] = deque(maxlen=4096)  # cables made and ports registered, in order
        self._changed = True
        self._until_s = 0.0
        self._kept: list[Cable] = []

    def connected(self, source: Any, target: Any, made: bool) -> None:
        """Say that a cable was plugged or pulled (JACK calls this)."""
        if made and source is not None and target is not None:  # it may be gone again before it is looked for
            ends = source.name, target.name
            own = [self._own[end] for end in ends if end in self._own]
            peer = [end for end in ends if end not in self._own]
            if own and peer:
                self._told.append(Cable(own[0], peer[0]))
        self._changed = True

    def registered(self, port: Any, is_there: bool) -> None:
        """Say that a port has come or gone (JACK calls this)."""
        if port is not None and is_there:
            self._told.append(port.name)
        self._changed = True

    def remember(self, cables: Iterable[Cable]) -> None:
        """Take over cables of an earlier life."""
        self._cables.remember(cables)
        self._changed = True

    def look(self, now_s: float) -> list[dict[str, Any]]:
        """Plug what is due; gives what there is to tell. The main thread, every now and then."""
        if self._changed:
            self._until_s = now_s + LINGER_S
        elif now_s > self._until_s and not self._cables.restless:
            return []
        self._changed = False
        while self._told:
            told = self._told.popleft()
            if isinstance(told, Cable):
                self._cables.made(told)
            else:
                self._cables.registered(told)
        try:
            due = self._cables.look(self._plugged(), self._peers(), now_s)
        except self._refusal:  # a port went while we asked for it: the next look will find it gone
            return []
        for cable in due:
            self._plug(cable)
        news, self._cables.news = self._cables.news, []
        if self._cables.kept != self._kept:
            self._kept = self._cables.kept
            news.append({"cables": self._kept})
        return news

    def _plugged(self) -> set[Cable]:
        return {
            Cable(name, peer.name)
            for full, name in self._own.items()
            for peer in self._client.get_all_connections(self._client.get_port_by_name(full))
            if peer.name not in self._own
        }

    def _peers(self) -> list[Peer]:
        return [
            Peer(port.name, " ".join((port.name, *port.aliases)).lower(), port.is_output)
            for port in self._client.get_ports(is_midi=True)
            if port.name not in self._own
        ]

    def _plug(self, cable: Cable) -> None:
        ends = f"{self._client.name}:{cable.own}", cable.peer
        try:
            self._client.connect(*(reversed(ends) if cable.own in self._receives else ends))
        except self._refusal:  # it does not run yet, or somebody was quicker: the next look sees which
            self._changed = True
