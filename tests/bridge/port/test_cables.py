"""Cables that are pulled, that go with their peer, and that are wished for, by a clock in our hands."""

from __future__ import annotations

import pytest

from bridge.port.cables import AWAY_LIMIT, GRACE_S, PATIENCE_S, Cable, Cables, Peer, Wish

KEYS = Peer("Keys:out", "keys:out usb midi", plays=True)
SYNTH = Peer("Synth:in", "synth:in", plays=False)
CABLE = Cable("In", "Keys:out")


def plugged(cables: Cables) -> None:
    cables.made(CABLE)
    assert cables.look({CABLE}, [KEYS], 0.0) == []


def test_a_cable_whose_peer_goes_is_due_when_it_comes_back() -> None:
    cables = Cables()
    plugged(cables)
    assert cables.look(set(), [], 1.0) == []
    assert cables.kept == [CABLE]
    assert cables.look(set(), [KEYS], 60.0) == [CABLE]
    assert cables.look({CABLE}, [KEYS], 60.1) == []
    assert [news["cable"] for news in cables.news] == ["gone", "back"]


def test_a_client_that_lets_go_of_its_cables_before_its_ports_has_gone() -> None:
    cables = Cables()
    plugged(cables)
    cables.look(set(), [KEYS], 1.0)
    cables.look(set(), [], 1.0 + GRACE_S / 2)
    assert cables.kept == [CABLE]
    assert cables.look(set(), [KEYS], 9.0) == [CABLE]


def test_a_cable_that_the_user_pulls_is_forgotten() -> None:
    cables = Cables()
    plugged(cables)
    for now_s in (1.0, 1.1 + GRACE_S):
        assert cables.look(set(), [KEYS], now_s) == []
    assert cables.kept == []
    cables.look(set(), [], 5.0)
    assert cables.look(set(), [KEYS], 6.0) == []
    assert not cables.news


def test_a_peer_that_goes_and_comes_between_two_looks_is_plugged_again() -> None:
    cables = Cables()
    plugged(cables)
    cables.registered(KEYS.name)
    assert cables.look(set(), [KEYS], 0.1) == [CABLE]


def test_a_cable_that_is_made_and_pulled_between_two_looks_stays_pulled() -> None:
    cables = Cables()
    cables.look(set(), [], 0.0)
    cables.registered(KEYS.name)
    cables.made(CABLE)
    assert cables.look(set(), [KEYS], 0.1) == []


def test_a_cable_that_is_made_and_goes_with_its_peer_between_two_looks_is_known() -> None:
    cables = Cables()
    cables.registered(KEYS.name)
    cables.made(CABLE)
    cables.look(set(), [], 0.1)
    assert cables.look(set(), [KEYS], 5.0) == [CABLE]


def test_a_peer_that_does_not_run_yet_is_tried_until_it_does_or_patience_ends() -> None:
    cables = Cables()
    cables.remember([CABLE])
    assert cables.look(set(), [KEYS], 0.0) == [CABLE]
    assert cables.look(set(), [KEYS], 1.0) == [CABLE]
    assert cables.look(set(), [KEYS], PATIENCE_S + 1) == []
    assert cables.news == [{"cable": "refused", "own": "In", "peer": "Keys:out"}]


@pytest.mark.parametrize("part", ["KEYS", "usb", "keys:OUT"])
def test_a_wish_is_granted_by_a_part_of_a_name(part: str) -> None:
    cables = Cables([Wish("In", part, plays=True)])
    assert cables.look(set(), [SYNTH, KEYS], 0.0) == [CABLE]
    cables.look({CABLE}, [SYNTH, KEYS], 0.1)
    assert [news["cable"] for news in cables.news] == ["new"]


def test_a_wish_that_nothing_fits_is_waited_for_and_said_once() -> None:
    cables = Cables([Wish("In", "xyz", plays=True), Wish("Out", "keys", plays=False)])
    for now_s in (0.0, 1.0):
        assert cables.look(set(), [KEYS, SYNTH], now_s) == []
    assert cables.news == [
        {"waiting": "xyz", "plays": True, "there": ["Keys:out"]},
        {"waiting": "keys", "plays": False, "there": ["Synth:in"]},
    ]


def test_a_wished_cable_that_the_user_pulls_stays_pulled_until_the_device_comes_again() -> None:
    cables = Cables([Wish("In", "keys", plays=True)])
    cables.look(set(), [KEYS], 0.0)
    cables.look({CABLE}, [KEYS], 0.1)
    for now_s in (1.0, 1.1 + GRACE_S, 9.0):
        assert cables.look(set(), [KEYS], now_s) == []
    cables.look(set(), [], 10.0)
    assert cables.look(set(), [KEYS], 11.0) == [CABLE]


def test_a_wish_takes_one_device_and_not_a_second() -> None:
    other = Peer("Keys:second", "keys:second", plays=True)
    cables = Cables([Wish("In", "keys", plays=True)])
    assert cables.look(set(), [KEYS, other], 0.0) == [CABLE]
    assert cables.look({CABLE}, [KEYS, other], 0.1) == []


def test_a_device_that_comes_back_under_another_name_is_taken_and_the_old_name_forgotten() -> None:
    renamed = Peer("Keys 2:out", "keys 2:out", plays=True)
    cables = Cables([Wish("In", "keys", plays=True)])
    cables.look(set(), [KEYS], 0.0)
    cables.look({CABLE}, [KEYS], 0.1)
    cables.look(set(), [], 1.0)
    again = Cable("In", renamed.name)
    assert cables.look(set(), [renamed], 2.0) == [again]
    cables.look({again}, [renamed], 2.1)
    assert cables.kept == [again]


def test_peers_with_another_name_each_time_are_forgotten_one_day() -> None:
    cables = Cables()
    for number in range(AWAY_LIMIT + 10):
        cable = Cable("In", f"Program {number}:out")
        cables.made(cable)
        cables.look(set(), [], float(number))
    assert len(cables.kept) == AWAY_LIMIT
    assert cables.look(set(), [Peer(cable.peer, "", plays=True)], 999.0) == [cable]
