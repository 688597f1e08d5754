"""What can be set on an insert and its parts, as tables: OSC, presets and docs are made from them.

`daemon_addresses` has what there is once for all inserts, `actions` what is no parameter. A parameter has one checker,
whoever sets it, and one place in the state, which is the tree that a preset file writes down. `docs/osc.md` is printed
from these tables (`continuo addresses`).
"""

from __future__ import annotations

from typing import Any

from bridge.parameters import Parameter
from music.orchestra import FAMILIES, SECTIONS

ROOT = "/continuo"

MACROS = (
    Parameter("amount", ("style", "amount"), "float", 1.0, "How much comes back, as loudness: 1 = all, 0 = nothing"),
    Parameter(
        "density",
        ("style", "density"),
        "float",
        0.5,
        "How many notes: 0.5 = the preset's voices, or a continuation as dense as you; less leaves out inner voices, "
        "more doubles in octaves; of an orchestra, the share of its sections that play at a middle touch",
    ),
    Parameter(
        "register",
        ("style", "register"),
        "float",
        0.0,
        "-1 dark to 1 bright: voices an octave lower or higher one after the other, within their parts; "
        "of an orchestra, which sections come first",
        -1,
        1,
    ),
    Parameter(
        "surprise",
        ("style", "surprise"),
        "float",
        0.2,
        "How readily the likeliest is left: 0 = never, 0.2 = as temperature has it, 1 = one more than that; "
        "of a continuation, what you played; of a reduction, where the hands play",
    ),
    Parameter(
        "tightness", ("style", "tightness"), "float", 1.0, "1 = with your note or on the grid, 0 = up to 20 ms behind"
    ),
    Parameter(
        "dynamics",
        ("style", "dynamics"),
        "float",
        0.5,
        "How far loud and soft lie apart: 0 = all alike, 0.5 = as played, 1 = twice as far",
    ),
)
"""What every effect has."""

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
        "pickup", ("input", "pickup"), "switch", True, "A knob moves nothing until it has met the value it moves"
    ),
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
    Parameter("latch", ("harmonize", "latch"), "switch", False, "Keep the chord until the next note (harmonize)"),
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
    *MACROS,
    Parameter(
        "distance",
        ("style", "distance"),
        "float",
        0.7,
        "How far a learned player leads a continuation from your own phrases; 0 = only those",
    ),
    Parameter("weight", ("orchestrate", "weight"), "float", 0.7, "How far the touch brings sections in and out"),
    Parameter("doubling", ("orchestrate", "doubling"), "float", 0.5, "How readily outer lines are doubled in octaves"),
    Parameter("divisi", ("orchestrate", "divisi"), "int", 2, "The most notes that a section plays at a time", 1, 4),
    *(
        Parameter(
            family,
            ("orchestrate", family),
            "choice",
            "auto",
            f"The {family}: as the touch has it, never, or at any touch",
            choices=("auto", "mute", "force"),
        )
        for family in FAMILIES
    ),
    Parameter(
        "handover",
        ("continue", "handover"),
        "choice",
        "silence",
        "When a continuation takes over: after a silence, at the bar after so many of yours, by a pedal, or only by go",
        choices=("silence", "bar", "pedal", "go"),
    ),
    Parameter("after", ("continue", "after_beats"), "float", 2.0, "How long a silence hands over", 0.25, 32, "beats"),
    Parameter(
        "handover_cc", ("continue", "handover_cc"), "int", 66, "The pedal that hands over, and takes back", 0, 119
    ),
    Parameter(
        "bars",
        ("continue", "bars"),
        "int",
        0,
        "How long it plays, and after how many of yours at the bar; 0 = endless",
        0,
        64,
        "bars",
    ),
    Parameter(
        "yields",
        ("continue", "yields"),
        "choice",
        "stop",
        "What your first note does while it plays: ends it, or goes on above it",
        choices=("stop", "beneath"),
    ),
    Parameter(
        "changes",
        ("continue", "changes"),
        "chart",
        "",
        "What a continuation plays over, from where it begins and again: chords, or a melody; empty = what it likes",
    ),
    Parameter("go", ("continue", "go"), "trigger", False, "The continuation takes over now"),
    Parameter("yield", ("continue", "yield"), "trigger", False, "It ends now"),
    Parameter("again", ("continue", "again"), "trigger", False, "It plays again what it played last"),
    Parameter("variation", ("continue", "variation"), "trigger", False, "It takes over once more from where it did"),
    Parameter("keep", ("continue", "keep"), "trigger", False, "What it played last is learned as if you had played it"),
    Parameter("span", ("reduce", "span"), "int", 12, "Semitones that a hand reaches", 7, 14, "semitones"),
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
        "delay",
        ("timing", "delay_beats"),
        "float",
        0.0,
        "How much later an orchestra or a reduction answers, to know what comes; files know it without",
        0,
        8,
        "beats",
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
    Parameter(
        "section",
        ("section",),
        "choice",
        "any",
        "Which section of an orchestra it is; any finds it by program and name",
        choices=("any", *(section.name for section in SECTIONS)),
        scope="part",
    ),
    Parameter("program", ("program",), "program", 0, "Instrument", 0, 128, scope="part"),
    Parameter(
        "keyswitch", ("keyswitch",), "pitch", 0, "Key that chooses an articulation; 0 = none", 0, 127, scope="part"
    ),
    Parameter(
        "dynamics",
        ("dynamics",),
        "choice",
        "velocity",
        "How loud it plays: by velocity alone, or by a controller too",
        choices=("velocity", "cc1", "cc11", "cc1+cc11"),
        scope="part",
    ),
    Parameter("lowest", ("pitches", 0), "pitch", 36, "Lowest pitch", 0, 127, scope="part"),
    Parameter("highest", ("pitches", 1), "pitch", 84, "Highest pitch", 0, 127, scope="part"),
    Parameter("softest", ("velocity", 0), "int", 1, "Lowest velocity", 1, 127, scope="part"),
    Parameter("loudest", ("velocity", 1), "int", 127, "Highest velocity", 1, 127, scope="part"),
)

MAX_PARTS = 16

CAPTURE_MINUTES, MOST_CAPTURE_MINUTES = 5, 30
"""How much a capture holds, and how much is kept for one."""


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
