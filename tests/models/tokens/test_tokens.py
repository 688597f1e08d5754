"""The token model: what it may know, and the same note by note as over a whole piece."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from models.assemble import build
from models.continuation import Aim
from models.tokens.batch import TokenBatch
from models.tokens.draw import FINE_PLACES, MOST, PLACES, RIGHT_AFTER, Drawing
from models.tokens.live import Live, Row, State
from models.tokens.model import TokenModel
from music.errors import ContinuoError
from music.pitch import Key
from music.tokens import LENGTH, PHASE, PITCH, VELOCITY, WAIT

CONTEXT = 24


@pytest.fixture(scope="module", params=[0, 6])
def model(request: pytest.FixtureRequest) -> TokenModel:
    torch.manual_seed(4)
    shape = {"width": 64, "heads": 2, "layers": 2, "context": CONTEXT, "near": request.param}
    found = build({"kind": "tokens"} | shape).eval()
    assert isinstance(found, TokenModel)
    for weight in found.parameters():
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, std=0.15)  # as it begins, it would say nearly the same whatever it hears
    return found


def some_rows(many: int, seed: int = 0) -> list[Row]:
    dice = np.random.default_rng(seed)
    waits = dice.integers(1, 30, many)
    ticks = np.cumsum(waits)
    return [
        (
            int(wait),
            int(dice.integers(40, 80)),
            int(dice.integers(0, 96)),
            int(dice.integers(1, 128)),
            0,
            int(tick % 24),
        )
        for wait, tick in zip(waits, ticks, strict=True)
    ]


def batch(rows: list[Row]) -> TokenBatch:
    return TokenBatch(torch.tensor([rows]), torch.ones(1, len(rows) - 1, dtype=torch.bool))


def heard(live: Live, rows: list[Row], state: State | None = None) -> State:
    """All rows but the last, which says when the next note comes."""
    state = state or live.start()
    for row, after in itertools.pairwise(rows):
        state = live.hear(state, row, after[WAIT], after[PHASE])
    return state


def chance(logits: np.ndarray, token: int) -> float:
    return float(np.log(np.exp(logits - logits.max()).sum()) + logits.max() - logits[token])


@torch.inference_mode()
def test_note_by_note_it_says_what_it_says_of_the_whole(model: TokenModel) -> None:
    rows, live = some_rows(CONTEXT + 1), Live(model)
    nats = {name: found[0].numpy() for name, found in model.nats(batch(rows)).items()}
    for number in range(1, CONTEXT):
        state, note = heard(live, rows[: number + 1]), rows[number]
        own = {
            "pitch": chance(live.pitch(state, rows[number - 1], note[WAIT]), note[PITCH]),
            "velocity": chance(live.velocity(state, note), note[VELOCITY]),
            "length": chance(live.length(state, note), note[LENGTH]),
        }
        for name, value in own.items():
            assert value == pytest.approx(nats[name][number - 1], abs=1e-4)
        assert chance(live.wait(state, note), rows[number + 1][WAIT]) == pytest.approx(nats["wait"][number], abs=1e-4)


@torch.inference_mode()
def test_nothing_is_known_of_what_is_to_come(model: TokenModel) -> None:
    rows = some_rows(CONTEXT)
    other = [*rows[:12], *some_rows(CONTEXT, seed=9)[12:]]
    mine, theirs = model.nll(batch(rows)), model.nll(batch(other))
    assert torch.equal(mine[0, :11], theirs[0, :11])
    assert not torch.allclose(mine[0, 12:], theirs[0, 12:])


def test_two_may_go_on_from_the_same_place(model: TokenModel) -> None:
    live = Live(model)
    rows = some_rows(10)
    start = heard(live, rows)
    one, other = some_rows(8, seed=1), some_rows(8, seed=2)
    alone = heard(live, [rows[-1], *one], start).seen
    heard(live, [rows[-1], *other], start)
    assert np.array_equal(heard(live, [rows[-1], *one], start).seen, alone)
    assert not np.array_equal(heard(live, [rows[-1], *other], start).seen, alone)


def test_a_long_evening_takes_no_more_memory(model: TokenModel) -> None:
    live = Live(model)
    state = heard(live, some_rows(20 * CONTEXT))
    assert state.length <= 2 * CONTEXT and state.rows == 20 * CONTEXT - 1
    assert np.isfinite(state.seen).all()


@pytest.mark.parametrize("aim", [Aim(), Aim(lowest=60, highest=64), Aim(key=Key.parse("E major")), Aim(temperature=0)])
def test_chords_are_drawn_from_the_lowest_note_up_within_what_is_wanted(model: TokenModel, aim: Aim) -> None:
    live, dice = Live(model), np.random.default_rng(1)
    rows = some_rows(12)
    state, drawing = heard(live, rows), Drawing(live, aim, dice)
    before: Row = rows[-1]
    for number in range(40):
        wait = 0 if number % 4 else 6
        row = drawing.note(state, before, wait, 0, 0)
        if row is None:
            assert wait == 0
            continue
        assert aim.lowest <= row[PITCH] <= aim.highest and row[VELOCITY] >= 1
        assert aim.key is None or row[PITCH] % 12 in aim.key.scale
        assert wait or row[PITCH] > before[PITCH]
        before = row


def test_chords_end_and_turns_begin_soon(model: TokenModel) -> None:
    live = Live(model)
    state, drawing = heard(live, some_rows(12)), Drawing(live, Aim(), np.random.default_rng(3))
    assert all(0 < drawing.wait(state, some_rows(1)[0], 0, 0) <= 48 for _ in range(100))
    assert all(drawing.wait(state, some_rows(1)[0], 0, MOST) > 0 for _ in range(100))


def test_where_a_clock_runs_nothing_begins_between_the_places_of_a_beat(model: TokenModel) -> None:
    live = Live(model)
    state, row = heard(live, some_rows(12)), some_rows(1)[0]
    timed, loose = (Drawing(live, Aim(phase=phase), np.random.default_rng(3)) for phase in (True, False))
    for tick in range(0, 480, 3):
        wait = timed.wait(state, row, tick, 1)
        assert (tick + wait) % 24 in (PLACES if wait > RIGHT_AFTER else (*PLACES, *FINE_PLACES))
    assert not {(tick + loose.wait(state, row, tick, 1)) % 24 for tick in range(0, 480, 3)} <= {*PLACES, *FINE_PLACES}


def test_a_range_outside_the_key_is_played_all_the_same(model: TokenModel) -> None:
    live = Live(model)
    drawing = Drawing(live, Aim(lowest=61, highest=61, key=Key.parse("C major")), np.random.default_rng(0))
    row = drawing.note(heard(live, some_rows(8)), some_rows(1)[0], 6, 0, 0)
    assert row is not None and row[PITCH] == 61


def test_heads_too_narrow_for_all_turns_are_refused() -> None:
    with pytest.raises(ContinuoError, match="width of 32 at least"):
        build({"kind": "tokens", "width": 64, "heads": 4})
