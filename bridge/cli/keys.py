"""Keys of the terminal that a daemon runs in: panic, undo it, capture, next scene and back, the screen, quit."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

KEYS = {
    "p": "panic", "u": "resume", "c": "capture", "n": "scene/next", "b": "scene/previous", "s": "screen", "q": "quit",
}  # fmt: skip
HELP = "p panic, u undo it, c capture, n next scene, b back, s screen, q quit"


def there() -> bool:
    """Whether somebody can press keys here."""
    try:
        import termios  # noqa: F401 - Unix only
    except ImportError:
        return False
    return sys.stdin.isatty() and _is_ours(sys.stdin.fileno())


@contextmanager
def listening(do: Callable[[str], None]) -> Iterator[None]:
    """Have keys do what they mean, inside a running event loop; nothing where there is no terminal."""
    if not there():
        yield
        return
    import asyncio
    import termios
    import tty

    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    loop = asyncio.get_running_loop()

    def pressed() -> None:
        if not _is_ours(keyboard):  # in the background since then: the keys are for somebody else
            return
        try:
            typed = os.read(keyboard, 64).decode(errors="replace")
        except OSError:
            typed = ""
        if not typed:  # the terminal is gone
            loop.remove_reader(keyboard)
        for key in typed:
            if key in KEYS:
                do(KEYS[key])

    tty.setcbreak(keyboard)  # key by key, and Ctrl-C stays what it is
    loop.add_reader(keyboard, pressed)
    try:
        yield
    finally:
        loop.remove_reader(keyboard)
        if _is_ours(keyboard):
            termios.tcsetattr(keyboard, termios.TCSADRAIN, before)


def _is_ours(terminal: int) -> bool:
    """Whether we are in the foreground: the system stops who touches a terminal from the background."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:  # it is gone
        return False
