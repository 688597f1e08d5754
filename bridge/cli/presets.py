"""`continuo presets`: what there is, and what becomes of the user's own."""

from __future__ import annotations

import click

from bridge.cli import main, print_json, tell


@main.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_context
def presets(context: click.Context, as_json: bool) -> None:
    """List the presets."""
    if context.invoked_subcommand:
        return
    from bridge import players
    from bridge import presets as shelf
    from bridge.errors import PresetError

    rows = []
    for name, path, state in shelf.catalogue():
        if isinstance(state, PresetError):
            tell(f"continuo: {state}")
            continue
        model = state["player"]["model"]
        row = {"name": name, "effect": state["effect"], "title": state["name"], "file": str(path), "model": model}
        rows.append(row | {"playable": players.playable(model)})
    if as_json:
        print_json(rows)
        return
    for row in rows:
        missing = "" if row["playable"] else f"   (no weights for {row['model']!r} here)"
        click.echo(f"{row['name']:<12} {row['effect']:<10} {row['title']}{missing}")
    tell(f"Your own go to {shelf.user_folder()}")


@presets.command("delete")
@click.argument("name")
def delete_preset(name: str) -> None:
    """Delete a preset of your own, by its NAME; what plays it plays on."""
    from bridge import presets as shelf

    shelf.delete(name)


@presets.command("rename")
@click.argument("name")
@click.argument("new")
def rename_preset(name: str, new: str) -> None:
    """Give a preset of your own, by its NAME, a NEW one."""
    from bridge import presets as shelf

    shelf.rename(name, new)
