"""A screen on a terminal of its own, as a user has it: keys go in, frames come out and are counted."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bridge.bench.idle import cpu_s

SYNC_QUESTION, SYNC_ANSWER, SYNC_START = b"\x1b[?2026$p", b"\x1b[?2026;2$y", b"\x1b[?2026h"
"""A terminal that shows whole frames says so, and each frame then begins with a mark."""
PATIENCE_S = 30.0


class Spectator:
    """A `continuo tui` in a process of its own; a thread reads what it draws."""

    def __init__(self, port: int, size: tuple[int, int], *options: str) -> None:
        import pty  # noqa: PLC0415 - Unix only

        self.frames = 0
        self.shown = bytearray()
        """What it has drawn so far."""
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            command = [sys.executable, "-P", "-m", "bridge.cli", "tui", "--osc-port", str(port), *options]
            os.execv(sys.executable, command)  # noqa: S606 - of our own
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def press(self, keys: bytes) -> int:
        """Press keys; gives the stamp of now."""
        now_ns = time.monotonic_ns()
        os.write(self._terminal, keys)
        return now_ns

    def until(self, text: bytes) -> None:
        """Wait until it has drawn a text; TimeoutError where it does not."""
        end_s = time.monotonic() + PATIENCE_S
        while text not in self.shown:
            if time.monotonic() > end_s:
                raise TimeoutError(f"the screen does not show {text!r}")
            time.sleep(0.01)

    @property
    def cpu_s(self) -> float:
        """Time on a processor until now."""
        return cpu_s(self.pid)

    def close(self) -> int:
        """Close it as a user does; gives its exit code."""
        with suppress(OSError):
            self.press(b"\x11")  # Ctrl-Q
        _, status = os.waitpid(self.pid, 0)
        self._reader.join()
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(status)

    def _read(self) -> None:
        with suppress(OSError):  # it has ended
            while data := os.read(self._terminal, 65_536) if select.select([self._terminal], [], [])[0] else b"":
                self.frames += data.count(SYNC_START)
                self.shown += data
                if SYNC_QUESTION in data:
                    os.write(self._terminal, SYNC_ANSWER)


@contextmanager
def spectator(port: int, size: tuple[int, int], *options: str) -> Iterator[Spectator]:
    """A screen that knows the daemon, closed afterwards."""
    watching = Spectator(port, size, *options)
    try:
        watching.until(b"p99")
        yield watching
    finally:
        watching.close()
