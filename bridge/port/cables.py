"""Which cables are plugged, which are waited for, and which are to be plugged again. No ports, no clock, no threads.

A cable whose peer has gone is kept, and due again as soon as a port of that name appears. A cable that is pulled while
its peer stays was pulled by the user, and is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

GRACE_S = 1.0
"""A client that ends lets go of its cables first and of its ports afterwards: only then is it clear who pulled them."""
PATIENCE_S = 30.0
"""How long a cable is tried: JACK refuses one to a client that has registered its ports and does not run yet."""

AWAY_LIMIT = 256
"""Cables that wait for a peer beyond these are forgotten: some programs have another name each time."""


class Cable(NamedTuple):
    """From one of our ports to somebody else's."""

    own: str
    peer: str


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody else's port."""

    name: str
    label: str
    """Its name and whatever else it is called, in small letters."""
    plays: bool
    """Notes come out of it; otherwise they go in."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A device that the user has named: the first port that fits is plugged into one of ours when it appears."""

    own: str
    part: str
    """Of its name, in small or capital letters."""
    plays: bool

    def fits(self, peer: Peer) -> bool:
        """Whether this port may be meant."""
        return peer.plays == self.plays and self.part.lower() in peer.label


class Cables:
    """What is known of the cables. One thread owns it; `look` again after each change, and while `restless`."""

    def __init__(self, wishes: Iterable[Wish] = ()) -> None:
        self.news: list[dict[str, Any]] = []
        """What the user should read, oldest first; whoever tells it clears it."""
        self._wishes = list(wishes)
        self._unheard = list(self._wishes)  # nothing has been said of them yet
        self._plugged: set[Cable] = set()
        self._pulled: dict[Cable, float] = {}  # since when; its peer is still there
        self._away: dict[Cable, None] = {}  # its peer has gone; in the order in which they went
        self._due: dict[Cable, float] = {}  # to be plugged, until then
        self._labels: dict[str, str] = {}  # of the peers, also of those that have gone and are waited for
        self._there: set[str] = set()
        self._returned: set[str] = set()  # whose cables, if it had any, were made before it appeared

    def remember(self, cables: Iterable[Cable]) -> None:
        """Take over cables that were plugged in an earlier life: due at once where the peer is there."""
        self._away |= dict.fromkeys(cable for cable in cables if cable not in self._plugged)
        self._there -= {cable.peer for cable in self._away}

    def made(self, cable: Cable) -> None:
        """Take note of a cable that was plugged since the last look, and may be gone again by now."""
        if cable not in self._plugged:
            self._gain({cable})
            self._plugged.add(cable)
        self._returned.discard(cable.peer)

    def registered(self, peer: str) -> None:
        """Take note of a port that has appeared since the last look, and may have gone before it."""
        self._returned.add(peer)

    @property
    def kept(self) -> list[Cable]:
        """All that a later life should plug again."""
        return sorted({*self._plugged, *self._away, *self._pulled})

    @property
    def restless(self) -> bool:
        """Whether time alone changes something."""
        return bool(self._pulled or self._due)

    def look(self, plugged: set[Cable], peers: Sequence[Peer], now_s: float) -> list[Cable]:
        """The cables to plug now, seeing what is plugged and who is there."""
        there = {peer.name for peer in peers}
        returned = self._returned & there
        appeared = (there - self._there) | returned
        self._returned.clear()
        self._there = there
        waited = {cable.peer for cable in self._away}
        self._labels = {name: label for name, label in self._labels.items() if name in waited}
        self._labels |= {peer.name: peer.label for peer in peers}
        self._lose(self._plugged - plugged, there, now_s)
        self._gain(plugged - self._plugged)
        self._plugged = set(plugged)
        until_s = now_s + PATIENCE_S
        self._due |= {cable: until_s for cable in self._away if cable.peer in appeared}
        self._due |= {cable: until_s for cable in self._pulled if cable.peer in returned}
        self._due |= dict.fromkeys(self._wished([peer for peer in peers if peer.name in appeared], peers), until_s)
        self._give_up(there, now_s)
        return list(self._due)

    def _lose(self, lost: set[Cable], there: set[str], now_s: float) -> None:
        """Sort what is not plugged any more: gone with its peer, or pulled by the user."""
        self._pulled |= dict.fromkeys(sorted(lost), now_s)
        for cable, since_s in list(self._pulled.items()):
            if cable.peer not in there:
                del self._pulled[cable]
                self._away[cable] = None
                while len(self._away) > AWAY_LIMIT:
                    del self._away[next(iter(self._away))]
                self.news.append({"cable": "gone", "own": cable.own, "peer": cable.peer})
            elif now_s - since_s > GRACE_S and cable not in self._due:
                del self._pulled[cable]

    def _gain(self, gained: set[Cable]) -> None:
        """Take note of what has been plugged, by whomever; told is what we have done, or what was waited for."""
        for cable in sorted(gained):
            waited = cable in self._away or self._pulled.pop(cable, None) is not None
            if waited or cable in self._due:
                self.news.append({"cable": "back" if waited else "new", "own": cable.own, "peer": cable.peer})
            self._due.pop(cable, None)
            self._away.pop(cable, None)
            for wish in self._wishes:
                if self._grants(wish, cable):  # the device is back under another name: nobody waits for the old one
                    self._away = {other: None for other in self._away if not self._grants(wish, other)}

    def _wished(self, appeared: list[Peer], peers: Sequence[Peer]) -> list[Cable]:
        """A cable for each wish that has none and can have one now; the first look says what is waited for."""
        wanted: list[Cable] = []
        for wish in self._wishes:
            if any(self._grants(wish, cable) for cable in (*self._plugged, *self._due)):
                continue
            fitting = [peer for peer in appeared if wish.fits(peer)]
            if fitting:
                wanted.append(Cable(wish.own, fitting[0].name))
            elif wish in self._unheard:
                names = [peer.name for peer in peers if peer.plays == wish.plays]
                self.news.append({"waiting": wish.part, "plays": wish.plays, "there": names})
        self._unheard.clear()
        return wanted

    def _grants(self, wish: Wish, cable: Cable) -> bool:
        return cable.own == wish.own and wish.part.lower() in self._labels.get(cable.peer, cable.peer.lower())

    def _give_up(self, there: set[str], now_s: float) -> None:
        for cable, end_s in list(self._due.items()):
            if cable.peer not in there:
                del self._due[cable]
            elif now_s >= end_s:
                del self._due[cable]
                self.news.append({"cable": "refused", "own": cable.own, "peer": cable.peer})
