"""What musicians, hosts and surfaces may do in a few seconds: random, and the same for the same dice."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bridge import presets
from bridge.addresses import INSERT, PART, ROOT
from bridge.daemon_addresses import DAEMON
from bridge.parameters import Parameter
from music.beat import CLOCKS_PER_BEAT

Timed = tuple[int, bytes]
"""ns from the beginning, message."""

MS = 1_000_000
LOST, STRUCK_TWICE, VELOCITY_ZERO = 0.02, 0.1, 0.4
FLOOD_RATE = 3000
CLOCK, START, CONTINUE, STOP = b"\xf8", b"\xfa", b"\xfb", b"\xfc"
ENDS = (120, 123)
PANIC_CC = 20
"""The only controller that may be set to panic."""


class Fingers:
    """One musician's keys and pedals: what was pressed can be let go, whatever was lost."""

    def __init__(self, dice: random.Random, channels: list[int]) -> None:
        self.played: list[Timed] = []
        self._dice = dice
        self._channels = channels
        self._keys: set[tuple[int, int]] = set()
        self._pedals: set[int] = set()

    def note(self, ns: int, pitch: int, lasts_ns: int) -> None:
        """A key goes down and up; its note-off may be lost, and it may be struck again while it is down."""
        dice, channel = self._dice, self._dice.choice(self._channels)
        self._keys.add((channel, pitch))
        self.played.append((ns, bytes((0x90 | channel, pitch, dice.randint(1, 127)))))
        if dice.random() < STRUCK_TWICE:
            self.played.append((ns + lasts_ns // 2, bytes((0x90 | channel, pitch, dice.randint(1, 127)))))
        if dice.random() >= LOST:
            self.played.append((ns + lasts_ns, self._off(channel, pitch)))

    def pedal(self, ns: int, lasts_ns: int) -> None:
        """The sustain pedal goes down and up, by half now and then."""
        channel = self._dice.choice(self._channels)
        self._pedals.add(channel)
        self.played.append((ns, bytes((0xB0 | channel, 64, self._dice.choice((64, 100, 127))))))
        if self._dice.random() >= LOST:
            self.played.append((ns + lasts_ns, bytes((0xB0 | channel, 64, self._dice.choice((0, 63))))))

    def noise(self, ns: int) -> None:
        """Aftertouch, controllers, bends and programs; seldom one that ends all notes of a channel."""
        dice, channel = self._dice, self._dice.choice(self._channels)
        kind = dice.choice((0xA0, 0xB0, 0xB0, 0xC0, 0xD0, 0xE0))
        number = dice.choice(ENDS) if dice.random() < 0.01 else dice.choice((1, 7, 11, 66, 74, PANIC_CC, 119))
        second = () if kind in (0xC0, 0xD0) else (dice.randrange(128),)
        self.played.append((ns, bytes((kind | channel, number, *second))))

    def flood(self, ns: int, lasts_ns: int) -> None:
        """Anything, on all channels."""
        dice = self._dice
        for _ in range(FLOOD_RATE * lasts_ns // 1_000_000_000):
            channel, pitch, when_ns = dice.randrange(16), dice.randrange(128), ns + dice.randrange(lasts_ns)
            if dice.random() < 0.45:
                self._keys.add((channel, pitch))
                self.played.append((when_ns, bytes((0x90 | channel, pitch, dice.randint(1, 127)))))
            elif dice.random() < 0.9:
                self.played.append((when_ns, self._off(channel, pitch)))
            else:
                self.played.append((when_ns, bytes((0xB0 | channel, 7, dice.randrange(128)))))

    def let_go(self) -> list[bytes]:
        """What ends everything that was ever pressed."""
        ends = [self._off(channel, pitch) for channel, pitch in sorted(self._keys)]
        return ends + [bytes((0xB0 | channel, 64, 0)) for channel in sorted(self._pedals)]

    def _off(self, channel: int, pitch: int) -> bytes:
        if self._dice.random() < VELOCITY_ZERO:
            return bytes((0x90 | channel, pitch, 0))
        return bytes((0x80 | channel, pitch, self._dice.randrange(128)))


def play(fingers: Fingers, dice: random.Random, until_ns: int) -> None:
    """One way of playing after the other."""
    now_ns = 0
    while now_ns < until_ns:
        way = dice.choice((_melody, _melody, _chords, _trill, _repeats, _overlap, _noise))
        end_ns = min(until_ns, now_ns + dice.randint(500, 6000) * MS)
        if dice.random() < 0.3:
            fingers.pedal(now_ns, dice.randint(50, 4000) * MS)
        way(fingers, dice, now_ns, end_ns)
        now_ns = end_ns + dice.choice((0, 0, 200 * MS, 1500 * MS))
    fingers.played.sort(key=lambda one: one[0])


def _melody(fingers: Fingers, dice: random.Random, now_ns: int, end_ns: int) -> None:
    pitch = dice.randint(48, 84)
    while now_ns < end_ns:
        lasts_ns = dice.randint(40, 900) * MS
        fingers.note(now_ns, pitch, int(lasts_ns * dice.uniform(0.3, 1.1)))
        pitch = min(max(pitch + dice.randint(-5, 5), 24), 100)
        now_ns += lasts_ns


def _chords(fingers: Fingers, dice: random.Random, now_ns: int, end_ns: int) -> None:
    while now_ns < end_ns:
        lasts_ns = dice.randint(150, 1500) * MS
        for pitch in dice.sample(range(36, 90), dice.randint(2, 6)):
            fingers.note(now_ns + dice.randint(0, 8) * MS, pitch, int(lasts_ns * dice.uniform(0.5, 1.0)))
        now_ns += lasts_ns


def _trill(fingers: Fingers, dice: random.Random, now_ns: int, end_ns: int) -> None:
    low, apart_ns = dice.randint(40, 90), dice.randint(15, 90) * MS
    for number, ns in enumerate(range(now_ns, min(end_ns, now_ns + 1500 * MS), apart_ns)):
        fingers.note(ns, low + number % 2 * dice.randint(0, 2), int(apart_ns * dice.uniform(0.5, 1.5)))


def _repeats(fingers: Fingers, dice: random.Random, now_ns: int, end_ns: int) -> None:
    pitch, apart_ns = dice.randint(30, 96), dice.choice((1, 30, 80, 150)) * MS
    for ns in range(now_ns, min(end_ns, now_ns + 20 * apart_ns), apart_ns):
        fingers.note(ns, pitch, dice.choice((0, apart_ns // 2, apart_ns, 2 * apart_ns)))


def _overlap(fingers: Fingers, dice: random.Random, now_ns: int, end_ns: int) -> None:
    while now_ns < end_ns:
        fingers.note(now_ns, dice.randint(55, 60), dice.randint(100, 2500) * MS)
        now_ns += dice.randint(20, 400) * MS


def _noise(fingers: Fingers, dice: random.Random, now_ns: int, end_ns: int) -> None:
    while now_ns < end_ns:
        for _ in range(dice.randint(1, 16)):  # in bursts, as keyboards with a sensor in each key send it
            fingers.noise(now_ns)
        now_ns += dice.randint(1, 40) * MS


def clock(dice: random.Random, until_ns: int) -> list[Timed]:
    """A host's clock: jitter, starts, relocations, changes of tempo, jumps, gaps, ticks that are lost."""
    bpm, jitter_ns = dice.uniform(40, 240), dice.choice((0, 0.5, 2, 4)) * MS
    told: list[Timed] = []
    now_ns, rolls = float(dice.randint(0, 2000) * MS), False
    while now_ns < until_ns:
        when_ns = max(0, round(now_ns + dice.gauss(0, jitter_ns)))
        chance = dice.random()
        if not rolls and chance < 0.05:
            told.append((when_ns, START) if dice.random() < 0.5 else (when_ns, _song_position(dice)))
            told += [(when_ns, CONTINUE)] if told[-1][1] != START else []
            rolls = True
        elif rolls and chance < 0.004:
            told.append((when_ns, STOP))
            rolls = False
        elif rolls and chance < 0.006:
            told += [(when_ns, STOP), (when_ns, _song_position(dice)), (when_ns, CONTINUE)]
        elif chance < 0.010:
            bpm = dice.uniform(40, 240)
        elif chance < 0.012:
            now_ns += dice.choice((30, 300, 700, 3000)) * MS
        elif chance < 0.014:
            told.append((when_ns, _song_position(dice)))
        if dice.random() > 0.002:
            told.append((when_ns, CLOCK))
        now_ns += 60e9 / bpm / CLOCKS_PER_BEAT
    return sorted(told, key=lambda one: one[0])


def _song_position(dice: random.Random) -> bytes:
    sixteenths = dice.choice((0, 16, 17, 64, 1000, 16_383))
    return bytes((0xF2, sixteenths & 0x7F, sixteenths >> 7))


def changes(dice: random.Random, inserts: int, names: list[str]) -> Iterator[tuple[str, object]]:
    """Addresses and values without end, as a surface would set them; "preset" loads one."""
    while True:
        insert = dice.randint(1, inserts)
        chance = dice.random()
        if chance < 0.08:
            yield f"{insert}/preset", dice.choice(names)
        elif chance < 0.2:
            parameter = dice.choice(DAEMON)
            yield f"{ROOT}/{parameter.name}", _value(parameter, dice, insert)
        elif chance < 0.4:
            parameter = dice.choice(PART)
            yield f"{ROOT}/{insert}/part/{dice.randint(1, 3)}/{parameter.name}", _value(parameter, dice, insert)
        else:
            parameter = dice.choice(INSERT)
            yield f"{ROOT}/{insert}/{parameter.name}", _value(parameter, dice, insert)


_OFTEN: dict[str, tuple[object, ...]] = {
    "model": ("rules", "rules", "chorale", "left-hand", "lead-comp"),
    "voices": (1, 2, 3, 4, 6, 8, 16),
    "motion": (0.0, 0.25, 0.5, 1.0, 2.0),
    "strum": (0.0, 5.0, 30.0, 200.0),
    "takeover": (0.0, 1.0, 4.0),
    "rest": (0.0, 1.0, 4.0, 8.0),
    "lookahead": (0.0, 0.5, 2.0, 4.0),
    "commit": (0.0, 0.5, 2.0),
    "split": (0, 0, 50, 60),
    "key": ("auto", "C major", "F# minor", "Eb major"),
    "channels": ("all", "all", "1", "1,2", "2,10,16"),
    "meter": ("4/4", "3/4", "6/8", "7/16", "1/1"),
    "name": ("Violin",),
    "lowest": (0, 24, 36, 48),
    "highest": (60, 84, 100, 127),
    "panic_cc": (0, 0, PANIC_CC),
}


def _value(parameter: Parameter, dice: random.Random, insert: int) -> object:
    if parameter.name in _OFTEN:
        return dice.choice(_OFTEN[parameter.name])
    if parameter.name == "listens_to":
        return dice.randrange(insert)
    if parameter.kind == "choice":
        return dice.choice(parameter.choices)
    if parameter.kind == "float":
        return dice.uniform(parameter.low, parameter.high)
    if parameter.kind == "switch":
        return int(dice.random() < (0.8 if parameter.default else 0.3))
    return dice.randint(int(parameter.low), int(min(parameter.high, 128)))


def preset_names() -> list[str]:
    """The bundled presets: a user's own might name anything."""
    return [name for name, path, _ in presets.catalogue() if path.parent != presets.user_folder()]
