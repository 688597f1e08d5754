"""Whatever is planned, passed, refused and silenced: what has left ends."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.bench.synth import Synth
from bridge.port.outlet import Outlet
from music.wire import ALL_NOTES_OFF, ALL_SOUND_OFF

FOREVER = 2**62

PITCHES = st.integers(60, 62)
CHANNELS = st.integers(0, 1)
MOMENTS = st.integers(0, 40)
DRY = st.one_of(
    st.builds(lambda c, p: bytes((0x90 | c, p, 80)), CHANNELS, PITCHES),
    st.builds(lambda c, p: bytes((0x80 | c, p, 64)), CHANNELS, PITCHES),
    st.builds(lambda c, p: bytes((0x90 | c, p, 0)), CHANNELS, PITCHES),
    st.builds(lambda c, n: bytes((0xB0 | c, n, 0)), CHANNELS, st.sampled_from([ALL_SOUND_OFF, ALL_NOTES_OFF])),
    st.builds(lambda c, v: bytes((0xB0 | c, 64, v)), CHANNELS, st.sampled_from([0, 127])),
)
STEPS = st.one_of(
    st.tuples(st.just("dry"), DRY),
    st.tuples(st.just("on"), CHANNELS, PITCHES, MOMENTS, MOMENTS),
    st.tuples(st.just("off"), st.integers(0, 10), MOMENTS),
    st.tuples(st.just("due"), st.integers(1, 10), st.sets(st.integers(0, 5))),
    st.sampled_from([("silence",), ("panic",), ("cut",), ("silence",)]),
)


class Stage:
    """An outlet, the synth behind it, and the clock."""

    def __init__(self) -> None:
        self.outlet = Outlet()
        self.synth = Synth()
        self.now = 0
        self.dry: set[tuple[int, int]] = set()
        self.owing: list[tuple[int, int, int]] = []  # (channel, pitch, earliest due) of onsets without a release

    def do(self, step: tuple[object, ...]) -> None:
        match step:
            case ("dry", bytes(data)):
                self.outlet.passed(data)
                self.synth.play(data)
                musician = Synth()
                musician.sounding = set(self.dry)
                musician.play(data)
                self.dry = musician.sounding
            case ("on", int(channel), int(pitch), int(due), int(grace)):
                self.outlet.plan(self.now + due - 10, self.now + due - 10 + grace, bytes((0x90 | channel, pitch, 70)))
                self.owing.append((channel, pitch, self.now))
            case ("off", int(which), int(due)) if self.owing:
                self.release(which % len(self.owing), self.now + due - 10)
            case ("due", int(passing), refused):
                self.advance(passing, refused if isinstance(refused, set) else set())
            case ("silence",):
                self.outlet.silence()
            case ("panic",):
                self.outlet.panic()
                self.dry.clear()
                self.advance(1, set())  # its all-notes-off takes with it whatever is struck before it has left
            case ("cut",):
                self.outlet.cut()
                self.dry.clear()

    def release(self, which: int, due: int) -> None:
        channel, pitch, _ = self.owing.pop(which)
        self.outlet.plan(due, 0, bytes((0x80 | channel, pitch, 64)))

    def advance(self, passing: int, refused: set[int]) -> None:
        self.now += passing
        for number, (_, data) in enumerate(self.outlet.due(self.now, self.now)):
            if number in refused:
                self.outlet.refused(data)
                continue
            before = set(self.synth.sounding)
            self.synth.play(data)
            if data[0] & 0xF0 in (0x80, 0x90):
                assert not self.dry & (before - self.synth.sounding), "a held dry note was cut"

    def finish(self) -> None:
        while self.owing:
            self.release(0, self.now)
        for channel, pitch in list(self.dry):
            self.do(("dry", bytes((0x80 | channel, pitch, 64))))
        for _ in range(3):
            self.advance(200, set())


@given(st.lists(STEPS, max_size=40))
def test_nothing_that_left_is_left_sounding(steps: list[tuple[object, ...]]) -> None:
    stage = Stage()
    for step in steps:
        stage.do(step)
    stage.finish()
    assert stage.synth.sounding == set()
    assert stage.outlet.sounding == 0
    assert stage.outlet.next_due_ns is None


@pytest.mark.parametrize("end", ["silence", "panic"])
@given(steps=st.lists(STEPS, max_size=40))
def test_silence_and_panic_end_what_nobody_would_release(end: str, steps: list[tuple[object, ...]]) -> None:
    stage = Stage()
    for step in steps:
        stage.do(step)
    stage.do((end,))
    stage.advance(200, set())
    stage.advance(200, set())
    assert stage.synth.sounding == stage.dry
    assert end == "silence" or not stage.synth.pedals


@given(st.lists(st.tuples(CHANNELS, PITCHES, MOMENTS, st.integers(1, 40)), max_size=30))
def test_every_onset_in_time_leaves_once_and_at_its_time(notes: list[tuple[int, int, int, int]]) -> None:
    outlet = Outlet()
    for channel, pitch, onset, length in notes:
        outlet.plan(onset, FOREVER, bytes((0x90 | channel, pitch, 70)))
        outlet.plan(onset + length, FOREVER, bytes((0x80 | channel, pitch, 64)))
    out = outlet.due(FOREVER, 0)
    onsets = Counter((due, data[0] & 0x0F, data[1]) for due, data in out if data[0] & 0xF0 == 0x90)
    assert onsets == Counter((onset, channel, pitch) for channel, pitch, onset, _ in notes)
    synth = Synth()
    for _, data in out:
        synth.play(data)
    assert synth.sounding == set()
