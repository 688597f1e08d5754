"""The daemon: OSC on one side, port and brain on the other, one state between them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bridge import scenes
from bridge.control import link, news, trouble
from bridge.control.capture import Captures
from bridge.control.commands import Commands
from bridge.control.display import Display
from bridge.control.door import Door
from bridge.control.gather import Gather
from bridge.control.keyboard import Keyboard
from bridge.control.knobs import Knobs
from bridge.control.link import LinkWatch
from bridge.control.microphone import Listening
from bridge.control.network import Network
from bridge.control.options import Options
from bridge.control.osc import OscServer
from bridge.control.scenes import Scenes
from bridge.control.song import Song
from bridge.control.stall import Stall
from bridge.control.starting import Starting
from bridge.control.state import Desk
from bridge.control.supervisor import Supervisor
from bridge.errors import PortError
from music.errors import ContinuoError

Event = dict[str, Any]
Melody = list[tuple[int, str]]


class Daemon:
    """Control. `run` serves until a signal, or until the loopback's melody has ended.

    The melody, (ns, message in hex), is asked for where no MIDI system is found or wanted. An empty one does not end.
    """

    def __init__(self, options: Options, melody: Callable[[], Melody], tell: Callable[[Event], None]) -> None:
        self._options = options
        self._melody = melody
        self._terminal = tell
        early: list[str] = []
        self._log = early.append  # until there is somebody to tell
        scene = scenes.load(options.scene, self._skipped) if options.scene else None
        self._desk = Desk(options.presets, chain=options.chain, scene=scene, skip=self._skipped)
        self._desk.daemon["scene_channel"] = options.scene_channel
        if options.microphone:
            self._desk.daemon["microphone"] = options.microphone.state
        door = Door(options.osc_host, options.osc_allow, lambda text: self._tell({"event": "dropped", "text": text}))
        keyboard = Keyboard(self._desk, lambda told: self._supervisor.say("brain", **told))
        changes = Gather(self._hand_on)
        self._osc = OscServer(self._desk, changes.add, self._do, door, keyboard)
        self._log = self._osc.watch.log
        for said in early:
            self._log(said)
        self._network = Network(options, self._desk, self._osc, door, tell)
        self._display = Display(self._desk, self._osc, tell)
        self._scenes = Scenes(self._desk, self._display.show, self._scene_changed, self._skipped)
        self._captures = Captures(options.captures, self._desk, self._display.show)
        self._supervisor = Supervisor(self._heard, self._ended)
        self._starting = Starting(self._display, self._tell, self._fail)
        self._listening = Listening(self._supervisor, self._desk, keyboard, self._display, self._tell)
        self._knobs = Knobs(self._desk, self._osc, lambda role, told: self._supervisor.say(role, **told))
        self._song = Song(self._desk, self._osc, lambda told: self._supervisor.say("brain", **told), changes.add)
        self._commands = Commands(self._supervisor, self._captures, self._song, self._scenes, self._tell)
        self._link = LinkWatch(lambda told: self._supervisor.say("brain", link=told))
        self._passes: list[bool] = []  # thru of each insert, as the port was told
        self._port: Event | None = None
        self._port_error = ""
        self._cables: list[list[str]] = []  # what the next port process must plug again
        self._brain_told = self._brain_ready = False
        self._announced = False
        self._stall = Stall(self._supervisor)
        self._end: asyncio.Future[None] | None = None
        self._checking: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve; raises ContinuoError where it cannot start."""
        loop = asyncio.get_running_loop()
        self._end = loop.create_future()
        for number in {signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}:
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt
                loop.add_signal_handler(number, self._finish)
        await self._network.open()
        await self._supervisor.open()
        gc.collect()
        gc.freeze()  # measured: a full collection of what was loaded takes 6 to 17 ms, in the midst of an answer
        options = self._options
        self._supervisor.start("port", *options.of_port())
        self._supervisor.start("brain", "--device", options.device)
        self._starting.begin()
        try:
            await self._end
        finally:
            self._starting.end()
            self._link.close()
            self._network.shut()
            await self._supervisor.close()
            await self._network.leave()

    def _finish(self) -> None:
        if self._end and not self._end.done():
            self._end.set_result(None)

    def _fail(self, error: ContinuoError) -> None:
        if self._end and not self._end.done() and not self._announced:
            self._end.set_exception(error)

    def _tell(self, event: Event) -> None:
        """Tell the terminal of what happens, and those who watch of what a user should know."""
        self._terminal(event)
        if said := trouble.said(event):
            self._log(said)

    def _heard(self, role: str, message: Event) -> None:
        """What a child says. A fault of ours must not cost the line to it: the music goes on."""
        try:
            {"port": self._heard_port, "brain": self._heard_brain, "audio": self._listening.hear}[role](message)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            with contextlib.suppress(Exception):
                self._tell({"event": "trouble", "text": f"A fault in control, please report it: {error!r}"})

    def _heard_port(self, message: Event) -> None:
        if "error" in message:
            self._port_fails(PortError(message["error"], message["hint"]))
        elif "ready" in message:
            self._port_opens(message)
        elif "brain" in message:
            self._brain_is(message["brain"])
        elif "meters" in message:
            self._display.of_port(message["meters"], message["load"])
        elif "pressed" in message:
            self._do(message["pressed"], [])
        elif "done" in message:
            self._finish()
        elif "cables" in message:
            self._cables = message["cables"]
            self._tell({"event": "cables", "cables": self._cables})
        elif "played" in message:
            self._tell({"event": "played", "played": message["played"]})
        else:
            if "feedback" in message:
                self._display.show(f"{message['feedback'] + 1}/feedback", message["loop_ms"] or 0.0)
            self._tell(news.of_port(message, self._port["ports"] if self._port else []))

    def _port_opens(self, message: Event) -> None:
        self._port, self._port_error = message, ""
        self._display.of_ports(message["backend"], message["ports"])
        # MIDI may go and come back: "auto" would then take what there is meanwhile, and stay with it
        self._supervisor.adopt("port", *replace(self._options, backend=message["backend"]).of_port())
        self._passes = []
        self._pass("thru")
        self._supervisor.say("port", panic_cc=self._desk.daemon["panic_cc"])
        self._supervisor.say("port", cables=self._cables)
        self._knobs.meet("port")
        if message["backend"] != "loopback":
            self._starting.passes()
        self._listening.start(self._options.microphone, self._options.name, message["backend"])
        self._introduce()

    def _port_fails(self, error: PortError) -> None:
        self._fail(error)
        if self._announced and str(error) != self._port_error:  # said once, and tried every two seconds
            self._tell({"event": "trouble", "text": str(error)})
        self._port_error = str(error)

    def _brain_is(self, how: str) -> None:
        """What the port has seen of the brain."""
        if how == "stalled":
            self._stall.begin()
        else:
            self._stall.end()
        self._display.show("brain", "ready" if how in ("here", "back") else "down")
        if how == "here":
            self._announce()

    def _heard_brain(self, message: Event) -> None:
        if "refused" in message:
            self._refused(message)
        elif "error" in message:
            self._failed(ContinuoError(message["error"], message["hint"]))
        elif "ready" in message:
            self._brain_told = True
            self._captures.recorder.meet()
            self._supervisor.say("brain", settings=self._desk.settings(set(range(len(self._desk.inserts)))))
            self._knobs.meet("brain")
            self._set_clock()
        elif "compiled" in message:
            self._starting.compiled(message["compiled"])
        elif "set" in message:
            self._brain_ready = True
            self._introduce()
        else:
            self._heard_music(message)

    def _heard_music(self, message: Event) -> None:
        """What the brain says while it plays."""
        if "captured" in message:
            self._captures.recorder.take(message)
            self._osc.watch.take(message["captured"])
        elif "moved" in message:
            self._knobs.turn(message["moved"])
        elif "program" in message:
            self._commands.attempt(lambda: self._scenes.program(*message["program"]))
        elif "trouble" in message:
            self._tell({"event": "trouble", "text": message["trouble"]})
        elif "tapped" in message:
            self._song.tapped(message["tapped"])
        else:
            self._display.of_brain(message["shown"])

    def _failed(self, error: ContinuoError) -> None:
        """It ends a start; later it is told."""
        self._fail(error)
        if self._announced:
            self._tell({"event": "trouble", "text": str(error)})

    def _refused(self, message: Event) -> None:
        """A player that cannot be had: it ends a start; later it is an error for who wanted it; another plays on."""
        error = ContinuoError(message["error"], message["hint"])
        self._fail(error)
        if not self._announced:
            return
        insert = message["refused"]
        if self._desk.inserts[insert]["player"]["model"] == message["model"]:
            self._desk.inserts[insert]["player"]["model"] = message["plays"]
            self._osc.take_back(insert, str(error))
        self._tell({"event": "trouble", "text": f"{error} ({message['plays']!r} plays)"})

    def _introduce(self) -> None:
        """Tell the brain where the port listens, once both are there."""
        if self._port and self._brain_ready and self._end and not self._end.done():
            self._supervisor.say("brain", port=self._port["port"])

    def _announce(self) -> None:
        assert self._port  # noqa: S101 - the brain can only meet a port that is ready
        if self._end and self._end.done():  # the start has failed meanwhile
            return
        if self._announced:
            self._tell({"event": "back", "pids": self._supervisor.pids("port", "brain")})
            return
        self._announced = True
        self._starting.end()
        self._checking = asyncio.create_task(self._scenes.check())
        melody: Melody = []
        if self._port["backend"] == "loopback":
            try:
                melody = self._melody()
            except ContinuoError as error:
                self._announced = False
                self._fail(error)
                return
            if melody:
                self._supervisor.say("port", melody=melody, tail_s=self._desk.tail_s())
        self._tell(
            {
                "event": "ready",
                "backend": self._port["backend"],
                "note": self._port["note"],
                "ports": self._port["ports"],
                "melody_s": melody[-1][0] / 1e9 if melody else 0,
                **self._network.told,
                "presets": [state["preset"] for state in self._desk.inserts],
                "tempo": self._desk.daemon["tempo"],
                "pids": self._supervisor.pids("port", "brain"),
            }
        )

    def _ended(self, role: str, code: int) -> None:
        """A child ended by itself."""
        if role == "audio":
            self._listening.ended()
        elif role == "port":
            self._port = None
        else:
            self._brain_told = self._brain_ready = False
            self._captures.recorder.cut(time.monotonic_ns())
            self._osc.watch.cut()
            self._display.show("brain", "down")
            self._stall.end()
        if (self._announced or code >= 0) and not (role == "port" and self._port_error):
            how = f"was killed (signal {-code})" if code < 0 else f"ended with code {code}"
            self._tell({"event": "trouble", "text": f"The {role} process {how}: starting it again"})

    def _hand_on(self, changed: set[int | None]) -> None:
        """Tell the others of changes."""
        inserts = {insert for insert in changed if insert is not None}
        if inserts and self._brain_told:  # one that is starting is told of all inserts at once, when it can hear it
            self._supervisor.say("brain", settings=self._desk.settings(inserts))
        for address in self._desk.released(inserts):
            self._osc.publish(address, 0)
        self._pass("thru")
        if None in changed:
            self._supervisor.say("port", panic_cc=self._desk.daemon["panic_cc"])
            self._listening.look()
            self._set_clock()
        self._knobs.look()

    def _scene_changed(self, inserts: int) -> None:
        """Other states of so many inserts: they count from the next note on."""
        if self._brain_told:
            self._supervisor.say("brain", scene=self._desk.settings(set(range(inserts))))
        self._pass("scene_thru")
        self._set_clock()
        self._knobs.look()
        self._osc.publish_state()

    def _pass(self, how: str) -> None:
        """Tell the port if other inserts let the dry notes through now."""
        if self._desk.thru() != self._passes:
            self._passes = self._desk.thru()
            self._supervisor.say("port", **{how: self._passes})

    def _set_clock(self) -> None:
        self._supervisor.say("brain", clock=self._desk.daemon)
        wanted = self._desk.daemon["link"] or self._desk.daemon["source"] == "link"
        self._link.set(on=wanted, bpm=self._desk.daemon["tempo"], meter=self._desk.daemon["meter"])
        if wanted and not link.installed():
            self._tell({"event": "trouble", "text": str(ContinuoError("Ableton Link is not installed", link.INSTALL))})

    def command(self, command: str) -> None:
        """Do what a key means: `quit`, or one of the commands that surfaces have."""
        if command == "quit":
            self._finish()
        elif answer := self._commands.press(command):
            answer.add_done_callback(self._captured)

    def _captured(self, written: asyncio.Task[str]) -> None:
        if not written.cancelled() and (error := written.exception()):  # a path is shown to all, this is not
            self._terminal({"event": "trouble", "text": str(error)})

    def _do(self, command: str, values: list[object]) -> asyncio.Task[str] | None:
        return self._commands.do(command, values)

    def _skipped(self, error: ContinuoError) -> None:
        self._tell({"event": "trouble", "text": f"Skipped: {error}"})
