"""What a parameter is where a knob stands, and where a knob must stand to take it over."""

from __future__ import annotations

import pytest

from bridge.addresses import INSERT, PART
from bridge.errors import ValueRefused
from bridge.knobs import NEVER, Knob, complete, listed, unlisted
from bridge.parameters import WRITTEN

NAMES = [one.name for one in INSERT if one.kind not in WRITTEN]
NAMES += [f"part/1/{one.name}" for one in PART if one.kind not in WRITTEN]

# A [[control]] table: the values where the knob stands at these positions.
SCALES: list[tuple[dict[str, object], dict[int, object]]] = [
    ({"parameter": "density"}, {0: 0.0, 32: 0.25, 64: 0.5, 127: 1.0}),
    ({"parameter": "register"}, {0: -1.0, 64: 0.0, 127: 1.0}),
    ({"parameter": "strum"}, {0: 0.0, 1: 3.9062, 64: 250.0, 127: 500.0}),
    ({"parameter": "density", "from": 0.2, "to": 0.4}, {0: 0.2, 64: 0.3, 127: 0.4}),
    ({"parameter": "density", "from": 1, "to": 0}, {0: 1.0, 64: 0.5, 127: 0.0}),
    ({"parameter": "bypass"}, {0: False, 63: False, 64: True, 127: True}),
    ({"parameter": "bypass", "from": 1, "to": 0}, {0: True, 63: True, 64: False}),
    ({"parameter": "divisi"}, {0: 1, 31: 1, 32: 2, 63: 2, 64: 3, 95: 3, 96: 4, 127: 4}),
    ({"parameter": "divisi", "from": 3, "to": 2}, {0: 3, 63: 3, 64: 2, 127: 2}),
    ({"parameter": "strings"}, {0: "auto", 42: "auto", 43: "mute", 85: "mute", 86: "force", 127: "force"}),
    ({"parameter": "strings", "from": "mute", "to": "auto"}, {0: "mute", 63: "mute", 64: "auto"}),
    ({"parameter": "split"}, {0: 0, 60: 60, 127: 127}),
    ({"parameter": "key"}, {0: "auto", 6: "C major", 127: "B minor"}),
    ({"parameter": "channels"}, {0: "all", 127: "16"}),
    ({"parameter": "model"}, {0: "rules", 127: "solo"}),
    ({"parameter": "seed"}, {0: 0, 127: 2**31 - 1}),
    ({"parameter": "part/1/program"}, {0: 0, 127: 128}),
    ({"parameter": "part/1/loudest", "from": 64, "to": 64}, {0: 64, 127: 64}),
]


def knob(**given: object) -> Knob:
    return Knob.read({"cc": 21} | given, parts=1)


@pytest.mark.parametrize(("given", "values"), SCALES, ids=str)
def test_a_knob_covers_its_stretch_evenly(given: dict[str, object], values: dict[int, object]) -> None:
    turned = knob(**given)
    assert {stands: turned.at(stands) for stands in values} == values


@pytest.mark.parametrize("name", NAMES)
def test_whatever_a_knob_sets_is_taken_and_met_again_where_the_knob_stands(name: str) -> None:
    turned = knob(parameter=name)
    for stands in range(128):
        value = turned.at(stands)
        assert turned.target.check(value) == value
        first, last = turned.reach(value)
        assert 0 <= first <= stands <= last <= 127
    assert (turned.at(0), turned.at(127)) == (turned.start, turned.end)


def test_a_value_beyond_the_stretch_is_met_at_its_nearer_end() -> None:
    stretch = knob(parameter="density", **{"from": 0.2, "to": 0.4})
    assert (stretch.reach(0.1), stretch.reach(0.9)) == ((0, 0), (127, 127))
    turned = knob(parameter="density", **{"from": 0.4, "to": 0.2})
    assert (turned.reach(0.1), turned.reach(0.9)) == ((127, 127), (0, 0))
    steps = knob(parameter="divisi", **{"from": 2, "to": 3})
    assert (steps.reach(1), steps.reach(4)) == ((0, 63), (64, 127))


def test_a_value_that_is_no_step_is_met_anywhere() -> None:
    assert knob(parameter="channels").reach("1,3") == (0, 127)


@pytest.mark.parametrize("cc", sorted(NEVER))
def test_what_means_something_to_a_musician_is_never_a_knob(cc: int) -> None:
    with pytest.raises(ValueRefused, match=rf"cc {cc} moves no parameter: .*64-67 and 119-127 keep their own meaning"):
        Knob.read({"parameter": "voices", "cc": cc}, parts=1)


@pytest.mark.parametrize("name", NAMES)
def test_a_list_of_knobs_comes_back_as_it_went(name: str) -> None:
    tables = complete([{"parameter": name, "cc": 21}, {"parameter": "part/2/loudest", "cc": 3, "channel": 16}], 2)
    assert complete(unlisted(listed(tables)), 2) == tables


def test_a_list_of_another_length_is_refused() -> None:
    with pytest.raises(ValueRefused, match="parameter, cc, channel, from, to"):
        unlisted(["density", 21, 0])
