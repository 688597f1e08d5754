"""The rows of the inserts: what each plays, how fast it answers, what it could not."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from bridge.tui import colours
from bridge.tui.drawn import Drawn
from bridge.tui.lines import Piece
from bridge.tui.mirror import Mirror

METER_MS = 20.0
METER = 6
LEAST_NAME = 14
"""So much of a preset's name is shown, whatever else must go."""
LEAST_NEEDED = "p50", "meter", "rules", "p99", "state", "late"
"""What goes where there is no room for it, in this order, and whole; p99 and the meter say the same."""


class Inserts(Drawn):
    """A row for each insert; a click selects."""

    class Selected(Message):
        """The user has clicked an insert."""

        def __init__(self, insert: int) -> None:
            super().__init__()
            self.insert = insert

    def __init__(self, mirror: Mirror) -> None:
        super().__init__("inserts")
        self._mirror = mirror
        self._rows: list[list[Piece]] = []
        self._selected, self._part = 1, ""

    def show(self, selected: int, part: str = "") -> None:
        """Show what the mirror has, and which insert is chosen (0: none), and which part of it ("": none)."""
        self._selected, self._part = selected, part
        rows = fitted([self._fields(insert) for insert in range(1, self._mirror.inserts + 1)], self.size.width)
        if rows != self._rows:
            if len(rows) != len(self._rows):
                self.styles.height = max(len(rows), 1)
            self._rows = rows
            self.refresh()

    def on_resize(self) -> None:
        """As much as fits now."""
        self.show(self._selected, self._part)

    def render_line(self, y: int) -> Strip:
        """Textual asks for it."""
        top = max(0, min(self._selected - 1, len(self._rows) - self.size.height))  # the selected one is in sight
        back = colours.RAISED if y + top + 1 == self._selected else colours.PANEL
        pieces = self._rows[y + top] if y + top < len(self._rows) else []
        segments = [Segment(text, colours.style(colour, back)) for text, colour in pieces]
        return Strip(segments).adjust_cell_length(self.size.width, colours.style(colours.INK, back))

    def on_click(self, event: events.Click) -> None:
        """Select the one there."""
        top = max(0, min(self._selected - 1, len(self._rows) - self.size.height))
        if event.y + top < len(self._rows):
            self.post_message(self.Selected(event.y + top + 1))

    def _fields(self, insert: int) -> dict[str, Piece]:
        def get(name: str, default: float = 0) -> float:
            return float(self._mirror.get(f"{insert}/{name}", default) or 0)

        worst = get("p99")
        filled = min(round(worst / METER_MS * METER), METER)
        missed = int(get("late") + get("dropped"))
        loop = get("feedback")
        part = f"{self._part} in " if self._part and insert == self._selected else ""
        return {
            "number": (f"{'▸' if insert == self._selected else ' '}{insert}", colours.ACCENT),
            "name": (part + str(self._mirror.get(f"{insert}/preset")), colours.INK),
            "state": ("BYPASS ", colours.POOR) if get("bypass") else
                     ("playing" if get("playing") else " " * 7, colours.GOOD),
            "meter": ("■" * filled + "·" * (METER - filled), colours.meter(worst)),
            "p50": (f"p50{get('p50'):5.1f}", colours.FAINT),
            "p99": (f"p99{worst:5.1f} ms", colours.FAINT),
            "late": (f"late {missed}", colours.POOR if missed else colours.FAINT),
            "rules": (f"rules {int(get('fallback'))}", colours.FAIR if get("fallback") else colours.FAINT),
            "loop": (f"loop {loop:.0f} ms" if loop else "", colours.POOR),
        }  # fmt: skip


def fitted(rows: list[dict[str, Piece]], width: int) -> list[list[Piece]]:
    """Rows as columns of one width each: what does not fit is left out whole, of all rows, names have what is left."""
    if not rows:
        return []
    widths = {field: max(cell_len(row[field][0]) for row in rows) for field in rows[0]}
    longest = widths.pop("name")
    left_out = iter(LEAST_NEEDED)
    while (room := width - sum(1 + one for one in widths.values() if one)) < LEAST_NAME:
        field = next(left_out, None)
        if field is None:
            break
        del widths[field]
    widths["name"] = min(max(longest, LEAST_NAME), max(room, LEAST_NAME))
    return [[(_cut(row[field][0], widths[field]), row[field][1]) for field in row if widths.get(field)] for row in rows]


def _cut(text: str, width: int) -> str:
    """A text in its column, and the space after it."""
    return set_cell_size(text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…", width + 1)
