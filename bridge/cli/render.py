"""`continuo render`: files, faster than real time."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import click

from bridge import presets
from bridge.addresses import INSERT, put
from bridge.cli import main, print_json, sentence, stop, tell
from bridge.presets import EFFECTS
from music.errors import did_you_mean


def _put(state: presets.State, wanted: str) -> None:
    """Set a parameter as the command line says it."""
    name, _, text = wanted.partition("=")
    found = {one.name: one for one in INSERT}
    if name not in found:
        raise click.UsageError(f"--set: there is no parameter {name!r}. {sentence(did_you_mean(name, found))}")
    value: object = text
    with suppress(ValueError):
        value = float(text)
    put(state, found[name].path, found[name].check(value))


@main.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="IN.mid...")
@click.option("-o", "--output", "folder", required=True, type=click.Path(path_type=Path), help="Folder to write into.")
@click.option("--preset", metavar="NAME", help="Preset to render with.  [default: harmony]")
@click.option("--effect", type=click.Choice(list(EFFECTS)), help="Instead of a preset: the one to try an effect with.")
@click.option(
    "--bars", type=click.IntRange(1, 64), help="How long a continuation is; default: as the preset has it, or 8."
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Same seed, same notes; default: the preset's.")
@click.option(
    "--set",
    "wanted",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any parameter of the insert, as in changes='Am F C G'.",
)
@click.option("--track", metavar="NAME|N", help="Track to answer; default: the one that looks like the melody.")
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count(), show_default=True, help="Files at a time.")
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="Where a learned player thinks; auto takes CUDA where it is there.",
)
@click.option(
    "--dawproject", is_flag=True, help="A .dawproject beside each file too: for Bitwig Studio, Studio One, Cubase."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of what was written.")
def render(
    inputs: tuple[Path, ...],
    folder: Path,
    preset: str | None,
    effect: str | None,
    bars: int | None,
    seed: int | None,
    wanted: tuple[str, ...],
    track: str | None,
    jobs: int,
    device: str,
    dawproject: bool,
    as_json: bool,
) -> None:
    """Render MIDI files through a preset: their own tracks stay, what Continuo plays comes as new tracks.

    Folders stand for the MIDI files in them. A file that does not read is named and skipped.
    """
    from rich.console import Console
    from rich.progress import Progress

    from bridge.render import batch

    if preset and effect:
        raise click.UsageError("A preset has its effect: give --preset or --effect.")
    state = presets.load(preset or EFFECTS[effect or "harmonize"])
    state["player"]["seed"] = state["player"]["seed"] if seed is None else seed
    state["continue"]["bars"] = bars or state["continue"]["bars"]
    for one in wanted:
        _put(state, one)
    pairs = batch.outputs(list(inputs), folder)
    outcomes = []
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty() or as_json) as bar:
        for outcome in bar.track(
            batch.run(pairs, state, track, jobs, device), total=len(pairs), description="Rendering"
        ):
            outcomes.append(batch.with_project(outcome) if dawproject else outcome)
            if outcome.error:
                tell(f"continuo: {outcome.error}.\n  {sentence(outcome.hint)}")
            elif not as_json:
                click.echo("\n".join(filter(None, (outcome.output, outcomes[-1].project))))
    if as_json:
        print_json([outcome.json() for outcome in outcomes])
    good = [outcome for outcome in outcomes if not outcome.error]
    if not as_json and good:
        seconds, wall_s = sum(one.seconds for one in good), sum(one.wall_s for one in good)
        tell(f"{len(good)} of {len(outcomes)} files, {seconds:.0f} s of music, {seconds / wall_s:.0f} times real time")
    if fallbacks := sum(one.fallbacks or 0 for one in good):
        tell(f"continuo: {fallbacks} answers were the rules': the learned player had none.")
    if len(good) < len(outcomes):
        stop(2)


@main.command()
@click.argument("source", type=click.Path(path_type=Path), metavar="IN.mid")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="SVG file to write.")
@click.option("--from-bar", type=click.IntRange(1), default=1, show_default=True, help="First bar, of four beats.")
@click.option("--bars", type=click.IntRange(1), help="How many; default: all.")
def picture(source: Path, output: Path, from_bar: int, bars: int | None) -> None:
    """Draw a MIDI file as a piano roll, a colour for each track."""
    from bridge.render.picture import svg
    from music import files
    from music.errors import FileError
    from music.midifile import MidiFileError, parse

    try:
        score = parse(files.read(source))
    except MidiFileError as error:
        raise FileError(f"{source}: {error}", "Give a standard MIDI file") from error
    files.write(output, svg(score, 4.0 * (from_bar - 1), 4.0 * bars if bars else None).encode())
    click.echo(output)
