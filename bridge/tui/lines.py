"""The rows of text around the roll: where the song is, who plays, what keys do, and what went wrong."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Sequence

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from bridge.tui import colours
from bridge.tui.drawn import Drawn
from bridge.tui.ear import ear
from bridge.tui.mirror import Mirror
from bridge.tui.piano import Piano

MOST_BEATS = 8
YOU = " █ you  "

Piece = tuple[str, str]
"""A text and its colour."""
Key = tuple[str, str, str]
"""A key, what it does, and the action."""


class Row(Drawn):
    """A row of coloured pieces; drawn anew only when it says something else. The last ones are whole or not there."""

    back = colours.PANEL

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._pieces: list[Piece] = []

    def say(self, *pieces: Piece) -> None:
        """Show these."""
        if list(pieces) != self._pieces:
            self._pieces = list(pieces)
            self.refresh()

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(text for text, _ in self._pieces)

    def render_line(self, y: int) -> Strip:
        """Textual asks for it."""
        pieces, room = self._pieces if y == 0 else [], self.size.width
        segments: list[Segment] = []
        for text, colour in pieces:
            room -= len(text.rstrip())
            if room < 0:
                break
            segments.append(Segment(text, colours.style(colour, self.back)))
            room -= len(text) - len(text.rstrip())
        return Strip(segments).adjust_cell_length(self.size.width, colours.style(colours.INK, self.back))


class Header(Row):
    """Key, chord, bar, beat, tempo, who leads, how busy it is."""

    def show(self, mirror: Mirror, insert: int, *, there: bool) -> None:
        """Show what the mirror has."""
        if not there:
            self.say((" Continuo ", colours.ACCENT), ("  no daemon", colours.POOR))
            return
        key, chord = mirror.get(f"{insert}/heard_key"), mirror.get(f"{insert}/chord")
        lost = bool(mirror.get("clock_lost", 0))
        load = f"brain {mirror.get('brain_load', 0)}%  port {mirror.get('port_load', 0)}%"
        brain = mirror.get("brain")
        trouble = f"brain: {brain}  " if brain != "ready" else ""
        self.say(
            (f" {mirror.get('scene') or 'Continuo':<9.9} ", colours.ACCENT),
            (f"{key or 'no key yet':<9} ", colours.INK),
            (f"{chord or '-':<8}", colours.ACCENT),
            (_place(mirror), colours.INK),
            (trouble, colours.POOR),
            (f"{mirror.get('bpm', 0.0):6.1f} bpm ", colours.INK),
            (f"{mirror.get('leader')}{' lost' if lost else ''}".ljust(9), colours.POOR if lost else colours.FAINT),
            ("" if trouble else load, colours.FAINT),
        )


def _place(mirror: Mirror) -> str:
    """Bar and beat, the beats as dots."""
    bar, beat = int(mirror.get("bar", 0)), int(mirror.get("beat", 0))
    if not bar:
        return " " * 12
    beats = min(int(str(mirror.get("meter", "4/4")).partition("/")[0]), MOST_BEATS)
    dots = "".join("●" if at == beat else "○" for at in range(1, beats + 1))
    return f"{bar:>4}.{beat} {dots}  "


class Legend(Row):
    """Whose colour is whose, and what the microphone hears; while the keyboard plays, how. A click selects a part."""

    class Selected(Message):
        """The user has clicked a part."""

        def __init__(self, part: int) -> None:
            super().__init__()
            self.part = part

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._ends: list[int] = []  # the column after each part; of none while the keys stand there

    def show(self, mirror: Mirror, insert: int, piano: Piano) -> None:
        """Show the parts of an insert, or the keys."""
        self._ends = []
        if piano.on:
            self.say((f" ♪ {piano.text}", colours.ACCENT))
            return
        pieces: list[Piece] = [(YOU, colours.YOU)]
        heard = ear(mirror)
        room = self.size.width - len(pieces[0][0]) - len(heard)
        for at, (name, _) in enumerate(mirror.parts(insert)):
            piece = f"{'▒' if self.app.no_color else '█'} {name}  "
            if len(piece) > room:
                break
            room -= len(piece)
            self._ends.append(self.size.width - len(heard) - room)
            pieces.append((piece, colours.INK if self.app.no_color else colours.PARTS[at % len(colours.PARTS)]))
        self.say(*pieces, (" " * room, colours.INK), (heard, colours.ACCENT))

    def on_click(self, event: events.Click) -> None:
        """Select the part there."""
        part = bisect_right(self._ends, event.x) + 1
        if event.x >= len(YOU) and part <= len(self._ends):
            self.post_message(self.Selected(part))


class Keys(Row):
    """What the keys do that are needed most; a click does it too."""

    def __init__(self, keys: Sequence[Key]) -> None:
        super().__init__("keys")
        self._keys = keys
        self._fitting: list[Key] = []

    def offer(self, keys: Sequence[Key]) -> None:
        """Other ones."""
        self._keys = keys
        self.on_resize()

    def on_resize(self) -> None:
        """As many as fit, and the last one, which is how to leave."""
        self._fitting = list(self._keys)
        while len(self._fitting) > 1 and _end(self._fitting) > self.size.width:
            del self._fitting[-2]
        self.say(
            *(
                piece
                for key, what, _ in self._fitting
                for piece in ((f" {key}", colours.ACCENT), (f" {what} ", colours.INK))
            )
        )

    async def on_click(self, event: events.Click) -> None:
        """Do what is written there."""
        for at, (_, _, action) in enumerate(self._fitting):
            if event.x < _end(self._fitting[: at + 1]):
                await self.app.run_action(action)
                return


def _end(keys: Sequence[Key]) -> int:
    """The column after some keys."""
    return sum(len(f" {key} {what} ") for key, what, _ in keys)


class Log(Drawn):
    """The newest lines of what went wrong, or came and went."""

    def __init__(self, mirror: Mirror) -> None:
        super().__init__("log")
        self._mirror = mirror
        self.idle = "nothing to report"
        self._lines: list[Piece] = []

    def show(self) -> None:
        """Show what the mirror has."""
        height = self.size.height
        now_s = time.monotonic()
        lines = [(_line(then_s, text, now_s), colours.INK) for then_s, text in list(self._mirror.log)[-height:]]
        if not lines:
            lines = [(f" {self.idle}", colours.FAINT)]
        if lines != self._lines:
            self._lines = lines
            self.refresh()

    def on_resize(self) -> None:
        """As many as fit now."""
        self.show()

    def render_line(self, y: int) -> Strip:
        """Textual asks for it."""
        text, colour = self._lines[y] if y < len(self._lines) else ("", colours.INK)
        style = colours.style(colour, colours.GROUND)
        if len(text) > self.size.width:
            text = text[: max(self.size.width - 1, 0)] + "…"
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, style)


def _line(then_s: float, text: str, now_s: float) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(time.time() - (now_s - then_s)))
    return f" {clock}  {text}"
