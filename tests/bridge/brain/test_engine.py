from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import presets
from bridge.brain.engine import Engine
from bridge.brain.grid import Grid
from bridge.brain.settings import Settings
from bridge.brain.transport import Transport
from music.events import Control, Event, NoteOff, NoteOn, Stop
from music.wire import ALL_NOTES_OFF
from tests.bridge.brain.stage import MS, Band, onsets, state
from tests.bridge.rule_presets import RULE_PRESETS

PITCHES = st.integers(58, 65)
CHANNELS = st.integers(0, 1)
NOTES = st.one_of(
    st.builds(NoteOn, CHANNELS, PITCHES, st.integers(1, 127)),
    st.builds(NoteOff, CHANNELS, PITCHES),
)
EVENTS = st.one_of(
    NOTES, NOTES, NOTES, st.builds(Control, CHANNELS, st.just(ALL_NOTES_OFF), st.just(0)), st.just(Stop())
)
CHANGES = st.one_of(
    st.tuples(st.just("bypass"), st.booleans()),
    st.tuples(st.just("input_channels"), st.sampled_from(["all", "1", "2"])),
    st.tuples(st.just("harmonize_voices"), st.integers(1, 16)),
    st.tuples(st.just("harmonize_placement"), st.sampled_from(["below", "above"])),
    st.tuples(st.just("harmonize_strum_ms"), st.sampled_from([0.0, 30.0, 500.0])),
    st.tuples(st.just("harmonize_latch"), st.booleans()),
    st.tuples(st.just("harmonize_motion_beats"), st.sampled_from([0.0, 0.1, 1.0])),
    st.tuples(st.just("player_temperature"), st.sampled_from([0.0, 2.0])),
)
STEPS = st.one_of(
    st.tuples(st.just("play"), st.lists(EVENTS, min_size=1, max_size=4), st.booleans()),
    st.tuples(st.just("play"), st.lists(NOTES, min_size=1, max_size=4), st.just(False)),
    st.tuples(st.just("wait"), st.sampled_from([0, 1, 5 * MS, 15 * MS, 90 * MS, 480 * MS, 495 * MS, 1300 * MS])),
    st.tuples(st.just("wait"), st.integers(0, 600 * MS)),
    st.tuples(st.just("set"), CHANGES),
    st.tuples(st.just("part"), st.sampled_from(["channel", "program"]), st.integers(1, 3)),
    st.tuples(st.just("preset"), st.sampled_from(RULE_PRESETS)),
    st.tuples(st.just("tempo"), st.sampled_from([20.0, 120.0, 400.0])),
    st.tuples(st.just("leave")),
    st.tuples(st.just("panic")),
)


def do(band: Band, step: tuple[Any, ...]) -> None:
    match step:
        case ("play", events, stale):
            band.play(*events, stale=stale)
        case ("wait", ns):
            band.wait(ns)
        case ("set", (place, value)):
            band.set(**{place: value})
        case ("part", place, value):
            band.state["part"][0][place] = value
            band.configure(band.state)
        case ("preset", name):
            band.configure(presets.load(name))
        case ("tempo", bpm):
            band.transport.set_tempo(bpm, band.now)
        case ("leave",):
            band.leave()
        case ("panic",):
            band.panic()


def let_go(band: Band) -> None:
    """The musician takes the hands off, and the host stops."""
    band.play(*(NoteOff(channel, pitch) for channel in (0, 1) for pitch in range(58, 66) for _ in range(200)), Stop())
    for _ in range(4):
        band.wait(1000 * MS)
        band.leave()


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_whatever_is_played_and_set_no_note_is_left_sounding(steps: list[tuple[Any, ...]]) -> None:
    band = Band(state())
    for step in steps:
        do(band, step)
    let_go(band)
    assert band.sounding == set()
    assert band.outlet.sounding == 0
    assert band.outlet.next_due_ns is None


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(NOTES, min_size=1, max_size=4), max_size=15))
def test_same_events_give_the_same_answers(batches: list[list[Event]]) -> None:
    def played() -> list[object]:
        band = Band(state(player_temperature=1.0))
        return [(band.play(*batch), band.wait(130 * MS)) for batch in batches]

    assert played() == played()


def test_inserts_answer_for_themselves() -> None:
    engine = Engine([Settings.of(presets.load("duet")), Settings.of(presets.load("satb"))], Grid(Transport(0)))
    sent = engine.receive([(1, NoteOn(0, 67, 80), 0)])
    assert {number for number, _ in sent} == {1}
    assert len(onsets([due for _, due in sent])) == 3
    sent = engine.receive([(0, NoteOn(0, 67, 80), 5), (1, NoteOff(0, 67), 7)])
    assert [(number, type(due.event), due.time_ns) for number, due in sent] == [
        (0, NoteOn, 5),
        *[(1, NoteOff, 7)] * 3,
    ]


def test_engine_wakes_for_the_first_insert_that_wants_it() -> None:
    slow, quick = presets.load("strummed"), presets.load("strummed")
    quick["harmonize"]["motion_beats"] = 1.0
    engine = Engine([Settings.of(slow), Settings.of(quick)], Grid(Transport(0)))
    assert engine.next_wake_ns(0) is None
    engine.receive([(0, NoteOn(0, 67, 80), 0), (1, NoteOn(0, 67, 80), 0)])
    assert engine.next_wake_ns(0) == 480 * MS
