"""What lies over the screen for a while: the keys, and the browser of presets and scenes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

HELP = """\
[b]Everywhere[/b]
  p  panic: all that sounds ends      u  undo it
  b  bypass this insert               1-9  another insert
  c  capture: the last minutes as a file
  /  presets and scenes               k  play on this keyboard
  t  tap the tempo                    s  start, stop our own song
  ?  this page                        q  close the screen

[b]Faders[/b]  (or the mouse: drag, click, wheel)
  ↑ ↓ Tab    choose one
  ← →        move it; with Shift, or PgUp and PgDn: ten times as far
  Home End   to its ends              r  back to its default
  Enter      turn a switch, press a button, next choice
  l          learn: then turn the knob that is to move it
  x          no knob moves it any more

[b]Keyboard[/b]  (k)
  z s x d c v ...  white and black keys; q 2 w 3 e r ... an octave above
  \\[ ]  octave      - =  touch      !  panic      k or Esc  ends\
"""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A list that the daemon gives, and what is said to it to have one of its entries."""

    title: str
    entries: Callable[[], Sequence[str]]
    current: Callable[[], str]
    load: Callable[[str], None]


class HelpSheet(ModalScreen[None]):
    """The keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q,enter,space", "dismiss", show=False)]

    def __init__(self, ending: str) -> None:
        super().__init__()
        self._ending = ending

    def compose(self) -> ComposeResult:
        """The page."""
        with Vertical(id="sheet") as sheet:
            sheet.border_title = "Keys"
            sheet.border_subtitle = self._ending
            yield Static(HELP)

    def on_click(self) -> None:
        """Away with it."""
        self.dismiss()


class Browser(ModalScreen[None]):
    """What can be loaded, found by typing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", show=False),
        Binding("down", "go(1)", show=False),
        Binding("up", "go(-1)", show=False),
    ]

    def __init__(self, shelves: Sequence[Shelf], title: str) -> None:
        super().__init__()
        self._shelves = shelves
        self._title = title

    def compose(self) -> ComposeResult:
        """A line to type in, and what is found."""
        with Vertical(id="sheet") as sheet:
            sheet.border_title = self._title
            sheet.border_subtitle = "Enter loads, ↑ ↓ choose, Esc leaves"
            yield Input(placeholder="type to search", id="search")
            yield OptionList(id="found", markup=False)

    def on_mount(self) -> None:
        """All of it, what is loaded chosen."""
        self._find("")

    def on_input_changed(self, event: Input.Changed) -> None:
        """What has these words."""
        self._find(event.value)

    def on_input_submitted(self) -> None:
        """Load what is chosen."""
        self.query_one(OptionList).action_select()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Load it, and away."""
        at, name = str(event.option.id).split(":", 1)
        self._shelves[int(at)].load(name)
        self.dismiss()

    def action_go(self, steps: int) -> None:
        """Choose the next one, while the line is typed in."""
        found = self.query_one(OptionList)
        found.action_cursor_down() if steps > 0 else found.action_cursor_up()

    def _find(self, words: str) -> None:
        found = self.query_one(OptionList)
        found.clear_options()
        for at, shelf in enumerate(self._shelves):
            names = [name for name in shelf.entries() if all(word in name.lower() for word in words.lower().split())]
            if names and len(self._shelves) > 1:
                found.add_option(Option(shelf.title, disabled=True))
            for name in names:
                loaded = name == shelf.current()
                found.add_option(Option(f"{'●' if loaded else ' '} {name}", id=f"{at}:{name}"))
                if loaded:
                    found.highlighted = found.option_count - 1
        if found.highlighted is None and found.option_count:
            found.action_first()
