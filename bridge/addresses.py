"""Everything that can be set or read, in one table: OSC, presets and the docs are made from it.

A parameter has one checker, whoever sets it, and one place in the state, which is the tree that a preset file
writes down. `docs/osc.md` is printed from here (`continuo addresses`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from bridge import players
from bridge.errors import ValueRefused
from music.pitch import Key, parse_pitch

Kind = Literal["switch", "int", "float", "choice", "text", "pitch", "program", "channels", "key", "player", "meter"]
Scope = Literal["daemon", "insert", "part"]

ROOT = "/continuo"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value with a place in the state, a range and a sentence for humans."""

    name: str
    """Last part of the OSC address."""
    path: tuple[str | int, ...]
    """Where it stands in the preset (below the part for the scope `part`)."""
    kind: Kind
    default: Any
    text: str
    low: float = 0
    high: float = 1
    unit: str = ""
    choices: tuple[str, ...] = ()
    scope: Scope = "insert"

    @property
    def osc_type(self) -> str:
        """The type tag that replies carry."""
        return {"switch": "i", "int": "i", "float": "f", "pitch": "i", "program": "i"}.get(self.kind, "s")

    @property
    def range_text(self) -> str:
        """The range as the docs print it."""
        fixed = {
            "switch": "0 or 1",
            "choice": ", ".join(self.choices),
            "pitch": "0-127 or a name (C4)",
            "program": "1-128, 0 = leave as it is",
            "key": "auto, or a key (C major, F# minor)",
            "channels": "all, or 1-16 with commas",
            "text": "text",
            "meter": "1/4 to 32/4, over 1, 2, 4, 8 or 16",
            "player": f"{', '.join(players.BUNDLED)}, or one of your own",
        }
        return fixed.get(self.kind) or f"{self.low} to {self.high}"

    def check(self, value: object) -> Any:
        """The value as the state keeps it; ValueRefused where the type or the range is wrong.

        Surfaces send floats for everything: a whole float is taken as an integer.
        """
        kept = _CHECKS[self.kind](self, value)
        if kept is None:
            raise ValueRefused(f"{self.name} takes {self.range_text}, not {value!r}", 400)
        if isinstance(kept, int | float) and not self.low <= kept <= self.high:
            raise ValueRefused(f"{self.name} {value!r} is not within {self.range_text}", 422)
        return kept


