"""The ensemble model: what it sees, what it may not see, and that a step gives what the whole piece gives."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from models.ensemble import passes
from models.ensemble.attend import Attend
from models.ensemble.batch import EventBatch, kind_of, kind_since
from models.ensemble.config import KEYS, REST, EnsembleConfig
from models.ensemble.legal import UNKNOWN, Legal
from models.ensemble.model import EnsembleModel
from models.ensemble.network import Mix
from models.frames import Choice

SMALL = {"width": 16, "key_width": 8, "encoder_layers": 1, "decoder_layers": 2, "heads": 2, "context": 6, "reach": 12}
NAMES = [name for name in EventBatch.__slots__ if name != "whole"]
VARIANTS = [
    {}, {"encoder": "lstm"}, {"condition": "slices"}, {"condition": "film"}, {"presence": False}, {"past": 0},
    {"summary": True}, {"relative": False}, {"embed": "linear"}, {"ahead": 2},
]  # fmt: skip


@pytest.fixture(autouse=True)
def same_dice() -> None:
    torch.manual_seed(5)


def made(ensemble: str = "orchestra", **more: Any) -> EnsembleModel:
    config = EnsembleConfig(**{"ensemble": ensemble, **SMALL, **more})
    model = EnsembleModel(config)
    for value in model.parameters():  # nothing is at the zero where some of it starts
        torch.nn.init.normal_(value, std=0.2)
    return model.eval()


def music(model: EnsembleModel, batch: int = 2, events: int = 9) -> EventBatch:
    config = model.config
    given = (torch.rand(batch, events, KEYS, config.given) < 0.06).float()
    target = torch.full((batch, events, model.slots), REST)
    slot = 0
    for group in config.groups:
        for b, t in itertools.product(range(batch), range(events)):
            many = int(torch.randint(0, group.slots + 1, ()))
            keys = torch.randperm(group.high - group.low + 1)[:many] + group.low
            target[b, t, slot : slot + many] = keys.sort(descending=True).values
        slot += group.slots
    return EventBatch(
        given, target, torch.randint(0, 16, (batch, events)), torch.ones(batch, events, dtype=torch.bool),
        torch.ones(batch, len(config.groups), dtype=torch.bool),
        torch.full((batch, max(1, config.past), model.slots), UNKNOWN),
    )  # fmt: skip


def one(batch: EventBatch, row: int) -> EventBatch:
    rows = {name: getattr(batch, name)[row : row + 1] for name in NAMES}
    return EventBatch(**rows)


def whole_logits(model: EnsembleModel, batch: EventBatch, ahead: int = 0) -> Tensor:
    encoded = model.encode(batch.given, batch.elapsed)
    past = passes.past_of(model, batch.target, batch.before)
    scene = model.scene(encoded, batch.given, past, batch.present, ahead=ahead)
    return model.logits(scene, torch.full_like(batch.target, UNKNOWN))


@pytest.mark.parametrize("more", VARIANTS, ids=str)
def test_what_is_to_come_changes_nothing(more: dict[str, Any]) -> None:
    model = made(**more)
    piece = music(model, batch=1)
    later = music(model, batch=1)
    with torch.inference_mode():
        before = whole_logits(model, piece)[:, :5]
        piece.given[:, 5:], piece.target[:, 5:] = later.given[:, 5:], later.target[:, 5:]
        torch.testing.assert_close(whole_logits(model, piece)[:, :5], before)


def test_who_may_looks_ahead_just_so_far() -> None:
    model = made(ahead=2)
    piece = music(model, batch=1)
    changed = one(piece, 0)
    changed = EventBatch(**{n: getattr(changed, n).clone() for n in NAMES})
    changed.given[:, 5] = 1 - changed.given[:, 5]
    with torch.inference_mode():
        apart = (whole_logits(model, piece, 2) - whole_logits(model, changed, 2)).nan_to_num().abs().amax((0, 2, 3))
    assert [bool(value > 1e-6) for value in apart[:5]] == [False, False, False, True, True]


@pytest.mark.parametrize("more", VARIANTS, ids=str)
def test_a_piece_is_the_same_in_whatever_company(more: dict[str, Any]) -> None:
    model = made(**more)
    pieces = music(model, batch=3)
    with torch.inference_mode():
        together = whole_logits(model, pieces)
        for row in range(3):
            torch.testing.assert_close(together[row : row + 1], whole_logits(model, one(pieces, row)))


def test_each_head_has_its_own_relations() -> None:
    tokens, past, events, depth, heads = 3, 2, 4, 4, 2
    attend = Attend(depth * heads, heads=heads, tokens=tokens, past=past, played=depth * heads, reach=events)
    torch.nn.init.normal_(attend.blocks)
    torch.nn.init.normal_(attend.ago)  # type: ignore[arg-type]
    x, played = torch.randn(events, tokens, depth * heads), torch.randn(1, events, depth * heads)
    own = torch.randn(1, events, past * tokens, depth * heads)
    distance = torch.arange(events)[:, None] - torch.arange(events)
    told = attend.tell(own, played, distance.clamp(min=0), (distance < 0)[None], relative=True)
    found = attend(x, told)
    for event in range(events):
        query, key, value = attend.query_key_value(x[event]).view(tokens, 3, heads, depth).unbind(1)
        past_key, past_value = attend.past(own[0, event]).view(-1, 2, heads, depth).unbind(1)  # type: ignore[misc]
        heard_key, heard_value = attend.played(played[0]).view(-1, 2, heads, depth).unbind(1)  # type: ignore[misc]
        keys, values = torch.cat((key, past_key)), torch.cat((value, past_value))
        expected = torch.zeros(tokens, heads, depth)
        for head, i in itertools.product(range(heads), range(tokens)):
            own_scores = query[i, head] @ keys[:, head].T / depth**0.5 + attend.blocks[head, i]
            ago = attend.ago[head, event - torch.arange(event + 1)]  # type: ignore[index]
            scores = torch.cat((own_scores, query[i, head] @ heard_key[: event + 1, head].T / depth**0.5 + ago))
            seen = torch.cat((values, heard_value[: event + 1]))
            expected[i, head] = scores.softmax(0) @ seen[:, head]
        torch.testing.assert_close(found[event], attend.out(expected.flatten(1)))


def test_a_slot_lies_between_those_known_of_its_group() -> None:
    config = EnsembleConfig(ensemble="orchestra")
    legal = Legal(config.groups)
    slots = [number for number, group in enumerate(config.groups) for _ in range(group.slots)]
    horn = slots.index([group.name for group in config.groups].index("Horn"))
    known = torch.full((len(slots),), UNKNOWN)
    known[horn + 1] = 40
    found = legal(known)
    assert not found[horn, : 40 + 1].any() and found[horn, 41] and not found[horn, REST], "the first lies above"
    assert found[horn + 2, 39] and not found[horn + 2, 40:KEYS].any() and found[horn + 2, REST]
    known[horn + 1] = REST
    assert not legal(known)[horn + 2, :KEYS].any(), "below one that rests, all rest"
    for number, owner in enumerate(slots):
        group = config.groups[owner]
        assert legal(torch.full((len(slots),), UNKNOWN))[number, :KEYS].nonzero()[[0, -1], 0].tolist() == [
            group.low, group.high,
        ]  # fmt: skip


@pytest.mark.parametrize("many", [1, 2, 5, 34])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_what_is_drawn_honours_what_is_known_ranges_and_order(many: int, temperature: float) -> None:
    model = made()
    piece = music(model)
    known = passes.evidence(model, piece.present, tuple(piece.target.shape))
    known[..., 3], known[..., -1] = piece.target[..., 3], REST
    with torch.inference_mode():
        encoded = model.encode(piece.given, piece.elapsed)
        scene = model.scene(encoded, piece.given, passes.past_of(model, piece.target, piece.before), piece.present)
        drawn = passes.draw(model, scene, known, Choice(temperature), many)
    assert bool((drawn[known != UNKNOWN] == known[known != UNKNOWN]).all())
    slot = 0
    for group in model.config.groups:
        part = drawn[..., slot : slot + group.slots]
        height = torch.where(part == REST, -1, part)
        inside = (part == REST) | ((part >= group.low) & (part <= group.high))
        assert bool(inside.all()), group.name
        if slot != 2:  # where the second flute is known, the first one was free to cross it in the same pass
            assert bool(((height[..., 1:] < height[..., :-1]) | (height[..., 1:] == -1)).all()), group.name
        slot += group.slots


def test_probabilities_of_all_that_can_be_drawn_sum_to_one() -> None:
    model = made("choir")
    pairs = torch.cartesian_prod(torch.arange(KEYS + 1), torch.arange(KEYS + 1))  # of alto and bass
    piece = music(model, batch=1, events=1)
    same = {name: getattr(piece, name).expand(len(pairs), *getattr(piece, name).shape[1:]) for name in NAMES}
    target = same["target"].clone()
    target[:, 0, 1], target[:, 0, 3] = pairs.T
    known = target.clone()
    known[:, 0, [1, 3]] = UNKNOWN
    with torch.inference_mode():
        encoded = model.encode(same["given"], same["elapsed"])
        past = passes.past_of(model, target, same["before"])
        scene = model.scene(encoded, same["given"], past, same["present"])
        chances = (-passes.nll(model, scene, target, known, 2)).exp()
    assert float(chances.sum()) == pytest.approx(1.0, abs=1e-3)


def test_mixed_with_nobody_is_pure() -> None:
    x = torch.randn(3, 2)
    assert torch.equal(Mix()(x), x)
    other = torch.tensor([1, 2, 0])
    torch.testing.assert_close(Mix(other, 0.25)(x), 0.25 * x + 0.75 * x[other])


def test_training_reaches_every_weight_that_is_used() -> None:
    model = made(condition="slices", summary=True, soft=0.1, mixup=0.4, ahead=2).train()
    piece = music(model, batch=4)
    whole = torch.rand(4, 64, KEYS)
    piece = EventBatch(**{n: getattr(piece, n) for n in NAMES}, whole=whole)
    sum(passes.loss(model, piece).mean() for _ in range(4)).backward()  # type: ignore[union-attr]
    idle = [name for name, value in model.named_parameters() if value.grad is None or not value.grad.any()]
    assert idle == []


def test_times_between_events_have_kinds() -> None:
    kinds = kind_of(torch.tensor([0.0, 1 / 64, 0.25, 1.0, 4.0, 64.0, 1e6]), 16).tolist()
    assert kinds == sorted(kinds) and kinds[0] == 0 and kinds[-1] == 15 and len(set(kinds)) >= 5
    for beats in (0.0, 0.01, 0.13, 0.25, 0.4, 1.0, 3.7, 64.0, 1e6):
        assert kind_since(2.0, 2.0 + beats) == int(kind_of(torch.tensor(beats)))
    assert kind_since(None, 5.0) == 15
