"""A sheet with a line to type in, which closes only when the daemon has done what was asked for."""

from __future__ import annotations

from textual.screen import ModalScreen
from textual.widgets import Input, Static

from bridge.tui.answers import Messages, Request, Say


class Asking(ModalScreen[str]):
    """Has a `#note` beneath its Input; a refusal is said there, and what was typed stays."""

    def __init__(self, say: Say) -> None:
        super().__init__()
        self.request = Request(say)

    @property
    def typed(self) -> str:
        """What stands in the line."""
        return self.query_one(Input).value.strip()

    @property
    def done(self) -> str:
        """What it closes with."""
        raise NotImplementedError

    def hear(self, messages: Messages) -> None:
        """What the daemon makes of it."""
        answer = self.request.hear(messages)
        if answer:
            self.note(answer)
        elif answer is not None:
            self.dismiss(self.done)

    def note(self, text: str) -> None:
        """Say something about what is typed."""
        self.query_one("#note", Static).update(text)
