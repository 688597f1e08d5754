"""`continuo tui`: the screen of a running daemon."""

from __future__ import annotations

import click

from bridge.cli import main
from music.errors import ContinuoError


@main.command()
@click.option(
    "--osc-port", type=click.IntRange(1, 65535), default=9000, show_default=True, help="The daemon's OSC port."
)
@click.option("--osc-host", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="The daemon's machine.")
@click.option("--owner", type=int, default=0, hidden=True, help="The daemon that has opened this screen.")
@click.option("--every-frame", is_flag=True, hidden=True, help="Draw all of the roll thirty times a second.")
def tui(osc_port: int, osc_host: str, owner: int, every_frame: bool) -> None:
    """Show a running daemon: the notes, how well it plays, and faders for what can be set.

    It is a surface like any other: several may be open, and the daemon goes on when one closes. ? shows the keys.
    """
    from bridge.cli.front import EVERYWHERE, terminal

    if not terminal():
        raise ContinuoError("the screen needs a terminal", "Run it in one, or send OSC: docs/osc.md")
    from bridge.tui.app import Place, show

    show(Place("127.0.0.1" if osc_host in EVERYWHERE else osc_host, osc_port, owner, every_frame))
