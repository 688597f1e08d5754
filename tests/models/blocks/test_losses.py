from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from models import losses
from models.losses import Softness, bce, distance_cross_entropy, focal, soft_bce, soft_cross_entropy

KEYS, VOICES = 24, 3
KERNEL = Softness().kernel(KEYS)
Loss = Callable[[Tensor, Tensor, Tensor], Tensor]

OF_KEYS: dict[str, Loss] = {
    "bce": bce,
    "focal": focal,
    "balanced focal": lambda logits, target, mask: focal(logits, target, mask, 1.0, 0.25),
    "soft bce": lambda logits, target, mask: soft_bce(logits, target, mask, KERNEL),
}
OF_VOICES: dict[str, Loss] = {
    "soft cross-entropy": lambda logits, target, mask: soft_cross_entropy(logits, target, mask, KERNEL),
    "distance": distance_cross_entropy,
}
ALL = OF_KEYS | OF_VOICES


def frames(name: str, batch: int = 2, count: int = 6, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    if name in OF_KEYS:
        logits = torch.randn(batch, count, KEYS, generator=generator)
        return logits, torch.randint(0, 2, logits.shape, generator=generator)
    logits = torch.randn(batch, count, VOICES, KEYS + 1, generator=generator)
    return logits, torch.randint(0, KEYS + 1, logits.shape[:3], generator=generator)


@pytest.mark.parametrize("name", sorted(ALL))
@settings(max_examples=20)
@given(length=st.integers(1, 6), rubbish=st.sampled_from([0.0, 50.0, float("inf"), float("nan")]))
def test_padding_is_never_scored(name: str, length: int, rubbish: float) -> None:
    logits, target = frames(name)
    mask = torch.zeros(2, 6, dtype=torch.bool)
    mask[:, :length] = True
    padded = logits.clone()
    padded[:, length:] = rubbish
    padded.requires_grad_()
    odd = target.clone()
    odd[:, length:] = -100
    expected = ALL[name](logits[:, :length], target[:, :length], mask[:, :length])
    nats = ALL[name](padded, odd, mask)
    assert torch.allclose(nats[:, :length], expected) and not nats[:, length:].any()
    assert torch.allclose(losses.mean(nats, mask), expected.mean())
    torch.autograd.backward(losses.mean(nats, mask))
    assert padded.grad is not None and torch.isfinite(padded.grad).all()
    assert not padded.grad[:, length:].any() and padded.grad[:, :length].any()


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_batch_without_scored_frames_costs_nothing(name: str) -> None:
    logits, target = frames(name)
    mask = torch.zeros(2, 6, dtype=torch.bool)
    assert losses.mean(ALL[name](logits, target, mask), mask) == 0


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_better_prediction_costs_less(name: str) -> None:
    _, target = frames(name)
    mask = torch.ones(2, 6, dtype=torch.bool)
    right = (target * 2 - 1).float() if name in OF_KEYS else functional.one_hot(target, KEYS + 1).float()
    costs = [float(ALL[name](strength * right, target, mask).mean()) for strength in (-2.0, 0.0, 2.0)]
    assert costs[0] > costs[1] > costs[2]


def test_bce_is_the_nats_of_independent_keys_summed_over_the_frame() -> None:
    logits, target = frames("bce")
    chance = torch.where(target == 1, logits.sigmoid(), 1 - logits.sigmoid())
    assert torch.allclose(bce(logits, target, torch.ones(2, 6, dtype=torch.bool)), -chance.log().sum(-1), atol=1e-4)


def test_focal_is_lin_s_formula_and_without_gamma_the_cross_entropy() -> None:
    logits, target = frames("focal")
    mask = torch.ones(2, 6, dtype=torch.bool)
    chance = torch.where(target == 1, logits.sigmoid(), 1 - logits.sigmoid())
    weight = torch.where(target == 1, 0.25, 0.75)
    expected = (-weight * (1 - chance) ** 2 * chance.log()).sum(-1)
    assert torch.allclose(focal(logits, target, mask, 2.0, 0.25), expected, atol=1e-4)
    assert torch.allclose(focal(logits, target, mask, 0.0), bce(logits, target, mask), atol=1e-5)


def test_focal_has_a_gradient_where_the_model_is_certain() -> None:
    logits = torch.tensor([[[80.0, -80.0, 0.0]]], requires_grad=True)
    torch.autograd.backward(focal(logits, torch.tensor([[[1, 0, 1]]]), torch.ones(1, 1, dtype=torch.bool), 0.5).sum())
    assert logits.grad is not None and torch.isfinite(logits.grad).all()


@given(st.integers(1, 88), st.floats(0, 0.9), st.floats(0, 1), st.floats(0, 2))
def test_a_kernel_gives_each_label_away_whole(keys: int, share: float, decay: float, octave: float) -> None:
    kernel = Softness(share, decay, octave).kernel(keys)
    assert torch.allclose(kernel.sum(1), torch.ones(keys), atol=1e-5)
    assert (kernel >= 0).all()


def test_a_kernel_favours_the_neighbour_and_the_octave() -> None:
    row = Softness(0.2).kernel(88)[40]
    assert row[40] == pytest.approx(0.8)
    assert row[41] == row[39] and row[41] > row[42] > row[43]
    assert row[52] == row[28] == row[41] and row[52] > row[51]
    assert row[64] == pytest.approx(float(row[52]))
    assert torch.equal(Softness(0.0).kernel(9), torch.eye(9))


def test_without_softness_both_soft_losses_are_the_plain_ones() -> None:
    plain, mask = torch.eye(KEYS), torch.ones(2, 6, dtype=torch.bool)
    logits, target = frames("soft bce")
    assert torch.allclose(soft_bce(logits, target, mask, plain), bce(logits, target, mask))
    logits, target = frames("soft cross-entropy")
    expected = functional.cross_entropy(logits.flatten(0, 2), target.flatten(), reduction="none").view(2, 6, -1).sum(-1)
    assert torch.allclose(soft_cross_entropy(logits, target, mask, plain), expected, atol=1e-5)
    assert torch.allclose(distance_cross_entropy(logits, target, mask, 0.0), expected, atol=1e-5)


def test_an_octave_too_high_costs_less_than_a_sixth_too_high_with_soft_labels() -> None:
    target, mask = torch.tensor([[[6]]]), torch.ones(1, 1, dtype=torch.bool)
    costs = [
        soft_cross_entropy(6 * functional.one_hot(torch.tensor([[[key]]]), KEYS + 1), target, mask, KERNEL)
        for key in (18, 15)
    ]
    assert costs[0] < costs[1]


def test_the_further_off_the_dearer_by_distance() -> None:
    target, mask = torch.tensor([[[6]]]), torch.ones(1, 1, dtype=torch.bool)

    def cost(key: int) -> float:
        logits = 20.0 * functional.one_hot(torch.tensor([[[key]]]), KEYS + 1)
        return float(distance_cross_entropy(logits, target, mask))

    assert cost(6) < cost(7) < cost(9) < cost(18)
    assert cost(18) - cost(7) == pytest.approx(11 / 12, abs=1e-3)
    assert cost(KEYS) == pytest.approx(cost(18), abs=1e-3)  # a rest is as far as an octave
