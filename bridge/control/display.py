"""What is shown to surfaces and cannot be set: the one copy of it, published where it changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge.addresses import ROOT
from bridge.control.osc import OscServer
from bridge.control.state import Desk, Value

Event = dict[str, Any]


class Display:
    """Keeps `Desk.shown`. The event loop of control owns it."""

    def __init__(self, desk: Desk, osc: OscServer, tell: Callable[[Event], None]) -> None:
        self._desk = desk
        self._osc = osc
        self._tell = tell
        self._late: dict[tuple[str, str], int] = {}  # what came too late, by insert, for the port and for the brain

    def show(self, name: str, value: Value) -> None:
        """Show a value at an address below the root, if it is another one."""
        address = f"{ROOT}/{name}"
        if self._desk.shown.get(address) != value:
            self._desk.shown[address] = value
            self._osc.publish(address, value)
            self._tell({"event": "shown", "address": address, "value": value})

    def of_brain(self, values: dict[str, Any]) -> None:
        """What the brain has to show, by name."""
        for name, value in values.items():
            if name.endswith("/missed"):
                self._show_late(name.removesuffix("/missed"), "brain", value)
            else:
                self.show(name, value)

    def of_ports(self, backend: str, ports: list[tuple[str, str]]) -> None:
        """Which MIDI system it is, and what the ports of each insert are called."""
        self.show("backend", backend)
        for number, (receive, send) in enumerate(ports, 1):
            self.show(f"{number}/input_port", receive)
            self.show(f"{number}/output_port", send)

    def of_port(self, meters: list[dict[str, float]], load: int) -> None:
        """The meters of each insert, and how busy the port is."""
        self.show("port_load", load)
        for number, meter in enumerate(meters, 1):
            for name, value in meter.items():
                if name == "late":
                    self._show_late(str(number), "port", int(value))
                else:
                    self.show(f"{number}/{name}", value)

    def _show_late(self, insert: str, role: str, count: int) -> None:
        """What came too late in an insert: not asked for by the brain, not played by the port."""
        self._late[insert, role] = count
        self.show(f"{insert}/late", sum(self._late.get((insert, one), 0) for one in ("port", "brain")))
