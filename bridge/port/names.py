"""What the ports are called."""

from __future__ import annotations


def port_names(name: str, inserts: int) -> list[tuple[str, str]]:
    """(input, output) of each insert: `Continuo In`, `Continuo Out`, then `Continuo 2 In` and so on."""
    stems = [name if number == 1 else f"{name} {number}" for number in range(1, inserts + 1)]
    return [(f"{stem} In", f"{stem} Out") for stem in stems]