def _whole(_: Parameter, value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _real(_: Parameter, value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # a whole number beyond all floats
        return None


def _switch(_: Parameter, value: object) -> bool | None:
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else None


def _text(_: Parameter, value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= 200 else None


def _choice(parameter: Parameter, value: object) -> str | None:
    number = _whole(parameter, value)
    if number is not None and 0 <= number < len(parameter.choices):
        return parameter.choices[number]
    return value if isinstance(value, str) and value in parameter.choices else None


def _player(_: Parameter, value: object) -> str | None:
    names = players.names()
    number = value if isinstance(value, str) else _whole(_, value)
    if isinstance(number, int):
        return names[number] if 0 <= number < len(names) else None
    return number if number in names else None


def _pitch(parameter: Parameter, value: object) -> int | None:
    if not isinstance(value, str):
        return _whole(parameter, value)
    try:
        return parse_pitch(value)
    except ValueError:
        return None


def _key(_: Parameter, value: object) -> str | None:
    if not isinstance(value, str) or value == "auto":
        return "auto" if value == "auto" else None
    try:
        return str(Key.parse(value))
    except ValueError:
        return None


def _meter(_: Parameter, value: object) -> str | None:
    numerator, slash, denominator = value.partition("/") if isinstance(value, str) else ("", "", "")
    if (
        not slash
        or not (numerator.isascii() and numerator.isdecimal())
        or denominator not in ("1", "2", "4", "8", "16")
    ):
        return None
    return f"{int(numerator)}/{denominator}" if len(numerator) < 4 and 1 <= int(numerator) <= 32 else None


def _channels(parameter: Parameter, value: object) -> str | None:
    if value == "all":
        return "all"
    items: list[Any] = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [value]
    if any(isinstance(item, bool) or (isinstance(item, float) and not item.is_integer()) for item in items):
        return None
    try:
        numbers = sorted({int(item) for item in items})
    except (TypeError, ValueError):
        return None
    if not numbers or not parameter.low <= numbers[0] <= numbers[-1] <= parameter.high:
        return None
    return ",".join(map(str, numbers))


_CHECKS = {
    "switch": _switch,
    "int": _whole,
    "float": _real,
    "choice": _choice,
    "text": _text,
    "pitch": _pitch,
    "program": _whole,
    "channels": _channels,
    "key": _key,
    "player": _player,
    "meter": _meter,
}

CLOCK = (
    Parameter(
        "clock",
        ("source",),
        "choice",
        "daw",
        "Who may lead: daw takes JACK's transport, Link or a MIDI clock, the first that is there; tap is your taps",
        choices=("daw", "midi", "link", "jack", "internal", "tap"),
        scope="daemon",
    ),
    Parameter("tempo", ("tempo",), "float", 120.0, "Tempo where nobody leads", 20, 400, "bpm", scope="daemon"),
    Parameter("meter", ("meter",), "meter", "4/4", "Meter, unless JACK gives one", scope="daemon"),
    Parameter("link", ("link",), "switch", False, "Join the network's Ableton Link session", scope="daemon"),
    Parameter("clock_out", ("out",), "switch", False, "Send a MIDI clock from the first output", scope="daemon"),
)
"""What a preset may set under [clock]. There is one for the whole daemon: the preset that was loaded last has it."""

DAEMON = (
    *CLOCK,
    Parameter(
        "panic_cc",
        ("panic_cc",),
        "int",
        0,
        "Controller that panics, and undoes it if nothing was played since, on any channel; 0 = none",
        0,
        119,
        scope="daemon",
    ),
)

INSERT = (
    Parameter("bypass", ("bypass",), "switch", False, "Silence the effect; thru goes on"),
    Parameter("thru", ("input", "thru"), "switch", True, "Pass what arrives to the output, untouched"),
    Parameter("channels", ("input", "channels"), "channels", "all", "Input channels the effect listens to", 1, 16),
    Parameter("split", ("input", "split"), "pitch", 0, "Keys below it are your own left hand; 0 = off", 0, 127),
    Parameter(
        "takeover",
        ("input", "takeover_beats"),
        "float",
        1.0,
        "How long after your own left hand's last note the player takes over from it",
        0,
        16,
        "beats",
    ),
    Parameter("pedal", ("input", "pedal"), "switch", True, "The sustain pedal holds what is answered too"),
    Parameter(
        "listens_to",
        ("input", "insert"),
        "int",
        0,
        "The insert whose input and answers are the input here, one before this; 0 = the own port",
        0,
        15,
    ),
    Parameter("model", ("player", "model"), "player", "rules", "Who plays; /continuo/models names all"),
    Parameter("temperature", ("player", "temperature"), "float", 0.0, "Freedom of choice; 0 = likeliest", 0, 2),
    Parameter("seed", ("player", "seed"), "int", 0, "Same seed, same input, same notes", 0, 2**31 - 1),
    Parameter("voices", ("harmonize", "voices"), "int", 3, "Number of harmony voices", 1, 16),
    Parameter(
        "placement", ("harmonize", "placement"), "choice", "below", "Side of the melody", choices=("below", "above")
    ),
    Parameter("spacing", ("harmonize", "spacing"), "choice", "close", "Position", choices=("close", "open")),
    Parameter("key", ("harmonize", "key"), "key", "auto", "Key to stay in; auto finds it by listening"),
    Parameter(
        "velocity_follow",
        ("harmonize", "velocity_follow"),
        "float",
        0.8,
        "How far the touch is followed; 0 = not",
        0,
        1,
    ),
    Parameter("strum", ("harmonize", "strum_ms"), "float", 0.0, "Delay from voice to voice, top first", 0, 500, "ms"),
    Parameter("latch", ("harmonize", "latch"), "switch", False, "Keep the chord until the next note"),
    Parameter(
        "motion",
        ("harmonize", "motion_beats"),
        "float",
        0.0,
        "Reconsider the chord under held notes every so many beats, from 1/4 up; 0 = only with new notes",
        0,
        16,
        "beats",
    ),
    Parameter(
        "rest",
        ("harmonize", "rest_beats"),
        "float",
        4.0,
        "How long an accompaniment goes on after your last key, before it rests too",
        0,
        64,
        "beats",
    ),
    Parameter(
        "lookahead",
        ("timing", "lookahead_beats"),
        "float",
        0.0,
        "How far an accompaniment is planned and shown ahead; what you do next may change it",
        0,
        8,
        "beats",
    ),
    Parameter(
        "commit", ("timing", "commit_beats"), "float", 0.0, "How much of the plan you cannot change", 0, 8, "beats"
    ),
    Parameter(
        "entry",
        ("timing", "entry"),
        "choice",
        "now",
        "When an accompaniment joins in after a rest",
        choices=("now", "beat", "bar"),
    ),
    Parameter(
        "humanize",
        ("timing", "humanize"),
        "float",
        0.0,
        "How far an accompaniment goes before or behind the beat with you; 0 = on the grid",
    ),
)

PART = (
    Parameter("name", ("name",), "text", "Part", "Name of the part", scope="part"),
    Parameter("channel", ("channel",), "int", 2, "Output channel", 1, 16, scope="part"),
    Parameter("program", ("program",), "program", 0, "Instrument", 0, 128, scope="part"),
    Parameter("lowest", ("pitches", 0), "pitch", 36, "Lowest pitch", 0, 127, scope="part"),
    Parameter("highest", ("pitches", 1), "pitch", 84, "Highest pitch", 0, 127, scope="part"),
    Parameter("softest", ("velocity", 0), "int", 1, "Lowest velocity", 1, 127, scope="part"),
    Parameter("loudest", ("velocity", 1), "int", 127, "Highest velocity", 1, 127, scope="part"),
)

MAX_PARTS = 16


@dataclass(frozen=True, slots=True)
class Action:
    """An OSC address that is no parameter."""

    address: str
    types: str
    text: str


ACTIONS = (
    Action("/continuo/ping", "", "Answered with /continuo/pong and the version"),
    Action("/continuo/panic", "", "Everything that sounds ends, everything planned is dropped"),
    Action("/continuo/resume", "", "Undo a panic: what you still hold sounds again"),
    Action(
        "/continuo/tap", "", "A tap of the tempo, where nobody leads; with clock = tap, the first one is a downbeat"
    ),
    Action("/continuo/play", "[i]", "Start our own song, where nobody leads; with a number: at that bar"),
    Action("/continuo/stop", "", "Stop our own song: what Continuo sounds ends"),
    Action("/continuo/preset", "[s]", "Load a preset into insert 1; without a name: which one is loaded"),
    Action("/continuo/presets", "", "The names of all presets"),
    Action("/continuo/models", "", "The names of all players: what model takes, in the order of its numbers"),
    Action("/continuo/inserts", "", "How many inserts there are"),
    Action("/continuo/subscribe", "[i]", "Full state now and every change after it, to this port or to the sender's"),
    Action("/continuo/unsubscribe", "[i]", "No more changes to this port or to the sender's"),
    Action("/continuo/state", "", "Full state once"),
    Action("/continuo/<insert>/preset", "[s]", "Load a preset into this insert; without a name: which one is loaded"),
)

PUBLISHED = (
    Action("/continuo/pong", "s", "Version"),
    Action("/continuo/error", "iss", "Code (400 wrong type, 404 unknown, 422 out of range), sentence, address"),
    Action("/continuo/brain", "s", "ready, starting or down"),
    Action("/continuo/brain_load", "i", "How busy the brain is, in percent of a core"),
    Action("/continuo/port_load", "i", "How busy the port is, in percent of a core"),
    Action("/continuo/leader", "s", "Whose time counts now: internal, midi, jack or link"),
    Action("/continuo/clock_lost", "i", "1: who leads is gone, its last tempo runs on"),
    Action("/continuo/rolling", "i", "1: a song goes on"),
    Action("/continuo/bpm", "f", "The tempo now, quarter notes a minute"),
    Action("/continuo/bar", "i", "The bar of the song, from 1; 0 where nobody knows"),
    Action("/continuo/beat", "i", "The beat of the bar, from 1; 0 where nobody knows"),
    Action("/continuo/<insert>/chord", "s", "The chord that sounds now"),
    Action("/continuo/<insert>/heard_key", "s", "The key that the player hears"),
    Action("/continuo/<insert>/plan", "[fii ...]", "Planned notes: beats from now, channel and pitch of each"),
    Action("/continuo/<insert>/p50", "f", "Half of the newest answers left the port within so many ms of their note"),
    Action("/continuo/<insert>/p95", "f", "95 of 100 did"),
    Action("/continuo/<insert>/p99", "f", "99 of 100 did"),
    Action("/continuo/<insert>/late", "i", "Onsets that came too late and were not played"),
    Action("/continuo/<insert>/dropped", "i", "Onsets that found no room: a flood"),
    Action("/continuo/<insert>/fallback", "i", "Answers that the rules gave: the player was too slow, or has failed"),
)


def defaults(parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """The state tree of a group of parameters, every value at its default."""
    tree: dict[str, Any] = {}
    for parameter in parameters:
        put(tree, parameter.path, parameter.default)
    return tree


def get(tree: Any, path: tuple[str | int, ...]) -> Any:
    """The value at a path of a state tree."""
    for step in path:
        tree = tree[step]
    return tree


def put(tree: Any, path: tuple[str | int, ...], value: object) -> None:
    """Set the value at a path; missing folders are made, lists have two entries (low, high)."""
    *folders, last = path
    for here, below in zip(folders, path[1:], strict=True):
        tree = tree.setdefault(here, [0, 0] if isinstance(below, int) else {})
    tree[last] = value
