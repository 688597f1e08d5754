import pytest

from bridge.brain.conductor import FRESH_NS, STOP_NS, TAP_PAUSE_NS, Conductor, Report, Taps
from bridge.brain.transport import Position, Transport
from music.events import Clock, Continue, SongPosition, Start, Stop

SECOND = 10**9
BEAT = SECOND // 2
TICK = BEAT / 24
SETTINGS = {"source": "daw", "tempo": 120.0, "meter": "4/4"}


class Stand:
    """A conductor and who plays under it, at `now`."""

    def __init__(self, **settings: object) -> None:
        self.now = SECOND
        self.transport = Transport(0)
        self.conductor = Conductor(self.transport)
        self.settings = SETTINGS | settings
        self.stops = 0
        self.set()

    def set(self, **settings: object) -> None:
        self.settings |= settings
        self.conductor.configure(self.settings, self.now)

    def hear(self, *events: object, port: int = 0) -> None:
        for event in events:
            self.conductor.hear(port, event, self.now)  # type: ignore[arg-type]
        self.steer()

    def steer(self) -> None:
        self.stops += self.conductor.steer(self.now)

    def tick(self, beats: float, bpm: float = 120.0, port: int = 0) -> None:
        """A clock for so many beats; the last of its ticks is now."""
        start = self.now
        for number in range(round(beats * 24)):
            self.now = round(start + number * 60e9 / bpm / 24)
            self.hear(Clock(), port=port)

    def wait(self, ns: float) -> None:
        for _ in range(10):
            self.now += round(ns / 10)
            self.steer()

    def jack(self, beat: float, bpm: float = 100.0, meter: tuple[int, int] = (3, 4), *, rolling: bool = True) -> None:
        position = Position(self.now, beat, 60e9 / bpm)
        self.conductor.jack.newest = Report(position, rolling, rolling, meter)
        self.steer()

    @property
    def place(self) -> tuple[int, int]:
        return self.transport.bar_and_beat(self.now)


def test_a_midi_clock_leads_from_its_first_tick() -> None:
    stand = Stand(tempo=100.0)
    stand.hear(Start())
    assert stand.conductor.leads == "internal"
    stand.hear(Clock())
    assert stand.conductor.leads == "midi" and stand.conductor.rolling
    assert stand.place == (1, 1)
    assert stand.transport.bpm == pytest.approx(100), "one tick makes no tempo"
    stand.now += round(TICK)
    stand.tick(5)
    assert stand.transport.bpm == pytest.approx(120, abs=0.1)
    assert stand.place == (2, 2)


def test_stop_is_told_once_and_continue_goes_on_from_there() -> None:
    stand = Stand()
    stand.hear(Start())
    stand.tick(6)
    stand.hear(Stop())
    assert stand.stops == 0
    wake = stand.conductor.next_wake_ns()
    assert wake
    stand.now = wake
    stand.steer()
    stand.steer()
    assert stand.stops == 1 and not stand.conductor.rolling and stand.conductor.next_wake_ns() is None
    assert stand.place == (0, 0)
    stand.wait(3 * SECOND)
    assert stand.conductor.leads == "internal" and not stand.conductor.lost
    assert stand.transport.bpm == pytest.approx(120, abs=0.1)
    stand.hear(Continue())
    stand.tick(1)
    assert stand.conductor.leads == "midi"
    assert stand.place == (2, 3)
    assert stand.stops == 1


def test_a_song_position_while_it_rolls_is_heard_within_a_tick() -> None:
    stand = Stand()
    stand.hear(Start())
    stand.tick(6)
    stand.hear(SongPosition(16 * 4 + 4))
    stand.now += round(TICK)
    stand.hear(Clock())
    assert stand.place == (5, 2)


def test_a_lost_clock_runs_on_and_one_that_comes_back_is_followed_from_where_it_must_be() -> None:
    stand = Stand()
    stand.hear(Start())
    stand.tick(8, 90)
    beat = stand.transport.beat_at(stand.now)
    stand.wait(6 * SECOND)
    assert stand.conductor.lost and stand.conductor.leads == "midi" and stand.conductor.rolling
    assert stand.transport.bpm == pytest.approx(90, abs=0.1)
    assert stand.transport.beat_at(stand.now) == pytest.approx(beat + 9, abs=0.05)
    assert stand.stops == 0
    stand.tick(1, 90)
    assert not stand.conductor.lost
    assert stand.place == (5, 2)


def test_a_new_tempo_ends_the_waiting_for_a_lost_clock() -> None:
    stand = Stand()
    stand.hear(Start())
    stand.tick(4, 90)
    stand.wait(SECOND)
    stand.set(meter="3/4")
    assert stand.conductor.lost
    stand.set(tempo=70.0)
    stand.steer()
    assert stand.conductor.leads == "internal"
    assert stand.transport.bpm == pytest.approx(70)


def test_a_lost_clock_that_stops_after_all_leads_no_more() -> None:
    stand = Stand()
    stand.hear(Start())
    stand.tick(4, 90)
    stand.wait(SECOND)
    stand.hear(Stop())
    stand.wait(STOP_NS)
    assert (stand.conductor.leads, stand.conductor.lost, stand.stops) == ("internal", False, 1)
    stand.conductor.play(1, stand.now)
    assert stand.conductor.rolling


