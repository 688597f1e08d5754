import random
from collections.abc import Iterable, Iterator
from statistics import fmean, pstdev

import pytest

from bridge.brain.follow import LOST_NS, ClockFollower
from music.beat import CLOCKS_PER_BEAT
from music.events import Clock, Continue, SongPosition, Start, Stop

JITTER_NS = 2e6
SEED = pytest.mark.parametrize("seed", range(4))
Errors = list[tuple[int, float]]
"""Song tick, and by how many ms the follower has it wrong."""


def ticks(*passages: tuple[float, float], at_ns: float = 1e9) -> Iterator[float]:
    """Moments of the ticks of (beats, bpm) one after the other."""
    for beats, bpm in passages:
        for _ in range(round(beats * CLOCKS_PER_BEAT)):
            yield at_ns
            at_ns += 60e9 / bpm / CLOCKS_PER_BEAT


def followed(moments: Iterable[float], seed: int, follower: ClockFollower | None = None, lost: float = 0.0) -> Errors:
    """Play ticks that come with a jitter, or not at all; `follower` has been started."""
    if follower is None:
        follower = ClockFollower()
        follower.hear(Start(), 0)
    dice, last, errors = random.Random(seed), 0.0, []  # noqa: S311 - a cable, not a secret
    for number, true_ns in enumerate(moments):
        last = max(last, true_ns + dice.gauss(0, JITTER_NS))
        if number == 0 or dice.random() >= lost:
            follower.hear(Clock(), round(last))
        if follower.line:
            errors.append((number, (follower.line.ns_at(number) - true_ns) / 1e6))
    return errors


def played(follower: ClockFollower, moments: Iterable[float]) -> float:
    """Play ticks as they should come; gives the moment of the last."""
    last = 0.0
    for ns in moments:
        follower.hear(Clock(), round(ns))
        last = ns
    return last


def after(beats: float, errors: Errors) -> list[float]:
    return [error for number, error in errors if number >= beats * CLOCKS_PER_BEAT]


@SEED
def test_a_jittery_clock_is_followed_within_half_a_ms_after_four_beats(seed: int) -> None:
    errors = after(4, followed(ticks((120, 120)), seed))
    assert pstdev(errors) < 0.5
    assert max(map(abs, errors)) < 3


@SEED
@pytest.mark.parametrize("bpm", [100, 140, 60, 240])
def test_another_tempo_is_followed_within_two_beats(seed: int, bpm: float) -> None:
    follower = ClockFollower()
    follower.hear(Start(), 0)
    errors = after(34, followed(ticks((32, 120), (16, bpm)), seed, follower))
    assert max(map(abs, errors)) < 4
    assert follower.bpm == pytest.approx(bpm, abs=0.3)


@SEED
def test_a_ramp_is_followed(seed: int) -> None:
    ramp = [(1 / CLOCKS_PER_BEAT, 120 + 40 * i / 384) for i in range(384)]
    assert max(map(abs, after(4, followed(ticks((16, 120), *ramp, (8, 160)), seed)))) < 8


@SEED
def test_lost_ticks_cost_no_beat(seed: int) -> None:
    assert abs(followed(ticks((400, 174)), seed, lost=0.005)[-1][1]) < 3


def test_nothing_drifts_in_five_minutes() -> None:
    errors = after(4, followed(ticks((600, 120)), 1))
    assert pstdev(errors) < 0.5
    assert abs(fmean(errors[-5000:])) < 0.1


def test_start_is_beat_nought_and_continue_goes_on_from_where_it_stood() -> None:
    follower = ClockFollower()
    for number, ns in enumerate(ticks((4, 120))):  # the host's clock runs while its song stands
        follower.hear(Clock(), round(ns))
        if number == 50:
            assert not follower.rolling
            follower.hear(Start(), round(ns))
            first_ns = ns + 60e9 / 120 / CLOCKS_PER_BEAT
    assert follower.rolling and follower.line
    assert follower.line.tick_at(first_ns) == pytest.approx(0, abs=0.01)
    follower.hear(Stop(), round(ns))
    assert not follower.rolling
    follower.hear(Continue(), round(ns + 2e9))
    for later_ns in ticks((1, 120), at_ns=ns + 3e9):
        follower.hear(Clock(), round(later_ns))
    assert follower.line.tick_at(later_ns) == pytest.approx(96 - 51 + 23, abs=0.1)


