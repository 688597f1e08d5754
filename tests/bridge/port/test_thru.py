"""What passes through, and on which way it ends: thru switched under held keys, by a surface or by a scene."""

from __future__ import annotations

import pytest

from tests.bridge.port.test_exchange import C4, C4_END, E4, E4_END, Band, band

__all__ = ["band"]

PEDAL, PEDAL_UP = bytes.fromhex("b0407f"), bytes.fromhex("b04000")


def test_thru_needs_no_brain(band: Band) -> None:
    assert band.arrive(C4, C4_END) == [True, True]


def test_thru_can_be_off_and_the_brain_hears_all_the_same(band: Band) -> None:
    band.meet()
    band.exchange.commands.append(("thru", [False]))
    band.cycle()
    assert band.arrive(C4, bytes.fromhex("f000f7")) == [False, False]
    band.cycle()
    assert [record.data for record in band.told()] == [C4]


def test_note_that_passed_ends_when_thru_goes_off_under_it(band: Band) -> None:
    band.arrive(C4, PEDAL)
    band.exchange.commands.append(("thru", [False]))
    band.cycle()
    assert band.cycle() == ["803c40", "b04000"]
    assert band.arrive(C4_END) == [False]


@pytest.mark.parametrize("end", [C4_END, bytes.fromhex("903c00"), bytes.fromhex("b07b00")])
def test_a_scene_without_thru_ends_what_is_held_on_its_way_and_the_next_note_does_not_pass(
    band: Band, end: bytes
) -> None:
    band.arrive(C4, PEDAL)
    band.exchange.commands.append(("scene_thru", [False]))
    assert [band.cycle(), band.cycle()] == [[], []]  # nothing is cut
    assert band.arrive(bytes.fromhex("b00a40"), E4) == [True, False]
    band.exchange.commands.append(("thru", [False]))  # what surfaces set makes control tell of it again
    assert [band.cycle(), band.cycle()] == [[], []]
    assert band.arrive(E4_END, end, PEDAL_UP, end, PEDAL_UP) == [False, True, True, False, False]
    assert band.exchange.outlets[0].sounding == 0


def test_a_scene_with_thru_passes_from_the_next_note_on_and_where_nothing_is_held_at_once(band: Band) -> None:
    band.arrive(C4)
    band.exchange.commands += [("scene_thru", [False]), ("scene_thru", [True])]
    band.cycle()
    assert band.arrive(E4, C4_END, E4_END) == [True, True, True]
    band.exchange.commands.append(("scene_thru", [False]))
    band.cycle()
    assert band.arrive(bytes.fromhex("b00a40"), E4, E4_END) == [False, False, False]


def test_a_surface_that_switches_thru_off_again_after_a_scene_ends_what_is_held(band: Band) -> None:
    band.arrive(C4)
    band.exchange.commands += [("scene_thru", [False]), ("thru", [True]), ("thru", [False])]
    band.cycle()
    assert band.cycle() == ["803c40"]


def test_thru_of_one_insert_is_its_own() -> None:
    band = Band(inserts=2)
    band.exchange.commands.append(("thru", [True, False]))
    band.cycle()
    assert band.arrive(C4, insert=0) == [True]
    assert band.arrive(C4, insert=1) == [False]