def test_jack_leads_before_a_midi_clock_and_gives_its_meter() -> None:
    stand = Stand()
    stand.hear(Start())
    stand.tick(4, 90)
    stand.jack(30)
    assert stand.conductor.leads == "jack"
    assert stand.place == (11, 1) and stand.transport.meter == (3, 4)
    stand.jack(30, rolling=False)
    assert stand.stops == 0, "the MIDI clock's song goes on"
    assert stand.conductor.leads == "midi" and stand.transport.meter == (4, 4)


def test_jack_that_stops_is_told_and_jack_that_says_nothing_is_lost() -> None:
    stand = Stand()
    stand.jack(8)
    stand.jack(9, rolling=False)
    stand.wait(STOP_NS)
    assert (stand.stops, stand.conductor.leads) == (1, "internal")
    stand.jack(8)
    stand.wait(FRESH_NS * 1.1)
    assert stand.conductor.lost and stand.conductor.rolling and stand.stops == 1


def test_only_who_may_lead_leads() -> None:
    stand = Stand(source="internal", tempo=80.0)
    stand.hear(Start())
    stand.tick(4)
    stand.jack(8)
    assert stand.conductor.leads == "internal"
    assert stand.transport.bpm == pytest.approx(80)
    stand.set(source="midi")
    stand.tick(1)
    assert stand.conductor.leads == "midi"
    stand.set(source="jack")
    stand.jack(8)
    assert stand.conductor.leads == "jack"


def test_the_clock_of_another_port_is_not_mixed_in() -> None:
    stand = Stand()
    stand.hear(Start())
    for _ in range(48):
        stand.now += round(TICK)
        stand.hear(Clock())
        stand.hear(Clock(), port=1)
    assert stand.transport.bpm == pytest.approx(120, abs=0.1)
    stand.wait(SECOND)
    stand.hear(Start(), port=1)
    stand.tick(2, 60, port=1)
    assert stand.transport.bpm == pytest.approx(60, abs=0.1)
    assert stand.place == (1, 2)


def test_our_own_song_starts_at_a_bar_and_stops() -> None:
    stand = Stand(meter="3/4")
    stand.steer()
    stand.conductor.play(5, stand.now)
    stand.steer()
    assert stand.place == (5, 1) and stand.conductor.rolling
    stand.conductor.stop()
    stand.wait(STOP_NS)
    assert stand.stops == 1 and stand.place == (0, 0)


def test_taps_are_beats_and_the_first_one_is_a_downbeat() -> None:
    stand = Stand(source="tap")
    assert stand.conductor.tap(stand.now) is None
    for _ in range(4):
        stand.now += SECOND
        bpm = stand.conductor.tap(stand.now)
        stand.steer()
    assert bpm == pytest.approx(60)
    assert stand.place == (2, 1)
    assert stand.transport.beat_at(stand.now) == pytest.approx(round(stand.transport.beat_at(stand.now)))


def test_taps_set_the_tempo_alone_where_they_are_not_the_clock() -> None:
    stand = Stand()
    before = stand.transport.beat_at(stand.now + SECOND)
    stand.conductor.tap(stand.now)
    assert stand.conductor.tap(stand.now + SECOND) == pytest.approx(60)
    assert stand.transport.beat_at(stand.now + SECOND) == pytest.approx(before)
    stand.hear(Start())
    stand.tick(2, 90)
    assert stand.conductor.tap(stand.now) is None, "somebody leads"


def test_a_tap_left_out_is_a_beat_and_a_pause_begins_anew() -> None:
    taps = Taps()
    assert taps.tap(0) is None
    taps.tap(BEAT)
    taps.tap(2 * BEAT)
    left_out = taps.tap(4 * BEAT)
    assert left_out and (left_out.beat, left_out.ns_per_beat) == (4, BEAT)
    assert taps.tap(4 * BEAT + TAP_PAUSE_NS + 1) is None


def test_a_loop_that_begins_anew_is_no_stop() -> None:
    stand = Stand()
    stand.hear(Start())
    stand.tick(8)
    beat = stand.transport.beat_at(stand.now)
    stand.now += round(TICK) - 1_300_000
    stand.hear(Stop())
    stand.now += 1_300_000
    stand.hear(Start())
    stand.tick(4)
    assert stand.stops == 0
    assert stand.place == (1, 4)
    assert stand.transport.beat_at(stand.now) == pytest.approx(beat + 4, abs=0.01), "our beats go on"


def test_a_clock_that_takes_over_rolls_only_if_it_was_started() -> None:
    stand = Stand()
    stand.hear(Start())
    stand.tick(4)
    stand.wait(SECOND)
    assert stand.conductor.lost and stand.conductor.rolling
    stand.tick(1, 90, port=1)
    assert stand.conductor.leads == "midi" and not stand.conductor.rolling and not stand.conductor.lost
    stand.hear(Start(), port=1)
    stand.tick(2, 90, port=1)
    assert stand.conductor.rolling and stand.place == (1, 2)
