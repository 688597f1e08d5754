"""The screen of a daemon: thirty times a second it shows what is new, and it says what the user does."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from bridge.addresses import ROOT
from bridge.parameters import WRITTEN
from bridge.tui import colours
from bridge.tui.asking import Asking
from bridge.tui.browser import Browser
from bridge.tui.inserts import Inserts
from bridge.tui.lines import Header, Keys, Legend, Log
from bridge.tui.link import Link
from bridge.tui.mirror import Mirror
from bridge.tui.panel import Panel
from bridge.tui.piano import Piano, Stroke
from bridge.tui.roll import Roll
from bridge.tui.saving import Saving
from bridge.tui.sheets import HelpSheet
from bridge.tui.shelves import kinds_of, shelves_of
from bridge.tui.writing import Writing

FRAME_S = 1 / 30
LEAST_WIDTH, LEAST_HEIGHT = 64, 16
SETTLE_S = 0.3
"""So long after a fader was moved last, the daemon is asked where it stands: somebody else may have moved it too."""
KEYS = (
    ("?", "help", "help"), ("p", "panic", "panic"), ("b", "bypass", "bypass"), ("c", "capture", "capture"),
    ("/", "load", "browse"), ("w", "save", "save"), ("l", "learn", "learn"), ("k", "keys", "piano"),
    ("v", "parts", "part(1)"), ("q", "quit", "quit"),
)  # fmt: skip
"""What the lowest row shows: key, what it does, and the action."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the daemon is, and whose screen this is."""

    host: str = "127.0.0.1"
    port: int = 9000
    owner: int = 0
    """The process that has opened the screen and waits for its end; 0: nobody's."""
    every_frame: bool = False
    """Draw the roll in each frame, whether it is another one or not: to measure what that costs."""


