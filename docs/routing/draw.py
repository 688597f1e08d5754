"""The routing pictures of the pages, drawn from one table: `python docs/routing/draw.py`."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

WIDTH, HEIGHT = 860, 300
INK, PAPER, YOURS, ANSWERED, QUIET = "#222", "#fff", "#c0392b", "#2563a8", "#777"
FONT = 'font-family="system-ui, sans-serif" font-size="14"'


@dataclass(frozen=True, slots=True)
class Routing:
    """What one picture shows: a program with two tracks, and the ports between it and Continuo."""

    program: str
    melody: tuple[str, str]
    """What is set on the track that is played, in two lines."""
    harmony: tuple[str, str]
    ports: str = ""
    """Who has the ports; empty where that is the system itself."""
    receive: str = "Continuo In"
    send: str = "Continuo Out"


ANY_MELODY = "MIDI output: Continuo In", "no instrument on it"
ANY_HARMONY = "MIDI input: Continuo Out", "monitoring on, an instrument"

ROUTINGS = {
    "live": Routing(
        "Ableton Live",
        ("MIDI From: your keyboard", "MIDI To: Continuo In"),
        ("MIDI From: Continuo Out", "Monitor: In, an instrument"),
    ),
    "reaper": Routing(
        "Reaper",
        ("Input: your keyboard, armed", "MIDI hardware output: Continuo In"),
        ("Input: MIDI, Continuo Out, armed", "monitoring on, an instrument"),
    ),
    "ardour": Routing(
        "Ardour",
        ("in: your keyboard, armed", "out: Continuo In"),
        ("in: Continuo Out and nothing else", "monitoring In, an instrument"),
        "JACK or PipeWire",
    ),
    "bitwig": Routing(
        "Bitwig Studio",
        ("input: your keyboard", "HW Instrument: Continuo In"),
        ("input: Continuo Out (controller)", "monitoring on, an instrument"),
    ),
    "logic": Routing(
        "Logic Pro",
        ("MIDI In Port: your keyboard", "External MIDI: Continuo In"),
        ("MIDI In Port: Continuo Out", "software instrument, armed"),
    ),
    "jack": Routing("Any program", ANY_MELODY, ANY_HARMONY, "JACK or PipeWire"),
    "alsa": Routing("Any program", ANY_MELODY, ANY_HARMONY, "ALSA sequencer"),
    "macos": Routing("Any program", ANY_MELODY, ANY_HARMONY, "CoreMIDI, virtual"),
    "windows": Routing("Any program", ANY_MELODY, ANY_HARMONY, "loopMIDI: two ports"),
}


def box(place: tuple[int, int, int, int], colour: str = INK, fill: str = PAPER) -> str:
    """A rounded frame: left, top, width, height."""
    left, top, width, height = place
    return (
        f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="8" fill="{fill}" '
        f'stroke="{colour}" stroke-width="1.5"/>'
    )


def text(left: int, top: int, words: str, colour: str = INK, style: str = "") -> str:
    """One line of text; `style` adds attributes."""
    return f'<text x="{left}" y="{top}" fill="{colour}"{style and " "}{style}>{escape(words)}</text>'


def arrow(start: int, end: int, top: int, colour: str) -> str:
    """A level arrow from one x to another."""
    back = -9 if end > start else 9
    return (
        f'<path d="M{start} {top}H{end + back}" stroke="{colour}" stroke-width="2.5" fill="none"/>'
        f'<path d="M{end} {top}l{back} -6v12z" fill="{colour}"/>'
    )


def track(top: int, name: str, lines: tuple[str, str], colour: str) -> list[str]:
    """A track of the program."""
    bold = 'font-weight="bold"'
    return [
        box((180, top, 270, 86), colour),
        text(194, top + 25, name, colour, bold),
        text(194, top + 48, lines[0]),
        text(194, top + 70, lines[1]),
    ]


def picture(routing: Routing) -> str:
    """The picture as SVG."""
    bold, middle = 'font-weight="bold"', 'text-anchor="middle"'
    label = f"{routing.program}: the melody track plays into {routing.receive}, the harmony track hears {routing.send}"
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
    parts = [
        f'{svg} role="img" aria-label="{escape(label)}" {FONT}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
        box((166, 24, 298, 256), QUIET, "#f7f7f5"),
        text(180, 50, routing.program, INK, bold),
        *track(66, "Melody track", routing.melody, YOURS),
        *track(176, "Harmony track", routing.harmony, ANSWERED),
        box((12, 86, 110, 46), YOURS),
        text(67, 114, "your keys", YOURS, middle),
        box((12, 196, 110, 46), ANSWERED),
        text(67, 224, "speakers", ANSWERED, middle),
        arrow(122, 180, 109, YOURS),
        arrow(180, 122, 219, ANSWERED),
    ]
    if routing.ports:
        parts += [box((504, 24, 176, 256), QUIET, "#f7f7f5"), text(592, 50, routing.ports, QUIET, middle)]
    for top, port, colour in ((109, routing.receive, YOURS), (219, routing.send, ANSWERED)):
        start, end = (450, 516) if colour == YOURS else (516, 450)
        parts += [arrow(start, end, top, colour), box((516, top - 18, 152, 36), colour)]
        parts += [text(592, top + 5, port, colour, f"{middle} {bold}")]
        parts += [arrow(668, 718, top, colour) if colour == YOURS else arrow(718, 668, top, colour)]
    parts += [
        box((718, 66, 130, 196)),
        text(783, 152, "Continuo", INK, f"{middle} {bold}"),
        text(783, 176, "continuo run", QUIET, f'{middle} font-family="monospace"'),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    for name, routing in ROUTINGS.items():
        Path(__file__).with_name(f"{name}.svg").write_text(picture(routing), encoding="utf-8")
