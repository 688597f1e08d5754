"""The TouchOSC layout that is shipped, held to the address table; its scripts run in Lua."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

py2tosc = pytest.importorskip("py2tosc", reason="py2tosc is not installed: pip install 'continuo[dev]'")

from bridge import addressbook, presets, surfaces  # noqa: E402 - it needs py2tosc
from bridge.addresses import INSERT  # noqa: E402 - the same
from bridge.control.state import Desk  # noqa: E402 - the same

LUA = shutil.which("lua5.4")
STAND_IN = """
sent, now = {}, 0
function getMillis() return now end
function sendOSC(address, value) sent[#sent + 1] = address .. ' ' .. tostring(value) end
"""


def shipped() -> Any:
    return py2tosc.load(surfaces.LAYOUT)


def addresses() -> Iterator[tuple[str, list[object]]]:
    """(address, fixed arguments) of every message in the layout."""
    for control in shipped().root.walk():
        for message in control.messages:
            parts = [partial.value for partial in message.path]
            yield "".join(parts), [one.value for one in message.arguments if one.type == "CONSTANT"]


def run_lua(program: str) -> str:
    assert LUA
    return subprocess.run([LUA, "-"], input=program, capture_output=True, text=True, check=True, timeout=60).stdout


def test_the_layout_is_the_one_that_the_table_gives() -> None:
    anew = "make it anew: python -m bridge.surfaces"
    assert py2tosc.dumps(shipped()) == py2tosc.dumps(surfaces.layout()), anew
    assert surfaces.PICTURE.read_text(encoding="utf-8") == surfaces.picture(), anew


def test_the_layout_is_valid() -> None:
    assert shipped().validate() == []


def test_every_control_has_an_address_of_the_table() -> None:
    known = {row["address"] for row in addressbook.rows()}
    found = list(addresses())
    for address, _ in found:
        general = re.sub(r"^/continuo/\d+", "/continuo/<insert>", address)
        assert re.sub(r"/part/\d+", "/part/<part>", general) in known, address
    for name in ("panic", "1/bypass", "1/preset", "1/go", "1/yield", "1/again", "1/variation", "1/keep", "1/chord"):
        assert f"/continuo/{name}" in {address for address, _ in found}


def test_a_fader_sends_the_whole_range_of_its_parameter_and_stands_at_its_default() -> None:
    parameters = {f"/continuo/1/{one.name}": one for one in INSERT}
    faders = [one for one in shipped().find_all(type="FADER") if one.name in parameters]
    assert len(faders) == surfaces.FADERS
    for fader in faders:
        parameter, sent = parameters[fader.name], fader.messages[0].arguments[0]
        assert (sent.scale_min, sent.scale_max) == (parameter.low, parameter.high)
        start = next(value.default for value in fader.values if value.key == "x")
        assert parameter.low + start * (parameter.high - parameter.low) == pytest.approx(parameter.default)


def test_every_preset_that_comes_along_has_a_button_that_loads_it() -> None:
    named = [fixed[0] for address, fixed in addresses() if address == "/continuo/1/preset" and fixed]
    assert named == presets.bundled()
    desk = Desk(["harmony"])
    for name in named:
        desk.load(0, str(name))


@pytest.mark.skipif(LUA is None, reason="lua5.4 is not installed (apt install lua5.4)")
def test_the_layout_subscribes_at_its_start_and_again_when_nothing_is_heard() -> None:
    scene = "init() now = 4000 onReceiveOSC() now = 8000 update() now = 9500 update() update() print(#sent, sent[2])"
    assert run_lua(STAND_IN + shipped().root.script + scene).split() == ["2", "/continuo/subscribe", "9001"]


@pytest.mark.skipif(LUA is None, reason="lua5.4 is not installed (apt install lua5.4)")
def test_a_fader_says_its_value_in_the_parameters_own_unit() -> None:
    fader = shipped().find("/continuo/1/register")
    assert fader is not None
    around = "label = {values = {}} self = {values = {x = 0.25}, parent = {children = {['register value'] = label}}}"
    assert run_lua(f"{around}\n{fader.script}\nonValueChanged('x') print(label.values.text)").strip() == "-0.50"
