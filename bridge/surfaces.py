"""The TouchOSC layout, made from the address table: `python -m bridge.surfaces` writes it anew, and its picture.

Needs py2tosc (a development dependency). What it is made of is what the table has: a macro that is added to it gets a
fader with the next run.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator
from pathlib import Path

import py2tosc
from py2tosc import Control, Document, ui
from py2tosc.enums import ButtonType, Conversion, TriggerCondition
from py2tosc.render import to_svg

from bridge import presets
from bridge.addresses import INSERT, MAX_PARTS, PART, ROOT
from bridge.parameters import Parameter

REPOSITORY = Path(__file__).parents[1]
LAYOUT = REPOSITORY / "presets" / "surfaces" / "continuo.tosc"
PICTURE = REPOSITORY / "docs" / "touchosc.svg"
HERE = f"{ROOT}/1"
LISTEN_PORT = 9001
"""The receive port to set in TouchOSC: the layout asks to be told there."""
SILENCE_MS = 5000
"""Continuo shows its load once a second: nothing for so long means that it does not know of us."""

WIDTH, HEIGHT, HEAD, TAB, GAP = 1024, 704, 96, 40, 16
FADERS = 8
WANTED = (
    "amount", "density", "register", "surprise", "tightness", "dynamics",
    "velocity_follow", "temperature", "weight", "doubling", "humanize", "strum", "delay",
)  # fmt: skip
"""Faders by preference; the first that the table has."""
CAPTIONS = {"velocity_follow": "touch", "temperature": "freedom"}
TURN = {"go": "Go", "yield": "Yield", "again": "Again", "variation": "Variation", "keep": "Keep"}
COMMANDS = {"capture": "Capture", "play": "Play", "stop": "Stop"}

GROUND, PLATE, INK, SOFT = "#14171c", "#232830", "#f2efe9", "#9aa3ad"
CLEAR = (0.0, 0.0, 0.0, 0.0)
AMBER, GREEN, BLUE, RED, VIOLET = "#e0a04a", "#4d9e73", "#4d82b8", "#c9412f", "#8a6fb0"

SOLID = (
    f"svg {{ background: {GROUND}; }} .p2t-shape {{ fill-opacity: 1; }} .p2t-shape.p2t-track {{ fill-opacity: 0.2; }}"
)
SHOWN = {"chord": "Dm7", "preset": "satb", "key": "D minor", "bar": "12", "beat": "3", "bpm": "96.0"} | {
    f"part {number} name": name for number, name in enumerate(("Alto", "Tenor", "Bass"), 1)
}

Face = tuple[int, str]
"""Size and color of a word."""
Frame = tuple[float, float, float, float]

SUBSCRIBE = f"""
local heard = 0

function subscribe()
  heard = getMillis()
  sendOSC('{ROOT}/subscribe', {LISTEN_PORT})
end

function init()
  subscribe()
end

function onReceiveOSC(message, connections)
  heard = getMillis()
  return false
end

function update()
  if getMillis() - heard > {SILENCE_MS} then subscribe() end
end
"""
SHOW = """
function onValueChanged(key)
  if key == 'x' then
    local value = {low} + self.values.x * {span}
    self.parent.children['{name} value'].values.text = string.format('{shape}', value)
  end
