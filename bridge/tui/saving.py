"""The sheet that saves: all inserts as a scene, or one as a preset, under a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from bridge.tui.answers import Say
from bridge.tui.asking import Asking


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be saved."""

    title: str
    what: str
    address: str
    proof: str
    """The list that the name is in afterwards."""
    name: str
    """What is offered as its name."""
    taken: Callable[[str], tuple[str, str]]
    """What there is of a name already, and what saving under it does to that; empty: nothing."""


class Saving(Asking):
    """Asks for a name, and closes with what to say when it is saved; nothing is replaced unasked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", show=False),
        Binding("tab,down", "kind(1)", show=False, priority=True),
        Binding("shift+tab,up", "kind(-1)", show=False, priority=True),
    ]

    def __init__(self, kinds: list[Kind], say: Say) -> None:
        super().__init__(say)
        self._kinds = kinds
        self._agreed = ""  # the name under which there is something, and it is known
        self._at = 0

    def compose(self) -> ComposeResult:
        """What to save, its name, and what there is to say about it."""
        with Vertical(id="sheet") as sheet:
            sheet.border_title = "Save"
            sheet.border_subtitle = "Enter saves, Tab or ↑ ↓ what, Esc leaves"
            yield OptionList(
                *(Option(f" {kind.title:<8}{kind.what}") for kind in self._kinds), id="kinds", markup=False
            )
            yield Input(placeholder="its name", id="name", select_on_focus=False, max_length=60)
            yield Static(id="note", markup=False)

    def on_mount(self) -> None:
        """A scene, under the name that it has."""
        self.query_one(Input).focus()
        self.query_one(OptionList).highlighted = 0
        self._choose(0)

    @property
    def _kind(self) -> Kind:
        return self._kinds[self._at]

    @property
    def done(self) -> str:
        """What there is to say."""
        return f"{self._kind.title} {self.typed!r} is saved"

    def action_kind(self, steps: int) -> None:
        """The other one."""
        self._choose((self._at + steps) % len(self._kinds))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """By a click."""
        self._choose(event.option_index)

    def on_input_changed(self) -> None:
        """Say what there is of this name."""
        self._agreed = ""
        self.note(self._kind.taken(self.typed)[0])

    def on_input_submitted(self) -> None:
        """Save; ask before something is replaced."""
        there, what = self._kind.taken(self.typed)
        if not self.typed:
            self.note("It needs a name")
        elif there and self._agreed != self.typed:
            self._agreed = self.typed
            self.note(f"{there} Enter once more {what}.")
        else:
            self.request.make(self._kind.address, self.typed, proof=self._kind.proof)
            self.note("")

    def _choose(self, at: int) -> None:
        self._at = at
        self.query_one(OptionList).highlighted = at
        line = self.query_one(Input)
        line.value = self._kind.name
        line.cursor_position = len(line.value)
        line.focus()
        self.on_input_changed()
