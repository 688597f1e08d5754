"""Cells of time and pitch: what is over is painted once and scrolls, what still sounds is painted anew each time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import floor

from bridge.tui import colours
from bridge.tui.notes import PLAYED, Note, Notes

BODY, ONSET, DIM = 0, 1, 2
SHADES = 3
EMPTY, LINE, NOW = 0, 1, 2
FIRST = 3
"""Cells from here on are notes: FIRST + shades of a colour, yours first."""
PLANNED_S = 0.25
"""How long a planned note is shown."""
Bar = tuple[int, float, float, int]
"""Pitch, start and end in seconds, cell."""


def cell_of(hue: int) -> int:
    """The cell of a part by its number, or (-1) of what you play."""
    return FIRST + SHADES * (0 if hue < 0 else 1 + hue % len(colours.PARTS))


def _shades() -> Iterator[str]:
    """The colour of each cell that is a note."""
    for colour in (colours.YOU, *colours.PARTS):
        yield from (colour, colours.bright(colour), colours.mixed(colour, 0.4))


CELLS = (colours.GROUND, colours.GRID, colours.ACCENT, *_shades())
YOURS = range(cell_of(-1), cell_of(0))
OVER = tuple(
    bytes(old if old in YOURS and new not in YOURS else new for old in range(256)) for new in range(len(CELLS))
)
"""What each cell becomes where another one is painted over it: what you play is always on top."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where time and pitches fall."""

    now_s: float
    first: int
    """The column of time (counted from the clock's zero) at the left edge."""
    now: int
    """The column, from the left edge, that it is now."""
    columns: int
    column_s: float
    rows: int
    low: int
    """The lowest pitch."""
    per_row: int
    """Semitones of half a row."""


Rows = list[bytearray]
"""A row of the screen is two of cells: upper and lower in turn."""


class Canvas:
    """The notes of one insert at a time. No clock: the time is in the frame."""

    def __init__(self) -> None:
        self._past: Rows = []
        self._first = 0  # the column of time at the left edge of the past
        self._painted = 0  # how many of the notes that are over are in it
        self._drawn: tuple[object, ...] = ()  # what the past was drawn for

    def paint(
        self, frame: Frame, notes: Notes, hues: dict[int, int], bars: Iterable[float], planned: Iterable[Bar]
    ) -> Rows:
        """The cells of a frame: the notes, lines where bars begin and where it is now, and what is planned."""
        self._scroll(frame, notes, hues)
        rows = [bytearray(row) for row in self._past]
        for time_s in bars:
            at = floor(time_s / frame.column_s) - frame.first
            if 0 <= at < frame.columns:
                _rule(rows, at, LINE)
        _rule(rows, frame.now, NOW)
        for bar in planned:
            _put(rows, frame, bar)
        for note in notes.recent:
            _put(rows, frame, _bar(note, hues, frame.now_s))
        return rows

    def _scroll(self, frame: Frame, notes: Notes, hues: dict[int, int]) -> None:
        """Have the past lie as the frame does, and paint what is over since."""
        drawn = (id(notes), frame.columns, frame.column_s, frame.rows, frame.low, frame.per_row, tuple(hues.items()))
        by = frame.first - self._first
        if drawn != self._drawn or not 0 <= by < frame.columns:
            self._drawn, self._painted = drawn, 0
            self._past = [bytearray(2 * frame.columns) for _ in range(frame.rows)]
        elif by:
            for row in self._past:
                del row[: 2 * by]
                row.extend(bytes(2 * by))
        self._first = frame.first
        for note in notes.over_since(self._painted):
            _put(self._past, frame, _bar(note, hues, note.ends_by(note.on_s)))
        self._painted = notes.ended


def _bar(note: Note, hues: dict[int, int], now_s: float) -> Bar:
    cell = cell_of(-1) if note.who == PLAYED else hues.get(note.channel, cell_of(note.channel))
    if note.on_s > now_s:
        return note.pitch, note.on_s, note.off_s or note.on_s + PLANNED_S, cell + DIM
    return note.pitch, note.on_s, min(note.off_s or now_s, now_s), cell


def _put(rows: Rows, frame: Frame, bar: Bar) -> None:
    """Enter a bar; thousands of them a second while an orchestra plays."""
    pitch, start_s, end_s, cell = bar
    at = 2 * frame.rows - 1 - (pitch - frame.low) // frame.per_row
    start, end = floor(start_s / frame.column_s) - frame.first, floor(end_s / frame.column_s) - frame.first
    if not 0 <= at < 2 * frame.rows or end < 0 or start >= frame.columns:
        return
    left, right = max(0, start), min(max(end, start + 1), frame.columns)
    row, half = rows[at // 2], at % 2
    here = slice(2 * left + half, 2 * right, 2)
    row[here] = row[here].translate(OVER[cell])
    if start >= 0 and (cell - FIRST) % SHADES == BODY:
        onset = 2 * start + half
        row[onset] = OVER[cell + ONSET][row[onset]]


def _rule(rows: Rows, at: int, cell: int) -> None:
    """A line from top to bottom, beneath the notes."""
    for row in rows:
        for half in (2 * at, 2 * at + 1):
            row[half] = row[half] or cell
