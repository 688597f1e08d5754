"""Knobs and buttons that move parameters: picked up where the parameter stands, learnt where one is waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from bridge.addresses import ROOT
from bridge.control.osc import OscServer
from bridge.control.state import Desk, learn_of
from bridge.knobs import NEVER, Knob
from music.errors import ContinuoError

Told = dict[str, Any]
Move = tuple[int, int, int, int, int, int]
"""Port, channel (from 1), controller, where it stands, and how low and how high it was on its way there."""


class Knobs:
    """What knobs do to the desk, by the way that surfaces go. The event loop of control owns it.

    Port and brain are told whose knobs they are: the one keeps their messages from thru, the other hands them here.
    """

    def __init__(self, desk: Desk, osc: OscServer, say: Callable[[str, Told], None]) -> None:
        self._desk = desk
        self._osc = osc
        self._say = say
        self._told = self._wanted()
        self._stand: dict[tuple[int, int, int], int] = {}  # by port, channel and controller
        self._set: dict[str, Any] = {}  # what a knob has set last, by address: another value there is somebody else's

    def meet(self, role: str) -> None:
        """Tell one who is new."""
        self._say(role, self._wanted())

    def look(self) -> None:
        """Tell both if the knobs are others now."""
        wanted = self._wanted()
        if wanted != self._told:
            self._told = wanted
            for role in ("port", "brain"):
                self._say(role, wanted)

    def turn(self, moves: Iterable[Move]) -> None:
        """Take in where knobs stand now, and what follows from it."""
        for port, channel, cc, stands, low, high in moves:
            if cc in NEVER or cc == self._desk.daemon["panic_cc"]:
                continue
            came_from = self._stand.get((port, channel, cc), stands)
            self._stand[port, channel, cc] = stands
            for insert in range(len(self._desk.inserts)):
                if port not in self._desk.sources(insert):
                    continue
                if self._desk.shown[learn_of(insert)]:
                    self._desk.learn(insert, (self._desk.shown[learn_of(insert)], cc, channel))
                    self._osc.learnt(insert)
                for knob in self._desk.knobs(insert, channel, cc):
                    self._move(insert, knob, stands, (min(low, came_from), max(high, came_from)))

    def _move(self, insert: int, knob: Knob, stands: int, passed: tuple[int, int]) -> None:
        """Set a parameter, if the knob has set it last or has met it on its way."""
        address = f"{ROOT}/{insert + 1}/{knob.name}"
        here = self._desk.read(address)
        free = knob.jumps or not self._desk.inserts[insert]["input"]["pickup"]
        if not free and self._set.get(address) != (knob.cc, knob.channel, here):
            first, last = knob.reach(here)
            if passed[1] < first or passed[0] > last:
                return
        with suppress(ContinuoError):  # a player without weights, the wrong side of a range: it stays as it is
            self._osc.set(address, knob.at(stands))
        self._set[address] = (knob.cc, knob.channel, self._desk.read(address))

    def _wanted(self) -> Told:
        return {"knobs": self._desk.controllers(), "learning": self._desk.learning()}
