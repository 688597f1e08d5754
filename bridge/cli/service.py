"""`continuo service`: the daemon at login."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli import main, tell
from bridge.cli.run import run

OPTIONS = click.argument("options", nargs=-1, type=click.UNPROCESSED)
TAKES_OPTIONS = {"ignore_unknown_options": True}


@main.group()
def service() -> None:
    """Start Continuo at login, by systemd (Linux) or launchd (macOS)."""


@service.command(context_settings=TAKES_OPTIONS)
@click.option("--for", "system", type=click.Choice(["systemd", "launchd"]), help="Instead of this system's.")
@OPTIONS
def show(system: str | None, options: tuple[str, ...]) -> None:
    """Print the file that `install` would write; OPTIONS are those of `continuo run`."""
    from bridge.service import manager

    _check(options)
    click.echo(manager(system or "").text(options).decode(), nl=False)


@service.command(context_settings=TAKES_OPTIONS)
@OPTIONS
def install(options: tuple[str, ...]) -> None:
    """Start it now and at each login, with these OPTIONS of `continuo run`: continuo service install --preset satb."""
    from bridge.service import install as begin
    from bridge.service import manager

    _check(options)
    found = manager()
    begin(found, options)
    click.echo(found.path)
    tell(f"Continuo runs, and will at each login. What it says: {found.log}")


@service.command()
def uninstall() -> None:
    """End it, and start it no more at login."""
    from bridge.service import manager
    from bridge.service import uninstall as end

    found = manager()
    end(found)
    click.echo(found.path)


def _check(options: tuple[str, ...]) -> None:
    """A service that cannot start is not written: the options must be those of `run`, the presets must be there."""
    from bridge import presets
    from bridge.control.door import Door

    given = run.make_context("run", list(options), parent=click.get_current_context().find_root()).params
    for name in given["presets"]:
        presets.load(name)
    Door(given["osc_host"], given["osc_allow"])
    for key in ("melody", "take"):
        if isinstance(given[key], Path):
            raise click.UsageError(f"A service has no use for --{key}.")
