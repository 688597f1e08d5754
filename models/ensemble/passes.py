"""The slots of an event decided in a few passes, those first that the model is surest of."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from models.ensemble.batch import EventBatch
from models.ensemble.config import KEYS, REST
from models.ensemble.legal import UNKNOWN
from models.ensemble.network import PURE, Mix, Network, Scene
from models.frames import Choice
from models.losses import Softness

ALL_UNKNOWN = 0.4
"""Share of the events that in training are shown with no slot known: the first pass, which every frame needs."""


def evidence(model: Network, present: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Known outcomes, long `shape` = (batch, event, slot): groups that do not play rest, all others are unknown."""
    plays = (present.float() @ model.member.T) > 0  # (B, S)
    known = torch.where(plays, UNKNOWN, REST)[:, None]
    return known.expand(shape).contiguous()


def surest(logits: Tensor, known: Tensor, passes_left: int) -> Tensor:
    """Which unknown slots are decided in the next of so many passes, bool (..., slot): those of the lowest entropy."""
    free = known == UNKNOWN
    if passes_left <= 1:
        return free
    entropy: Tensor = torch.special.entr(logits.softmax(-1)).sum(-1).masked_fill(~free, float("inf"))
    place = entropy.argsort(dim=-1, stable=True).argsort(dim=-1)
    many = -(-free.sum(-1, keepdim=True) // passes_left)
    return free & (place < many)


def nll(model: Network, scene: Scene, target: Tensor, known: Tensor, passes: int) -> Tensor:
    """(batch, event) nats: exact for who draws in so many passes, each slot given those of the passes before.

    An upper bound where two slots of a group are decided at once: they might be drawn in the wrong order.
    """
    nats = torch.zeros(target.shape[:2], device=target.device)
    for left in range(passes, 0, -1):
        logits = model.logits(scene, known)
        chosen = surest(logits, known, left)
        missed = functional.cross_entropy(logits.flatten(0, 2), target.flatten(), reduction="none").view(target.shape)
        nats = nats + torch.where(chosen, missed, 0.0).sum(-1)
        known = torch.where(chosen, target, known)
    return nats


def draw(  # noqa: PLR0913 - what is wanted and what is forbidden
    model: Network,
    scene: Scene,
    known: Tensor,
    choice: Choice,
    passes: int,
    *,
    lean: Tensor | None = None,
    banned: Tensor | None = None,
) -> Tensor:
    """The slots, long (batch, event, slot), with `known` honoured; ValueError where a slot has no outcome left.

    `lean` is what is added to the scores, `banned` (bool) which outcomes are not drawn, both (slot, key + 1); a rest
    is never banned.
    """
    given = known
    for left in range(passes, 0, -1):
        logits = model.logits(scene, known)
        if lean is not None:
            logits = logits + lean
        if banned is not None:
            logits = logits.masked_fill(banned, float("-inf"))
            logits[..., REST] = torch.where(torch.isfinite(logits).any(-1), logits[..., REST], 0.0)
        chosen = surest(logits, known, left)
        known = torch.where(chosen, choice.pick(logits), known)
    return torch.where(given == UNKNOWN, _ordered(model, known), given)


def _ordered(model: Network, slots: Tensor) -> Tensor:
    """The slots of each group from the top down, no note twice."""
    parts = []
    for part in torch.split(slots, [group.slots for group in model.config.groups], -1):
        height = torch.where(part == REST, -1, part).sort(-1, descending=True).values
        again = torch.zeros_like(height, dtype=torch.bool)
        again[..., 1:] = height[..., 1:] == height[..., :-1]
        height = height.masked_fill(again, -1).sort(-1, descending=True).values
        parts.append(torch.where(height < 0, REST, height))
    return torch.cat(parts, -1)


def past_of(model: Network, target: Tensor, before: Tensor) -> Tensor:
    """What sounded before each event, newest first: long (batch, event, past, slot), at least one event of it."""
    many = max(1, model.config.past)
    whole = torch.cat((before[:, :many].flip(1), target), 1)  # oldest first
    events = target.shape[1]
    return torch.stack([whole[:, many - 1 - back : many - 1 - back + events] for back in range(many)], 2)


def scored(model: Network, batch: EventBatch, *, ahead: int = 0, passes: int | None = None) -> Tensor:
    """(batch, event) nats of held-out music, the true past before each event; the whole is known to who looks ahead."""
    encoded = model.encode(batch.given, batch.elapsed)
    past = past_of(model, batch.target, batch.before)
    whole = batch.whole if ahead else None
    scene = model.scene(encoded, batch.given, past, batch.present, whole=whole, ahead=ahead)
    known = evidence(model, batch.present, tuple(batch.target.shape))
    return nll(model, scene, batch.target, known, passes or model.config.passes)


def loss(model: Network, batch: EventBatch) -> Tensor:
    """(batch, event) nats as they are trained: some slots known, what is dropped and mixed as the config has it."""
    config, target = model.config, batch.target
    mix = _mixing(config.mixup, target)
    given = mix(batch.given)
    past = _hidden(past_of(model, target, batch.before), config.token_dropout, config.hide_own)
    sees = torch.rand(len(target), device=target.device) < 0.5
    whole = batch.whole if batch.whole is None else torch.where(sees[:, None, None], batch.whole, -1.0)
    scene = model.scene(
        model.encode(given, batch.elapsed), given, past, batch.present, whole=whole,
        ahead=sees.long() * config.ahead, mix=mix,
    )  # fmt: skip
    absent = evidence(model, batch.present, tuple(target.shape))
    known = _some(target, absent, model)
    logits = model.logits(scene, known, mix)
    asked = known == UNKNOWN
    nats = _labels(logits, target, config.soft)
    if mix.other is not None:
        other = _labels(logits, target[mix.other], config.soft)
        asked = asked & asked[mix.other] & torch.isfinite(other)
        nats = mix.share * nats + (1 - mix.share) * torch.where(asked, other, 0.0)
    weight = (absent == UNKNOWN).sum(-1) / asked.sum(-1).clamp(min=1)
    return torch.where(asked, nats, 0.0).sum(-1) * weight


def _labels(logits: Tensor, target: Tensor, soft: float) -> Tensor:
    """(batch, event, slot) nats, of labels that reach into their neighbours where that is wanted."""
    chances = logits.log_softmax(-1)
    hard = -chances.gather(-1, target[..., None])[..., 0]
    if not soft:
        return hard
    kernel = Softness(share=1.0).kernel(KEYS).to(logits.device)  # (key, key): of the neighbours alone
    allowed = torch.isfinite(chances[..., :KEYS])
    near = functional.pad(kernel, (0, 0, 0, 1))[target] * allowed
    near = near / near.sum(-1, keepdim=True).clamp(min=1e-6)
    softer = -(near * chances[..., :KEYS].masked_fill(~allowed, 0.0)).sum(-1)
    return torch.where(target == REST, hard, (1 - soft) * hard + soft * softer)


def _some(target: Tensor, known: Tensor, model: Network) -> Tensor:
    """The target with some of its slots hidden: all, each by chance, or whole groups by chance."""
    shape, device = target.shape, target.device
    share = torch.rand(*shape[:2], 1, device=device)
    share = torch.where(torch.rand_like(share) < ALL_UNKNOWN, 0.0, share)
    single = torch.rand(shape, device=device)
    grouped = torch.rand(*shape[:2], model.member.shape[1], device=device) @ model.member.T
    chance = torch.where(torch.rand(*shape[:2], 1, device=device) < 0.5, single, grouped)
    shown = chance < share
    last = shown.all(-1, keepdim=True) & (chance == chance.amax(-1, keepdim=True))  # something is always asked
    return torch.where((known == UNKNOWN) & (~shown | last), UNKNOWN, torch.where(known == UNKNOWN, target, known))


def _hidden(past: Tensor, slots: float, events: float) -> Tensor:
    """The past with a share of its slots unknown, and all of it for a share of the events."""
    alone = torch.rand(past.shape, device=past.device) < slots
    whole = torch.rand(*past.shape[:2], 1, 1, device=past.device) < events
    return past.masked_fill(alone | whole, UNKNOWN)


def _mixing(alpha: float, target: Tensor) -> Mix:
    if not alpha or len(target) < 2:
        return PURE
    share = float(torch.distributions.Beta(alpha, alpha).sample())
    return Mix(torch.randperm(len(target), device=target.device), max(share, 1 - share))
