"""What can be loaded and saved, as the mirror has it."""

from __future__ import annotations

from bridge.tui.answers import Say
from bridge.tui.browser import Shelf
from bridge.tui.mirror import Mirror
from bridge.tui.saving import Kind


def shelves_of(mirror: Mirror, insert: int, say: Say) -> list[Shelf]:
    """Presets for an insert, and scenes: those of the setlist first, in its order."""
    presets = Shelf(
        "Presets",
        lambda: mirror.lists.get("presets", []),
        lambda: str(mirror.get(f"{insert}/preset")),
        lambda name: say(f"{insert}/preset", name),
        "preset",
        lambda: mirror.lists.get("presets/own", []),
    )
    scenes = Shelf(
        "Scenes",
        lambda: _scenes(mirror),
        lambda: str(mirror.get("scene")),
        lambda name: say("scene", name),
        "scene",
        lambda: mirror.lists.get("scenes", []),
        lambda: mirror.lists.get("setlist", []),
    )
    return [presets, scenes]


def kinds_of(mirror: Mirror, insert: int) -> list[Kind]:
    """All as a scene, under the name that it has; an insert as a preset, under its own."""

    def taken(kind: str, name: str) -> tuple[str, str]:
        if name not in mirror.lists.get(f"{kind}s", []):
            return "", ""
        if kind == "preset" and name not in mirror.lists.get("presets/own", []):
            return f"{name!r} comes with Continuo.", "saves yours, which loads in its place until you delete it"
        return f"There is a {kind} {name!r} already.", "replaces it"

    return [
        Kind("Scene", "all inserts, knobs and the clock", "scene/save", "scenes", str(mirror.get("scene")),
             lambda name: taken("scene", name)),
        Kind("Preset", f"insert {insert}, with its knobs", f"{insert}/preset/save", "presets",
             str(mirror.get(f"{insert}/preset")), lambda name: taken("preset", name)),
    ]  # fmt: skip


def _scenes(mirror: Mirror) -> list[str]:
    there = mirror.lists.get("scenes", [])
    listed = [name for name in mirror.lists.get("setlist", []) if name in there]
    return [*listed, *(name for name in there if name not in listed)]
