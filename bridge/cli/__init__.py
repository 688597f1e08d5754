"""The command `continuo`. Data goes to stdout, messages to stderr; what the user can mend exits with 2."""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

import click

from music.errors import ContinuoError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class _Failure(click.ClickException):
    """Two lines on stderr: what is wrong, what to do."""

    exit_code = 2

    def __init__(self, error: ContinuoError) -> None:
        super().__init__(error.message)
        self.hint = error.hint

    def show(self, file: Any = None) -> None:
        """Print both lines."""
        click.echo(f"continuo: {self.message}.", file=file, err=True)
        if self.hint:
            click.echo(f"  {sentence(self.hint)}", file=file, err=True)


class _Commands(click.Group):
    """A group whose expected failures are sentences, not tracebacks; others may bring commands of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Its own, and those of the entry points."""
        return sorted({*super().list_commands(ctx), *_guests()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of its own, else one that an entry point names, imported now."""
        own = super().get_command(ctx, cmd_name)
        guest = None if own else _guests().get(cmd_name)
        return guest.load() if guest else own

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ContinuoError as error:
            raise _Failure(error) from error


@cache
def _guests() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # slow to import, and only needed where no own command is meant

    return {entry.name: entry for entry in entry_points(group="continuo.commands")}


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="continuo", prog_name="continuo")
@click.pass_context
def main(context: click.Context) -> None:
    """Continuo, a second musician in your DAW: MIDI in, harmony out, live and on files."""
    if context.invoked_subcommand in ("run", "config"):
        context.default_map = {"run": config.defaults(run.run)}


def print_json(value: object) -> None:
    """One line of JSON on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False))


def sentence(text: str) -> str:
    """The text with its full stop, where it does not end with a mark of its own."""
    return text if text.endswith("?") else f"{text}."


def tell(text: str) -> None:
    """A message for humans, on stderr."""
    click.echo(text, err=True)


def stop(code: int) -> NoReturn:
    """End the command with this code."""
    sys.exit(code)


from bridge.cli import (  # noqa: E402 - they register themselves with `main`
    bench,
    capture,
    config,
    look,
    presets,
    render,
    run,
    scenes,
    service,
    transcribe,
    tui,
)

__all__ = [
    "bench",
    "capture",
    "config",
    "look",
    "main",
    "presets",
    "print_json",
    "render",
    "run",
    "scenes",
    "sentence",
    "service",
    "stop",
    "tell",
    "transcribe",
    "tui",
]
