"""Who is told, what of, and until when."""

import socket
import sys

import pytest

from bridge.control.echo import FINGER_S
from bridge.control.subscribers import CLOSED_S, LEASE_S, Subscribers
from tests.bridge.control.hall import Hall, Message, Surface, on_stage, osc

TABLET, PROGRAM, HAND = ("192.168.1.20", 9001), ("127.0.0.1", 9001), ("192.168.1.20", 51000)
DENSITY = "/continuo/1/density"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_machine_that_is_silent_for_long_is_forgotten_and_another_is_not() -> None:
    clock = Clock()
    subscribers = Subscribers(clock)
    for one in (TABLET, PROGRAM):
        subscribers.join(one, one)
    clock.now += LEASE_S - 1
    subscribers.hear(TABLET[0])
    clock.now += 2
    assert list(subscribers) == [TABLET]
    clock.now += LEASE_S
    assert list(subscribers) == []
    assert not subscribers._hosts


def test_a_port_that_stays_closed_is_forgotten_and_one_that_opens_again_is_not() -> None:
    clock = Clock()
    subscribers = Subscribers(clock)
    subscribers.join(TABLET, TABLET)
    subscribers.closed(TABLET)
    clock.now += CLOSED_S - 1
    subscribers.closed(TABLET)
    clock.now += CLOSED_S + 1  # nothing was refused for so long
    subscribers.closed(TABLET)
    assert list(subscribers) == [TABLET]
    clock.now += CLOSED_S
    subscribers.closed(TABLET)
    assert list(subscribers) == []


def test_who_speaks_from_one_port_listens_at_the_one_it_named() -> None:
    subscribers = Subscribers(Clock())
    subscribers.join(TABLET, HAND)
    assert subscribers.listener(HAND) == TABLET
    assert subscribers.listener(PROGRAM) == PROGRAM
    subscribers.leave(TABLET)
    assert subscribers.listener(HAND) == HAND


async def listening(hall: Hall) -> Surface:
    surface = await hall.surface()
    surface.say("/continuo/subscribe")
    await surface.packet()
    return surface


async def told_until(surface: Surface, value: float) -> list[Message]:
    """What a surface is told, up to a value."""
    found: list[Message] = []
    while not found or found[-1][1] != [value]:
        found += await surface.packet()
    return found


def test_a_fader_that_moves_fast_is_told_to_others_less_often_and_its_end_always() -> None:
    async def play(hall: Hall) -> None:
        mover, other = await listening(hall), await listening(hall)
        moves = 512
        for step in range(moves):  # at once: far more than fifty a second
            mover.say(DENSITY, step / 1024)
            if step % 64 == 63:
                assert await mover.ask(DENSITY) == (DENSITY, [step / 1024])
                assert await mover.rest() == []
        mover.say(DENSITY, 1.0)
        told = [values[0] for address, values in await told_until(other, 1.0) if address == DENSITY]
        assert told == sorted(told)
        assert len(told) < moves / 2

    on_stage(play)


def test_a_finger_hears_of_another_finger_when_it_rests() -> None:
    async def play(hall: Hall) -> None:
        one, two = await listening(hall), await listening(hall)
        one.say(DENSITY, 0.25)
        assert await two.packet() == [(DENSITY, [0.25])]
        loop_time = hall.now()
        two.say(DENSITY, 0.75)
        assert await one.packet() == [(DENSITY, [0.75])]
        assert hall.now() - loop_time > FINGER_S / 2  # it was held back
        assert await two.rest() == []

    on_stage(play)


def test_a_finger_that_moves_last_is_right_and_hears_nothing() -> None:
    async def play(hall: Hall) -> None:
        one, two = await listening(hall), await listening(hall)
        one.say(DENSITY, 0.25)
        await two.packet()
        two.say(DENSITY, 0.75)
        await two.rest()
        one.say(DENSITY, 0.5)
        assert await told_until(two, 0.5) == [(DENSITY, [0.5])]
        assert await one.rest() == []

    on_stage(play)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of closed ports: elsewhere subscriptions run out")
def test_a_closed_port_costs_the_others_nothing_and_is_forgotten() -> None:
    async def play(hall: Hall) -> None:
        clock = Clock()
        hall.server._subscribers._clock = clock
        gone, there = await listening(hall), await listening(hall)
        assert len(list(hall.server._subscribers)) == 2
        gone.close()
        for voices in (2, 5):
            hall.server.publish("/continuo/1/fallback", voices)
            assert await there.packet() == [("/continuo/1/fallback", [voices])]
            assert await there.rest() == []
            clock.now += CLOSED_S
        assert len(list(hall.server._subscribers)) == 1

    on_stage(play)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of closed ports")
def test_what_waits_behind_a_refusal_is_read_at_once() -> None:
    async def play(hall: Hall) -> None:
        gone = await listening(hall)
        gone.close()
        await hall.surface()  # the loop has closed it by then
        hall.server.publish("/continuo/1/fallback", 3)  # it is refused, which the socket will say before all else
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hand:
            for _ in range(3):
                hand.sendto(osc("/continuo/ping"), ("127.0.0.1", hall.port))
        assert hall.server._socket
        hall.server._drain(hall.server._socket)
        assert len(hall.server._inbox) == 3

    on_stage(play)
