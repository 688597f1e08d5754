"""The plain form of a running daemon in the terminal: lines, and one that lives."""

from __future__ import annotations

import sys
from contextlib import ExitStack, suppress
from typing import Any

from bridge.cli import keys, print_json, tell


class Terminal:
    """What the terminal shows of a running daemon where no screen is open."""

    def __init__(self, stack: ExitStack, *, quiet: bool, as_json: bool) -> None:
        self._stack = stack
        self._quiet = quiet
        self._as_json = as_json
        self._values: dict[str, Any] = {"bpm": 120.0}
        self._progress: Any = None
        self._line: Any = None

    def show(self, event: dict[str, Any]) -> None:
        """Show what the daemon tells."""
        if self._as_json:
            with suppress(BrokenPipeError):  # whoever read this is gone; the music goes on
                print_json(event)
                sys.stdout.flush()
        elif event["event"] in ("trouble", "dropped", "feedback"):
            self._say(f"continuo: {event['text']}")
        elif self._quiet:
            return
        elif event["event"] == "ready":
            self._ready(event)
        elif event["event"] in ("cable", "microphone", "starting"):
            self._say(f"continuo: {event['text']}")
        elif event["event"] == "back":
            self._say("continuo: the brain is back")
        elif event["event"] == "shown":
            self._shown(event["address"], event["value"])

    def _ready(self, event: dict[str, Any]) -> None:
        self._values["bpm"] = event["tempo"]
        if event["backend"] == "loopback":
            if event["note"]:
                self._say(event["note"][0].upper() + event["note"][1:])
            preset = repr(event["presets"][0])
            if event["melody_s"]:
                self._say(f"Playing a melody of {event['melody_s']:.0f} s through preset {preset} instead ...")
            else:
                self._say(f"What comes by microphone or OSC is answered by preset {preset}, without ports to hear it.")
        else:
            for (receive, send), preset in zip(event["ports"], event["presets"], strict=True):
                self._say(f"{receive} -> {preset} -> {send}   ({event['backend']})")
        ends = f"Keys: {keys.HELP}." if keys.there() else "Ctrl-C ends."
        page = f"http://{_browsed(event['osc_host'])}:{event['query_port']}"
        self._say(f"OSC on {event['osc_host']}:{event['osc_port']}, its addresses on {page}. {ends}")
        if sys.stderr.isatty():
            self._open(event["melody_s"])

    def _open(self, seconds: float) -> None:
        """A line that lives: what sounds, and how far the loopback's melody has come."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn, TimeRemainingColumn

        columns: list[ProgressColumn] = [SpinnerColumn(), TextColumn("{task.description}")]
        columns += [BarColumn(), TimeRemainingColumn()] if seconds else []
        line = Progress(*columns, console=Console(stderr=True), transient=True)
        self._progress = self._stack.enter_context(line)
        self._line = self._progress.add_task("listening", total=seconds or None)

    def _say(self, text: str) -> None:
        """A line for good: above the one that lives, where there is one."""
        if self._progress:
            self._progress.console.print(text, markup=False, highlight=False)
        else:
            tell(text)

    def pause(self) -> None:
        """The terminal is somebody else's for a while."""
        if self._progress:
            self._progress.stop()

    def go_on(self) -> None:
        """It is ours again."""
        if self._progress:
            self._progress.start()

    def say(self, text: str) -> None:
        """A line for the user, where one is wanted."""
        if not self._quiet and not self._as_json:
            self._say(text)

    def reached(self, seconds: float) -> None:
        """How far the loopback's melody has come."""
        if self._progress:
            self._progress.update(self._line, completed=seconds)

    def _shown(self, address: str, value: object) -> None:
        """What changes, on one line: where the song is, chord and key of the first insert, how the rules helped."""
        name = address.removeprefix("/continuo/")
        self._values[name] = value
        if name == "scene" and value:
            self._say(f"continuo: scene {value}")
        if name == "captured":
            self._say(f"continuo: the last minutes are written to {value}")
        if name == "clock_lost":
            self._say("continuo: the clock is lost, its last tempo runs on" if value else "continuo: the clock is back")
        if self._progress:
            self._progress.update(self._line, description=self._description())

    def _description(self) -> str:
        values = self._values  # they come one by one, and only when they change
        song = f"{values['bar']}.{values.get('beat', 1)}  " if values.get("bar") else ""
        leader = values.get("leader", "internal")
        lost = " lost" if values.get("clock_lost") else ""
        clock = f"{song}{values['bpm']:.0f} bpm ({leader}{lost})  " if leader != "internal" or song else ""
        chord, key = values.get("1/chord"), values.get("1/heard_key")
        fallbacks = values.get("1/fallback")
        rules = f", {fallbacks} by the rules" if fallbacks else ""
        playing = f"{chord:<6} in {key}" if chord else "playing" if fallbacks else "listening"
        return clock + playing + rules


def _browsed(host: str) -> str:
    """A listening address as a browser of this machine takes it."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - it is read, not opened
    return f"[{host}]" if ":" in host else host
