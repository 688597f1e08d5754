"""The page of keys."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

HELP = """\
[b]Everywhere[/b]
  p  panic: all that sounds ends      u  undo it
  b  bypass this insert               1-9  another insert
  v V  its next part, the one before  0  what counts for all of them
  c  capture: the last minutes
  /  load a preset or scene           w  save one
  n  next scene of the setlist        N  the one before
  t  tap the tempo                    s  start, stop our own song
  k  play on this keyboard            q  close the screen
[b]Scenes, and presets of your own[/b]  (in the list of /)
  ^R  rename   ^D  delete   ^↑ ^↓  a scene earlier, later
[b]Faders[/b]  (or the mouse: drag, click, wheel)
  ↑ ↓ Tab    choose one
  ← →        move it; with Shift, or PgUp and PgDn: ten times as far
  Home End   to its ends              r  back to its default
  Enter      turn a switch, press a button, next choice, write
  l          learn: then turn the knob that is to move it
  x          no knob moves it any more
[b]Keyboard[/b]  (k)
  z s x d c v ... white and black keys; q 2 w 3 e r ... an octave up
  \\[ ]  octave      - =  touch      !  panic      k or Esc  ends\
"""


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
