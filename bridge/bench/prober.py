"""Tries inputs on a target until time or runs are up: `python -m bridge.bench.prober JSON`, one line of JSON.

A process of its own: a target may take all the memory, never return, or crash. With atheris (PyPI) the inputs are led
by the coverage of the code that reads them, without it by what came of the earlier ones.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bridge.bench.targets import Target

LONGEST_S = 10.0
"""An input that takes longer is a fault, as is one that takes more memory than MOST_MB."""
MOST_MB = 512
MAX_FAULTS = 10
READERS = (
    "bridge.addresses", "bridge.control", "bridge.messages", "bridge.presets", "bridge.render", "music.chunks",
    "music.events", "music.midifile", "music.wire", "pythonosc", "tomllib",
)  # fmt: skip
"""Whose coverage leads atheris: not the kernels, which numba compiles."""


class TooLong(Exception):  # noqa: N818 - the name says what happened
    """An input took longer than LONGEST_S."""


class Probe:
    """Counts what comes of inputs; keeps those that fail."""

    def __init__(self, wanted: dict[str, Any], target: Target) -> None:
        self._wanted = wanted
        self._target = target
        self._outcomes: set[str] = set()
        self._faults: dict[str, str] = {}
        self._runs = 0
        self._slowest_s = 0.0
        self._start = time.monotonic()
        self._scratch = os.open(wanted["scratch"], os.O_RDWR | os.O_CREAT)

    def attempt(self, data: bytes) -> bool:
        """Try an input; True where what came of it is new."""
        os.pwrite(self._scratch, len(data).to_bytes(4, "big") + data, 0)  # should the process not survive it
        memory_mb = _memory_mb()
        start = time.perf_counter()
        try:
            with _limit():
                outcome = self._target.attempt(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
            outcome = self._fault(data, error)
        took_s = time.perf_counter() - start
        if _memory_mb() - memory_mb > MOST_MB:
            outcome = self._fault(data, MemoryError(f"more than {MOST_MB} MB"))
        self._runs += 1
        self._slowest_s = max(self._slowest_s, took_s)
        new = outcome not in self._outcomes
        self._outcomes.add(outcome)
        return new

    def over(self) -> bool:
        """Whether enough was tried."""
        if self._wanted["runs"]:
            return bool(self._runs >= self._wanted["runs"])
        return time.monotonic() - self._start >= float(self._wanted["seconds"])

    def row(self) -> dict[str, Any]:
        """The figures."""
        seconds = time.monotonic() - self._start
        return {
            "target": self._wanted["target"],
            "guided_by": "outcomes" if self._wanted["plain"] else "coverage",
            "runs": self._runs,
            "runs_per_s": round(self._runs / max(seconds, 1e-9)),
            "outcomes": len(self._outcomes),
            "coverage": None,
            "slowest_ms": round(self._slowest_s * 1000, 1),
            "failures": [{"what": what, "file": file} for what, file in self._faults.items()],
        }

    def _fault(self, data: bytes, error: Exception) -> str:
        frame = traceback.extract_tb(error.__traceback__)[-1:]
        where = f" ({Path(frame[0].filename).name}:{frame[0].lineno})" if frame else ""
        what = f"{type(error).__name__}: {error}"[:160] + where
        kind = f"{type(error).__name__}{where}"
        if len(self._faults) < MAX_FAULTS and not any(kind in f"{known}" for known in self._faults):
            file = (
                Path(self._wanted["folder"]) / f"fuzz-{self._wanted['target']}-{hashlib.sha256(data).hexdigest()[:8]}"
            )
            file.write_bytes(data)
            self._faults[f"{kind} {what}"] = str(file)
        return f"fault {kind}"


@contextlib.contextmanager
def watching() -> Iterator[None]:
    """Be interrupted by the timer of an input that takes too long."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, _too_long)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _limit() -> Iterator[None]:
    """Interrupt what takes too long, where the system can."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _too_long(_: int, __: FrameType | None) -> None:
    raise TooLong(f"more than {LONGEST_S} s")


def _memory_mb() -> float:
    """The most memory that this process ever had; 0 where the system does not say."""
    if sys.platform == "win32":
        return 0.0
    import resource  # noqa: PLC0415 - not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _by_outcome(probe: Probe, target: Target, seed: int) -> None:
    """Mutate what was of interest: the seeds, and each input of which something new came."""
    from bridge.bench.mutation import cross, mutate  # noqa: PLC0415 - only now: atheris wants to see what is imported

    dice = random.Random(seed)  # noqa: S311 - noise, not a secret
    known = list(target.seeds)
    for data in target.seeds:
        probe.attempt(data)
    while not probe.over():
        data = dice.choice(known)
        if dice.random() < 0.1:
            data = cross(data, dice.choice(known), dice)
        data = (
            dice.randbytes(dice.randrange(64))
            if dice.random() < 0.02
            else mutate(data, dice, target.largest, target.words)
        )
        if probe.attempt(data):
            known.append(data)


def _by_coverage(wanted: dict[str, Any]) -> None:
    """Let atheris choose. It never returns: the process ends with the last input."""
    import atheris  # noqa: PLC0415 - optional

    with atheris.instrument_imports(include=list(READERS)):
        from bridge.bench import targets  # noqa: PLC0415 - only now
    target = targets.target(wanted["target"])
    probe = Probe(wanted, target)

    def one(data: bytes) -> None:
        probe.attempt(data)
        if probe.over():
            _tell(probe.row())
            os._exit(0)

    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(target.seeds):
            (Path(folder) / f"{number}").write_bytes(data)
        options = [f"-max_len={target.largest}", f"-seed={wanted['seed']}"]
        options += ["-timeout=0", "-rss_limit_mb=0"]  # we watch over time and memory
        if target.words:
            words = Path(wanted["scratch"]).with_suffix(".words")
            spelt = ("".join(f"\\x{byte:02x}" for byte in word) for word in target.words)
            words.write_text("".join(f'"{word}"\n' for word in spelt))
            options.append(f"-dict={words}")
        atheris.Setup([sys.argv[0], folder, *options], one, enable_python_coverage=True)
        atheris.Fuzz()


def _tell(row: dict[str, Any]) -> None:
    print(json.dumps(row), flush=True)  # noqa: T201 - to who started us


def main() -> None:
    """Probe."""
    wanted = json.loads(sys.argv[1])
    wanted["plain"] = wanted["plain"] or find_spec("atheris") is None
    with watching():
        if not wanted["plain"]:
            _by_coverage(wanted)
        from bridge.bench import targets  # noqa: PLC0415 - only now

        target = targets.target(wanted["target"])
        probe = Probe(wanted, target)
        _by_outcome(probe, target, wanted["seed"])
    _tell(probe.row())


if __name__ == "__main__":
    main()
