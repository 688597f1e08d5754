"""`continuo ports`, `addresses`, `scripts`, `doctor`, `completion`: what there is."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli import main, print_json, stop, tell
from bridge.cli.config import variable


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def ports(as_json: bool) -> None:
    """List the MIDI ports of this machine."""
    from bridge.doctor import midi_ports

    found, notes = midi_ports()
    if as_json:
        print_json(found)
        return
    for note in notes:
        tell(note)
    for system, names in found.items():
        for direction in ("inputs", "outputs"):
            for name in names[direction]:
                click.echo(f"{system}\t{direction[:-1]}\t{name}")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def tokens(as_json: bool) -> None:
    """List the vocabularies of note tokens: what models that go on note by note read and write."""
    from music.tokens import FIELDS

    if as_json:
        print_json([field._asdict() for field in FIELDS])
        return
    for field in FIELDS:
        click.echo(f"{field.name:<11} {field.size:>4}  {field.text}")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.option("--markdown", is_flag=True, help="Print docs/osc.md.")
def addresses(as_json: bool, markdown: bool) -> None:
    """List every OSC address with its type, range and meaning."""
    from bridge import addressbook

    if markdown:
        click.echo(addressbook.markdown(), nl=False)
    elif as_json:
        print_json(addressbook.rows())
    else:
        for row in addressbook.rows():
            click.echo(f"{row['address']:<36} {row['types']:<5} {row['range']:<38} {row['text']}")


@main.command()
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Copy all of them there."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def scripts(out: Path | None, as_json: bool) -> None:
    """List what comes along for other programs: a TouchOSC layout, scripts for DAWs, example clients."""
    from bridge import scripts as along

    if out:
        for path in along.copy(out):
            click.echo(path)
        return
    if as_json:
        print_json([{"name": one.name, "text": one.text, "file": str(one.path)} for one in along.scripts()])
        return
    for one in along.scripts():
        click.echo(f"{one.path}\t{one.text}")


@main.command()
@click.option(
    "--osc-port",
    envvar=variable("--osc-port"),
    type=click.IntRange(1, 65535),
    default=9000,
    show_default=True,
    help="Of a running daemon.",
)
@click.option("--symptoms", "by_symptom", is_flag=True, help="Print what helps against what, and look at nothing.")
@click.option("--markdown", is_flag=True, help="Print docs/troubleshooting.md.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def doctor(osc_port: int, by_symptom: bool, markdown: bool, as_json: bool) -> None:
    """Look at this machine, at a running daemon's clock and meters, and send a note through a daemon of its own.

    Exits with 1 where something must be mended.
    """
    if by_symptom or markdown:
        _symptoms(markdown=markdown, as_json=as_json)
        return
    from bridge.doctor import examine

    findings = []
    for finding in examine(osc_port):
        findings.append(finding)
        if not as_json:
            mark = {"good": "ok  ", "note": "note", "bad": "BAD "}[finding.grade]
            click.echo(f"{mark}  {finding.what}: {finding.text}")
            if finding.remedy:
                click.echo(f"      -> {finding.remedy}")
    if as_json:
        from dataclasses import asdict

        print_json([asdict(finding) for finding in findings])
    if any(finding.grade == "bad" for finding in findings):
        stop(1)


def _symptoms(*, markdown: bool, as_json: bool) -> None:
    from bridge import symptoms

    if markdown:
        click.echo(symptoms.markdown(), nl=False)
    elif as_json:
        print_json([{"symptom": one.seen, "remedies": one.remedies} for one in symptoms.SYMPTOMS])
    else:
        for one in symptoms.SYMPTOMS:
            click.echo(one.seen)
            for remedy in one.remedies:
                click.echo(f"      -> {remedy}")


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the shell's completion script: eval "$(continuo completion bash)"."""
    from click.shell_completion import get_completion_class

    maker = get_completion_class(shell)
    if maker:
        click.echo(maker(main, {}, "continuo", "_CONTINUO_COMPLETE").source())
