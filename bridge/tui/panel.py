"""The faders of the insert or part that is selected, as many side by side as fit, moved by keys, mouse and wheel."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from bridge.tui import colours
from bridge.tui.drawn import Drawn
from bridge.tui.faders import Fader, common, faders, of_part
from bridge.tui.mirror import Mirror

NAME, VALUE, KNOB = 16, 8, 5
LEAST_BAR = 8
LEAST_WIDTH = NAME + LEAST_BAR + VALUE + KNOB + 2
SIGNS = {"switch": ("○ off", "● on"), "trigger": ("▶", "▶ now")}
EIGHTHS = " ▏▎▍▌▋▊▉"
COARSE = 10


class Panel(Drawn, can_focus=True):
    """Faders of one insert, of a part of it, or of all."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "go(-1)", show=False),
        Binding("down", "go(1)", show=False),
        Binding("tab", "go_aside(1)", show=False),
        Binding("shift+tab", "go_aside(-1)", show=False),
        Binding("left", "move(-1)", show=False),
        Binding("right", "move(1)", show=False),
        Binding("shift+left,pageup", f"move(-{COARSE})", show=False),
        Binding("shift+right,pagedown", f"move({COARSE})", show=False),
        Binding("home", "end(0)", show=False),
        Binding("end", "end(1)", show=False),
        Binding("enter", "press", show=False),
        Binding("r", "home", show=False),
    ]

    class Moved(Message):
        """The user has moved a fader."""

        def __init__(self, name: str, value: Any) -> None:
            super().__init__()
            self.name = name  # of its address, below the root
            self.value = value

    class Opened(Message):
        """The user wants to write what no fader moves."""

        def __init__(self, fader: Fader, name: str, value: str) -> None:
            super().__init__()
            self.fader = fader
            self.name = name  # of its address, below the root
            self.value = value

    def __init__(self, mirror: Mirror) -> None:
        super().__init__("panel")
        self._mirror = mirror
        self._insert, self._part = 1, 0
        self._shown: tuple[object, ...] = ()
        self._values: list[tuple[Any, str]] = []
        self.faders: list[Fader] = []
        self.selected = 0
        self._top = 0  # the first row that is in sight
        self._held: int | None = None  # the fader that the mouse has taken hold of

    @property
    def fader(self) -> Fader | None:
        """The one that keys move."""
        return self.faders[self.selected] if self.selected < len(self.faders) else None

    @property
    def learnt(self) -> str:
        """The fader that keys move, as a knob's parameter is named: loudest, part/1/loudest."""
        return self._learnt(self.fader) if self.fader else ""

    def show(self, insert: int, part: int = 0) -> None:
        """Show an insert or a part of it, or (insert 0) what counts for all; asked for whenever something changed."""
        mirror = self._mirror
        effect, models = str(mirror.get(f"{insert}/effect")), tuple(mirror.lists.get("models", ()))
        shown = (insert, part, effect, models)
        if shown != self._shown:
            here = self.fader.name if self.fader else ""
            self._shown, self._insert, self._part = shown, insert, part
            found = of_part() if part else faders(effect, models) if insert else common()
            self.faders = [one for one in found if self._address(one) in mirror.values]
            self.selected = next((at for at, one in enumerate(self.faders) if one.name == here), 0)
            self._measure()
            if not self.faders:  # its values are still on their way
                self._shown = ()
        values = [(self._value(fader), self._knob(fader)) for fader in self.faders]
        if values != self._values:
            self._values = values
            self.refresh()

    def choose(self, name: str) -> None:
        """Have keys move a fader by its name."""
        self.selected = next(at for at, one in enumerate(self.faders) if one.name == name)
        self._reveal()

    def on_resize(self) -> None:
        """As many side by side as fit now."""
        self._measure()

    def render_line(self, y: int) -> Strip:
        """One row of the screen: Textual asks for it."""
        thumb = self._thumb(y)
        y += self._top
        segments: list[Segment] = []
        ground = colours.style(colours.INK, colours.PANEL)
        for column in range(self._columns):
            at = column * self._rows + y
            if at < len(self.faders) and y < self._rows:
                segments += self._fader(at)
            else:
                segments.append(Segment(" " * self._width, ground))
        rows = Strip(segments).adjust_cell_length(self.size.width - 1, ground)
        return Strip([*rows, Segment(thumb, colours.style(colours.FAINT, colours.PANEL))])

    @property
    def _columns(self) -> int:
        return max((self.size.width - 1) // LEAST_WIDTH, 1)

    @property
    def _rows(self) -> int:
        return -(-len(self.faders) // self._columns)

    @property
    def _width(self) -> int:
        return (self.size.width - 1) // self._columns

    @property
    def _bar(self) -> int:
        return max(self._width - NAME - VALUE - KNOB - 2, 1)

    def _measure(self) -> None:
        self._reveal()

    def _thumb(self, y: int) -> str:
        """The piece of the scroll bar in a row."""
        height = self.size.height
        if self._rows <= height:
            return " "
        return "▐" if self._top * height // self._rows <= y < -(-(self._top + height) * height // self._rows) else " "

    def _fader(self, at: int) -> list[Segment]:
        fader, chosen = self.faders[at], at == self.selected and self.has_focus
        value = self._value(fader)
        back = colours.RAISED if chosen else colours.PANEL
        ink = colours.style(colours.ACCENT if chosen else colours.INK, back, bold=chosen)
        faint = colours.style(colours.FAINT, back)
        name = fader.name.replace("_", " ")[: NAME - 1]
        head = Segment(("▸" if chosen else " ") + name.ljust(NAME - 1), ink)
        tail = Segment(self._knob(fader).ljust(self._width - NAME - self._bar - VALUE - 2), faint)
        if fader.typed:
            text = _shortened(fader.text(value), self._bar + VALUE - 1)
            return [head, Segment(" [", faint), Segment(text, ink if value else faint), Segment("]", faint), tail]
        if fader.parameter.kind in SIGNS:
            sign = SIGNS[fader.parameter.kind][bool(value)]
            return [head, Segment(f" {sign}".ljust(self._bar + VALUE + 2), ink if value else faint), tail]
        if fader.choices:
            room = self._bar + VALUE + 2
            chosen_text = f"{fader.text(value):.{room - 4}}"
            end = "▸".ljust(room - len(chosen_text) - 3)
            return [head, Segment("◂", faint), Segment(f" {chosen_text} ", ink), Segment(end, faint), tail]
        filled, rest = _bar(fader.share(value), self._bar)
        bar = Style(color=colours.ACCENT if chosen else colours.mixed(colours.ACCENT, 0.7), bgcolor=colours.GRID)
        return [
            head,
            Segment(" ", ink),
            Segment(filled + (rest if not self.app.no_color else rest.replace(" ", "·")), bar),
            Segment(" " + fader.text(value)[:VALUE].ljust(VALUE), ink),
            tail,
        ]

    def _value(self, fader: Fader) -> Any:
        return self._mirror.get(self._address(fader), fader.home)

    def _address(self, fader: Fader) -> str:
        return f"{self._insert}/{self._learnt(fader)}" if self._insert else fader.name

    def _learnt(self, fader: Fader) -> str:
        return f"part/{self._part}/{fader.name}" if self._part else fader.name

    def _knob(self, fader: Fader) -> str:
        if self._mirror.get(f"{self._insert}/learn") == self._learnt(fader):
            return "turn?"
        cc = self._mirror.knob(self._insert, self._learnt(fader))
        return "" if cc is None else f"CC{cc}"

    def _open(self, fader: Fader) -> None:
        self.post_message(self.Opened(fader, self._address(fader), str(self._value(fader))))

    def _set(self, fader: Fader, value: Any) -> None:
        if value != self._value(fader):
            self.post_message(self.Moved(self._address(fader), value))

    def _reveal(self) -> None:
        row = self.selected % self._rows if self._rows else 0
        self._scroll(min(max(self._top, row - self.size.height + 1), row))

    def _scroll(self, top: int) -> None:
        self._top = min(max(top, 0), max(self._rows - self.size.height, 0))
        self.refresh()

    def on_focus(self) -> None:
        """Keys move the faders now: the one that they move is marked."""
        self.refresh()

    def on_blur(self) -> None:
        """They do not."""
        self.refresh()

    def _select(self, at: int) -> None:
        self.selected = min(max(at, 0), max(len(self.faders) - 1, 0))
        self._reveal()

    def action_go(self, steps: int) -> None:
        """To the next fader."""
        self._select(self.selected + steps)

    def action_go_aside(self, steps: int) -> None:
        """To the one beside it."""
        at = self.selected + steps * self._rows
        if not 0 <= at < len(self.faders):  # round to the next row of the other side
            at = (self.selected + steps) % max(self._rows, 1) + (0 if steps > 0 else (self._columns - 1) * self._rows)
        self._select(at)

    def action_move(self, steps: int) -> None:
        """Move the fader by so many steps."""
        if self.fader and not self.fader.typed:
            self._set(self.fader, self.fader.moved(self._value(self.fader), steps))

    def action_end(self, share: float) -> None:
        """Move the fader to one of its ends."""
        if self.fader and not self.fader.typed:
            self._set(self.fader, self.fader.at(share))

    def action_press(self) -> None:
        """Turn a switch, press a trigger, take the next choice, open what is written."""
        if self.fader and self.fader.typed:
            self._open(self.fader)
        elif self.fader:
            self._set(self.fader, self.fader.pressed(self._value(self.fader)))

    def action_home(self) -> None:
        """Back to the default."""
        if self.fader:
            self._set(self.fader, self.fader.home)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the fader there; on its name: select it."""
        at, x = self._under(event)
        if at is None:
            return
        self._select(at)
        if NAME <= x <= NAME + self._bar + 1:
            fader = self.faders[at]
            if fader.choices or fader.typed or fader.parameter.kind in SIGNS:
                self.action_press()
                return
            self._held = at
            self.capture_mouse()
            self._drag(x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Move what is held."""
        if self._held is not None:
            self._drag(event.x - self._held // self._rows * self._width)

    def on_mouse_up(self) -> None:
        """Let it go."""
        self._held = None
        self.release_mouse()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """One step more of the fader beneath, where the wheel is on its bar; elsewhere it scrolls."""
        self._wheel(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """One step less."""
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, steps: int) -> None:
        at, x = self._under(event)
        if at is not None and not self.faders[at].typed and NAME <= x <= NAME + self._bar + 1:
            self._select(at)
            self.action_move(steps)
        else:
            self._scroll(self._top - steps)

    def _under(self, event: events.MouseEvent) -> tuple[int | None, int]:
        """The fader under the mouse, and the column within it."""
        column, x = divmod(event.x, self._width)
        at = column * self._rows + event.y + self._top
        there = column < self._columns and event.y + self._top < self._rows and at < len(self.faders)
        return (at if there else None), x

    def _drag(self, x: int) -> None:
        if self._held is not None:
            fader = self.faders[self._held]
            self._set(fader, fader.at((x - NAME - 1) / max(self._bar - 1, 1)))


def _shortened(text: str, width: int) -> str:
    """A text in a field so wide."""
    return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"


def _bar(share: float, width: int) -> tuple[str, str]:
    """The filled part of a bar, to the eighth of a column, and the rest."""
    eighths = round(share * width * 8)
    whole, part = divmod(eighths, 8)
    filled = "█" * whole + (EIGHTHS[part] if part else "")
    return filled, " " * (width - len(filled))
