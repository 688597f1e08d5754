"""The roll: what was played, what was answered, and right of the line of now what is planned."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from math import ceil, floor

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from bridge.tui import colours
from bridge.tui.advice import advice
from bridge.tui.canvas import CELLS, DIM, FIRST, ONSET, PLANNED_S, SHADES, YOURS, Canvas, Frame, Rows, cell_of
from bridge.tui.drawn import Drawn
from bridge.tui.mirror import Mirror, Plan
from bridge.tui.notes import Notes
from music.pitch import pitch_name

LABEL = 4
"""Columns for the names of the octaves."""
AHEAD, NOTHING_AHEAD = 0.28, 0.06
"""Share of the width that is still to come, where something is planned, and where nothing is."""
WIDE = 120
NARROW_S, WIDE_S = 0.125, 0.1
"""What a column lasts."""
LEAST_SPAN = 24
RUNS = re.compile(rb"((..)\2*)", re.DOTALL)
"""A row of the screen is two rows of cells, upper and lower in turn: pairs that are alike are one segment."""


class Segments(dict[bytes, Segment]):
    """Segments by the cells that they show: few kinds of them, which come again and again."""

    def __init__(self, look: Callable[[int, int], tuple[str, Style]]) -> None:
        super().__init__()
        self._look = look

    def __missing__(self, run: bytes) -> Segment:
        """A new kind."""
        glyph, style = self._look(run[0], run[1])
        found = self[run] = Segment(glyph * (len(run) // 2), style)
        return found


class Roll(Drawn):
    """Draws the notes of the insert that is selected; the app tells when there is something new."""

    def __init__(self, mirror: Mirror) -> None:
        super().__init__("roll")
        self._mirror = mirror
        self.insert = 1
        self.there = False
        """Whether the daemon answers."""
        self.where = ""
        """Where the daemon is looked for."""
        self._segments = Segments(_coloured)
        self._cells: Rows = []
        self._rows: list[tuple[object, ...]] = []  # what each row of the screen shows
        self._canvas = Canvas()
        self._frame: Frame | None = None
        self._width = 0
        self._advice: dict[int, str] = {}
        self._drawn: tuple[object, ...] = ()

    def tick(self, now_s: float, *, anyway: bool = False) -> bool:
        """Draw if there is something new; True where there was."""
        width, height = self.size
        if width <= LABEL or not height:
            return False
        column_s = WIDE_S if width >= WIDE else NARROW_S
        state = (floor(now_s / column_s), self._mirror.drawn, self.insert, self.there, self.size)
        if state == self._drawn and not anyway:
            return False
        self._drawn = state
        self._lay_out(now_s, width, height)
        rows = [self._row(y) for y in range(height)]
        changed = [y for y, row in enumerate(rows) if y >= len(self._rows) or row != self._rows[y]]
        if anyway or len(rows) != len(self._rows):
            self.refresh()
        elif changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))
        self._rows = rows
        return bool(changed)

    def on_mount(self) -> None:
        """Without colour the glyphs say more."""
        if self.app.no_color:
            self._segments = Segments(_plain)

    def on_resize(self) -> None:
        """Draw at the new size."""
        self.tick(time.monotonic(), anyway=True)

    def render_line(self, y: int) -> Strip:
        """One row of the screen: Textual asks for it."""
        width = self._width
        if self._advice:
            return Strip([Segment(self._advice.get(y, "").center(width)[:width], colours.style(colours.INK))])
        if y >= len(self._cells):
            return Strip.blank(width, colours.style(colours.INK))
        segments = [Segment(self._label(y), colours.style(colours.FAINT))]
        segments += [self._segments[run] for run, _ in RUNS.findall(self._cells[y])]
        return Strip(segments, width)

    def _row(self, y: int) -> tuple[object, ...]:
        """All that a row of the screen is made of."""
        if self._advice:
            return (self._advice.get(y, ""),)
        return bytes(self._cells[y]), self._label(y)

    def _lay_out(self, now_s: float, width: int, height: int) -> None:
        """Find the frame, and paint the cells."""
        self._width, columns = width, width - LABEL
        column_s = WIDE_S if width >= WIDE else NARROW_S
        now = columns - ceil(columns * (AHEAD if self._plans() else NOTHING_AHEAD))
        low, per_row = self._span(2 * height)
        self._frame = Frame(now_s, floor(now_s / column_s) - now, now, columns, column_s, height, low, per_row)
        self._advice = self._advise(width, height)
        self._cells = [] if self._advice else self._paint(self._frame)

    @property
    def _notes(self) -> Notes:
        return self._mirror.notes[self.insert]

    @property
    def _plan(self) -> Plan:
        return self._mirror.plans.get(self.insert, Plan(()))

    def _plans(self) -> bool:
        """Whether this insert plans ahead."""
        lookahead = self._mirror.get(f"{self.insert}/lookahead", 0)
        return bool(lookahead or self._mirror.get(f"{self.insert}/effect") == "continue")

    def _advise(self, width: int, height: int) -> dict[int, str]:
        """What to do where nothing arrives, by row."""
        lines = advice(self._mirror, self.insert, self.where if not self.there else "")
        lines = [line for line in lines if line or height > len(lines)][:height]
        block = max((len(line) for line in lines), default=0)
        top = max((height - len(lines)) // 2, 0)
        return {top + at: line.ljust(min(block, width)) for at, line in enumerate(lines)}

    def _span(self, rows: int) -> tuple[int, int]:
        """The lowest pitch, and how many semitones share half a row."""
        low, high = self._notes.pitches() or (49, 71)
        planned = [pitch for _, _, pitch in self._plan.notes]
        low, high = min([low, *planned]) - 1, max([high, *planned]) + 1
        if high - low < LEAST_SPAN:
            low, high = low - (LEAST_SPAN - high + low) // 2, high + (LEAST_SPAN - high + low + 1) // 2
        per_row = max(ceil((high - low + 1) / rows), 1)
        spare = rows * per_row - (high - low + 1)
        return max(low - spare // 2, 0), per_row

    def _paint(self, frame: Frame) -> Rows:
        """The notes of the insert, and its plan."""
        hues = {channel: cell_of(at) for at, (_, channel) in enumerate(self._mirror.parts(self.insert))}
        planned = [
            (pitch, start_s, start_s + PLANNED_S, hues.get(channel, cell_of(channel)) + DIM)
            for start_s, channel, pitch in self._plan.notes
            if start_s > frame.now_s
        ]
        bars = [tick.time_s for tick in self._mirror.ticks if tick.beat == 1]
        return self._canvas.paint(frame, self._notes, hues, bars, planned)

    def _label(self, y: int) -> str:
        """The octave's name where a C is in this row."""
        assert self._frame  # noqa: S101 - laid out before
        frame = self._frame
        bottom = frame.low + 2 * (len(self._cells) - 1 - y) * frame.per_row
        for pitch in range(bottom, bottom + 2 * frame.per_row):
            if pitch % 12 == 0 and 0 <= pitch <= 127:
                return pitch_name(pitch).rjust(LABEL - 1) + " "
        return " " * LABEL


def _coloured(upper: int, lower: int) -> tuple[str, Style]:
    if upper < FIRST and lower < FIRST:
        line = max(upper, lower)
        return ("│" if line else " "), colours.style(CELLS[line])
    back = colours.GROUND
    if upper == lower:
        return "█", colours.style(CELLS[upper])
    if upper >= FIRST:
        return "▀", colours.style(CELLS[upper], CELLS[lower] if lower >= FIRST else back)
    return "▄", colours.style(CELLS[lower])


def _plain(upper: int, lower: int) -> tuple[str, Style]:
    """Without colour the glyph says whose note it is."""
    cell = max(upper, lower) if min(upper, lower) < FIRST else min(upper, lower)  # yours before the others'
    if cell < FIRST:
        return " ┊│"[cell], colours.style(colours.INK)
    shade = (cell - FIRST) % SHADES
    if shade == DIM:
        return "·", colours.style(colours.INK)
    return ("█" if cell in YOURS else "▓" if shade == ONSET else "▒"), colours.style(colours.INK)