@pytest.mark.parametrize("rolling", [False, True])
def test_a_song_position_is_where_the_next_tick_falls(rolling: bool) -> None:
    follower = ClockFollower()
    follower.hear(Start(), 0)
    last = played(follower, ticks((8, 120)))
    if not rolling:
        follower.hear(Stop(), round(last))
    follower.hear(SongPosition(64), round(last + 1e6))
    if not rolling:
        follower.hear(Continue(), round(last + 2e6))
    for ns in ticks((0.5, 120), at_ns=last + 60e9 / 120 / CLOCKS_PER_BEAT):
        follower.hear(Clock(), round(ns))
    assert follower.line
    assert follower.line.tick_at(ns) == pytest.approx(64 * 6 + 11, abs=0.05)


def test_a_host_that_counts_clocks_in_its_song_position_is_found_out() -> None:
    follower = ClockFollower()
    follower.hear(Start(), 0)
    last = played(follower, ticks((16, 120)))
    follower.hear(Stop(), round(last))
    follower.hear(SongPosition(16 * CLOCKS_PER_BEAT), round(last + 1e6))  # where it has stopped, six times too far
    follower.hear(Continue(), round(last + 2e6))
    for ns in ticks((0.5, 120), at_ns=last + 60e9 / 120 / CLOCKS_PER_BEAT):
        follower.hear(Clock(), round(ns))
    assert follower.line
    assert follower.line.tick_at(ns) == pytest.approx(16 * CLOCKS_PER_BEAT + 11, abs=0.05)


def test_a_clock_that_ends_is_lost_and_one_that_comes_back_is_followed_anew() -> None:
    follower = ClockFollower()
    assert follower.lost(0)
    followed(ticks((8, 120)), 1, follower)
    last = 1e9 + 8 * 0.5e9
    assert not follower.lost(round(last))
    assert follower.lost(round(last + LOST_NS * 1.1))
    assert follower.bpm == pytest.approx(120, abs=0.5)
    followed(ticks((8, 90), at_ns=last + 5e9), 1, follower)
    assert follower.bpm == pytest.approx(90, abs=0.5)


def test_a_host_that_counts_clocks_is_found_out_after_a_relocation_too() -> None:
    follower = ClockFollower()
    follower.hear(Start(), 0)
    last = played(follower, ticks((6, 120)))
    for told in (960, 960 + 6 * CLOCKS_PER_BEAT):  # as Ardour 7.3 did: beat 40, and 6 beats later
        follower.hear(Stop(), round(last))
        follower.hear(SongPosition(told), round(last + 1e6))
        follower.hear(Continue(), round(last + 1e6))
        last = played(follower, ticks((6, 120), at_ns=last + 60e9 / 120 / CLOCKS_PER_BEAT))
    assert follower.line
    assert follower.line.tick_at(last) == pytest.approx(52 * CLOCKS_PER_BEAT - 1, abs=0.05)


@pytest.mark.parametrize("apart_ns", [0, 1, 50, 1000, 100_000])
@pytest.mark.parametrize("steady", [0, 96])
def test_ticks_that_were_held_up_and_come_all_at_once_make_no_tempo(apart_ns: int, steady: int) -> None:
    follower = ClockFollower()
    follower.hear(Start(), 0)
    last = played(follower, ticks((steady / CLOCKS_PER_BEAT, 120)))
    for number in range(300):
        follower.hear(Clock(), round(last) + number * apart_ns)
    assert follower.bpm is None or follower.bpm == pytest.approx(120)
