"""How long a player takes for a frame and for a whole answer, asked as the brain asks it, without MIDI in between."""

from __future__ import annotations

import gc
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.progress import track

from bridge import players as shelf
from bridge import presets, realtime
from bridge.bench.figures import CUTS, figures
from bridge.bench.idle import memory_mb
from bridge.bench.notes import FEW, RAISED, SCALE, WIDE
from bridge.brain.engine import Engine
from bridge.brain.grid import Grid
from bridge.brain.players import Make, Players, load
from bridge.brain.settings import Settings
from bridge.brain.transport import Transport
from models.player import Answer, Frame, Moment, Player, Sound
from models.rules import harmony
from music.events import NoteOff, NoteOn

NOTE_NS = 250_000_000
"""An eighth at 120 bpm: two frames are heard for every answer, one more for a player of pulse."""
PRIORITY = 39
"""That of the thread in which learned players think."""
KEYS, HELD = (40, 88), 6
"""Between which, and how many, keys are struck for an effect that follows them all."""
STAND_IN = "satb"
"""Whose voices a player is asked for that has no preset of its name."""


def measure(
    name: str, notes: int, make: Make = load, voices: int | None = None, *, peer: bool = False
) -> list[dict[str, Any]]:
    """A row for the rules and one for each device: ms of `hear` and `answer`, megabytes of the process by then.

    With a peer, its row comes last, and each row says how many times as long the peer takes (`peer_times`) for all the
    voices, those that rest in the row (`sounding` is how many do not, on average) included.
    """
    realtime.take(PRIORITY)
    shelf.require(name)
    state = state_of(name, voices)
    harmony.warm()
    rules = Players().get(state["effect"], shelf.RULES)
    rows = [_row(shelf.RULES, "cpu", notes, state, lambda _name, _device: rules)]
    if name != shelf.RULES:
        rows.append(_row(name, "cpu", notes, state, make))
        from bridge.brain import careful  # noqa: PLC0415 - torch, for those who have a learned player to measure

        if careful.device_of("auto") == "cuda":
            rows.append(_row(name, "cuda", notes, state, make))
    if peer:
        rows.append(_peer(state["harmonize"]["voices"], notes))
        for row in rows:
            times = {cut: rows[-1]["answer_ms"][cut] / row["answer_ms"][cut] for cut in CUTS}
            row["peer_times"] = {cut: round(value, 1) for cut, value in times.items()}
    return rows


def report(rows: list[dict[str, Any]]) -> str:
    """The rows as a table."""
    cuts = (*CUTS, "max")
    lines = [
        f"{'player':<14}{'device':<8}{'sounding':<12}{'ms':<8}" + "".join(f"{cut:>9}" for cut in cuts) + f"{'MB':>9}"
    ]
    for row in rows:
        voices = f"{row['sounding']:.1f} of {row['voices']}"
        who, memory = f"{row['player']:<14}{row['device']:<8}{voices:<12}", f"{row['process_mb'] or '':>9}"
        for what in (what for what in ("hear", "answer") if f"{what}_ms" in row):
            values = row[f"{what}_ms"]
            lines.append(f"{who}{what:<8}" + "".join(f"{values[cut]:>9.3f}" for cut in cuts) + memory)
    for row in rows[:-1]:
        if times := row.get("peer_times"):
            said = ", ".join(f"{cut} {times[cut]}" for cut in CUTS)
            lines.append(f"the peer takes so many times as long for an answer as {row['player']}: {said}")
    return "\n".join(lines)


