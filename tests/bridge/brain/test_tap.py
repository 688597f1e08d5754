"""What the brain tells control of what is played: records, and where the beats fall."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from bridge.brain.in_time import AtLeisure
from bridge.brain.players import Players
from bridge.brain.session import Session
from bridge.brain.tap import EVERY_NS, Tap
from bridge.brain.transport import Position, Transport
from bridge.messages import INPUT, PLAY, RESET, SILENCE, Beats, Record, Records
from music.events import Clock, NoteOff, NoteOn
from music.wire import encode
from tests.bridge.brain.stage import MS, state

SECOND = 10**9


def records(told: list[dict[str, Any]]) -> list[Record]:
    packed = b"".join(b64decode(one["captured"]) for one in told if "captured" in one)
    return list(Records().feed(packed))


def marks(tap: Tap, until_ns: int, from_ns: int = 0) -> list[Beats]:
    """What is told of the beats by somebody who looks every 10 ms."""
    told = [message for ns in range(from_ns, until_ns, 10 * MS) for message in tap.due(ns)]
    return [Beats(*mark) for message in told for mark in message["beats"]]


def test_what_is_played_answered_and_ended_is_told_and_no_clock() -> None:
    made = Session(Players("cpu", AtLeisure(), tell=print), 0)
    made.obey({"settings": {"0": state()}}, 0)
    made.obey({"clock": {"source": "daw", "tempo": 120.0, "meter": "4/4", "out": True}}, 0)
    on, off = encode(NoteOn(0, 60, 80)), encode(NoteOff(0, 60))
    made.hear([Record(MS, 0, INPUT, 0, on), Record(MS, 0, INPUT, 0, encode(Clock()))], MS)
    made.hear([Record(0, 0, INPUT, 0, off)], 9 * MS)  # without a stamp: the port has pulled a cable
    made.obey({"panic": True}, 10 * MS)
    made.hear([Record(0, 0, RESET, 0, b"")], 11 * MS)
    made.advance(SECOND)
    found = records(list(made.to_control))
    assert [(one.time_ns, one.data) for one in found if one.kind == INPUT] == [(MS, on), (9 * MS, off)]
    assert [one.time_ns for one in found if one.kind == SILENCE] == [10 * MS, 11 * MS]
    assert [one.time_ns for one in found if one.kind == RESET] == [11 * MS]
    sent = [one.data for one in made.to_port if one.kind == PLAY and len(one.data) == 3]
    assert [one.data for one in found if one.kind == PLAY] == sent != []


def test_steady_beats_are_told_once() -> None:
    tap = Tap(Transport(0))
    assert marks(tap, 10 * SECOND) == [Beats(0, 0.0, SECOND / 2, 4, 4, None)]
    assert tap.due(20 * SECOND) == []


def test_new_tempo_is_told_with_the_old_one_up_to_it() -> None:
    transport = Transport(0)
    tap = Tap(transport)
    marks(tap, SECOND)
    transport.set_tempo(60, SECOND)
    before, now = marks(tap, 2 * SECOND, SECOND)
    assert (before.beat, before.time_ns) == (2 * before.time_ns / SECOND, now.time_ns - EVERY_NS)
    assert (now.beat, now.ns_per_beat) == (transport.beat_at(now.time_ns), SECOND)


def test_song_is_told_where_it_begins_and_where_it_is_moved() -> None:
    transport = Transport(0)
    tap = Tap(transport)
    marks(tap, SECOND)
    transport.follow(Position(SECOND, 32.0, SECOND / 2), SECOND)
    assert [mark.ahead for mark in marks(tap, 2 * SECOND, SECOND)] == [None, 30]
    transport.follow(Position(2 * SECOND, 8.5, SECOND / 2), 2 * SECOND)
    before, now = marks(tap, 3 * SECOND, 2 * SECOND)
    assert (before.ahead, now.ahead) == (30, 4)
    assert now.beat % 1 == (8.5 + (now.time_ns - 2 * SECOND) / (SECOND / 2)) % 1
    transport.leave()
    assert [mark.ahead for mark in marks(tap, 4 * SECOND, 3 * SECOND)][-1] is None


def test_beats_that_are_told_never_go_back() -> None:
    transport = Transport(0)
    tap = Tap(transport)
    told = marks(tap, SECOND)
    for second in range(1, 20):
        jitter = (0.1, -0.1, 0.02)[second % 3]
        transport.follow(Position(second * SECOND, 2 * second + jitter, SECOND / 2), second * SECOND)
        told += marks(tap, (second + 1) * SECOND, second * SECOND)
    assert [mark.beat for mark in told] == sorted({mark.beat for mark in told})
    assert [mark.time_ns for mark in told] == sorted({mark.time_ns for mark in told})
