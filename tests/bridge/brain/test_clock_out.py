"""What Continuo sends as a clock is heard by our own follower: it must say what the transport says."""

from itertools import pairwise

import pytest

from bridge.brain.clock_out import AHEAD_NS, ClockOut
from bridge.brain.follow import ClockFollower
from bridge.brain.transport import Position, Transport
from music.events import Clock, Continue, SongPosition, Start, Stop

MS = 10**6


class Slave:
    """A transport, its clock out, and a follower behind it, at `now`."""

    def __init__(self) -> None:
        self.now = 0
        self.transport = Transport(0, 100.0)
        self.out = ClockOut(self.transport)
        self.out.switch(on=True, now_ns=0)
        self.follower = ClockFollower()
        self.log: list[tuple[int, object]] = []

    def run(self, ns: int, *, rolling: bool) -> None:
        end = self.now + ns
        while self.now < end:
            for ns_sent, event in self.out.due(self.now, rolling=rolling):
                assert ns_sent >= self.now
                self.log.append((ns_sent, event))
                self.follower.hear(event, ns_sent)  # type: ignore[arg-type]
            self.now += 7 * MS

    def move(self, beat: float) -> None:
        self.transport.follow(Position(self.now, beat, self.transport.ns_per_beat), self.now)

    def commands(self) -> list[object]:
        return [event for _, event in self.log if not isinstance(event, Clock)]

    def is_heard(self) -> bool:
        song = self.follower.position(1.0)
        assert song and song.beat is not None
        return song.beat_at(self.now) == pytest.approx(self.transport.song_beat(self.now), abs=0.01)


def test_the_tempo_is_sent_while_nothing_rolls() -> None:
    slave = Slave()
    slave.run(2000 * MS, rolling=False)
    assert slave.follower.bpm == pytest.approx(100, abs=0.01)
    assert not slave.commands()


@pytest.mark.parametrize("beat", [0.0, 0.1, 7.3])
def test_who_follows_starts_where_the_song_is(beat: float) -> None:
    slave = Slave()
    slave.run(1000 * MS, rolling=False)
    slave.move(beat)
    slave.run(3000 * MS, rolling=True)
    assert slave.is_heard()
    assert isinstance(slave.commands()[-1], Continue | Start)


def test_a_song_from_before_its_beginning_starts_there() -> None:
    slave = Slave()
    slave.move(-0.25 - AHEAD_NS / slave.transport.ns_per_beat)
    slave.run(10 * MS, rolling=True)
    assert slave.commands() == [SongPosition(0), Continue()] or slave.commands() == [Start()]


def test_a_song_that_is_moved_takes_its_follower_along() -> None:
    slave = Slave()
    slave.move(0)
    slave.run(2000 * MS, rolling=True)
    slave.move(64.37)
    slave.run(2000 * MS, rolling=True)
    assert slave.is_heard()
    assert [type(one) for one in slave.commands()[-3:]] == [Stop, SongPosition, Continue]


def test_stop_is_sent_when_the_song_stops_or_the_clock_is_switched_off() -> None:
    slave = Slave()
    slave.move(0)
    slave.run(1000 * MS, rolling=True)
    slave.run(100 * MS, rolling=False)
    assert slave.commands()[-1] == Stop() and not slave.follower.rolling
    slave.run(100 * MS, rolling=True)
    [(stop_ns, stop)] = slave.out.switch(on=False, now_ns=slave.now)
    assert stop == Stop() and stop_ns >= slave.log[-1][0], "after the ticks that are on their way"
    assert not slave.out.due(slave.now + 10**9, rolling=True)
    assert not slave.out.switch(on=False, now_ns=slave.now)


def test_no_tick_is_sent_twice_or_left_out() -> None:
    slave = Slave()
    slave.move(0)
    slave.run(5000 * MS, rolling=True)
    moments = [ns for ns, event in slave.log if isinstance(event, Clock)]
    steps = {round((b - a) / slave.transport.ns_per_beat * 24, 3) for a, b in pairwise(moments)}
    assert steps == {1.0}
