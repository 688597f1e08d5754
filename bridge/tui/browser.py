"""The browser of presets and scenes: found by typing, loaded, renamed and deleted, and scenes put in order."""

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

from bridge.tui.answers import Messages, Request, Say
from bridge.tui.lines import Keys

SEARCH = "type to search"
KEYS = (("^R", "rename", "screen.rename"), ("^D", "delete", "screen.delete"))
"""What can be done with what is one's own."""
ORDER_KEYS = (("^↑", "earlier", "screen.shift(-1)"), ("^↓", "later", "screen.shift(1)"))
"""What can be done with a scene beside that."""
LISTS = ("presets", "presets/own", "scenes", "setlist", "scene")
"""What is shown here, or marked."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A list that the daemon gives, and what is said to it to have one of its entries."""

    title: str
    entries: Callable[[], Sequence[str]]
    current: Callable[[], str]
    load: Callable[[str], None]
    address: str
    """What is below it renames and deletes; with an s, it is the list."""
    own: Callable[[], Sequence[str]]
    """The user's own: they can be renamed and deleted."""
    order: Callable[[], Sequence[str]] | None = None
    """The setlist, where these are scenes: they can be put in order."""


class Browser(ModalScreen[None]):
    """What can be loaded, found by typing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("down", "go(1)", show=False),
        Binding("up", "go(-1)", show=False),
        Binding("ctrl+r,f2", "rename", show=False, priority=True),
        Binding("ctrl+d,f8", "delete", show=False, priority=True),
        Binding("ctrl+up,shift+up", "shift(-1)", show=False, priority=True),
        Binding("ctrl+down,shift+down", "shift(1)", show=False, priority=True),
    ]

    def __init__(self, shelves: Sequence[Shelf], title: str, say: Say) -> None:
        super().__init__()
        self._shelves = shelves
        self._title = title
        self._say = say
        self._request = Request(say)
        self._renamed = ""  # the entry whose new name is typed
        self._doomed = ""  # the entry that is deleted when asked once more
        self._here = ""  # the entry that stays chosen while the lists change
        self._then = ""  # the one that is chosen when a wish has come true
        self._there = False  # whether it is on the screen

    def compose(self) -> ComposeResult:
        """A line to type in, what is found, and what can be done with it."""
        with Vertical(id="sheet") as sheet:
            sheet.border_title = self._title
            sheet.border_subtitle = "Enter loads, ↑ ↓ choose, Esc leaves"
            yield Input(placeholder=SEARCH, id="search")
            yield OptionList(id="found", markup=False)
            yield Static(id="note", markup=False)
            yield Keys(KEYS)

    def on_mount(self) -> None:
        """All of it, what is loaded chosen."""
        self._there = True
        self._find()

    def hear(self, messages: Messages) -> None:
        """What the daemon makes of a wish; and what there is now."""
        answer = self._request.hear(messages)
        if not self._there:
            return
        if answer is not None:
            self._tell(answer)
            self._here = self._here if answer else self._then
        if any(name in LISTS for name, _ in messages) and not self._renamed:
            self._find()

    def on_input_changed(self) -> None:
        """What has these words."""
        if not self._renamed:
            self._find()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Load what is chosen, or give it the name that was typed."""
        if not self._renamed:
            self.query_one(OptionList).action_select()
            return
        shelf, old = self._entry(self._renamed)
        name = event.value.strip()
        if shelf and name and name != old:
            self._then = f"{self._shelves.index(shelf)}:{name}"
            self._request.make(f"{shelf.address}/rename", old, name, proof=f"{shelf.address}s")
        self._end_rename()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Load it, and away."""
        shelf, name = self._entry(str(event.option.id))
        if shelf:
            shelf.load(name)
        self.dismiss()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say what can be done with it."""
        if str(event.option.id) != self._here:
            self._here, self._doomed = str(event.option.id), ""
            self._tell("")
        shelf, name = self._entry(self._here)
        own = KEYS if shelf and name in shelf.own() else ()
        self.query_one(Keys).offer((*own, *ORDER_KEYS) if shelf and shelf.order else own)

    def action_leave(self) -> None:
        """Away; from a name that is typed, back to the list."""
        if self._renamed:
            self._end_rename()
        else:
            self.dismiss()

    def action_go(self, steps: int) -> None:
        """Choose the next one, while the line is typed in."""
        found = self.query_one(OptionList)
        found.action_cursor_down() if steps > 0 else found.action_cursor_up()

    def action_rename(self) -> None:
        """Have the line be its name."""
        line = self.query_one(Input)
        _, name = self._entry(self._here)
        if self._may_be("renamed"):
            self._renamed = self._here
            self._tell(f"The new name of {name!r}: Enter renames, Esc does not")
            line.value = name
            line.cursor_position = len(line.value)
            line.focus()

    def action_delete(self) -> None:
        """Forget it, when asked twice."""
        shelf, name = self._entry(self._here)
        if not shelf or not self._may_be("deleted"):
            return
        if self._doomed != self._here:
            self._doomed = self._here
            self._tell(f"^D once more deletes {name!r}")
        else:
            self._then, self._doomed = self._here, ""
            self._request.make(f"{shelf.address}/delete", name, proof=f"{shelf.address}s")

    def action_shift(self, steps: int) -> None:
        """Earlier or later in the setlist; a scene that is not in it comes in."""
        shelf, scene = self._entry(self._here)
        if not shelf or not shelf.order:
            return
        order = list(shelf.order())
        at = order.index(scene) if scene in order else len(order)
        order = [name for name in order if name != scene]
        order.insert(min(max(at + steps, 0), len(order)), scene)
        self._say("setlist", *order)
        self._say("setlist")

    def _entry(self, entry: str) -> tuple[Shelf | None, str]:
        """Where an entry stands, and its name; None: it is none."""
        at, _, name = entry.partition(":")
        return (self._shelves[int(at)] if at.isdecimal() else None), name

    def _may_be(self, done: str) -> bool:
        """Whether what is chosen can be renamed or deleted; says so where it cannot."""
        shelf, name = self._entry(self._here)
        if shelf and name in shelf.own():
            return True
        if shelf and name in shelf.entries():
            self._tell(f"{name!r} comes with Continuo and cannot be {done}")
        return False

    def _end_rename(self) -> None:
        self._renamed = ""
        self._tell("")
        self.query_one(Input).value = ""

    def _find(self) -> None:
        """Show what has the words that are typed; what was chosen stays so, at first it is what is loaded."""
        words = self.query_one(Input).value.lower().split()
        found, here = self.query_one(OptionList), self._here
        found.clear_options()
        for at, shelf in enumerate(self._shelves):
            names = [name for name in shelf.entries() if all(word in name.lower() for word in words)]
            if names and len(self._shelves) > 1:
                found.add_option(Option(shelf.title, disabled=True))
            for name in names:
                loaded = name == shelf.current()
                found.add_option(Option(f"{'●' if loaded else ' '} {name}", id=f"{at}:{name}"))
                if f"{at}:{name}" == here or (loaded and not here):
                    found.highlighted = found.option_count - 1
        if found.highlighted is None and found.option_count:
            found.action_first()
        if not found.option_count:  # nothing that is out of sight is deleted
            self._here = self._doomed = ""
            self.query_one(Keys).offer(())

    def _tell(self, text: str) -> None:
        self.query_one("#note", Static).update(text)
