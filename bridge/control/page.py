"""The tree of addresses as a page for people: what there is, where it stands, what it takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from typing import Any

from bridge.addresses import ROOT
from bridge.control.tree import READ, WRITE, Leaf

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #777; --accent: #b3402a; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .4rem; }
p { color: var(--soft); margin: .2rem 0 1rem; }
table { border-collapse: collapse; width: 100%; } summary { cursor: pointer; padding: .5rem 0; }
td, th { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: normal; font-size: .85rem; }
td:nth-child(1) { font-family: ui-monospace, monospace; white-space: nowrap; width: 15rem; }
td:nth-child(2) { font-weight: 600; color: var(--accent); width: 10rem; overflow-wrap: anywhere; }
td:nth-child(3) { color: var(--soft); width: 14rem; }
"""
HEAD = "<tr><th>address<th>value<th>takes<th>what it is"
LONGEST = 120
"""Of a list of choices or values: what is longer is cut."""
MOST = 12
"""Values of one address that are shown."""


def page(found: list[Leaf]) -> str:
    """All addresses in tables, an insert and its parts each in its own."""
    tables = "".join(_groups(found))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Continuo</title><style>{STYLE}</style>"
        "<h1>Continuo</h1><p>What can be set, read and done by OSC, as it stands now. Reload for the newest. "
        "As JSON (OSCQuery): the same address with <code>Accept: application/json</code>, or "
        f'<a href="/?HOST_INFO">/?HOST_INFO</a>.</p>{tables}</html>\n'
    )


def _groups(found: Iterable[Leaf]) -> Iterator[str]:
    for place, group in groupby(found, _place):
        leaves = list(group)
        values = {leaf.address.removeprefix(place): (leaf.value or [""])[0] for leaf in leaves}
        table = f"<table>{HEAD}{''.join(_row(leaf, place) for leaf in leaves)}</table>"
        if "/part/" in place:
            number = place.strip("/").rpartition("/")[2]
            yield f"<details><summary>Part {number}: {escape(str(values['name']))}</summary>{table}</details>"
        elif place == f"{ROOT}/":
            yield f"<h2>The daemon</h2><p>{place}</p>{table}"
        else:
            number = place.strip("/").rpartition("/")[2]
            yield f"<h2>Insert {number}: {escape(str(values['preset']))}</h2><p>{place}</p>{table}"


def _place(leaf: Leaf) -> str:
    """Whose address it is: the daemon's, an insert's, or a part's."""
    return re.match(rf"{ROOT}/(\d+/(part/\d+/)?)?", leaf.address)[0]  # type: ignore[index]


def _row(leaf: Leaf, place: str) -> str:
    values = leaf.value or []
    shown = ", ".join(_shown(value) for value in values[:MOST]) + (" ..." if len(values) > MOST else "")
    takes = {READ: "read only", WRITE: "does it"}.get(leaf.access, "")
    if leaf.parameter:
        takes = f"{leaf.parameter.range_text} {leaf.parameter.unit}".strip()
    cells = (leaf.address.removeprefix(place), _cut(shown), _cut(takes), leaf.text)
    return "<tr>" + "".join(f"<td>{escape(cell)}" for cell in cells)


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + " ..."