class Stopwatch:
    """A player whose every call is timed, in ms."""

    def __init__(self, player: Player[Any], effect: str) -> None:
        self._player = player
        self.name = player.name
        self.pulse = player.pulse
        self.effect = effect
        self.hear_ms: list[float] = []
        self.answer_ms: list[float] = []
        self.sounding = 0
        """Voices that did not rest, in all answers."""

    def start(self) -> Any:
        """The state before anything was heard."""
        return self._player.start()

    def hear(self, state: Any, frame: Frame) -> Any:
        """The state one frame later."""
        return timed(self.hear_ms, lambda: self._player.hear(state, frame))

    def answer(self, state: Any, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """What to play with the notes the musician holds now."""
        answer: Answer = timed(self.answer_ms, lambda: self._player.answer(state, held, moment))
        self.sounding += sum(pitch is not None for pitch in answer.pitches)
        return answer


def timed(into: list[float], call: Callable[[], Any]) -> Any:
    """What a call gives; how many ms it took is added."""
    start = time.perf_counter_ns()
    result = call()
    into.append((time.perf_counter_ns() - start) / 1e6)
    return result


def state_of(name: str, voices: int | None) -> presets.State:
    """The player's preset, with so many voices; many get room, as in `latency`."""
    state = presets.load(name if name in presets.names() else STAND_IN)
    state["harmonize"] |= {"latch": False, "motion_beats": 0.0}
    if voices:
        state["harmonize"]["voices"] = voices
        for part in state["part"] if voices > FEW else ():
            part["pitches"] = list(WIDE)
    return state


def _peer(voices: int, notes: int) -> dict[str, Any]:
    from bridge.bench.peer import WARM, times_ms  # noqa: PLC0415 - torch, for those who ask for it

    quiet = not sys.stderr.isatty()
    numbers = track(range(notes + WARM), "peer", console=Console(stderr=True), transient=True, disable=quiet)
    row = {"player": "peer", "device": "cpu", "voices": voices, "sounding": float(voices)}
    return row | {"answer_ms": figures(times_ms(voices, numbers)), "process_mb": _memory_mb()}


def _memory_mb() -> float | None:
    return memory_mb(os.getpid()) if sys.platform == "linux" else None


def _row(name: str, device: str, notes: int, state: presets.State, make: Make) -> dict[str, Any]:
    """Play a melody through the engine, offline, and take the times."""
    watches: list[Stopwatch] = []

    def watched(_name: str, _device: str) -> Stopwatch:
        watches.append(Stopwatch(make(name, device), state["effect"]))
        return watches[-1]

    players = Players(device, make=watched)
    players.get(state["effect"], "watched")
    watch = watches[0]
    watch.hear_ms.clear()
    watch.answer_ms.clear()
    watch.sounding = 0
    gc.collect()
    gc.freeze()  # as the brain does it
    state["player"]["model"] = "watched"
    settings = Settings.of(state)
    engine = Engine([settings], Grid(Transport(0)), players=players)
    dice, quiet = random.Random(1), not sys.stderr.isatty()  # noqa: S311 - a melody, not a secret
    keys = _melody(dice, RAISED * (state["harmonize"]["voices"] > FEW))
    for number in track(range(notes), name, console=Console(stderr=True), transient=True, disable=quiet):
        now_ns = number * NOTE_NS
        chord = _chord(dice) if settings.follows else [next(keys)]
        engine.receive([(0, NoteOn(0, key, dice.randint(40, 110)), now_ns) for key in chord])
        while (wake_ns := engine.next_wake_ns(now_ns)) is not None and wake_ns < now_ns + NOTE_NS:
            engine.advance(wake_ns)
        engine.receive([(0, NoteOff(0, key), now_ns + NOTE_NS - 1) for key in chord])
    return {
        "player": name,
        "device": device,
        "voices": len(settings.parts),
        "sounding": round(watch.sounding / len(watch.answer_ms), 2),
        "hear_ms": figures(watch.hear_ms),
        "answer_ms": figures(watch.answer_ms),
        "fallbacks": engine.inserts[0].fallbacks,
        "process_mb": _memory_mb(),
    }


def _melody(dice: random.Random, raised: int) -> Iterator[int]:
    place = 4
    while True:
        place = min(max(place + dice.choice((-2, -1, 1, 2)), 0), len(SCALE) - 1)
        yield raised + SCALE[place]


def _chord(dice: random.Random) -> list[int]:
    """Of two hands."""
    return dice.sample(range(*KEYS), dice.randint(1, HELD))
