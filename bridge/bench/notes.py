"""A melody for a real daemon, and what comes back of each note."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from rich.console import Console
from rich.progress import track

from bridge.bench.musician import Heard, Musician

SCALE = (60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79)
FEW = 6
"""More voices than this need more room than a preset has: these ranges, and a melody so much higher."""
WIDE = (12, 108)
RAISED = 24
GIVE_UP_S = 0.25
POLL_S = 0.0003
ANSWERED_S = 0.03
"""A player with a mind of its own may add nothing to a note; what it plays later than this is no answer to it."""
LAST_VOICE_S = 0.004
"""A learned player may let voices rest: nobody knows how many come, but they come together."""
STRUM_MS = 5.0
STRUMMED_NOTES = 500


class Expected(NamedTuple):
    """What is played for a note."""

    voices: int
    """In each insert."""
    channels: frozenset[int]
    exact: bool
    """All voices play, beneath the melody, and end with it."""
    inserts: int = 1

    @property
    def all_voices(self) -> int:
        """In all inserts."""
        return self.voices * self.inserts

    @property
    def scale(self) -> tuple[int, ...]:
        """What the melody is made of."""
        return tuple(pitch + RAISED * (self.voices > FEW) for pitch in SCALE)


@dataclass
class Taken:
    """What the notes of a run came to: latencies in ms, and what went wrong."""

    floor: list[float] = field(default_factory=list)
    thru: list[float] = field(default_factory=list)
    """Of the last of the inserts."""
    harmony: list[float] = field(default_factory=list)
    """Of the last of the voices of all inserts."""
    floor_lost: int = 0
    """Notes that did not even come directly: the server lost their cycle."""
    lost: int = 0
    """Onsets that never came, thru or harmony."""
    wrong: int = 0
    """Messages that should not be as they are."""
    unanswered: int = 0
    """Notes to which a player with a mind of its own added nothing."""


def play(player: Musician, notes: int, rate: int, expected: Expected) -> Taken:
    """Play a melody; each note is held until it is answered, and the next one waits until all has ended."""
    taken = Taken()
    dice = random.Random(1)  # noqa: S311 - a melody, not a secret
    scale, place = expected.scale, 4
    quiet = not sys.stderr.isatty()
    for _ in track(range(notes), "Playing", console=Console(stderr=True), transient=True, disable=quiet):
        place = min(max(place + dice.choice((-2, -1, 1, 2)), 0), len(scale) - 1)
        until = time.monotonic() + dice.uniform(0.8, 1.2) / rate
        _one(player, scale[place], dice.randint(40, 110), expected, taken)
        time.sleep(max(0.0, until - time.monotonic()))
    return taken


def strummed(player: Musician, expected: Expected) -> list[float]:
    """How far (ms, with sign) each planned voice stands from its place behind the voice before it.

    The first voice is not planned: it comes as soon as it can.
    """
    off: list[float] = []
    for number in range(STRUMMED_NOTES):
        pitch = expected.scale[number % len(SCALE)]
        player.clear()
        player.play(bytes((0x90, pitch, 80)))
        time.sleep(expected.voices * STRUM_MS / 1000 + 0.015)
        frames = [one.frame for one in player.answers if one.data[0] == 0x91 and not one.insert]
        player.play(bytes((0x80, pitch, 64)))
        time.sleep(0.01)
        if len(frames) == expected.voices:
            steps = [(after - before) * 1000 / player.rate for before, after in pairwise(frames[1:])]
            off += [step - STRUM_MS for step in steps]
    return off


def _one(player: Musician, pitch: int, velocity: int, expected: Expected, taken: Taken) -> None:
    player.clear()
    onset, release = bytes((0x90, pitch, velocity)), bytes((0x80, pitch, 64))
    sent_ns = player.play(onset)
    each, patience_s = (expected.voices, GIVE_UP_S) if expected.exact else (1, ANSWERED_S)
    wanted = (each + 1) * expected.inserts
    _wait(lambda: player.directs and len(_sounding(player)) >= wanted, patience_s)
    if not expected.exact:
        time.sleep(LAST_VOICE_S)
    player.play(release)
    _wait(lambda: len(player.directs) > 1 and not _sounding(player))
    answers = list(player.answers)
    dry = [one for one in answers if one.data == onset]
    wet = [one for one in answers if one.data[0] & 0xF0 == 0x90 and one.data[0] & 0x0F in expected.channels]
    if not expected.exact:  # an accompaniment may have gone on meanwhile
        wet = [one for one in wet if one.time_ns - sent_ns < ANSWERED_S * 1e9]
    direct = [one for one in player.directs if one.data == onset]
    taken.floor_lost += not direct
    taken.lost += max(0, expected.inserts - len(dry))
    taken.floor += [(one.time_ns - sent_ns) / 1e6 for one in direct[:1]]
    if len(dry) >= expected.inserts:
        taken.thru.append((dry[expected.inserts - 1].time_ns - sent_ns) / 1e6)
    if expected.exact:
        taken.lost += max(0, expected.all_voices - len(wet))
        for insert in range(expected.inserts):
            taken.wrong += _wrong([one for one in answers if one.insert == insert], pitch, onset, expected)
    else:
        taken.unanswered += not wet
        taken.wrong += max(0, len(dry) - expected.inserts) + max(0, len(wet) - expected.all_voices)
    if len(wet) >= (expected.all_voices if expected.exact else 1):
        taken.harmony.append((wet[: expected.all_voices][-1].time_ns - sent_ns) / 1e6)


def _sounding(player: Musician) -> set[tuple[int, int, int]]:
    """(insert, channel, pitch) of what sounds since the newest note, dry and wet."""
    sounding: set[tuple[int, int, int]] = set()
    for one in list(player.answers):
        if one.data[0] & 0xF0 in (0x80, 0x90):
            change = sounding.add if one.data[0] & 0xF0 == 0x90 else sounding.discard
            change((one.insert, one.data[0] & 0x0F, one.data[1]))
    return sounding


def _wait(true: Callable[[], object], patience_s: float = GIVE_UP_S) -> None:
    """Until something is true or nothing more will come."""
    end = time.monotonic() + patience_s
    while not true() and time.monotonic() < end:
        time.sleep(POLL_S)


def _wrong(answers: list[Heard], melody: int, onset: bytes, expected: Expected) -> int:
    """How many messages of an insert should not be as they are: a voice too many, twice, too high, cut off, or hanging.

    Releases of notes that do not sound are no fault: after an xrun they are repeated.
    """
    dry = sum(one.data == onset for one in answers)
    wet = [one.data for one in answers if one.data[0] & 0x0F in expected.channels]
    onsets = [(data[0] & 0x0F, data[1]) for data in wet if data[0] & 0xF0 == 0x90]
    faults = max(0, dry - 1) + max(0, len(onsets) - expected.voices)
    faults += len(onsets) - len(set(onsets)) + sum(pitch >= melody for _, pitch in onsets)
    order = [one.data[:2] for one in answers]
    ended = order.index(bytes((0x80, melody))) if bytes((0x80, melody)) in order else len(order)
    for channel, pitch in set(onsets):
        struck = order.index(bytes((0x90 | channel, pitch)))
        released = [at for at, data in enumerate(order) if at > struck and data == bytes((0x80 | channel, pitch))]
        faults += not released or released[0] < ended
    return faults
