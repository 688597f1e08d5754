"""The live engine: what it scores and draws is what the network does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from models.ensemble import passes
from models.ensemble.batch import EventBatch
from models.ensemble.config import KEYS, REST
from models.ensemble.legal import UNKNOWN
from models.ensemble.live import Live
from models.frames import Choice
from tests.models.ensemble.test_model import VARIANTS, made, music

EVENTS = 12
STRIDES = (1, 5, 1, 3, 2)


@pytest.fixture(autouse=True)
def same_dice() -> None:
    torch.manual_seed(5)


def whole_of(model: Any) -> torch.Tensor | None:
    return torch.rand(1, 64, KEYS) if model.config.summary else None


@pytest.mark.parametrize("more", [*VARIANTS, {"passes": 4}, {"ensemble": "choir"}, {"ensemble": "piano"}], ids=str)
@torch.inference_mode()
def test_event_by_event_it_scores_and_draws_as_the_network(more: dict[str, Any]) -> None:
    model = made(**more)
    config, live, piece = model.config, Live(model), music(model, batch=1, events=EVENTS)
    whole = whole_of(model)
    encoded = model.encode(piece.given, piece.elapsed)
    past = passes.past_of(model, piece.target, piece.before)
    scene = model.scene(encoded, piece.given, past, piece.present, whole=whole, ahead=config.ahead)
    known = passes.evidence(model, piece.present, tuple(piece.target.shape))
    known[..., 3] = piece.target[..., 3]
    expected = model.logits(scene, known)
    lean = torch.randn(model.slots, KEYS + 1)
    banned = torch.rand(model.slots, KEYS + 1) < 0.3
    banned[:, REST] = False
    drawn = passes.draw(model, scene, known, Choice(0.0), config.passes, lean=lean, banned=banned)

    memories, parts, at = live.start(), [], 0
    for many in STRIDES:
        new, memories = live.steps(
            piece.given[0, at : at + many].numpy(), piece.elapsed[0, at:][:many].tolist(), memories
        )
        parts.append(new)
        at += many
    heard = np.concatenate(parts)
    np.testing.assert_allclose(heard, encoded[0].numpy(), atol=1e-4)
    summary = live.summed(None if whole is None else whole[0].numpy())
    for event in range(EVENTS):
        of = live.event(
            heard, event, piece.given[0, event].numpy(), past[0, event].numpy(), piece.present[0].numpy(),
            ahead=config.ahead, summary=summary,
        )  # fmt: skip
        legal = torch.isfinite(expected[0, event]).numpy()
        found = live.scores(of, known[0, event].numpy())
        np.testing.assert_allclose(found[legal], expected[0, event].numpy()[legal], atol=2e-3, rtol=1e-3)
        played = live.draw(of, known[0, event].numpy(), lean=lean.numpy(), banned=banned.numpy())
        assert played.tolist() == drawn[0, event].tolist()


@torch.inference_mode()
def test_what_is_drawn_by_chance_is_as_likely_as_the_model_says() -> None:
    model = made("choir")
    live, piece = Live(model), music(model, batch=1, events=1)
    known = piece.target[0, 0].numpy().copy()
    known[2] = UNKNOWN
    scene = model.scene(model.encode(piece.given, piece.elapsed), piece.given, piece.before[:, None], piece.present)
    chances = model.logits(scene, torch.from_numpy(known)[None, None])[0, 0, 2].softmax(-1).numpy()
    new, _ = live.steps(piece.given[0].numpy(), piece.elapsed[0].tolist(), live.start())
    of = live.event(new, 0, piece.given[0, 0].numpy(), piece.before[0].numpy(), piece.present[0].numpy())
    dice = np.random.default_rng(4)
    drawn = [int(live.draw(of, known, temperature=1.0, dice=dice)[2]) for _ in range(2000)]
    found = np.bincount(drawn, minlength=KEYS + 1) / len(drawn)
    assert np.abs(found - chances).max() < 0.04


@torch.inference_mode()
def test_who_does_not_hear_itself_is_weighed_in_where_it_plays_freely() -> None:
    model = made(blend=0.7)
    live, piece = Live(model), music(model, batch=1, events=3)
    given, present = piece.given[0].numpy(), piece.present[0].numpy()
    past, unknown = piece.target[0, :2].numpy(), np.full(model.slots, UNKNOWN)
    new, _ = live.steps(given, piece.elapsed[0].tolist(), live.start())

    def scores(heard: np.ndarray, *, free: bool) -> np.ndarray:
        return live.scores(live.event(new, 2, given[2], heard, present, free=free), unknown)

    hearing, deaf = scores(past, free=False), scores(np.full_like(past, UNKNOWN), free=False)
    np.testing.assert_allclose(scores(past, free=True), 0.3 * hearing + 0.7 * deaf, atol=1e-4)


def test_numbers_that_are_none_are_refused() -> None:
    model = made()
    with torch.no_grad():
        model.rest.bias.fill_(float("nan"))
    live = Live(model)
    nothing = np.zeros((KEYS, 2), np.float32)
    new, _ = live.steps(nothing[None], [0], live.start())
    past = np.full((2, model.slots), REST)
    of = live.event(new, 0, nothing, past, np.ones(len(model.config.groups), bool))
    with pytest.raises(ValueError, match="no numbers"):
        live.draw(of, np.full(model.slots, UNKNOWN))


def test_a_batch_knows_how_many_it_holds() -> None:
    assert len(music(made(), batch=3)) == 3 and EventBatch.__slots__
