"""The command `continuo`. Data goes to stdout, messages to stderr; what the user can mend exits with 2."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

import click

from music.errors import ContinuoError


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
    """A group whose expected failures are sentences, not tracebacks."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ContinuoError as error:
            raise _Failure(error) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="continuo", prog_name="continuo")
def main() -> None:
    """Continuo, a second musician in your DAW: MIDI in, harmony out, live and on files."""


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


from bridge.cli import bench, look, render, run  # noqa: E402 - they register themselves with `main`

__all__ = ["bench", "look", "main", "print_json", "render", "run", "sentence", "stop", "tell"]
