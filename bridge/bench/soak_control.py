"""What control does in a soak: the one state, changes told to port and brain, and both started again when they die."""

from __future__ import annotations

import random
from collections.abc import Callable
from traceback import extract_tb
from typing import Any

from bridge.addresses import ROOT
from bridge.bench.soak_house import NEVER, PERIOD_NS, Brain, House, Port
from bridge.bench.soak_player import make
from bridge.brain.players import Players
from bridge.brain.settings import HARMONIZE, ORCHESTRATE, REDUCE
from bridge.control.state import Desk
from bridge.players import RULES
from music.errors import ContinuoError

MS = 1_000_000
STALL_NS = 2_000 * MS
"""As in `bridge.control.daemon`."""
SETTLED_NS = 5_000 * MS
"""So long after a change of settings nobody wonders what sounds."""
MODELS = ("chorale", "left-hand", "lead-comp")


class Control:
    """Starts a house, tells it what surfaces want, and does things to it that should not happen."""

    def __init__(self, inserts: int, dice: random.Random) -> None:
        self.house = House(inserts, dice)
        self.desk = Desk(["harmony"] * inserts)
        self.plugged = [True] * inserts
        self.fallbacks = self.late = self.notes = self.dropped = self.left = 0
        self.bpm = 120.0
        """The tempo that surfaces were shown last."""
        self.wrong: list[str] = []
        self.crashes: list[str] = []
        """What the brain has raised."""
        self.reports: dict[str, int] = {}
        self._dice = dice
        self._players = Players(make=make)
        # now: otherwise threads would load them while the music goes on
        for effect, name in ((ORCHESTRATE, RULES), (REDUCE, RULES), *((HARMONIZE, name) for name in MODELS)):
            self._players.get(effect, name)
        self._changed_ns = [0] * inserts
        self._shown: dict[str, int] = {}
        self._told_ns = {"port": 0, "brain": 0}
        self._stall = 0
        self.house.heard, self.house.crashed = self.listen, self._crashed
        self.start_port()
        self.start_brain()

    def play(self, insert: int, data: bytes) -> None:
        """A musician plays: it arrives where the cable is in."""
        house = self.house
        if house.port and self.plugged[insert]:
            house.port.incoming.append((house.now_ns, insert, data))

    def set(self, address: str, value: object) -> bool:
        """A surface sets a value, loads a preset ("1/preset") or as a scene does; False where it is refused."""
        as_what = "settings"
        try:
            if address.endswith("/preset"):
                number, _ = address.split("/")
                insert: int | None = int(number) - 1
                self.desk.load(int(number) - 1, str(value))
                as_what = self._dice.choice(("settings", "scene"))
                self._tell("brain", clock=dict(self.desk.daemon))
            else:
                insert = self.desk.write(address, value)
        except ContinuoError:
            return False
        if insert is None:
            self._command("panic_cc", self.desk.daemon["panic_cc"])
            self._tell("brain", clock=dict(self.desk.daemon))
        else:
            self._changed_ns[insert] = self.house.now_ns
            self._tell("brain", **{as_what: self.desk.settings({insert})})
            self._command("scene_thru" if as_what == "scene" else "thru", self.desk.thru())
        return True

    def do(self, command: str) -> None:
        """Panic or resume."""
        self._command(command, None)
        self._tell("brain", **{command: True})

    def lead(self, **command: int) -> None:
        """Taps, play, stop."""
        self._tell("brain", **command)

    def start_port(self) -> None:
        """Open the ports; behind them everything is silent."""
        house = self.house
        port = house.port = Port(house.inserts)
        port.next_ns = house.now_ns - house.now_ns % PERIOD_NS + PERIOD_NS
        port.may_sound = self._may_sound
        port.exchange.commands.append(("thru", self.desk.thru()))
        port.exchange.commands.append(("panic_cc", self.desk.daemon["panic_cc"]))
        house.connect()

    def start_brain(self) -> None:
        """Start the brain; it is told everything."""
        house = self.house
        brain = house.brain = Brain(self._players, self._dice, house.now_ns)
        brain.session.obey({"settings": self.desk.settings(set(range(house.inserts)))}, house.now_ns)
        brain.session.obey({"clock": dict(self.desk.daemon)}, house.now_ns)
        house.connect()

    def kill_brain(self) -> None:
        """Kill -9; some of what it had to say is on its way."""
        house = self.house
        if house.brain is None:
            return
        self._listen()
        if house.wire:
            house.wire.gone = True
        house.brain = None
        house.at(house.now_ns + self._dice.randint(50, 1500) * MS, self.start_brain)

    def kill_port(self) -> None:
        """Kill -9: with its ports everything goes that sounded behind them."""
        house = self.house
        if house.port is None:
            return
        for synth in house.port.synths:
            synth.clear()
        self._end_port()

    def close_port(self) -> None:
        """Ask the port to end: it ends every note before it goes."""
        house = self.house
        if house.port is None:
            return
        port, port.room, port.losing = house.port, NEVER, 0
        port.exchange.commands.append(("close", None))
        while not port.exchange.closed.is_set():
            port.cycle(port.next_ns)
        self.left += sum(synth.clear() for synth in port.synths)
        self._end_port()

    def unplug(self, insert: int, lasts_ns: int) -> None:
        """Pull a cable for a while."""
        house = self.house
        self.plugged[insert] = False
        self._command("unplugged", insert, now=True)
        house.at(house.now_ns + lasts_ns, self.plug, insert)

    def plug(self, insert: int) -> None:
        """Put it in again."""
        self.plugged[insert] = True

    def lose(self, cycles: int) -> None:
        """An xrun: what was written in some cycles reaches nobody, and JACK tells of it a little later."""
        port = self.house.port
        if port:
            port.losing = cycles
            port.noticed_ns = port.next_ns + (cycles + self._dice.randint(0, 5)) * PERIOD_NS

    def narrow(self, room: int, lasts_ns: int) -> None:
        """For a while a cycle holds so few messages."""
        port = self.house.port
        if port:
            port.room = room
            self.house.at(self.house.now_ns + lasts_ns, self._widen, port)

    def stall(self, lasts_ns: int) -> None:
        """The brain does nothing for a while."""
        if self.house.brain:
            self.house.brain.stalled_ns = self.house.now_ns + lasts_ns

    def listen(self) -> None:
        """Hear what port and brain report, and do what control does."""
        self._listen()
        port, house = self.house.port, self.house
        while port and port.exchange.reports:
            report = port.exchange.reports.popleft()
            name = next(f"{key} {value}" if isinstance(value, str) else key for key, value in report.items())
            self.reports[name] = self.reports.get(name, 0) + 1
            if "pressed" in report:
                self.do(report["pressed"])
            elif report.get("brain") == "stalled":
                self._stall += 1
                house.at(house.now_ns + STALL_NS, self._give_up, self._stall)
            elif "brain" in report:
                self._stall += 1

    def _crashed(self, error: Exception) -> None:
        place = extract_tb(error.__traceback__)[-1]
        self.crashes.append(f"{type(error).__name__}: {error} ({place.filename}:{place.lineno})")
        self.kill_brain()

    def _give_up(self, stall: int) -> None:
        if stall == self._stall:
            self.kill_brain()

    def _listen(self) -> None:
        brain = self.house.brain
        while brain and brain.session.to_control:
            message = brain.session.to_control.popleft()
            if "tapped" in message:
                self.set(f"{ROOT}/tempo", min(max(message["tapped"], 20.0), 400.0))
            for name, value in message.get("shown", {}).items():
                if name.endswith(("/fallback", "/missed")):
                    self._shown[name] = value
                elif name == "bpm":
                    self.bpm = value
            if "set" in message:
                self._count_shown()

    def _count_shown(self) -> None:
        """The counts of a brain that has ended."""
        self.fallbacks += sum(value for name, value in self._shown.items() if name.endswith("/fallback"))
        self.late += sum(value for name, value in self._shown.items() if name.endswith("/missed"))
        self._shown.clear()

    def finish(self) -> None:
        """Take the last counts in."""
        self.listen()
        self._count_shown()
        self._count_port()

    def _count_port(self) -> None:
        port = self.house.port
        if port:
            self.notes += port.notes
            self.wrong += port.wrong
            self.late += sum(outlet.late for outlet in port.exchange.outlets)
            self.dropped += sum(outlet.dropped for outlet in port.exchange.outlets)

    def _end_port(self) -> None:
        house = self.house
        self.listen()
        self._count_port()
        if house.wire:
            house.wire.shut = True
        house.port = house.wire = None
        house.at(house.now_ns + self._dice.randint(50, 800) * MS, self.start_port)

    @staticmethod
    def _widen(port: Port) -> None:
        port.room = NEVER

    def _may_sound(self, insert: int, channel: int, pitch: int) -> bool:
        """Whether an onset of the brain's is to be expected here: a note, or a keyswitch."""
        brain = self.house.brain
        unsettled_ns = max(self._changed_ns[insert], brain.stalled_ns if brain else 0)
        if not brain or insert in brain.session.waiting or self.house.now_ns - unsettled_ns < SETTLED_NS:
            return True
        state = self.desk.inserts[insert]
        parts = [part for part in state["part"] if part["channel"] == channel + 1]
        return bool(parts) and (not state["bypass"] or any(part["keyswitch"] == pitch for part in parts))

    def _tell(self, role: str, **message: Any) -> None:
        """Have the brain told something, a little later; lost where it has ended by then."""
        self._soon(role, self._told_brain, self.house.brain, message)

    def _told_brain(self, brain: Brain | None, message: dict[str, Any]) -> None:
        if brain and brain is self.house.brain:
            brain.tell(message)

    def _command(self, command: str, value: object, *, now: bool = False) -> None:
        if now and self.house.port:
            self.house.port.exchange.commands.append((command, value))
        else:
            self._soon("port", self._commanded, self.house.port, command, value)

    def _commanded(self, port: Port | None, command: str, value: object) -> None:
        if port and port is self.house.port:
            port.exchange.commands.append((command, value))

    def _soon(self, role: str, act: Callable[..., None], *arguments: object) -> None:
        """What is said to one process arrives in order; between the two anything may come first."""
        ns = max(self._told_ns[role], self.house.now_ns + self._dice.choice((0, 100_000, 1 * MS, 5 * MS)))
        self._told_ns[role] = ns
        self.house.at(ns, act, *arguments)
