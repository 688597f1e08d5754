"""The roll: what was played, what was answered, and right of the line of now what is planned."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from bridge.tui import colours
from bridge.tui.advice import advice
from bridge.tui.mirror import Mirror
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


class Roll(Widget):
    """Draws the notes of the insert that is selected; the app tells when there is something new."""

    can_focus = False

    def __init__(self, mirror: Mirror) -> None:
        super().__init__(id="roll")
        self._mirror = mirror
        self.insert = 1
        self.there = False
        """Whether the daemon answers."""
        self.where = ""
        """Where the daemon is looked for."""
        self._styles: dict[tuple[int, int], tuple[str, Style]] = {}
        self._cells: list[bytearray] = []
        self._frame: Frame | None = None
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
        self.refresh()
        return True

    def on_resize(self) -> None:
        """Draw at the new size."""
        self.tick(time.monotonic(), anyway=True)

    def render_line(self, y: int) -> Strip:
        """One row of the screen: Textual asks for it."""
        if self._advice:
            text = self._advice.get(y, "").center(self.size.width)[: self.size.width]
            return Strip([Segment(text, colours.style(colours.INK))])
        if not self._frame or 2 * y + 1 >= len(self._cells):
            return Strip.blank(self.size.width, colours.style(colours.INK))
        upper, lower = self._cells[2 * y], self._cells[2 * y + 1]
        segments = [Segment(self._label(y), colours.style(colours.FAINT))]
        for pair, run in groupby(zip(upper, lower, strict=True)):
            glyph, style = self._styles.get(pair) or self._style(*pair)
            segments.append(Segment(glyph * len(list(run)), style))
        return Strip(segments, self.size.width)

    def _lay_out(self, now_s: float, width: int, height: int) -> None:
        """Find the frame, and paint the cells: two rows of them for a row of the screen."""
        columns = width - LABEL
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
        assert self._frame  # noqa: S101 - laid out before
        hues = {channel: at for at, (_, channel) in enumerate(self._mirror.parts(self.insert))}
        notes = sorted(self._mirror.notes[self.insert].notes, key=lambda note: note.who == PLAYED)  # yours on top
        if self.insert in self._mirror.plans:
            for start_s, channel, pitch in self._mirror.plans[self.insert].notes:
                if start_s > now_s:
                    self._draw(pitch, start_s, start_s + PLANNED_S, _cell(hues.get(channel, channel)) + DIM)
        for note in notes:
            cell = _cell(-1 if note.who == PLAYED else hues.get(note.channel, note.channel))
            if note.on_s > now_s:
                self._draw(note.pitch, note.on_s, note.ends_by(note.on_s + PLANNED_S), cell + DIM)
            else:
                end_s = min(note.ends_by(now_s), now_s)
                self._draw(note.pitch, note.on_s, end_s, cell, onset=True)

    def _draw(self, pitch: int, start_s: float, end_s: float, cell: int, *, onset: bool = False) -> None:
        assert self._frame  # noqa: S101 - laid out before
        frame, columns = self._frame, len(self._cells[0])
        row = len(self._cells) - 1 - (pitch - frame.low) // frame.per_row
        start = floor(start_s / frame.column_s) - frame.first
        end = max(floor(end_s / frame.column_s) - frame.first, start + 1)
        if not 0 <= row < len(self._cells) or end <= 0 or start >= columns:
            return
        left, right = max(start, 0), min(end, columns)
        self._cells[row][left:right] = bytes([cell]) * (right - left)
        if onset and start >= 0:
            self._cells[row][start] = cell + ONSET

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
