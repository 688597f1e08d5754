"""What a terminal shows of the daemon in it: the screen, a process of its own, or the plain form. One at a time."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from bridge.cli import keys
from bridge.cli.terminal import Terminal
from bridge.messages import TOKEN_VARIABLE

Event = dict[str, Any]

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - no address to listen on, but how one is told
PATIENCE_S = 3.0
MOST_WAITING = 200
LEAVE = "\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[0m"
"""What a screen that has ended badly has not said: the other page, no cursor and the mouse are undone."""


class Front:
    """Hands the terminal to the screen and takes it back. The event loop of control owns it."""

    def __init__(self, terminal: Terminal, command: Callable[[str], None], *, screen: bool) -> None:
        self._terminal = terminal
        self._command = command
        self._wanted = screen
        self._ready: Event | None = None
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._keys = ExitStack()
        self._shown: dict[str, Event] = {}  # what is new by the time the screen closes, the last of each address
        self._waiting: deque[Event] = deque(maxlen=MOST_WAITING)

    def hear(self, event: Event) -> None:
        """What the daemon tells."""
        if event["event"] == "ready":
            self._ready = event
            if self._wanted:
                self._open()
        if self._task is None:
            self._terminal.show(event)
        elif event["event"] == "shown":
            self._shown[event["address"]] = event
        else:
            self._waiting.append(event)

    def press(self, command: str) -> None:
        """Do what a key of the plain form means."""
        if command != "screen":
            self._command(command)
        elif self._ready and possible():
            self._open()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Have the keys of the plain form heard while no screen is open."""
        self._listen()
        try:
            yield
        finally:
            self._keys.close()

    async def close(self) -> None:
        """The daemon ends: so does its screen."""
        self._wanted = False
        if self._process and self._process.returncode is None:
            self._process.terminate()
        if self._task:
            done, _ = await asyncio.wait([self._task], timeout=PATIENCE_S)
            if not done and self._process:
                self._process.kill()
                await self._task

    def _listen(self) -> None:
        self._keys.enter_context(keys.listening(self.press))

    def _open(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._screen())

    async def _screen(self) -> None:
        """Show the screen until it closes, then what has happened meanwhile."""
        assert self._ready  # noqa: S101 - nothing is opened before
        self._keys.close()
        self._terminal.pause()
        host = self._ready["osc_host"]
        try:
            with _kept():
                code = await self._shown_on(host)
        finally:
            self._task = None
        self._terminal.go_on()
        for event in (*self._waiting, *self._shown.values()):
            self._terminal.show(event)
        self._waiting.clear()
        self._shown.clear()
        if self._wanted:
            how = f"has ended with code {code}" if code else "is closed"
            self._terminal.say(f"The screen {how}, the daemon goes on: s opens it again, Ctrl-C ends the daemon.")
            self._listen()

    async def _shown_on(self, host: str) -> int:
        """Run the screen's process; gives its exit code."""
        assert self._ready  # noqa: S101 - nothing is opened before
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "bridge.cli", "tui", "--owner", str(os.getpid())),
            *("--osc-port", str(self._ready["osc_port"]), "--osc-host", host),
            env={name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE},
        )
        code = await self._process.wait()
        if code:
            sys.stdout.write(LEAVE)
            sys.stdout.flush()
        return code


def terminal() -> bool:
    """Whether there is a terminal for a screen."""
    return all(one.isatty() for one in (sys.stdin, sys.stdout, sys.stderr)) and os.environ.get("TERM") != "dumb"


def possible() -> bool:
    """Whether a daemon can lend its terminal to a screen, and have it back."""
    return terminal() and keys.there()


@contextmanager
def _kept() -> Iterator[None]:
    """Leave the terminal's settings as they were, whatever becomes of the screen."""
    import termios  # Unix only

    before = termios.tcgetattr(sys.stdin.fileno())
    try:
        yield
    finally:
        with suppress(termios.error):  # it is gone
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, before)
