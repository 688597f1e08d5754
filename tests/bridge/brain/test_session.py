"""The brain between port and control: records and messages in, and what comes of them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from threading import Event as Flag
from typing import Any

import pytest

from bridge import players
from bridge.brain.conductor import FRESH_NS, STOP_NS
from bridge.brain.in_time import AtLeisure
from bridge.brain.players import Players
from bridge.brain.session import Session
from bridge.messages import BEAT_SCALE, INPUT, POSITION, TEMPO, Record, pack
from models.rules import orchestra
from music.errors import ContinuoError
from music.events import Clock, Continue, Event, NoteOff, NoteOn, Program, SongPosition, Start, Stop
from music.wire import encode
from tests.bridge.brain.stage import MS, state

SECOND = 10**9


def session(**clock: object) -> Session:
    made = Session(Players("cpu", AtLeisure(), tell=print), 0)
    made.obey({"settings": {"0": state()}}, 0)
    made.obey({"clock": {"source": "daw", "tempo": 120.0, "meter": "4/4", "out": True} | clock}, 0)
    return made


def shown(made: Session, name: str) -> list[Any]:
    """The values that were shown, oldest first."""
    told = (message["shown"] for message in made.to_control if "shown" in message)
    return [values[name] for values in told if name in values]


def rolls(ns: int) -> list[Record]:
    return [
        Record(ns, SECOND // 2, TEMPO, 0, b""),
        Record(ns, 8 * BEAT_SCALE, POSITION, 0, bytes((1, 4, 4))),
    ]


def test_a_new_brain_shows_that_there_is_no_plan() -> None:
    made = session()
    made.advance(MS)
    assert shown(made, "1/plan") == [[]]


def test_jack_s_song_is_not_waited_for_where_a_new_port_does_not_tell_of_it() -> None:
    made = session()
    made.hear(rolls(SECOND), SECOND)
    made.advance(SECOND)
    made.meet_port(SECOND)
    made.advance(SECOND + STOP_NS)
    made.advance(SECOND + FRESH_NS + STOP_NS)
    assert (shown(made, "leader")[-1], shown(made, "rolling")[-1], shown(made, "clock_lost")[-1]) == ("internal", 0, 0)


def until(made: Session, true: Callable[[], object], now_ns: int) -> None:
    """Let time pass while something is loaded in a thread."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        made.advance(now_ns)
        time.sleep(0.01)


def test_an_effect_whose_player_is_being_loaded_waits_and_the_old_one_plays_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled, warm = Flag(), orchestra.warm
    monkeypatch.setattr(orchestra, "warm", lambda: compiled.wait() and warm())
    made = session()
    made.obey({"settings": {"0": state("strings", player_model="rules")}}, SECOND)
    insert = made._engine.inserts[0]  # type: ignore[union-attr]
    made.advance(SECOND)
    assert insert.settings.effect == "harmonize"
    compiled.set()
    until(made, lambda: insert.settings.effect == "orchestrate", SECOND)
    assert insert.player.name == "rule-orchestra"


def test_a_player_of_another_effect_is_refused_and_the_rules_play_the_effect() -> None:
    made = session()
    made.obey({"settings": {"0": state("strings", player_model="chorale")}}, SECOND)
    insert = made._engine.inserts[0]  # type: ignore[union-attr]
    until(made, lambda: insert.settings.effect == "orchestrate", SECOND)
    (said,) = [message for message in made.to_control if "refused" in message]
    assert (said["model"], said["plays"]) == ("chorale", "rules") and "does not orchestrate" in said["error"]
    assert insert.player.name == "rule-orchestra" and insert.settings.model == "rules"


@pytest.mark.parametrize("preset", ["harmony", "orchestra", "reduce", "choir", "continue"])
def test_who_plays_is_shown_by_a_name_that_model_takes(preset: str) -> None:
    made = Session(Players("cpu", AtLeisure(), tell=print), 0)
    made.obey({"settings": {"0": state(preset, player_model="rules")}}, 0)
    made.advance(SECOND)
    assert shown(made, "1/player") == [players.RULES]


