"""Many files, on many cores; a bad one costs itself alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bridge.brain.players import Players, check
from bridge.players import require
from bridge.render import dawproject
from bridge.render.offline import render
from models.rules import harmony
from music import files
from music.errors import ContinuoError, FileError
from music.midifile import MidiFileError, parse


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    input: str
    output: str
    track: str = ""
    notes: int = 0
    seconds: float = 0.0
    wall_s: float = 0.0
    fallbacks: int | None = None
    project: str = ""
    """The DAWproject, where one is wanted."""
    error: str = ""
    hint: str = ""

    def json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        kept = asdict(self) | {"times_real_time": round(self.seconds / self.wall_s, 1) if self.wall_s else None}
        return {key: value for key, value in kept.items() if value not in ("", None)}


def outputs(inputs: list[Path], folder: Path) -> list[tuple[Path, Path]]:
    """(input, output) of each file; folders stand for the MIDI files in them. Same names get numbers."""
    found = [file for path in inputs for file in (_inside(path) if path.is_dir() else [path])]
    if not found:
        raise FileError(f"{inputs[0]}: there are no MIDI files in it", "Give .mid files, or a folder that holds some")
    sources = {file.resolve() for file in found}
    taken: set[str] = set()
    pairs = []
    for file in found:
        name, number = file.stem, 2
        while name.lower() in taken:
            name, number = f"{file.stem}-{number}", number + 1
        taken.add(name.lower())
        output = folder / f"{name}.mid"
        if output.resolve() in sources:
            raise FileError(f"{output}: would be overwritten", "Give another folder with -o")
        pairs.append((file, output))
    return pairs


def run(
    pairs: list[tuple[Path, Path]], state: dict[str, Any], track: str | None, jobs: int, device: str = "auto"
) -> Iterator[Outcome]:
    """Render each pair with a preset's state, in order. ContinuoError where its player does not load."""
    check(device)
    require(state["player"]["model"])
    players(device).get(state["effect"], state["player"]["model"])  # or every file would fail, one after the other
    work = partial(one, state, track, device)
    if jobs == 1 or len(pairs) == 1:
        harmony.warm()
        yield from map(work, pairs)
        return
    context = get_context("spawn")  # a fork would copy whatever threads the libraries have started
    try:
        with ProcessPoolExecutor(min(jobs, len(pairs)), mp_context=context, initializer=harmony.warm) as pool:
            yield from pool.map(work, pairs)
    except BrokenProcessPool as error:
        raise FileError("a render process was killed (out of memory?)", "Try again with --jobs 1") from error


@cache
def players(device: str) -> Players:
    """The players of this process: loaded once, not for every file."""
    return Players(device)


def one(state: dict[str, Any], track: str | None, device: str, pair: tuple[Path, Path]) -> Outcome:
    """Render one file; what is wrong with it is in the outcome."""
    source, target = pair
    start = time.perf_counter()
    try:
        rendered = render(files.read(source), state, track, players(device))
        files.write(target, rendered.data)
    except MidiFileError as error:
        return Outcome(str(source), "", error=f"{source}: {error}", hint="Export it again as a standard MIDI file")
    except ContinuoError as error:
        message = (
            error.message
            if str(source) in error.message or str(target) in error.message
            else f"{source}: {error.message}"
        )
        return Outcome(str(source), "", error=message, hint=error.hint)
    wall_s = round(time.perf_counter() - start, 6)
    seconds = round(rendered.seconds, 3)
    return Outcome(
        str(source), str(target), rendered.track, rendered.notes, seconds, wall_s, rendered.fallbacks or None
    )


def with_project(outcome: Outcome) -> Outcome:
    """The same, with a DAWproject written beside its file; FileError where it cannot be."""
    if outcome.error:
        return outcome
    output = Path(outcome.output)
    project = output.with_suffix(".dawproject")
    files.write(project, dawproject.export(parse(files.read(output)), output.stem))
    return replace(outcome, project=str(project))


def _inside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".mid", ".midi"))