class ScreenApp(App[None]):
    """`continuo tui`."""

    TITLE = "Continuo"
    CSS_PATH = "look.tcss"
    ENABLE_COMMAND_PALETTE = False
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high"), (44, "-tall")]  # noqa: RUF012 - as Textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", show=False),
        Binding("p,exclamation_mark", "panic", show=False),
        Binding("b", "bypass", show=False),
        Binding("c", "capture", show=False),
        Binding("slash", "browse", show=False),
        Binding("w", "save", show=False),
        Binding("n", "say('scene/next')", show=False),
        Binding("N", "say('scene/previous')", show=False),
        Binding("l", "learn", show=False),
        Binding("k", "piano", show=False),
        Binding("u", "say('resume')", show=False),
        Binding("t", "say('tap')", show=False),
        Binding("s", "roll", show=False),
        Binding("x", "unlearn", show=False),
        Binding("v", "part(1)", show=False),
        Binding("V", "part(-1)", show=False),
        *(Binding(str(number), f"select({number})", show=False) for number in range(10)),
        Binding("q,ctrl+q", "quit", show=False),
        Binding("ctrl+c", "quit", show=False, priority=True),
        Binding("ctrl+z", "stay", show=False, priority=True),  # whoever waits for us would not stop with us
    ]

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.mirror = Mirror()
        self.link = Link(place.host, place.port, self._heard)
        self.piano = Piano()
        self.header, self.roll, self.legend = Header("header"), Roll(self.mirror), Legend("legend")
        self.inserts, self.panel, self.log_lines = Inserts(self.mirror), Panel(self.mirror), Log(self.mirror)
        self.house = self.header, self.roll, self.legend, self.inserts, self.panel, self.log_lines, Keys(KEYS)
        self.insert = 1
        self.page = 1
        """Whose faders are shown: an insert's, or (0) those that count for all."""
        self.part = 0
        """Which part's of that insert; 0: its own."""
        self._was_there = False
        self._shown: tuple[object, ...] = ()
        self._settling: dict[str, float] = {}
        self._second = 0

    def compose(self) -> ComposeResult:
        """The rows from top to bottom."""
        yield from self.house
        yield Static(id="small")

    async def on_mount(self) -> None:
        """Begin to listen."""
        self.register_theme(colours.THEME)
        self.theme = "continuo"
        self.roll.where = f"{self.place.host}:{self.place.port}"
        self.panel.focus()
        self.log_lines.idle = self._ending
        await self.link.open()
        self.set_interval(FRAME_S, self._tick)

    def on_unmount(self) -> None:
        """Let go of what is held, and of the daemon."""
        self._play(self.piano.lift())
        self.link.close()

    def on_resize(self, event: events.Resize) -> None:
        """Say so where there is too little room."""
        fits = event.size.width >= LEAST_WIDTH and event.size.height >= LEAST_HEIGHT
        for widget in self.house:
            widget.display = fits
        small = self.screen_stack[0].query_one("#small", Static)
        small.display = not fits
        small.update(
            f"Too small: {event.size.width} x {event.size.height}.\n"
            f"The screen needs {LEAST_WIDTH} x {LEAST_HEIGHT}.\n\nThe music goes on;\np is panic, q closes."
        )

    async def on_event(self, event: events.Event) -> None:
        """Keys of the piano first, while it is on: they mean notes and nothing else."""
        plays = isinstance(event, events.Key) and self.piano.on and len(self.screen_stack) == 1
        if plays and isinstance(event, events.Key) and not event.is_forwarded and self._piano_key(event):
            return
        await super().on_event(event)

    def _heard(self, messages: list[tuple[str, list[Any]]]) -> None:
        """What the daemon tells."""
        self.mirror.take(messages, time.monotonic())
        if len(messages) > 1:  # everything: this daemon has not seen us before
            for name in ("inserts", "presets", "presets/own", "models"):
                self.link.say(name)
        if any(name == "setlist" for name, _ in messages):  # and maybe a new scene in it
            self.link.say("scenes")
        while self.mirror.refused:
            name = self.mirror.refused.pop().removeprefix(f"{ROOT}/")
            if name in self.mirror.values:  # a value is asked for; what is done by its address must not be done again
                self.link.say(name)
        if isinstance(self.screen, Asking | Browser):
            self.screen.hear(messages)

    def _tick(self) -> None:
        """A frame: whatever is new is shown, and nothing else is done."""
        now_s = time.monotonic()
        self._play(self.piano.due(now_s))
        for name in [name for name, until_s in self._settling.items() if until_s < now_s]:
            del self._settling[name]
            self.link.say(name)
        if self.link.there != self._was_there:
            self._was_there = self.link.there
            if not self.link.there:
                self.mirror.lose(now_s)
                self.mirror.tell("The daemon does not answer any more: it is looked for", now_s)
            elif self.mirror.log:
                self.mirror.tell("The daemon answers", now_s)
        if int(now_s) != self._second:
            self._second = int(now_s)
            self._watch_owner()
        self.roll.insert, self.roll.there = self.insert, self.link.there
        self.roll.tick(now_s, anyway=self.place.every_frame)
        shown = (self.mirror.version, self.insert, self.link.there, self.piano.text if self.piano.on else "", self.size)
        if shown != self._shown:
            self._shown = shown
            self._show()

    def _show(self) -> None:
        """Show what is not the roll."""
        self.insert = min(self.insert, max(self.mirror.inserts, 1))
        self.page = min(self.page, self.insert)
        self.header.show(self.mirror, self.insert, there=self.link.there)
        self.legend.show(self.mirror, self.insert, self.piano)
        parts = self.mirror.parts(self.page)
        self.part = self.part if self.part <= len(parts) else 0
        self.inserts.show(self.page, parts[self.part - 1][0] if self.part else "")
        self.panel.show(self.page, self.part)
        self.log_lines.show()

    def _watch_owner(self) -> None:
        """Close when who opened the screen is gone: the terminal is somebody else's now."""
        if self.place.owner and os.getppid() != self.place.owner:
            self.exit()

    def set_value(self, name: str, value: Any) -> None:
        """Set a parameter: shown at once, and looked at again when it has come to rest."""
        self.mirror.set(name, value)
        self.link.say(name, value)
        self._settling[name] = time.monotonic() + SETTLE_S

    @property
    def settled(self) -> bool:
        """Whether no fader was moved just now."""
        return not self._settling

    def on_panel_moved(self, event: Panel.Moved) -> None:
        """A fader was moved."""
        self.set_value(event.name, event.value)

    def on_panel_opened(self, event: Panel.Opened) -> None:
        """Something is to be written; how it stands then is asked for, because who sets a value is not told of it."""
        sheet = Writing(event.fader.parameter, event.name, event.value, self.link.say)
        self.push_screen(sheet, lambda _: self.link.say(event.name))

    def on_inserts_selected(self, event: Inserts.Selected) -> None:
        """An insert was clicked."""
        self.action_select(event.insert)

    def on_legend_selected(self, event: Legend.Selected) -> None:
        """A part was clicked."""
        self.page, self.part = self.insert, event.part
        self.mirror.version += 1

    def _piano_key(self, event: events.Key) -> bool:
        """Whether a key was the piano's."""
        match event.key:
            case "k" | "escape":
                self.action_piano()
            case "left_square_bracket" | "right_square_bracket":
                self.piano.shift(-1 if event.key.startswith("left") else 1)
            case "minus" | "equals_sign":
                self.piano.press_harder(-1 if event.key == "minus" else 1)
            case _:
                strokes = self.piano.press(event.character or "", time.monotonic())
                self._play(strokes)
                return bool(strokes) or bool(event.character and event.character.isalnum())
        return True

    def _play(self, strokes: Sequence[Stroke]) -> None:
        for pitch, velocity in strokes:
            self.link.say(f"{self.insert}/note", pitch, velocity)

    def action_say(self, name: str) -> None:
        """What needs no more than its address."""
        self.link.say(name)

    def action_panic(self) -> None:
        """End everything."""
        self._play(self.piano.lift())
        self.link.say("panic")

    def action_stay(self) -> None:
        """The screen cannot be put aside."""

    def action_bypass(self) -> None:
        """Silence the insert, or have it play again."""
        name = f"{self.insert}/bypass"
        self.set_value(name, 0 if self.mirror.get(name, 0) else 1)

    def action_capture(self) -> None:
        """Keep the last minutes."""
        self.link.say("capture")

    def action_roll(self) -> None:
        """Start our own song, or stop it."""
        self.link.say("stop" if self.mirror.get("rolling", 0) else "play")

    def action_select(self, insert: int) -> None:
        """Show another insert; 0: the faders that count for all of them."""
        if insert <= self.mirror.inserts:
            self.page, self.part = insert, 0
            self.mirror.version += 1
        if 0 < insert <= self.mirror.inserts:
            self._play(self.piano.lift())
            self.insert = insert

    def action_part(self, steps: int) -> None:
        """Show the next part of the insert; after the last one the insert itself."""
        self.part = (self.part + steps) % (len(self.mirror.parts(self.page)) + 1)
        self.mirror.version += 1

    def action_learn(self) -> None:
        """Have the next knob that moves be the fader's; again: no longer wait for one."""
        fader = self.panel.fader
        if fader and not self.page:
            self.mirror.tell("Knobs move what is an insert's: press its number first", time.monotonic())
        elif fader and fader.parameter.kind in WRITTEN:
            self.mirror.tell("No knob moves what is written: Enter opens it", time.monotonic())
        elif fader:
            waits = self.mirror.get(f"{self.insert}/learn") == self.panel.learnt
            self.link.say(f"{self.insert}/learn", "" if waits else self.panel.learnt)

    def action_unlearn(self) -> None:
        """No knob moves the fader any more."""
        if self.page and self.mirror.knob(self.insert, self.panel.learnt) is not None:
            self.link.say(f"{self.insert}/unlearn", self.panel.learnt)

    def action_piano(self) -> None:
        """Letters are notes, or not any more."""
        self._play(self.piano.lift())
        self.piano.on = not self.piano.on

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(HelpSheet(self._ending))

    @property
    def _ending(self) -> str:
        """What closing the screen means."""
        after = " here, Ctrl-C then ends it" if self.place.owner else ""
        return f"q closes the screen; the daemon goes on{after}"

    def action_browse(self) -> None:
        """Show what can be loaded."""
        for name in ("presets", "presets/own", "scenes"):  # somebody may have put another one there
            self.link.say(name)
        shelves = shelves_of(self.mirror, self.insert, self.link.say)
        self.push_screen(Browser(shelves, f"Load a preset into insert {self.insert}, or a scene", self.link.say))

    def action_save(self) -> None:
        """Save a scene, or a preset."""
        self.push_screen(Saving(kinds_of(self.mirror, self.insert), self.link.say), self._saved)

    def _saved(self, text: str | None) -> None:
        if text:
            self.mirror.tell(text, time.monotonic())


def show(place: Place) -> None:
    """Show a daemon until the user closes the screen."""
    app = ScreenApp(place)
    signal.signal(signal.SIGTERM, lambda *_: app.exit())  # the terminal is left as it was
    app.run()