@pytest.mark.parametrize("seed", range(3))
def test_whatever_a_clock_does_nothing_raises_and_little_is_sent(seed: int) -> None:
    dice, made, now = random.Random(seed), session(), SECOND  # noqa: S311 - a test
    events: list[Event] = [Start(), Stop(), Continue(), SongPosition(16_383), SongPosition(0)]
    events += [NoteOn(0, 60, 80), NoteOff(0, 60), *[Clock()] * 20]
    for _ in range(1500):
        now += dice.choice([0, 1, 1000, MS, 20 * MS, 600 * MS])
        stamp = max(0, now + dice.choice([-SECOND, -MS, 0, 0, 0, MS, SECOND]))
        made.hear([Record(stamp, 0, INPUT, 0, encode(dice.choice(events)))], now)
        made.advance(now)
        made.wake_ns(now)
        assert len([pack(record) for record in made.to_port]) < 200
        made.to_port.clear()
        made.to_control.clear()


def key(made: Session, data: bytes, *, thru: bool = True) -> list[bytes]:
    """Have a surface play a key; gives what leaves for the port."""
    made.to_port.clear()
    made.obey({"key": [0, data.hex(), thru]}, SECOND)
    return [record.data for record in made.to_port]


def test_a_key_of_a_surface_sounds_and_is_answered_as_if_the_port_had_told_of_it() -> None:
    made = session()
    sent = key(made, encode(NoteOn(0, 60, 80)))
    assert sent[0] == encode(NoteOn(0, 60, 80))
    assert len(sent) == 4 and {data[0] for data in sent[1:]} == {0x91}
    ended = key(made, encode(NoteOff(0, 60)))
    assert {(data[0] & 0x0F, data[1]) for data in ended} == {(data[0] & 0x0F, data[1]) for data in sent}


def test_a_key_that_is_struck_anew_ends_first_and_one_without_thru_is_only_answered() -> None:
    made = session()
    key(made, encode(NoteOn(0, 60, 80)))
    assert [data[0] for data in key(made, encode(NoteOn(0, 60, 90)))[:2]] == [0x80, 0x90]
    key(made, encode(NoteOff(0, 60)), thru=False)
    assert all(data[0] == 0x91 for data in key(made, encode(NoteOn(0, 62, 90)), thru=False) if data[0] >= 0x90)


def test_a_panic_leaves_no_key_to_be_ended_again() -> None:
    made = session()
    key(made, encode(NoteOn(0, 60, 80)))
    made.obey({"panic": True}, SECOND)
    assert encode(NoteOff(0, 60)) not in key(made, encode(NoteOff(0, 60)))


def test_a_scene_whose_player_is_being_loaded_changes_nothing_until_it_is_there() -> None:
    go = Flag()
    asked: list[str] = []

    def make(name: str, _device: str) -> Any:
        asked.append(name)
        go.wait(10)
        raise ContinuoError(f"no {name} here", "Train it")

    made = Session(Players("cpu", AtLeisure(), make=make, tell=print), 0)
    made.obey({"settings": {"0": state()}}, 0)
    made.hear([Record(MS, 0, INPUT, 0, encode(NoteOn(0, 60, 80)))], MS)
    held = [record for record in made.to_port if record.data[0] & 0xF0 == 0x90]
    assert held
    made.to_port.clear()
    made.obey({"scene": {"0": state("satb", player_model="chorale")}}, 2 * MS)
    made.hear([Record(3 * MS, 0, INPUT, 0, encode(NoteOn(0, 72, 80)))], 3 * MS)
    assert {record.data[0] & 0x0F for record in made.to_port} == {1}, "the scene before plays on"
    go.set()
    until = time.monotonic() + 10
    while not any("refused" in message for message in made.to_control) and time.monotonic() < until:
        made.advance(4 * MS)
    assert asked == ["chorale"]
    made.to_port.clear()
    made.hear([Record(5 * MS, 0, INPUT, 0, encode(NoteOn(0, 74, 80)))], 5 * MS)
    begun = {record.data[0] & 0x0F for record in made.to_port if record.data[0] & 0xF0 == 0x90}
    assert begun == {1, 2, 3}, "all but its player"


def test_of_a_flood_of_program_changes_the_last_is_told_and_all_are_heard() -> None:
    made = session()
    for number in range(500):
        ns = number * MS // 5
        made.hear([Record(ns, 0, INPUT, 0, encode(Program(15, number % 128)))], ns)
    made.advance(SECOND)
    told = [message["program"] for message in made.to_control if "program" in message]
    assert 2 <= len(told) <= 12
    assert told[-1] == (16, 499 % 128 + 1)
