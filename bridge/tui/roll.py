"""The roll: what was played, what was answered, and right of the line of now what is planned."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from bridge.tui import colours
from bridge.tui.advice import advice
from bridge.tui.drawn import Drawn
from bridge.tui.mirror import Mirror, Plan
from bridge.tui.notes import PLAYED
from music.pitch import pitch_name

LABEL = 4
"""Columns for the names of the octaves."""
AHEAD, NOTHING_AHEAD = 0.28, 0.06
"""Share of the width that is still to come, where something is planned, and where nothing is."""
WIDE = 120
NARROW_S, WIDE_S = 0.125, 0.1
"""What a column lasts."""
LEAST_SPAN = 24
PLANNED_S = 0.25
BODY, ONSET, DIM = 0, 1, 2
SHADES = 3
EMPTY, LINE, NOW = 0, 1, 2
Bar = tuple[int, float, float, int]
"""Pitch, start and end in seconds, cell."""
FIRST = 3
"""Cells from here on are notes: FIRST + shades of a colour."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What is drawn now: where time and pitches fall."""

    first: int
    """The column of time (counted from the clock's zero) at the left edge."""
    now: int
    """The column, from the left edge, that it is now."""
    column_s: float
    low: int
    per_row: int
    """Semitones of half a row."""


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
        self._styles: dict[tuple[int, int], tuple[str, Style]] = {}
        self._cells: list[bytearray] = []
        self._rows: list[tuple[object, ...]] = []  # what each row of the screen shows
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

    def on_resize(self) -> None:
        """Draw at the new size."""
        self.tick(time.monotonic(), anyway=True)

    def render_line(self, y: int) -> Strip:
        """One row of the screen: Textual asks for it."""
        width = self._width
        if self._advice:
            return Strip([Segment(self._advice.get(y, "").center(width)[:width], colours.style(colours.INK))])
        if 2 * y + 1 >= len(self._cells):
            return Strip.blank(width, colours.style(colours.INK))
        segments = [Segment(self._label(y), colours.style(colours.FAINT))]
        for pair, run in groupby(zip(self._cells[2 * y], self._cells[2 * y + 1], strict=True)):
            glyph, style = self._styles.get(pair) or self._style(*pair)
            segments.append(Segment(glyph * len(list(run)), style))
        return Strip(segments, width)

    def _row(self, y: int) -> tuple[object, ...]:
        """All that a row of the screen is made of."""
        if self._advice:
            return (self._advice.get(y, ""),)
        return bytes(self._cells[2 * y]), bytes(self._cells[2 * y + 1]), self._label(y)

    def _lay_out(self, now_s: float, width: int, height: int) -> None:
        """Find the frame, and paint the cells: two rows of them for a row of the screen."""
        self._width, columns = width, width - LABEL
        column_s = WIDE_S if width >= WIDE else NARROW_S
        now = columns - ceil(columns * (AHEAD if self._plans() else NOTHING_AHEAD))
        low, per_row = self._span(2 * height)
        self._frame = Frame(floor(now_s / column_s) - now, now, column_s, low, per_row)
        self._cells = [bytearray(columns) for _ in range(2 * height)]
        self._advice = self._advise(width, height)
        if not self._advice:
            self._rule(columns)
            self._paint(now_s)

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
        pitches = [note.pitch for note in self._mirror.notes[self.insert].notes]
        if self.insert in self._mirror.plans:
            pitches += [pitch for _, _, pitch in self._mirror.plans[self.insert].notes]
        low, high = (min(pitches) - 1, max(pitches) + 1) if pitches else (48, 72)
        if high - low < LEAST_SPAN:
            low, high = low - (LEAST_SPAN - high + low) // 2, high + (LEAST_SPAN - high + low + 1) // 2
        per_row = max(ceil((high - low + 1) / rows), 1)
        spare = rows * per_row - (high - low + 1)
        return max(low - spare // 2, 0), per_row

    def _rule(self, columns: int) -> None:
        """Lines where the bars begin, and where it is now."""
        assert self._frame  # noqa: S101 - laid out before
        bars = [tick.time_s for tick in self._mirror.ticks if tick.beat == 1]
        for time_s in bars:
            at = floor(time_s / self._frame.column_s) - self._frame.first
            if 0 <= at < columns:
                self._column(at, LINE)
        self._column(self._frame.now, NOW)

    def _column(self, at: int, cell: int) -> None:
        for row in self._cells:
            row[at] = cell

    def _paint(self, now_s: float) -> None:
        """The plan, then what is answered, and on top of it what is played."""
        assert self._frame  # noqa: S101 - laid out before
        hues = {channel: _cell(at) for at, (_, channel) in enumerate(self._mirror.parts(self.insert))}
        planned = self._mirror.plans.get(self.insert, Plan(())).notes
        bars = [
            (pitch, start_s, start_s + PLANNED_S, hues.get(channel, _cell(channel)) + DIM)
            for start_s, channel, pitch in planned
            if start_s > now_s
        ]
        since_s = self._frame.first * self._frame.column_s
        seen = [note for note in self._mirror.notes[self.insert].notes if (note.off_s or now_s) > since_s]
        for note in sorted(seen, key=lambda note: note.who == PLAYED):
            cell = _cell(-1) if note.who == PLAYED else hues.get(note.channel, _cell(note.channel))
            if note.on_s > now_s:
                bars.append((note.pitch, note.on_s, note.off_s or note.on_s + PLANNED_S, cell + DIM))
            else:
                bars.append((note.pitch, note.on_s, min(note.off_s or now_s, now_s), cell))
        self._draw(bars)

    def _draw(self, bars: Iterable[Bar]) -> None:
        """Enter bars into the cells; thousands of them a second while an orchestra plays."""
        assert self._frame  # noqa: S101 - laid out before
        first, low, per_row, per_s = self._frame.first, self._frame.low, self._frame.per_row, 1 / self._frame.column_s
        cells, top, columns = self._cells, len(self._cells) - 1, len(self._cells[0])
        for pitch, start_s, end_s, cell in bars:
            row = top - (pitch - low) // per_row
            start, end = floor(start_s * per_s) - first, floor(end_s * per_s) - first
            if not 0 <= row <= top or end < 0 or start >= columns:
                continue
            left, right = max(0, start), min(max(end, start + 1), columns)
            cells[row][left:right] = bytes((cell,)) * (right - left)
            if start >= 0 and (cell - FIRST) % SHADES == BODY:
                cells[row][start] = cell + ONSET

    def _label(self, y: int) -> str:
        """The octave's name where a C is in this row."""
        assert self._frame  # noqa: S101 - laid out before
        frame = self._frame
        bottom = frame.low + (len(self._cells) - 2 - 2 * y) * frame.per_row
        for pitch in range(bottom, bottom + 2 * frame.per_row):
            if pitch % 12 == 0 and 0 <= pitch <= 127:
                return pitch_name(pitch).rjust(LABEL - 1) + " "
        return " " * LABEL

    def _style(self, upper: int, lower: int) -> tuple[str, Style]:
        """Glyph and style of a cell of two halves."""
        found = (_plain if self.app.no_color else _coloured)(upper, lower)
        self._styles[upper, lower] = found
        return found


def _cell(hue: int) -> int:
    """The cell of a part by its number, or (-1) of what you play."""
    return FIRST + SHADES * (0 if hue < 0 else 1 + hue % len(colours.PARTS))


def _shades() -> Iterator[str]:
    """The colour of each cell that is a note."""
    for colour in (colours.YOU, *colours.PARTS):
        yield from (colour, colours.bright(colour), colours.mixed(colour, 0.4))


CELLS = (colours.GROUND, colours.GRID, colours.ACCENT, *_shades())


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
    yours = cell < FIRST + SHADES
    return ("█" if yours else "▓" if shade == ONSET else "▒"), colours.style(colours.INK)
