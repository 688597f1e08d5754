import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.addresses import INSERT, PART
from bridge.control.state import Desk, UnknownAddress
from bridge.daemon_addresses import DAEMON
from bridge.errors import PresetError, ValueRefused


@pytest.fixture
def desk() -> Desk:
    return Desk(["harmony", "satb"])


def test_whatever_can_be_set_can_be_read(desk: Desk) -> None:
    addresses = {address for address, _ in desk.values()}
    for parameter in DAEMON:
        assert f"/continuo/{parameter.name}" in addresses
    for number, parts in ((1, 1), (2, 3)):
        assert {f"/continuo/{number}/{parameter.name}" for parameter in INSERT} <= addresses
        for part in range(1, parts + 1):
            assert {f"/continuo/{number}/part/{part}/{parameter.name}" for parameter in PART} <= addresses


def test_values_are_what_reading_gives_one_by_one(desk: Desk) -> None:
    for address, value in desk.values():
        if not address.endswith("/preset"):
            assert desk.read(address) == value
        assert type(value) in (int, float, str, list)


def test_every_value_can_be_set_to_itself(desk: Desk) -> None:
    before = list(desk.values())
    for address, value in before:
        if address not in desk.shown and not address.endswith("/preset"):
            desk.write(address, value)
    assert list(desk.values()) == before


def test_set_value_is_read_back_and_names_its_insert(desk: Desk) -> None:
    assert desk.write("/continuo/2/voices", 2.0) == 1
    assert desk.read("/continuo/2/voices") == 2
    assert desk.read("/continuo/1/voices") == 3
    assert desk.write("/continuo/tempo", 90) is None
    assert desk.read("/continuo/tempo") == 90.0
    assert desk.write("/continuo/1/part/1/lowest", "C3") == 0
    assert desk.read("/continuo/1/part/1/lowest") == 48


@pytest.mark.parametrize(
    "address",
    [
        "/continuo/voices",
        "/continuo/0/voices",
        "/continuo/3/voices",
        "/continuo/x/voices",
        "/continuo/-1/voices",
        "/continuo/1/voises",
        "/continuo/1/part/0/channel",
        "/continuo/1/part/2/channel",
        "/continuo/1/part/x/channel",
        "/continuo/1/part/1/chanel",
        "/continuo/1/part/1",
        "/continuo/1/",
        "/continuo/1//voices",
        "/continuo/",
        "/other/tempo",
    ],
)
def test_unknown_address_is_named(desk: Desk, address: str) -> None:
    for use in (desk.read, lambda a: desk.write(a, 1)):
        with pytest.raises(UnknownAddress) as error:
            use(address)
        assert error.value.message.startswith(address)
        assert error.value.hint


def test_unknown_parameter_is_answered_with_the_nearest(desk: Desk) -> None:
    with pytest.raises(UnknownAddress, match="Did you mean 'voices'"):
        desk.read("/continuo/1/voises")


@pytest.mark.parametrize(
    ("address", "value", "code"),
    [
        ("/continuo/1/voices", "three", 400),
        ("/continuo/1/voices", [1, 2], 400),
        ("/continuo/1/voices", 17, 422),
        ("/continuo/1/strum", math.nan, 400),
        ("/continuo/1/part/1/lowest", 85, 422),  # its highest is 84
        ("/continuo/1/part/1/highest", 35, 422),
        ("/continuo/1/part/1/softest", 111, 422),
        ("/continuo/1/part/1/loudest", 19, 422),
    ],
)
def test_refused_value_changes_nothing(desk: Desk, address: str, value: object, code: int) -> None:
    before = list(desk.values())
    with pytest.raises(ValueRefused) as error:
        desk.write(address, value)
    assert error.value.code == code
    assert list(desk.values()) == before


@given(st.integers(0, 127), st.integers(0, 127))
def test_range_stays_a_range_whatever_is_sent(low: int, high: int) -> None:
    desk = Desk(["harmony"])
    for name, value in (("lowest", low), ("highest", high), ("lowest", low)):
        with suppress(ValueRefused):
            desk.write(f"/continuo/1/part/1/{name}", value)
        first, last = (desk.read(f"/continuo/1/part/1/{end}") for end in ("lowest", "highest"))
        assert first <= last  # type: ignore[operator]


def test_preset_sets_every_field_of_its_insert_and_of_no_other(desk: Desk) -> None:
    desk.write("/continuo/1/temperature", 1.5)
    desk.write("/continuo/2/temperature", 1.5)
    desk.load(0, "duet")
    assert desk.read("/continuo/1/temperature") == 0.0
    assert desk.read("/continuo/2/temperature") == 1.5
    assert dict(desk.values())["/continuo/1/preset"] == "duet"


def test_unknown_preset_changes_nothing(desk: Desk) -> None:
    before = list(desk.values())
    with pytest.raises(PresetError):
        desk.load(0, "nothing")
    assert list(desk.values()) == before


def test_settings_are_copies(desk: Desk) -> None:
    desk.settings({1})["1"]["harmonize"]["voices"] = 6
    assert desk.read("/continuo/2/voices") == 3


def test_thru_of_each_insert(desk: Desk) -> None:
    desk.write("/continuo/2/thru", 0)
    assert desk.thru() == [True, False]


def test_a_song_is_listened_to_until_a_continuation_has_had_its_turn() -> None:
    assert Desk(["harmony"]).tail_s() == 0.5
    desk = Desk(["harmony", "continue"])
    assert desk.tail_s() == 0.5 + (2 + 8 * 4) * 0.5
    desk.inserts[1]["continue"]["bars"] = 2
    assert desk.tail_s() == 0.5 + (2 + 2 * 4) * 0.5
