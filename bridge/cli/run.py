"""`continuo run`: the daemon."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import click

from bridge.cli import keys, main, print_json, tell
from bridge.cli.config import Names, variable
from music.errors import ContinuoError

MAX_INSERTS = 16


SEVERAL: dict[str, Any] = {"multiple": True, "type": Names()}


def _option(*names: str, **how: Any) -> Callable[[Any], Any]:
    """An option that an environment variable may set."""
    return click.option(*names, envvar=variable(names[0]), **how)


@main.command()
@_option(
    "--preset",
    "presets",
    multiple=True,
    type=Names(),
    metavar="NAME",
    help="Preset to load; give it again for more inserts.",
)
@_option("--scene", default="", metavar="NAME", help="Scene to start with, instead of presets.")
@_option(
    "--scene-channel",
    type=click.IntRange(0, 17),
    default=0,
    show_default=True,
    help="Channel whose program changes choose scenes of the setlist; 17 = any, 0 = none.",
)
@_option(
    "--backend",
    type=click.Choice(["auto", "jack", "rtmidi", "loopback"]),
    default="auto",
    show_default=True,
    help="MIDI system; loopback needs none and plays a melody.",
)
@_option("--name", default="Continuo", show_default=True, help="What the ports are called.")
@_option(
    "--input",
    "inputs",
    multiple=True,
    type=Names(),
    metavar="NAME",
    help="Keyboard to listen to, by a part of its port's name.",
)
@_option(
    "--output",
    "outputs",
    multiple=True,
    type=Names(),
    metavar="NAME",
    help="Synthesizer to play, by a part of its port's name.",
)
@_option("--osc-port", type=click.IntRange(0, 65535), default=9000, show_default=True, help="0 takes a free one.")
@_option(
    "--osc-host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="Where OSC listens; beyond this machine it needs --osc-allow.",
)
@_option(
    "--osc-allow",
    multiple=True,
    type=Names(),
    metavar="ADDRESS|NETWORK",
    help="Who else may speak OSC; give it again for more.",
)
@_option("--no-announce", is_flag=True, help="Do not say on the network where OSC is (only if it listens there).")
@_option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="Where learned players think; auto takes CUDA where it is there.",
)
@_option("--chain", is_flag=True, help="Each insert hears the one before it instead of a port of its own.")
@_option("--headless", is_flag=True, help="Print nothing but what goes wrong.")
@_option("--melody", type=click.Path(path_type=Path), help="MIDI file that the loopback plays.")
@_option("--take", type=click.Path(path_type=Path), help="Where the loopback writes what was played.")
@_option(
    "--capture-folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where captures go; default: Continuo in your folder of music.",
)
@_option("--json", "as_json", is_flag=True, help="Print what happens as one JSON object a line.")
def run(
    presets: tuple[str, ...],
    scene: str,
    scene_channel: int,
    backend: str,
    name: str,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    osc_port: int,
    osc_host: str,
    osc_allow: tuple[str, ...],
    no_announce: bool,
    device: str,
    chain: bool,
    headless: bool,
    melody: Path | None,
    take: Path | None,
    capture_folder: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Start the daemon: virtual MIDI ports, OSC, and a player who answers what comes in.

    Route a track into "Continuo In" and record "Continuo Out". Ctrl-C ends it and every note with it.
    Without a DAW or a patchbay: --input and --output, connected whenever they are there.
    Each option can be set by an environment variable or a file too: continuo config.
    """
    import asyncio

    from bridge import presets as shelf
    from bridge import realtime
    from bridge.control.daemon import Daemon
    from bridge.control.options import Options

    async def serve(daemon: Daemon) -> None:
        realtime.prefer()
        with keys.listening(daemon.command):
            await daemon.run()

    if scene and presets:
        raise ContinuoError("--scene has presets of its own", "Give --scene or --preset")
    chosen = _inserts(scene) if scene else list(presets) or [shelf.DEFAULT]
    if len(chosen) > MAX_INSERTS:
        raise ContinuoError(f"{len(chosen)} inserts are too many", f"Give at most {MAX_INSERTS} presets")
    played: list[tuple[int, int, str]] = []
    with ExitStack() as stack:
        screen = Screen(stack, quiet=headless, as_json=as_json)

        def heard(event: dict[str, Any]) -> None:
            if event["event"] == "played":
                played.append(tuple(event["played"]))
                screen.reached(event["played"][1] / 1e9)
            else:
                screen.show(event)

        with suppress(KeyboardInterrupt):  # Windows, or before the signals are handled
            options = Options(
                chosen, backend, name, osc_port, device, osc_host, osc_allow, inputs, outputs, chain,
                capture_folder.expanduser().absolute() if capture_folder else None, scene, scene_channel,
                not no_announce,
            )  # fmt: skip
            asyncio.run(serve(Daemon(options, lambda: _melody(melody), heard)))
    if played:
        from bridge.render import tape

        path = tape.write(played, take)
        if as_json:
            print_json({"event": "take", "path": str(path)})
        else:
            tell("What was played is written to")
            click.echo(path)


class Screen:
    """What the terminal shows of a running daemon."""

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
        elif event["event"] == "cable":
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
            self._say(
                f"Playing a melody of {event['melody_s']:.0f} s through preset {event['presets'][0]!r} instead ..."
            )
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


def _inserts(scene: str) -> list[str]:
    """The preset that each insert of a scene came from."""
    from bridge import scenes

    return [state["preset"] for state in scenes.load(scene, lambda _error: None).inserts]


def _browsed(host: str) -> str:
    """A listening address as a browser of this machine takes it."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - it is read, not opened
    return f"[{host}]" if ":" in host else host


def _melody(path: Path | None) -> list[tuple[int, str]]:
    """What the loopback plays; only now is there need to load what reads files."""
    from bridge.render import tape

    return tape.melody(path)
