"""Captures: the last minutes of what was played and answered, always kept, written as a MIDI file when asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import platformdirs

from bridge.addresses import CAPTURE_MINUTES, MOST_CAPTURE_MINUTES
from bridge.control.compose import Names, compose
from bridge.control.recorder import Recorder
from bridge.control.state import Desk
from bridge.errors import ValueRefused
from music import files

NS_PER_MINUTE = 60 * 10**9
ON_ITS_WAY_S = 0.2
"""The brain tells of what is played ten times a second."""

Event = dict[str, Any]


class Captures:
    """The recorder and the folder that captures go to. Control's event loop owns it; files are written elsewhere."""

    def __init__(self, folder: Path | None, desk: Desk, show: Callable[[str, str], None]) -> None:
        self.recorder = Recorder()
        self._folder = folder or default_folder()
        self._desk = desk
        self._show = show
        self._writing: asyncio.Task[str] | None = None
        self._newest: tuple[int, float, Path] | None = None  # what there was to write, minutes, and where it lies

    def write(self, values: Sequence[object]) -> asyncio.Task[str]:
        """Write the last minutes, 5 or so many; gives the file's path when it is there, or ContinuoError.

        No value names a file: they come over the network. Who asks while one is written, or again with nothing new
        played, gets the same one: nobody fills a disk by asking. ValueRefused where the value will not do.
        """
        minutes = _minutes(values)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(minutes))
        return self._writing

    async def _write(self, minutes: float) -> str:
        now_ns = time.monotonic_ns()
        await asyncio.sleep(ON_ITS_WAY_S)
        count = self.recorder.count
        if self._newest and self._newest[:2] == (count, minutes) and self._newest[2].exists():
            return str(self._newest[2])
        recording, names = self.recorder.recording(), _names(self._desk)
        data = await asyncio.to_thread(compose, recording, names, now_ns, round(minutes * NS_PER_MINUTE))
        path = await asyncio.to_thread(_written, data, self._folder)
        self._newest = count, minutes, path
        self._show("captured", str(path))
        return str(path)


def default_folder() -> Path:
    """Where captures go: among the user's own music."""
    return Path(platformdirs.user_music_dir()) / "Continuo"


def _written(data: bytes, folder: Path) -> Path:
    """Write a file of a name that there is not yet. Any thread."""
    stem = f"continuo-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    path, number = folder / f"{stem}.mid", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.mid"
    files.create(path, data)
    return path


def _minutes(values: Sequence[object]) -> float:
    minutes = values[0] if values else CAPTURE_MINUTES
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or len(values) > 1:
        raise ValueRefused(f"capture takes a number of minutes and nothing else, not {list(values)!r}", 400)
    if not 0 < minutes <= MOST_CAPTURE_MINUTES:
        raise ValueRefused(f"capture {minutes} is not within 0 to {MOST_CAPTURE_MINUTES} minutes", 422)
    return float(minutes)


def _names(desk: Desk) -> Names:
    """What the parts of each insert are called, by channel; several on one channel are named together."""
    found: list[dict[int, str]] = []
    for state in desk.inserts:
        names: dict[int, list[str]] = {}
        for part in state["part"]:
            names.setdefault(part["channel"] - 1, []).append(part["name"])
        found.append({channel: ", ".join(own) for channel, own in names.items()})
    return found
