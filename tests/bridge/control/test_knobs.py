"""Knobs turned at a port move the desk, the real engine plays what follows, and every surface hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.brain.in_time import AtLeisure
from bridge.brain.moves import EVERY_NS
from bridge.brain.players import Players
from bridge.brain.session import Session
from bridge.control.knobs import Knobs
from bridge.control.osc import OscServer
from bridge.control.state import Desk
from bridge.messages import INPUT, PLAY, Record, headers
from bridge.port.exchange import Exchange
from bridge.port.outlet import Outlet
from tests.bridge.control.hall import Hall, on_stage

LATE = 30_000_000
STRINGS = {12, 13, 14, 15, 16}
CHORD = tuple(f"90{key:02x}50" for key in (43, 55, 60, 64, 76))


class House:
    """Port, brain and control without processes between them; what is sent sounds at once."""

    def __init__(self, *presets: str, chain: bool = False) -> None:
        self.desk = Desk(list(presets), chain=chain)
        self.exchange = Exchange(len(presets))
        self.session = Session(Players("cpu", AtLeisure(), tell=print), 0)
        self.now = 10**9
        self.sounding: set[tuple[int, int]] = set()
        """Channel (from 1) and pitch of what the first insert answers."""
        self.orders = 0
        """How often the brain was given new settings."""
        self._outlet = Outlet()
        self.osc = OscServer(self.desk, self._changed, lambda _command, _values: None)
        self.knobs = Knobs(self.desk, self.osc, self._say)
        self.session.obey({"settings": self.desk.settings(set(range(len(presets))))}, self.now)
        for role in ("port", "brain"):
            self.knobs.meet(role)
        self.pass_on()

    def play(self, *messages: str, insert: int = 0, apart_ns: int = EVERY_NS) -> list[str]:
        """Messages in hex arrive one by one; gives those that go through."""
        through = []
        self.pass_on()
        for message in messages:
            data = bytes.fromhex(message)
            through += [message] if self.exchange.arrive(insert, data, self.now) else []
            self.session.hear([Record(self.now, 0, INPUT, insert, data)], self.now)
            self.now += apart_ns
            self.pass_on()
        return through

    def pass_on(self) -> None:
        """What port, brain and control have to say to each other, until nobody has."""
        self.session.advance(self.now)
        while self.session.to_control:
            self.knobs.turn(self.session.to_control.popleft().get("moved", []))
        self.exchange.cycle(self.now, self.now)
        for record in self.session.to_port:
            if record.kind == PLAY and record.insert == 0:
                self._outlet.plan(record.time_ns, record.time_ns + LATE, record.data)
        self.session.to_port.clear()
        for _, data in self._outlet.due(self.now + 1, self.now):
            key = (data[0] & 0x0F) + 1, data[1]
            if data[0] & 0xF0 == 0x90:
                self.sounding.add(key)
            elif data[0] & 0xF0 == 0x80:
                self.sounding.discard(key)

    def set(self, address: str, value: object) -> None:
        """A surface does."""
        self.osc.set(f"/continuo/{address}", value, ("127.0.0.1", 1))

    def read(self, address: str) -> Any:
        return self.desk.read(f"/continuo/{address}")

    def _changed(self, insert: int | None) -> None:
        if insert is not None:
            self.orders += 1
            self.session.obey({"settings": self.desk.settings({insert})}, self.now)
        self.knobs.look()

    def _say(self, role: str, told: dict[str, Any]) -> None:
        if role == "brain":
            self.session.obey(told, self.now)
        else:
            self.exchange.commands.append(("knobs", [headers(port) for port in told["knobs"]]))


# What arrives at an orchestra: what goes through, and what is set afterwards.
TURNED: list[tuple[list[str], list[str], dict[str, object]]] = [
    (["b01540", "b0157f"], [], {"density": 1.0}),  # it is at 0.5
    (["b01500", "b0157f"], [], {"density": 1.0}),  # it goes past it
    (["b01550", "b0157f"], [], {"density": 0.5}),  # it comes from beyond it, and does not go past it
    (["b01550", "b0157f", "b01530"], [], {"density": 0.375}),
    (["bf1540", "bf1500"], [], {"density": 0.0}),  # on any channel
    (["b01840", "b01800"], [], {"register": -1.0}),
    (["b01920", "b0197f"], [], {"divisi": 4}),
    (["b01a00", "b01a7f"], [], {"strings": "force"}),
    (["b01c00", "b01c40"], [], {"brass": "mute", "strings": "auto"}),
    (["b0153f", "b01541"], [], {"density": 0.5079}),
    (["b00740", "b00b40", "b01a"], ["b00740", "b00b40"], {"strings": "auto"}),
    (["b11e40", "901540", "801540"], ["b11e40", "901540", "801540"], {"density": 0.5}),
]


@pytest.mark.parametrize(("played", "through", "values"), TURNED, ids=str)
def test_a_knob_moves_its_parameter_and_nothing_else_hears_of_it(
    played: list[str], through: list[str], values: dict[str, object]
) -> None:
    house = House("orchestra")
    assert house.play(*played) == through
    assert {name: house.read(f"1/{name}") for name in values} == values


def test_a_family_is_muted_by_a_knob_under_a_held_chord() -> None:
    house = House("orchestra")
    assert house.play(*CHORD) == list(CHORD)
    assert {channel for channel, _ in house.sounding} & STRINGS
    assert house.play("b01a00", "b01a40") == []
    assert house.sounding and not {channel for channel, _ in house.sounding} & STRINGS
    house.play("b01a7f")
    assert {channel for channel, _ in house.sounding} & STRINGS
    house.play(*(f"8{message[1:]}" for message in CHORD))
    assert not house.sounding


def test_a_knob_is_picked_up_again_after_a_surface_or_a_preset_has_set_another_value() -> None:
    house = House("orchestra")
    house.play("b01540", "b01550")
    assert house.read("1/density") == 0.627
    house.set("1/density", 0.25)
    house.play("b01551")
    assert house.read("1/density") == 0.25
    house.play("b01510")
    assert house.read("1/density") == 0.125
    house.desk.load(0, "strings")  # 0.8 there: between 101 and 102
    house.play("b01560")
    assert house.read("1/density") == 0.8
    house.play("b0156f")
    assert house.read("1/density") > 0.85


def test_without_pickup_a_knob_counts_at_once() -> None:
    house = House("orchestra")
    house.set("1/pickup", 0)
    house.play("b0157f", "b01a7f")
    assert (house.read("1/density"), house.read("1/strings")) == (1.0, "force")


def test_a_button_counts_at_once() -> None:
    house = House("orchestra")
    house.desk.learn(0, ("bypass", 30))
    house.osc.learnt(0)
    house.play(*CHORD)
    assert house.sounding
    assert house.play("b01e7f") == []
    assert house.read("1/bypass") == 1 and not house.sounding
    house.play("b01e00")
    assert house.read("1/bypass") == 0


def test_the_next_controller_that_moves_is_learnt_and_passes_no_more() -> None:
    house = House("harmony")
    house.desk.learn(0, ("voices",))
    house.osc.learnt(0)
    assert house.play("b00740", "904050", "b04a10", "804050", "b01540") == [
        "b00740",
        "904050",
        "b04a10",
        "804050",
        "b01540",
    ]
    assert house.read("1/controls") == ["voices", 74, 1, 1, 16]
    assert house.read("1/learn") == ""
    assert house.play("b04a20", "b04a7f", "b14a7f") == ["b14a7f"]  # learnt on channel 1
    assert house.read("1/voices") == 16
    house.desk.unlearn(0, ("voices",))
    house.osc.learnt(0)
    assert house.play("b04a00") == ["b04a00"]
    assert house.read("1/voices") == 16


def test_the_controller_that_panics_is_no_knob() -> None:
    house = House("orchestra")
    house.set("panic_cc", 21)
    assert house.play("b01540", "b0157f") == ["b01540", "b0157f"]
    assert house.read("1/density") == 0.5
    house.set("panic_cc", 0)
    assert house.play("b01540", "b0157f") == []
    assert house.read("1/density") == 1.0


def test_a_flood_reaches_the_brain_as_a_trickle_and_the_last_value_counts() -> None:
    house = House("orchestra")
    house.play("b01540")
    before = house.orders
    house.play(*(f"b015{turn % 128:02x}" for turn in range(2_000)), apart_ns=1_000_000)  # two seconds
    house.now += EVERY_NS
    house.pass_on()
    assert house.read("1/density") == pytest.approx(0.5 + (1_999 % 128 - 64) / 126, abs=1e-4)
    assert house.orders - before <= 202


@pytest.mark.parametrize(
    "played", [("b0157f", "b01500", "b01520"), ("b01500", "b0157f", "b01520"), ("b01541", "b01520")]
)
def test_a_value_that_a_fast_knob_has_passed_is_met(played: tuple[str, ...]) -> None:
    house = House("orchestra")
    house.play("b01678", *played, apart_ns=0)
    house.now += EVERY_NS
    house.pass_on()
    assert house.read("1/density") == 0.25


def test_an_insert_in_a_chain_is_turned_from_the_keyboard_that_it_hears() -> None:
    house = House("harmony", "orchestra", chain=True)
    assert house.play("b01540", "b0157f", insert=0) == []
    assert house.read("2/density") == 1.0
    assert house.play("b01540", insert=1) == []
    house.set("2/listens_to", 0)
    assert house.play("b01540", insert=0) == ["b01540"]


def test_two_knobs_of_one_controller_move_both() -> None:
    house = House("harmony")
    house.set("1/controls", ["strum", 21, 0, 0.0, 100.0, "velocity_follow", 21, 0, 1.0, 0.0])
    house.set("1/pickup", 0)
    house.play("b0157f")
    assert (house.read("1/strum"), house.read("1/velocity_follow")) == (100.0, 0.0)


def test_what_a_parameter_does_not_take_leaves_it_as_it_is() -> None:
    house = House("harmony")
    house.set("1/controls", ["listens_to", 21, 0, 0, 15])
    house.set("1/pickup", 0)
    house.play("b0157f")
    assert house.read("1/listens_to") == 0


def test_every_surface_hears_of_what_a_knob_does() -> None:
    async def play(hall: Hall) -> None:
        knobs = Knobs(hall.desk, hall.server, lambda _role, _told: None)
        surface = await hall.surface()
        surface.say("/continuo/subscribe")
        await surface.packet()
        knobs.turn([(0, 1, 21, 64, 64, 64), (0, 1, 21, 127, 64, 127), (0, 1, 21, 127, 127, 127)])
        assert await surface.rest() == [("/continuo/1/density", [1.0])]  # at 64 it was already
        assert hall.changed == [0]

    on_stage(play, "orchestra")


def test_learning_is_told_to_all_and_can_be_given_up() -> None:
    async def play(hall: Hall) -> None:
        knobs = Knobs(hall.desk, hall.server, lambda _role, _told: None)
        hand, screen = await hall.surface(), await hall.surface()
        screen.say("/continuo/subscribe")
        await screen.packet()
        assert await hand.ask("/continuo/1/learn") == ("/continuo/1/learn", [""])
        await screen.packet()
        hand.say("/continuo/1/learn", "part/1/loudest")
        assert await hand.ask("/continuo/1/learn") == ("/continuo/1/learn", ["part/1/loudest"])
        knobs.turn([(0, 3, 21, 64, 64, 64)])
        learnt = ["part/1/loudest", 21, 3, 1, 127]
        assert await hand.ask("/continuo/1/controls") == ("/continuo/1/controls", learnt)
        hand.say("/continuo/1/learn", "voices")
        hand.say("/continuo/1/learn", "")
        hand.say("/continuo/1/learn", "voices", 22.0)
        hand.say("/continuo/1/learn", "voices", 23, 4)
        assert await hand.ask("/continuo/1/controls") == ("/continuo/1/controls", [*learnt, "voices", 23, 4, 1, 16])
        hand.say("/continuo/1/unlearn", "part/1/loudest")
        assert await hand.ask("/continuo/1/controls") == ("/continuo/1/controls", ["voices", 23, 4, 1, 16])
        hand.say("/continuo/1/unlearn", "")
        assert await hand.ask("/continuo/1/controls") == ("/continuo/1/controls", [])
        heard: dict[str, list[list[Any]]] = {"/continuo/1/learn": [], "/continuo/1/controls": []}
        while [values[-1:] for values in heard.values()] != [[[""]], [[]]]:  # what comes in between may be left out
            for address, values in await screen.packet():
                heard.setdefault(address, []).append(values)
        assert heard["/continuo/1/learn"][0] == ["part/1/loudest"]

    on_stage(play)


@pytest.mark.parametrize(
    ("address", "values", "code", "sentence"),
    [
        ("/continuo/1/learn", ["voises"], 400, "parameter: there is no 'voises' here. Did you mean 'voices'?"),
        ("/continuo/1/learn", [3], 400, "there is no 3 here"),
        ("/continuo/1/learn", ["name"], 400, "there is no 'name' here"),
        ("/continuo/1/learn", ["", 21], 400, "there is no '' here"),
        ("/continuo/1/learn", ["voices", 64], 422, "cc 64 moves no parameter"),
        ("/continuo/1/learn", ["voices", 21, 17], 422, "channel 17 is not within"),
        ("/continuo/1/learn", ["voices", 21, 1, 1], 400, "learn takes a parameter"),
        ("/continuo/9/learn", ["voices"], 404, "there is no insert '9'"),
        ("/continuo/1/part/1/learn", ["channel"], 404, "there is no such address"),
        ("/continuo/learn", ["voices"], 404, "there is no parameter 'learn'"),
        ("/continuo/1/unlearn", [], 400, "unlearn takes a parameter"),
        ("/continuo/1/unlearn", ["voices"], 422, "no controller moves 'voices'"),
        ("/continuo/1/controls", ["voices", 21], 400, "parameter, cc, channel, from, to"),
        ("/continuo/1/controls", ["voices", 21, 0, 1, 99], 422, "control[1]: to: voices 99 is not within"),
        ("/continuo/9/controls", [], 404, "there is no insert '9'"),
        ("/continuo/1/part/1/controls", [], 404, "there is no such address"),
    ],
)
def test_what_cannot_be_a_knob_is_answered_with_a_sentence(
    address: str, values: list[object], code: int, sentence: str
) -> None:
    async def play(hall: Hall) -> None:
        before = list(hall.desk.values())
        answer, (found, text, about) = await (await hall.surface()).ask(address, *values)
        assert (answer, found, about) == ("/continuo/error", code, address)
        assert sentence in text
        assert list(hall.desk.values()) == before and hall.changed == []

    on_stage(play)