end
"""


def layout() -> Document:
    """The layout: a head that stays, and the pages Play, Parts and Presets."""
    document = Document.new(frame=(0, 0, WIDTH, HEIGHT), color=GROUND, outline=False, script=SUBSCRIBE)
    page = (0, 0, WIDTH, HEIGHT - HEAD - TAB)
    pages = [
        py2tosc.group(name=name, frame=page, color=GROUND, outline=False, children=list(controls))
        for name, controls in (("Play", _play()), ("Parts", _parts()), ("Presets", _presets()))
    ]
    pager = ui.pager(pages, name="Pages", frame=(0, HEAD, WIDTH, HEIGHT - HEAD), color=PLATE, tabbar_size=TAB)
    document.root.children += [*_head(), pager]
    ui.resolve(document.root)
    for control, where in _walk(document.root, "continuo"):
        control.id = str(uuid.uuid5(uuid.NAMESPACE_URL, where))  # the same table gives the same file
    return document


def picture() -> str:
    """The pages side by side as SVG, as they look while somebody plays."""
    document = layout()
    for control, _ in _walk(document.root, ""):
        if control.get("name") in SHOWN:
            _say(control, SHOWN[str(control.get("name"))])
    return to_svg(document).replace("</style>", f"{SOLID}</style>", 1)


def main() -> None:
    """Write layout and picture."""
    py2tosc.save(layout(), LAYOUT)
    PICTURE.write_text(picture(), encoding="utf-8")


def _head() -> Iterator[Control]:
    """What sounds, where the song is, and what must be there whatever happens."""
    yield _shown("chord", f"{HERE}/chord", (GAP, 12, 208, 72), (42, AMBER))
    yield _shown("preset", f"{HERE}/preset", (240, 12, 200, 34), (20, INK), "not connected")
    yield _shown("key", f"{HERE}/heard_key", (240, 50, 200, 34), (16, SOFT))
    yield _shown("bar", f"{ROOT}/bar", (456, 12, 56, 34), (20, INK))
    yield _shown("beat", f"{ROOT}/beat", (516, 12, 40, 34), (20, SOFT))
    yield _shown("bpm", f"{ROOT}/bpm", (456, 50, 100, 34), (16, SOFT))
    yield from _button("Tap", (572, 12, 92, 72), BLUE, _does(f"{ROOT}/tap"))
    yield from _button("Bypass", (676, 12, 108, 72), VIOLET, _switches(f"{HERE}/bypass"), stays=True)
    yield from _button("Resume", (796, 12, 92, 72), GREEN, _does(f"{ROOT}/resume"))
    yield from _button("PANIC", (900, 12, 108, 72), RED, _does(f"{ROOT}/panic"))


def _play() -> Iterator[Control]:
    """Faders for what changes the music, buttons for who plays."""
    known = {one.name: one for one in INSERT if one.kind in ("float", "int")}
    chosen = [known[name] for name in WANTED if name in known][:FADERS]
    width = 680 / FADERS
    for number, parameter in enumerate(chosen):
        at = (GAP + number * width, GAP, width - 10, 530)
        caption = CAPTIONS.get(parameter.name, parameter.name)
        yield from _fader(caption, f"{HERE}/{parameter.name}", parameter, at, AMBER)
    triggers = {one.name for one in INSERT if one.kind == "trigger"}
    buttons = [(text, GREEN, _presses(f"{HERE}/{name}")) for name, text in TURN.items() if name in triggers]
    buttons += [(text, BLUE, _does(f"{ROOT}/{name}")) for name, text in COMMANDS.items()]
    for number, (text, color, message) in enumerate(buttons):
        at = (712 + number % 2 * 152, GAP + number // 2 * 134, 144, 126)
        yield from _button(text, at, color, message)


def _parts() -> Iterator[Control]:
    """How loud each part may be."""
    loudest = next(one for one in PART if one.name == "loudest")
    width = (WIDTH - 2 * GAP) / MAX_PARTS
    for part in range(1, MAX_PARTS + 1):
        at = (GAP + (part - 1) * width, 56, width - 6, 490)
        here = f"{HERE}/part/{part}"
        yield _shown(f"part {part} name", f"{here}/name", (at[0], GAP, at[2], 34), (11, INK))
        yield from _fader(str(part), f"{here}/{loudest.name}", loudest, at, BLUE)


def _presets() -> Iterator[Control]:
    """A button for each preset that comes along."""
    names, columns = presets.bundled(), 4
    width = (WIDTH - 2 * GAP) / columns
    height = (HEIGHT - HEAD - TAB - 2 * GAP) / math.ceil(len(names) / columns)
    for number, name in enumerate(names):
        at = (GAP + number % columns * width, GAP + number // columns * height, width - 10, height - 10)
        load = ui.osc(f"{HERE}/preset", args=[ui.const(name)], on=TriggerCondition.RISE, receive=False)
        yield from _button(name, at, VIOLET, load)


def _fader(caption: str, address: str, parameter: Parameter, frame: Frame, color: str) -> Iterator[Control]:
    """A caption, a fader over the parameter's whole range, and its value in words."""
    x, y, width, height = frame
    whole = parameter.kind == "int"
    shape = ("%.0f" if whole else "%.2f") + (f" {parameter.unit}" if parameter.unit else "")
    script = SHOW.format(low=parameter.low, span=parameter.high - parameter.low, name=caption, shape=shape)
    conversion = Conversion.INTEGER if whole else Conversion.FLOAT
    sent = ui.value("x", conversion=conversion, scale=(parameter.low, parameter.high))
    yield _label(caption, (x, y, width, 26), (13, SOFT), caption)
    start = (parameter.default - parameter.low) / (parameter.high - parameter.low)
    fader = py2tosc.fader(
        name=address, frame=(x, y + 30, width, height - 62), color=color, corner_radius=4, script=script
    )
    fader.messages.append(ui.osc(address, args=[sent]))
    next(value for value in fader.values if value.key == "x").default = start
    yield fader
    shown = (shape % parameter.default).strip()
    yield _label(f"{caption} value", (x, y + height - 28, width, 26), (13, INK), shown)


def _button(text: str, frame: Frame, color: str, message: py2tosc.OscMessage, *, stays: bool = False) -> list[Control]:
    """A button with a word on it; one that stays is on or off."""
    kind = ButtonType.TOGGLE_RELEASE if stays else ButtonType.MOMENTARY
    button = py2tosc.button(name=text, frame=frame, color=color, corner_radius=6, button_type=kind)
    button.messages.append(message)
    return [button, _label(f"{text} word", frame, (17, INK), text, plate=False)]


def _shown(name: str, address: str, frame: Frame, face: Face, text: str = "") -> Control:
    """A label that shows what Continuo says."""
    label = _label(name, frame, face, text)
    said = ui.value("text", conversion=Conversion.STRING)
    label.messages.append(ui.osc(address, args=[said], var="text", send=False))
    return label


def _label(name: str, frame: Frame, face: Face, text: str, *, plate: bool = True) -> Control:
    look = {"color": PLATE if plate else CLEAR, "outline": False}
    label = py2tosc.label(name=name, frame=frame, text_size=face[0], text_color=face[1], **look)
    _say(label, text)
    return label


def _say(label: Control, text: str) -> None:
    next(value for value in label.values if value.key == "text").default = text


def _does(address: str) -> py2tosc.OscMessage:
    return ui.osc(address, args=[], on=TriggerCondition.RISE, receive=False)


def _presses(address: str) -> py2tosc.OscMessage:
    return ui.osc(address, args=[ui.value("x", conversion=Conversion.INTEGER)], on=TriggerCondition.RISE)


def _switches(address: str) -> py2tosc.OscMessage:
    return ui.osc(address, args=[ui.value("x", conversion=Conversion.INTEGER)])


def _walk(control: Control, where: str) -> Iterator[tuple[Control, str]]:
    yield control, where
    for number, child in enumerate(control.children):
        yield from _walk(child, f"{where}/{number}")


if __name__ == "__main__":
    main()
