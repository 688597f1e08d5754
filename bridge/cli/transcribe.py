"""`continuo transcribe`: a melody in a sound file as notes."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli import main, print_json, tell
from bridge.cli.config import Pitch


@main.command()
@click.argument("source", type=click.Path(path_type=Path), metavar="SONG.wav")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="MIDI file to write.")
@click.option("--lowest", type=Pitch(), default="E2", show_default=True, help="Lowest pitch.")
@click.option("--highest", type=Pitch(), default="C7", show_default=True, help="Highest pitch.")
@click.option(
    "--gate", type=click.IntRange(-90, 0), default=-50, show_default=True, metavar="DB", help="Softer is none."
)
@click.option("--confidence", type=click.IntRange(50, 99), default=85, show_default=True, metavar="PERCENT",
              help="How clear a pitch must be to be a note.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def transcribe(
    source: Path, output: Path, lowest: str, highest: str, gate: int, confidence: int, as_json: bool
) -> None:  # fmt: skip
    """Write the melody of a sound file, one voice, as a MIDI file at 120 bpm: as `run --mic` would hear it."""
    from bridge.render.transcribe import transcribe as write
    from music.audio.listener import Range
    from music.audio.scribe import Gates
    from music.errors import ContinuoError
    from music.pitch import parse_pitch

    low, high = parse_pitch(lowest), parse_pitch(highest)
    if low >= high:
        raise ContinuoError(f"{lowest} is not below {highest}", "Change --lowest or --highest")
    notes = write(source, output, Range(low, high, Gates(gate, confidence / 100)))
    if as_json:
        print_json({"output": str(output), "notes": notes})
    else:
        click.echo(output)
        tell(f"{notes} notes")
