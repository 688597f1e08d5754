"""The colours of the screen: one for what you play, one for each part; each bright at the onset and dim in the plan."""

from __future__ import annotations

from functools import cache

from rich.color import Color
from rich.style import Style
from textual.theme import Theme

GROUND = "#0f1318"
PANEL = "#161c23"
RAISED = "#212a34"
INK = "#e6e9ec"
FAINT = "#7d8b99"
GRID = "#2a343f"
ACCENT = "#f2c14e"
YOU = "#f2f4f5"
PARTS = (
    "#e4572e", "#4ea5d9", "#7bc950", "#c77dff", "#f2a65a", "#2ec4b6", "#ff8fa3", "#a3b18a",
)  # fmt: skip
GOOD, FAIR, POOR = "#7bc950", "#f2c14e", "#e4572e"

THEME = Theme(
    name="continuo",
    primary=ACCENT,
    secondary="#4ea5d9",
    accent=ACCENT,
    foreground=INK,
    background=GROUND,
    surface=PANEL,
    panel=RAISED,
    success=GOOD,
    warning=FAIR,
    error=POOR,
    dark=True,
    variables={"footer-key-foreground": ACCENT, "footer-background": PANEL, "block-cursor-text-style": "none"},
)


@cache
def style(front: str, back: str = GROUND, *, bold: bool = False) -> Style:
    """A style of two of the colours."""
    return Style(color=front, bgcolor=back, bold=bold)


@cache
def mixed(colour: str, share: float, ground: str = GROUND) -> str:
    """A colour, so much of it, on a ground."""
    front, back = (Color.parse(one).get_truecolor() for one in (colour, ground))
    return "#" + "".join(f"{round(b + (f - b) * share):02x}" for f, b in zip(front, back, strict=True))


def bright(colour: str) -> str:
    """Where a note begins."""
    return mixed("#ffffff", 0.45, colour)


def meter(ms: float) -> str:
    """How good a latency is: 10 ms are the classical goal, 20 are heard."""
    return GOOD if ms <= 10 else FAIR if ms <= 20 else POOR
