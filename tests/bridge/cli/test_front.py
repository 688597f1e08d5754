"""A daemon and its screen on one terminal."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bridge.conftest import WAIT_S

pty = pytest.importorskip("pty")
LOOPBACK = ("run", "--backend", "loopback", "--osc-port", "0", "--take")


class Shell:
    """A command in the foreground of a terminal, and what it writes there."""

    def __init__(self, *arguments: str) -> None:
        self.said = ""
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm-256color"
            os.execv(sys.executable, [sys.executable, "-P", "-m", "bridge.cli", *arguments])  # noqa: S606 - of our own
        os.set_blocking(self._terminal, False)

    def until(self, text: str) -> None:
        """Read until it has written a text, and forget what was before it."""
        end = time.monotonic() + 2 * WAIT_S
        while text not in self.said:
            assert time.monotonic() < end, f"{text!r} is not in {self.said[-400:]!r}"
            self._read()
        self.said = self.said.partition(text)[2]

    def press(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def ends(self) -> int:
        """Read to its end; gives its exit code."""
        end = time.monotonic() + WAIT_S
        while (status := os.waitpid(self.pid, os.WNOHANG))[0] == 0:
            assert time.monotonic() < end, "it does not end"
            self._read()
        return os.waitstatus_to_exitcode(status[1])

    def _read(self) -> None:
        try:
            self.said += os.read(self._terminal, 65_536).decode(errors="replace")
        except OSError:  # nothing new
            time.sleep(0.01)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    running = Shell(*LOOPBACK, str(tmp_path / "take.mid"))
    yield running
    try:
        os.kill(running.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


OPENS, CLOSES = "\x1b[?1049h", "\x1b[?1049l"


def test_the_daemon_lives_on_when_its_screen_closes_and_opens_it_again(shell: Shell) -> None:
    shell.until(OPENS)
    shell.until("p99")
    shell.press("q")
    shell.until(CLOSES)
    shell.until("s opens it again")
    shell.press("s")
    shell.until(OPENS)
    shell.until("p99")
    shell.press("\x03")
    shell.until("s opens it again")
    shell.press("\x03")
    assert shell.ends() == 0


def test_a_daemon_that_ends_takes_its_screen_with_it_and_leaves_the_terminal_as_it_was(shell: Shell) -> None:
    shell.until(OPENS)
    shell.until("p99")
    os.kill(shell.pid, signal.SIGTERM)
    shell.until(CLOSES)
    assert shell.ends() == 0
