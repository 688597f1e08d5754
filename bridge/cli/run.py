"""`continuo run`: the daemon."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli import main, print_json, tell
from bridge.cli.config import Names, Pitch, variable
from bridge.cli.terminal import Terminal
from music.errors import ContinuoError

if TYPE_CHECKING:
    from bridge.control.options import Microphone, Options

MAX_INSERTS = 16

Played = tuple[int, int, str]
"""Insert, ns from the start, message in hex."""


SEVERAL: dict[str, Any] = {"multiple": True, "type": Names()}


def _option(*names: str, **how: Any) -> Callable[[Any], Any]:
    """An option that an environment variable may set."""
    return click.option(*names, envvar=variable(names[0].partition("/")[0]), **how)


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
@_option("--mic", is_flag=True, help="Sing: what one voice sings into a microphone is played into the first insert.")
@_option(
    "--mic-input",
    default="",
    metavar="NAME",
    help="Sound input to listen to, by a part of its name; default: the usual one.",
)
@_option("--mic-lowest", type=Pitch(), default="E2", show_default=True, help="Lowest pitch; higher is quicker.")
@_option("--mic-highest", type=Pitch(), default="C7", show_default=True, help="Highest pitch.")
@_option(
    "--mic-gate",
    type=click.IntRange(-90, 0),
    default=-50,
    show_default=True,
    metavar="DB",
    help="What is softer than that, of full scale, is no note.",
)
@_option(
    "--mic-confidence",
    type=click.IntRange(50, 99),
    default=85,
    show_default=True,
    metavar="PERCENT",
    help="How clear a pitch must be to be a note.",
)
@_option("--screen/--no-screen", default=True, help="Show the screen, where there is a terminal for it.")
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
    mic: bool,
    mic_input: str,
    mic_lowest: str,
    mic_highest: str,
    mic_gate: int,
    mic_confidence: int,
    screen: bool,
    headless: bool,
    melody: Path | None,
    take: Path | None,
    capture_folder: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Start the daemon: virtual MIDI ports, OSC, and a player who answers what comes in.

    Route a track into "Continuo In" and record "Continuo Out". Ctrl-C ends it and every note with it.
    Without a DAW or a patchbay: --input and --output, connected whenever they are there. Without a keyboard: --mic.
    Each option can be set by an environment variable or a file too: continuo config.
    """
    from bridge import presets as shelf
    from bridge.control.options import Options

    if scene and presets:
        raise ContinuoError("--scene has presets of its own", "Give --scene or --preset")
    chosen = _inserts(scene) if scene else list(presets) or [shelf.DEFAULT]
    if len(chosen) > MAX_INSERTS:
        raise ContinuoError(f"{len(chosen)} inserts are too many", f"Give at most {MAX_INSERTS} presets")
    microphone = _microphone(mic_input, mic_lowest, mic_highest, mic_gate, mic_confidence)
    options = Options(
        chosen, backend, name, osc_port, device, osc_host, osc_allow, inputs, outputs, chain,
        capture_folder.expanduser().absolute() if capture_folder else None, scene, scene_channel, not no_announce,
        microphone if mic else None,
    )  # fmt: skip
    with ExitStack() as stack:
        terminal = Terminal(stack, quiet=headless, as_json=as_json)
        played = _serve(
            options,
            list if mic and melody is None else lambda: _melody(melody),
            terminal,
            screen=screen and not headless and not as_json,
        )
    if played:
        _keep(played, take, as_json=as_json)


def _microphone(wanted: str, lowest: str, highest: str, gate_db: int, confidence: int) -> Microphone:
    """What is listened to and for; ContinuoError where there is no pitch between the lowest and the highest."""
    from bridge.control.options import Microphone
    from music.pitch import parse_pitch

    if parse_pitch(lowest) >= parse_pitch(highest):
        raise ContinuoError(f"{lowest} is not below {highest}", "Change --mic-lowest or --mic-highest")
    return Microphone(wanted, parse_pitch(lowest), parse_pitch(highest), gate_db, confidence)


def _serve(
    options: Options, melody: Callable[[], list[tuple[int, str]]], terminal: Terminal, *, screen: bool
) -> list[Played]:
    """Run the daemon to its end; gives what the loopback has played."""
    import asyncio

    from bridge import realtime
    from bridge.cli.front import Front, possible
    from bridge.control.daemon import Daemon

    played: list[Played] = []

    def heard(event: dict[str, Any]) -> None:
        if event["event"] == "played":
            played.append(tuple(event["played"]))
            terminal.reached(event["played"][1] / 1e9)
        else:
            front.hear(event)

    async def serve() -> None:
        realtime.prefer()
        with front.serving():
            try:
                await daemon.run()
            finally:
                await front.close()

    front = Front(terminal, lambda one: daemon.command(one), screen=screen and possible())  # noqa: PLW0108 - see below
    daemon = Daemon(options, melody, heard)  # which tells of broken presets from here on
    with suppress(KeyboardInterrupt):  # Windows, or before the signals are handled
        asyncio.run(serve())
    return played


def _keep(played: list[Played], take: Path | None, *, as_json: bool) -> None:
    """Write what the loopback has played to a file."""
    from bridge.render import tape

    path = tape.write(played, take)
    if as_json:
        print_json({"event": "take", "path": str(path)})
    else:
        tell("What was played is written to")
        click.echo(path)


def _inserts(scene: str) -> list[str]:
    """The preset that each insert of a scene came from."""
    from bridge import scenes

    return [state["preset"] for state in scenes.load(scene, lambda _error: None).inserts]


def _melody(path: Path | None) -> list[tuple[int, str]]:
    """What the loopback plays; only now is there need to load what reads files."""
    from bridge.render import tape

    return tape.melody(path)
