"""The microphone: a process of its own, whose notes are keys of the first insert."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from typing import Any

from bridge.control.display import Display
from bridge.control.inbox import Address
from bridge.control.keyboard import Keyboard
from bridge.control.options import Microphone
from bridge.control.state import Desk
from bridge.control.supervisor import Supervisor
from bridge.errors import ValueRefused
from music.errors import ContinuoError

SENDER: Address = ("microphone", 0)
INSERT = 0
SILENCE_DB = -100

Event = dict[str, Any]


class Listening:
    """Starts the audio process, plays what it hears, and lets go what it held when it dies. Control's event loop."""

    def __init__(
        self,
        supervisor: Supervisor,
        desk: Desk,
        keyboard: Keyboard,
        display: Display,
        tell: Callable[[Event], None],
    ) -> None:
        self._desk = desk
        self._supervisor = supervisor
        self._keyboard = keyboard
        self._display = display
        self._tell = tell
        self._told = ""
        self._set: Event = {}

    def start(self, options: Microphone | None, name: str, backend: str) -> None:
        """Listen, if it is wanted and not done yet: through the system that MIDI goes through, if that has sound."""
        if options and not self._supervisor.known("audio"):
            self._supervisor.start("audio", "--backend", backend, "--name", f"{name} Mic", f"--input={options.wanted}")

    def look(self) -> None:
        """Have it listen as is set by now, if it was told otherwise."""
        if self._set != (wanted := self._desk.daemon["microphone"]):
            self._set = deepcopy(wanted)
            self._supervisor.say("audio", listen=wanted)

    def hear(self, message: Event) -> None:
        """What the audio process says."""
        self._keyboard.alive(SENDER)
        if "note" in message:
            with suppress(ValueRefused):  # the brain is down: the next note will be answered
                self._keyboard.play(INSERT, message["note"], SENDER)
        elif "level" in message:
            for name in ("level", "pitch", "confidence"):
                self._display.show(f"microphone_{name}", message[name])
        elif "hears" in message:  # it has begun, and knows nothing yet
            self._set = {}
            self.look()
        elif "ready" in message:
            self._told = ""
            self._display.show("microphone", message["input"])
            text = f"Listening to {message['input']}: sing or play into it"
            self._tell({"event": "microphone", "text": text, "pid": self._supervisor.pid("audio")})
        elif "error" in message:
            self._lost(str(ContinuoError(message["error"], message["hint"])))

    def ended(self) -> None:
        """It is gone, with all that it held; another one comes."""
        self._keyboard.leave(SENDER)
        self._display.show("microphone", "")
        self._display.show("microphone_level", SILENCE_DB)
        self._display.show("microphone_pitch", 0.0)
        self._display.show("microphone_confidence", 0)

    def _lost(self, text: str) -> None:
        if text != self._told:  # said once, and tried every two seconds
            self._tell({"event": "trouble", "text": text})
        self._told = text
        self.ended()
