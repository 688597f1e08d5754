"""Starts port, brain and microphone, hears them, and starts them again when they die."""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import sys
import time
from collections.abc import Callable
from typing import Any

from bridge.messages import TOKEN_VARIABLE, Lines, line

RESTART_S = 0.05
RESTART_SLOWLY_S = 2.0
HASTY_S = 5.0
HASTY_ENDS = 3
"""After this many lives shorter than HASTY_S in a row, a process is started again slowly."""
BACKLOG_LIMIT = 8 << 20
"""Bytes that a process may leave unread. One that reads nothing is ended long before, and told everything anew."""


class Worker:
    """One child process and the line to it."""

    def __init__(self, role: str, arguments: list[str]) -> None:
        self.role = role
        self.arguments = arguments
        self.process: asyncio.subprocess.Process | None = None
        self.link: asyncio.StreamWriter | None = None
        self.task: asyncio.Task[None] | None = None


class Supervisor:
    """The children of control. All of it runs in control's event loop."""

    def __init__(self, heard: Callable[[str, dict[str, Any]], None], ended: Callable[[str, int], None]) -> None:
        self._heard = heard
        self._ended = ended
        self._workers: dict[str, Worker] = {}
        self._server: asyncio.Server | None = None
        self._token = secrets.token_hex(16)
        self._closing = False

    async def open(self) -> None:
        """Listen for the children."""
        os.environ[TOKEN_VARIABLE] = self._token  # by the environment: a command line can be read by everybody
        self._server = await asyncio.start_server(self._admit, "127.0.0.1", 0)

    def start(self, role: str, *arguments: str) -> None:
        """Start a child, and again whenever it ends before `close`."""
        worker = self._workers[role] = Worker(role, list(arguments))
        worker.task = asyncio.create_task(self._keep(worker))

    def known(self, role: str) -> bool:
        """Whether such a child was started."""
        return role in self._workers

    def adopt(self, role: str, *arguments: str) -> None:
        """Start a child with these arguments from its next life on."""
        self._workers[role].arguments = list(arguments)

    def say(self, role: str, **message: Any) -> None:
        """Tell a child something; nothing happens while it is down (it is told everything when it comes back)."""
        link = self._workers[role].link if role in self._workers else None
        if link and not link.is_closing() and link.transport.get_write_buffer_size() < BACKLOG_LIMIT:
            link.write(line(message))

    def kill(self, role: str) -> None:
        """End a child that does not answer; it is started again."""
        process = self._workers[role].process
        if process and process.returncode is None:
            process.kill()

    def pid(self, role: str) -> int | None:
        """The process number of a child, None while it is down."""
        process = self._workers[role].process if role in self._workers else None
        return process.pid if process and process.returncode is None else None

    def pids(self, *roles: str) -> dict[str, int | None]:
        """The process numbers of several, by their roles."""
        return {role: self.pid(role) for role in roles}

    async def close(self, patience_s: float = 1.0) -> None:
        """End all children, the port first: it ends every note before it goes."""
        self._closing = True
        for role in ("port", "brain", "audio"):
            worker = self._workers.get(role)
            if worker is None:
                continue
            self.say(role, close=True)
            if role == "brain" and worker.link:
                worker.link.close()
            await self._end(worker, patience_s)
        if self._server:
            self._server.close()

    async def _end(self, worker: Worker, patience_s: float) -> None:
        process = worker.process
        if process and process.returncode is None:
            try:
                await asyncio.wait_for(process.wait(), patience_s)
            except TimeoutError:
                process.kill()
                await process.wait()
        if worker.task:
            worker.task.cancel()

    async def _keep(self, worker: Worker) -> None:
        assert self._server  # noqa: S101 - open() comes first
        port = self._server.sockets[0].getsockname()[1]
        hasty = 0
        while not self._closing:
            started = time.monotonic()
            worker.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # a folder called `models` where the user stands must not be taken for ours
                "-m",
                f"bridge.{worker.role}",
                *worker.arguments,
                "--control",
                str(port),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
            )
            code = await worker.process.wait()
            if self._closing:
                return
            self._ended(worker.role, code)
            hasty = hasty + 1 if time.monotonic() - started < HASTY_S else 0
            await asyncio.sleep(RESTART_SLOWLY_S if hasty >= HASTY_ENDS else RESTART_S)

    async def _admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one child's line until it ends."""
        role = ""
        try:
            said = await reader.readline()
            if not hmac.compare_digest(said, self._token.encode() + b"\n"):
                return
            lines = Lines()
            while data := await reader.read(65_536):
                for message in lines.feed(data):
                    if "hello" in message and message["hello"] in self._workers:
                        role = message["hello"]
                        self._workers[role].link = writer
                    elif role:
                        self._heard(role, message)
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the process died in the middle of a line: _keep sees its end
        finally:
            if role and self._workers[role].link is writer:
                self._workers[role].link = None
            writer.close()
