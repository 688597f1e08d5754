"""A loop is detected, cut and told; whoever only plays fast, repeats himself or loses note-offs is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.port.feedback import PAUSE_NS, PROBE
from tests.bridge.port.loops import MS, Room, off, on

C4, E4 = 60, 64
DELAYS = pytest.mark.parametrize("delay_ms", [1.5, 20, 80])


def counted(room: Room, pitch: int = C4) -> int:
    return sum(data == on(pitch) for data in room.notes())


@DELAYS
def test_a_held_note_that_comes_back_proves_the_loop_within_three_rounds(delay_ms: float) -> None:
    room = Room((0, 0, delay_ms))
    room.play(on(C4))
    room.wait(3 * delay_ms + 2)
    assert room.feedback() == [pytest.approx(delay_ms, abs=0.6)]
    assert counted(room) <= 4
    room.wait(500)
    assert counted(room) <= 4
    assert room.synths[0].sounding == {(0, C4)}
    room.play(off(C4))
    room.wait(500)
    assert not room.synths[0].sounding
    assert room.exchange.outlets[0].sounding == 0


@DELAYS
def test_real_notes_pass_once_each_while_the_loop_lasts(delay_ms: float) -> None:
    room = Room((0, 0, delay_ms))
    room.play(on(C4))
    room.wait(300)
    room.play(off(C4))
    room.wait(300)
    before = len(room.notes())
    played = [message for pitch in range(50, 70) for message in (on(pitch, pitch), off(pitch))]
    for message in played:
        room.play(message)
        room.wait(37)
    room.wait(300)
    assert room.notes()[before:] == played
    assert not room.synths[0].sounding


@DELAYS
def test_a_loop_under_short_notes_is_found_too_and_leaves_nothing_sounding(delay_ms: float) -> None:
    room = Room((0, 0, delay_ms))
    room.play(on(C4))
    room.wait(1)
    room.play(off(C4))
    room.wait(2500)
    assert len(room.feedback()) == 1
    count = counted(room)
    room.wait(1000)
    assert counted(room) == count
    assert not room.synths[0].sounding


def test_equal_notes_that_come_back_in_the_same_cycle_hide_no_loop() -> None:
    room = Room((0, 0, 80))
    for on_ms, off_ms in ((1, 1), (1, 1), (39, 37), (1, 1)):
        room.play(on(C4))
        room.wait(on_ms)
        room.play(off(C4))
        room.wait(off_ms)
    room.wait(3000)
    assert room.feedback()
    assert not room.synths[0].sounding


@DELAYS
def test_harmony_that_comes_back_is_no_new_melody_and_ends(delay_ms: float) -> None:
    room = Room((0, 0, delay_ms))
    room.meet(3, 7, 12)
    room.play(on(72))
    room.wait(800)
    assert len(room.feedback()) == 1
    count = len(room.notes())
    room.wait(500)
    assert len(room.notes()) == count
    assert room.synths[0].sounding == {(0, 72), (1, 69), (1, 65), (1, 60)}
    room.play(off(72))
    room.wait(500)
    assert not room.synths[0].sounding
    assert room.exchange.outlets[0].sounding == 0
    told = [record.data for record in room.told if record.data[0] & 0xF0 in (0x80, 0x90)]
    held: set[tuple[int, int]] = set()
    for data in told:
        (held.add if data[0] & 0x10 else held.discard)((data[0] & 0x0F, data[1]))
    assert not held, "the brain takes nothing for held"
    room.close()


def test_with_thru_off_the_harmony_loops_through_the_brain_and_is_cut() -> None:
    room = Room((0, 0, 20))
    room.meet(3, 7)
    room.exchange.commands.append(("thru", [False]))
    room.wait(1)
    room.play(on(72))
    room.wait(600)
    assert room.feedback() == [pytest.approx(20, abs=0.6)]
    room.play(off(72))
    room.wait(500)
    assert not room.synths[0].sounding
    room.close()


def test_a_wheel_that_goes_round_and_round_is_a_loop() -> None:
    room = Room((0, 0, 1.5))
    room.play(bytes((0xE0, 0, 70)), bytes((0xB0, 1, 33)))
    room.wait(400)
    assert len(room.feedback()) == 1
    count = len(room.notes())
    room.wait(400)
    assert len(room.notes()) == count


@pytest.mark.parametrize("data", [b"\xf0", b"\xf0\x7d\x01\xf7", bytes((0xC0, 5)), bytes((0xD0, 9))])
def test_whatever_else_goes_round_is_cut_in_a_known_loop(data: bytes) -> None:
    room = Room((0, 0, 5))
    room.play(on(C4))
    room.wait(100)
    room.play(data)
    room.wait(100)
    assert room.notes().count(data) == 1


def test_the_guard_lets_go_when_the_loop_ends() -> None:
    room = Room((0, 0, 20))
    room.play(on(C4))
    room.wait(200)
    room.play(off(C4))
    room.cables.clear()
    room.wait(3000)
    assert room.feedback() == [20.0, None]
    quiet = len(room.probes())
    room.wait(5000)
    assert len(room.probes()) == quiet


def test_a_loop_that_lasts_is_not_forgotten() -> None:
    room = Room((0, 0, 20))
    room.play(on(C4))
    room.wait(200)
    room.play(off(C4))
    room.wait(9000)
    assert room.feedback() == [20.0]


def test_a_loop_that_ends_under_an_echo_leaves_nothing_sounding() -> None:
    room = Room((0, 0, 80))
    room.play(on(C4))
    room.wait(40)
    room.play(off(C4))
    while not room.feedback():
        room.wait(1)
    room.cables.clear()
    room.wait(4000)
    assert not room.synths[0].sounding


def test_a_chain_of_inserts_is_no_loop() -> None:
    room = Room((0, 1, 5), inserts=2)
    for _ in range(40):
        room.play(on(C4))
        room.wait(50)
        room.play(off(C4))
        room.wait(50)
    assert not room.feedback()
    assert room.notes(1) == room.notes(0) == [data for data, _ in room.passed]


def test_a_loop_through_two_inserts_is_cut() -> None:
    room = Room((0, 1, 5), (1, 0, 5), inserts=2)
    room.play(on(C4))
    room.wait(300)
    assert room.feedback()
    counts = [len(room.notes(insert)) for insert in (0, 1)]
    room.wait(500)
    assert [len(room.notes(insert)) for insert in (0, 1)] == counts
    room.play(off(C4))
    room.wait(500)
    assert not room.synths[0].sounding and not room.synths[1].sounding


def test_a_lost_probe_is_sent_again() -> None:
    room = Room()
    room.play(on(C4))
    room.wait(1)
    room.play(on(C4))
    room.wait(1)
    assert len(room.probes()) == 1
    room.cables.append((0, 0, 1.5))  # what was lost in an xrun
    room.wait(300)
    room.play(on(C4))
    room.wait(20)
    assert len(room.probes()) == 2
    assert len(room.feedback()) == 1


def ratchet(count: int, on_ms: float, off_ms: float, velocity: int = 100) -> list[tuple[bytes, float]]:
    return [(on(C4, velocity), on_ms), (off(C4), off_ms)] * count


PLAYED = {
    "a ratchet": ratchet(200, 15, 15),
    "a faster ratchet": ratchet(200, 5, 5),
    "sixteenths of a sequencer": ratchet(40, 60, 65),
    "a trill": [(message, 30.0) for _ in range(40) for message in (on(C4), off(C4), on(62), off(62))],
    "a legato trill": [(m, 20.0) for _ in range(40) for m in (on(C4), off(62), on(62), off(C4))],
    "lost note-offs": [(on(C4), 90.0)] * 40,
    "a pad that is struck again before it is let go": [(on(36, 127), 45.0)] * 60 + [(off(36), 1.0)],
    "a wheel that repeats itself": [(bytes((0xE0, 0, 64)), 2.0)] * 300,
}


@pytest.mark.parametrize("name", PLAYED)
def test_real_notes_are_left_alone(name: str) -> None:
    room = Room()
    for message, ms in PLAYED[name]:
        room.play(message)
        room.wait(ms)
    assert all(passes for _, passes in room.passed)
    assert room.notes() == [message for message, _ in PLAYED[name]]
    assert not room.feedback()
    minutes = sum(ms for _, ms in PLAYED[name]) * MS / PAUSE_NS
    assert len(room.probes()) <= 2 * (1 + int(minutes)), "two probes, then a pause"


def test_the_undefined_controller_of_a_musician_passes() -> None:
    room = Room()
    for value in range(128):
        room.play(bytes((0xB0, PROBE, value)))
        room.wait(1)
    assert all(passes for _, passes in room.passed)


MESSAGES = st.one_of(
    st.builds(on, st.integers(60, 62), st.sampled_from([1, 80, 127])),
    st.builds(off, st.integers(60, 62)),
    st.builds(lambda value: bytes((0xB0, 64, value)), st.sampled_from([0, 127])),
    st.builds(lambda value: bytes((0xE0, 0, value)), st.integers(60, 62)),
    st.sampled_from([b"\xf0\x7d\x01\xf7", bytes((0xB0, 123, 0)), bytes((0x90, 60, 0)), bytes((0xC0, 5))]),
)
STEPS = st.lists(st.tuples(MESSAGES, st.sampled_from([0, 0.5, 1.5, 5, 15, 40, 100, 200])), max_size=60)


@given(steps=STEPS)
@settings(deadline=None, max_examples=60)
def test_without_a_loop_whatever_is_played_passes(steps: list[tuple[bytes, float]]) -> None:
    room = Room()
    for message, ms in steps:
        room.play(message)
        room.wait(ms)
    room.wait(600)
    assert room.notes() == [message for message, _ in steps]
    assert not room.feedback()


KEYS = st.lists(
    st.tuples(st.integers(60, 61), st.sampled_from([80, 81]), st.integers(1, 120), st.integers(1, 120)), max_size=25
)


@given(keys=KEYS, delay_ms=st.sampled_from([1.5, 7, 20, 80]), cut_ms=st.integers(0, 2500) | st.none())
@settings(deadline=None, max_examples=60)
def test_whatever_is_played_into_a_loop_ends(
    keys: list[tuple[int, int, int, int]], delay_ms: float, cut_ms: int | None
) -> None:
    room = Room((0, 0, delay_ms))
    played_ms = 0
    for pitch, velocity, on_ms, off_ms in keys:
        for message, ms in ((on(pitch, velocity), on_ms), (off(pitch), off_ms)):
            room.play(message)
            room.wait(ms)
            played_ms += ms
            if cut_ms is not None and played_ms > cut_ms:
                room.cut()
    if cut_ms is not None:
        room.wait(cut_ms)
        room.cut()
    room.wait(5000)
    assert not room.synths[0].sounding
    assert room.exchange.outlets[0].sounding == 0
