"""Keys, on a terminal of our own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

pty = pytest.importorskip("pty")

LISTEN = """
import asyncio
from bridge.cli import keys

async def listen():
    with keys.listening(print):
        print("here", keys.there(), flush=True)
        await asyncio.sleep(0.2)

asyncio.run(listen())
"""


def test_a_daemon_in_the_background_is_not_stopped_by_its_terminal() -> None:
    child, terminal = pty.fork()
    if child == 0:  # a shell: what it starts in a group of its own is in the background
        job = subprocess.Popen([sys.executable, "-c", LISTEN], process_group=0)
        _, status = os.waitpid(job.pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            os.kill(job.pid, signal.SIGKILL)
        os._exit(os.WIFSTOPPED(status))
    said = b""
    try:
        while piece := os.read(terminal, 1024):
            said += piece
    except OSError:  # the shell has ended
        pass
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert b"here False" in said


def test_keys_in_the_foreground_are_heard() -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", LISTEN])  # noqa: S606 - of our own
    said = b""
    try:
        while piece := os.read(terminal, 1024):
            said += piece
            if b"here True" in said and b"panic" not in said:
                os.write(terminal, b"p")
    except OSError:  # it has ended
        pass
    os.waitpid(child, 0)
    assert b"panic" in said
