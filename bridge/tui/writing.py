"""The sheet that sets what no fader moves, because it is written: the changes, channels, a meter."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from bridge.parameters import MOST_CHART, Parameter
from bridge.tui.answers import Say
from bridge.tui.asking import Asking

PROOF = "backend"
"""Never another while a daemon runs: nobody else's change is taken for the answer."""


EXAMPLES = {"chart": "Am F C G7, or C G | Am | %", "channels": "all, or 1,3", "meter": "3/4"}
"""What an empty line shows, by kind."""


class Writing(Asking):
    """Asks for the value of a parameter, and closes when the daemon has taken it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", show=False)]

    def __init__(self, parameter: Parameter, address: str, value: str, say: Say) -> None:
        super().__init__(say)
        self._parameter = parameter
        self._address = address  # below the root
        self._value = value

    def compose(self) -> ComposeResult:
        """What it is, how it stands, what may be written."""
        insert, *below = self._address.split("/")
        whose = f"part {below[1]} of insert {insert}" if below[2:] else f"insert {insert}" if below else "all inserts"
        clears = ", empty: none" if self._parameter.default == "" else ""
        with Vertical(id="sheet") as sheet:
            sheet.border_title = f"{self._parameter.name.replace('_', ' ')}, {whose}"
            sheet.border_subtitle = f"Enter sets it{clears}, Esc leaves"
            yield Static(self._parameter.text, markup=False)
            example = EXAMPLES.get(self._parameter.kind, "")
            yield Input(self._value, example, id="line", select_on_focus=False, max_length=MOST_CHART)
            yield Static(self._parameter.range_text, id="range", markup=False)
            yield Static(id="note", markup=False)

    def on_mount(self) -> None:
        """Type on where it ends."""
        self.query_one(Input).focus()

    @property
    def done(self) -> str:
        """Its address."""
        return self._address

    def on_input_changed(self) -> None:
        """What was said was said of something else."""
        self.note("")

    def on_input_submitted(self) -> None:
        """Have the daemon take it."""
        self.request.make(self._address, self.typed, proof=PROOF)
        self.note("The daemon is asked.")
