"""`continuo capture`: what was just played, as a file."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.addresses import CAPTURE_MINUTES, MOST_CAPTURE_MINUTES
from bridge.cli import main, print_json
from bridge.cli.config import variable
from music.errors import FileError


@main.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="New file to write; default: a dated one."
)
@click.option(
    "--minutes",
    type=click.FloatRange(0, MOST_CAPTURE_MINUTES, min_open=True),
    default=CAPTURE_MINUTES,
    show_default=True,
    help="How much of what was played.",
)
@click.option(
    "--osc-port",
    envvar=variable("--osc-port"),
    type=click.IntRange(1, 65535),
    default=9000,
    show_default=True,
    help="Of the daemon.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def capture(output: Path | None, minutes: float, osc_port: int, as_json: bool) -> None:
    """Write what was just played, and what the running daemon answered, as a MIDI file; prints its path.

    The daemon always keeps the last minutes. A track for each part, on the grid of the song. No file is overwritten.
    """
    from bridge import running

    if output and output.exists():
        raise FileError(f"{output}: is there already", "Give another name")
    path = Path(running.capture(osc_port, minutes))
    if output:
        path = _moved(path, output)
    if as_json:
        print_json({"path": str(path)})
    else:
        click.echo(path)


def _moved(path: Path, output: Path) -> Path:
    """Move what the daemon has written: over OSC nobody may name a file, here the user does."""
    from contextlib import suppress

    from music import files

    files.create(output, files.read(path))
    with suppress(OSError):  # in the folder of another user, who keeps it
        path.unlink()
    return output
