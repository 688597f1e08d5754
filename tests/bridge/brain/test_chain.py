"""An insert that listens to another: it hears what that one hears and what it answers."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.brain.engine import Engine, Sent
from bridge.brain.grid import Grid
from bridge.brain.settings import Settings
from bridge.brain.transport import Transport
from bridge.port.outlet import Outlet
from music.events import NoteOff, NoteOn, Stop
from music.wire import encode
from tests.bridge.brain.soloists import Scripted, chord, players
from tests.bridge.brain.stage import LATE, MS, state

C = 72


def chain(strum_ms: float = 0.0) -> tuple[Engine, Scripted]:
    """Rules, and behind them a soloist on channel 3 who remembers what is held."""
    first = state("harmony", harmonize_strum_ms=strum_ms)
    second = state("harmony", player_model="soloist", input_insert=1)
    second["part"][0]["channel"] = 3
    soloist = Scripted(chord(40, 41, 42))
    grid = Grid(Transport(0))
    return Engine([Settings.of(first), Settings.of(second)], grid, players=players(soloist)), soloist


def notes(sent: list[Sent], number: int) -> list[tuple[str, int]]:
    return [
        (type(due.event).__name__, due.event.pitch)
        for insert, due in sent
        if insert == number and isinstance(due.event, NoteOn | NoteOff)
    ]


def test_the_second_hears_the_melody_and_the_harmony_in_the_same_moment() -> None:
    engine, soloist = chain()
    sent = engine.receive([(0, NoteOn(0, C, 80), MS)])
    harmony = [pitch for _, pitch in notes(sent, 0)]
    assert len(harmony) == 3
    assert [sound.pitch for sound in soloist.held[-1]] == [C, *harmony]
    assert notes(sent, 1) == [("NoteOn", 40), ("NoteOn", 41), ("NoteOn", 42)]
    sent = engine.receive([(0, NoteOff(0, C), 2 * MS)])
    assert {what for what, _ in notes(sent, 0)} == {"NoteOff"} == {what for what, _ in notes(sent, 1)}


def test_its_own_port_is_not_heard() -> None:
    engine, soloist = chain()
    assert engine.receive([(1, NoteOn(0, C, 80), MS)]) == []
    assert soloist.held == []


def test_a_strummed_voice_is_heard_when_it_sounds() -> None:
    engine, soloist = chain(strum_ms=10)
    engine.receive([(0, NoteOn(0, C, 80), 0)])
    assert len(soloist.held[-1]) == 2
    assert engine.next_wake_ns(0) == 10 * MS
    engine.advance(10 * MS)
    assert len(soloist.held[-1]) == 3
    engine.advance(20 * MS)
    assert len(soloist.held[-1]) == 4
    assert engine.next_wake_ns(20 * MS) is None


def test_a_strummed_voice_that_ends_before_it_begins_is_not_held_by_who_listens() -> None:
    engine, soloist = chain(strum_ms=100)
    engine.receive([(0, NoteOn(0, C, 80), MS)])
    engine.receive([(0, NoteOff(0, C), 5 * MS)])
    assert engine.next_wake_ns(5 * MS) is None
    engine.advance(500 * MS)
    sent = engine.receive([(0, NoteOn(0, C, 80), 501 * MS)])
    assert len(soloist.held[-1]) == 2, "the melody and the first voice"
    assert ("NoteOn", 40) in notes(sent, 1)


def test_who_does_not_listen_any_more_hears_nothing_that_was_still_to_come() -> None:
    engine, soloist = chain(strum_ms=100)
    engine.receive([(0, NoteOn(0, C, 80), MS)])
    heard = len(soloist.held)
    own = state("harmony", player_model="soloist")
    engine.configure(1, Settings.of(own), 10 * MS)
    engine.advance(500 * MS)
    assert len(soloist.held) == heard


def test_a_panic_that_is_undone_leaves_no_answer_of_another_in_the_listener() -> None:
    engine, soloist = chain(strum_ms=10)
    engine.receive([(0, NoteOn(0, C, 80), 0)])
    engine.advance(10 * MS)
    engine.silence()
    engine.receive([(0, NoteOff(0, C), 11 * MS)])
    assert engine.resume(12 * MS) == [], "the melody was let go meanwhile, and with it all that followed from it"
    sent = engine.receive([(0, NoteOn(0, C + 2, 80), 13 * MS)])
    assert C not in [sound.pitch for sound in soloist.held[-1]]
    assert len(soloist.held[-1]) == 2, "the new note and the first voice to it"
    engine.advance(100 * MS)
    sent = engine.receive([(0, NoteOff(0, C + 2), 101 * MS)])
    assert {what for what, _ in notes(sent, 1)} == {"NoteOff"}
    assert [insert.sounding for insert in engine.inserts] == [[], []]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(60, 72), st.integers(0, 40 * MS)), max_size=30),
    st.sampled_from([0.0, 7.0]),
    st.lists(st.tuples(st.integers(0, 29), st.sampled_from(["bypass", "insert", "panic", "strum"]))),
)
def test_every_note_of_a_chain_ends(
    steps: list[tuple[bool, int, int]], strum_ms: float, changes: list[tuple[int, str]]
) -> None:
    engine, _ = chain(strum_ms)
    outlets, now = [Outlet(), Outlet()], 0
    second = state("harmony", player_model="soloist", input_insert=1)

    def plan(sent: list[Sent]) -> None:
        for number, due in sent:
            outlets[number].plan(due.time_ns, due.time_ns + LATE, encode(due.event))
        for outlet in outlets:
            outlet.due(now, now)

    for step, (strikes, pitch, later) in enumerate(steps):
        now += later
        plan(engine.advance(now))
        plan(engine.receive([(0, NoteOn(0, pitch, 80) if strikes else NoteOff(0, pitch), now)]))
        for change in [change for at, change in changes if at == step]:
            if change == "panic":
                engine.silence()
                for outlet in outlets:
                    outlet.silence()
                continue
            second["bypass"] ^= change == "bypass"
            second["input"]["insert"] ^= change == "insert"
            plan(engine.configure(1, Settings.of(second), now))
    plan(engine.receive([(number, Stop(), now) for number in (0, 1)]))
    now += 500 * MS
    plan(engine.advance(now))
    plan(engine.receive([(number, Stop(), now) for number in (0, 1)]))
    now += 500 * MS
    plan(engine.advance(now))
    assert [outlet.sounding for outlet in outlets] == [0, 0]
