"""What a model learned from: seventeen notes in a row of it are found before they are whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.assemble import build
from models.continuation import Aim
from models.learned.phrases import PhrasePlayer
from models.tokens.known import RUN, STEP, Guard, Known
from models.tokens.live import Live, Row
from models.tokens.model import TokenModel
from music.phrase import Onset
from music.tokens import FIELDS, PITCH, WAIT, Rows, encode
from tests.models.learned.turns import chords, told
from train.evaluate.continuation import Known as Copies

LONGEST = RUN + STEP - 2
"""Notes in a row that may be known."""


def piece(seed: int, notes: int = 80) -> Rows:
    dice = np.random.default_rng(seed)
    rows = np.zeros((notes, len(FIELDS)), np.int16)
    rows[:, WAIT], rows[:, PITCH] = dice.integers(0, 24, notes), dice.integers(30, 90, notes)
    return rows


def notes_of(rows: Rows) -> list[Row]:
    return [tuple(row) for row in rows.tolist()]


def shut(guard: Guard, rows: list[Row]) -> list[bool]:
    """Of each note, whether it must not come."""
    found = []
    for row in rows:
        banned = guard.shut(row[WAIT])
        found.append(banned is not None and bool(banned[row[PITCH]]))
        guard = guard.play(row)
    return found


@pytest.fixture(scope="module")
def known() -> Known:
    return Known.of(piece(seed) for seed in range(40))


@pytest.mark.parametrize("start", range(STEP))
def test_no_seventeen_notes_of_a_piece_come_wherever_they_begin(known: Known, start: int) -> None:
    before, run = notes_of(piece(1000)), notes_of(piece(7))[start : start + LONGEST + 1]
    assert any(shut(Guard(known), [*before, *run])[len(before) :])


def test_nearly_all_else_may_come(known: Known) -> None:
    found = [shut(Guard(known), notes_of(piece(seed, 200))) for seed in range(1000, 1010)]
    assert np.mean(found) < 0.03


def test_what_was_heard_may_come_again(known: Known) -> None:
    rows, guard = notes_of(piece(7)), Guard(known)
    for row in rows:
        guard = guard.hear(row)
    assert not any(shut(guard, rows)[RUN:]) and any(shut(guard, notes_of(piece(8))))


def test_a_player_goes_another_way_where_it_would_play_what_it_learned_from() -> None:
    torch.manual_seed(4)
    model = build({"kind": "tokens", "width": 64, "heads": 2, "layers": 1, "context": 48})
    assert isinstance(model, TokenModel)
    for weight in model.parameters():
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, std=0.15)
    live = Live(model)

    def played(known: Known | None) -> list[Onset]:
        player, dice, found = PhrasePlayer(live, "one", known), np.random.default_rng(0), list[Onset]()
        memory = told(player, chords(12))
        thread = player.begin(memory)
        assert thread
        while len(found) < 60:
            onset, thread = player.go_on(memory, thread, Aim(temperature=0.0, phase=True), dice)
            found.append(onset)
        return found

    free = played(None)
    again = played(Known.of([encode(free)]))
    copies = Copies([free])
    assert copies.has(free) and not copies.has(again)
