"""`continuo scenes`: what there is, and all of it as one file."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli import main, print_json, tell


@main.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_context
def scenes(context: click.Context, as_json: bool) -> None:
    """List the scenes, those of the setlist first and in its order."""
    if context.invoked_subcommand:
        return
    from bridge import scenes as shelf

    for error in shelf.broken():
        tell(f"continuo: {error}")
    names, listed = shelf.names(), shelf.order()
    rows = [{"place": place, "name": name} for place, name in enumerate(listed, 1)]
    rows += [{"place": 0, "name": name} for name in names if name not in listed]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(f"{row['place'] or '-':>3}  {row['name']}")
    tell(f"They lie in {shelf.user_folder()}")


@scenes.command("export")
@click.argument("file", type=click.Path(path_type=Path))
def export_scenes(file: Path) -> None:
    """Write all scenes and their order into one FILE, for another machine."""
    from bridge import scenes as shelf
    from music import files

    files.write(file, shelf.exported())
    click.echo(file)


@scenes.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Scenes of the same names are replaced.")
def import_scenes(file: Path, replace: bool) -> None:
    """Take in the scenes of a FILE that export has written: all of them, or none where one does not read."""
    from bridge import presets
    from bridge import scenes as shelf
    from bridge.errors import PresetError

    try:
        names = shelf.imported(presets.read_bytes(file, shelf.MAX_EXPORT_BYTES), replace=replace)
    except PresetError as error:
        raise PresetError(f"{file}: {error.message.removeprefix(f'{file}: ')}", error.hint) from error
    for name in names:
        click.echo(name)
