"""How well, and how soon, melodies are heard that made-up or recorded voices and instruments sing and play."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bridge.bench.figures import figures
from bridge.bench.sampled import PROGRAMS, play
from bridge.bench.sounds import RATE_HZ, TIMBRES, Sound, Tone, noise, sing
from music.audio.listener import Listener
from music.pitch import pitch_name

REGISTERS = {"low": (40, 52), "middle": (52, 67), "high": (67, 84)}
"""E2 to E3, to G4, to C6."""
PIECE = 240
"""Samples at a time: a period of 5 ms."""
EACH_S, BREAK_S = 0.4, 0.05
SOON_S = 0.2
"""A note that comes later than that is not this one any more."""
ROOMS = {"quiet": 0.0, "noisy": 0.01}
"""Pink noise of a room, effective, of full scale: -40 dB."""


class Told(NamedTuple):
    """A note that the listener began."""

    at_s: float
    pitch: int
    velocity: int


def listen(sound: Sound, listener: Listener | None = None) -> list[Told]:
    """What begins in a sound and when that was clear, heard piece by piece as it would come."""
    listener = listener or Listener(RATE_HZ)
    found = []
    for at in range(0, len(sound), PIECE):
        heard = listener.hear(sound[at : at + PIECE])
        found += [Told((at + PIECE) / RATE_HZ, note.pitch, note.velocity) for note in heard if note.velocity]
    return found


def measure(notes: int, seed: int, soundfont: Path | None = None) -> list[dict[str, Any]]:
    """A row for each instrument in each register and room: notes right, those too many, their delays, the load.

    With a soundfont the instruments are recorded ones.
    """
    dice = random.Random(seed)  # noqa: S311 - melodies, no secret
    rows = []
    for name in PROGRAMS if soundfont else TIMBRES:
        for register in REGISTERS:
            for room in ROOMS:
                tones = _melody(dice, register, notes)
                if soundfont:
                    sound = play(tones, PROGRAMS[name], soundfont)
                else:
                    sound = sing(tones, TIMBRES[name], tones[-1].onset_s + 1.0, dice.randrange(1 << 30))
                rows.append({"sound": name, "register": register, "room": room} | _row(tones, sound, room))
    return rows


def report(rows: list[dict[str, Any]]) -> str:
    """The rows as a table, and what they come to."""
    lines = [f"{'':<14}{'':<18}{'room':<8}{'right':>9}{'extra':>7}{'p50':>8}{'p95':>8}{'max':>8} ms   load"]
    for row in rows:
        low, high = (pitch_name(pitch) for pitch in REGISTERS[row["register"]])
        delays = "".join(f"{row['delay_ms'][cut]:>8.0f}" for cut in ("p50", "p95", "max"))
        where = f"{row['register']} {low}-{high}"
        counts = f"{row['right']:>5}/{row['notes']:<4}{row['extra']:>6}"
        lines.append(f"{row['sound']:<14}{where:<18}{row['room']:<8}{counts}{delays}    {row['load_percent']:.1f} %")
    notes, right, extra = (sum(row[name] for row in rows) for name in ("notes", "right", "extra"))
    lines.append(f"{100 * right / notes:.1f} % of {notes} notes right, {extra} that nobody sang")
    return "\n".join(lines)


def _melody(dice: random.Random, register: str, notes: int) -> list[Tone]:
    """Steps and leaps, soft and loud, with short breaks."""
    low, high = REGISTERS[register]
    tones, pitch = [], (low + high) // 2
    for number in range(notes):
        steps = [step for step in (-7, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 7) if low <= pitch + step <= high]
        pitch += dice.choice(steps)
        length_s = dice.uniform(0.5, 1.0) * EACH_S - BREAK_S
        tones.append(Tone(0.3 + number * EACH_S + dice.uniform(0, 0.02), length_s, pitch, dice.uniform(0.05, 0.6)))
    return tones


def _row(tones: list[Tone], sound: Sound, room: str) -> dict[str, Any]:
    seconds = len(sound) / RATE_HZ
    if ROOMS[room]:
        sound = np.asarray(sound + noise(seconds, ROOMS[room], 1.0))
    listener = Listener(RATE_HZ)
    start_s = time.process_time()
    told = listen(sound, listener)
    load = (time.process_time() - start_s) / seconds
    delays_ms = []
    for tone in tones:
        after = [one.at_s - tone.onset_s for one in told if one.pitch == tone.pitch]
        delays_ms += sorted(1000 * delay for delay in after if 0 <= delay < SOON_S)[:1]
    return {
        "notes": len(tones), "right": len(delays_ms),
        "extra": len(told) - len(delays_ms), "delay_ms": figures(delays_ms), "load_percent": round(100 * load, 2),
    }  # fmt: skip
