"""What earlier systems of this kind got wrong, each shown not to happen in the blocks."""

import pytest
import torch
from torch.nn import functional

from models.blocks.attention import RelativeAttention
from models.blocks.samplers import Boltzmann, Independent, Masked
from models.blocks.time import CausalWindow, HistoryAttention, Recurrent, Time
from models.losses import bce, mean
from tests.models.blocks.outcomes import WIDTH, chances, chooser, drawn, entropy, features, opinionated, tempered


@torch.no_grad()
def test_a_masked_key_is_neither_a_third_value_nor_seen() -> None:
    sampler = opinionated(Masked(WIDTH, keys=6), 1.2)
    decided = torch.tensor([[[True, False, True, False, False, True]]])
    value = torch.tensor([[[1, 1, 0, 0, 1, 0]]])
    base = sampler._base(features(6))
    logits = sampler._logits(base, value, decided)
    assert logits.shape == (1, 1, 6)  # one logit per key: no outcome "masked" that could be drawn or scored
    assert torch.equal(sampler._logits(base, torch.where(decided, value, 1 - value), decided), logits)
    assert not torch.allclose(
        sampler._logits(base, value, decided & (value == 1)), logits, atol=1e-3
    )  # silent is known


@torch.no_grad()
def test_validation_scores_every_key_and_no_random_mask() -> None:
    sampler = opinionated(Masked(WIDTH, keys=5), 1.2)
    target = torch.tensor([[[1, 0, 1, 1, 0]]])
    assert torch.equal(sampler.nll(features(5), target), sampler.nll(features(5), target))
    for key in range(5):
        other = target.clone()
        other[..., key] = 1 - other[..., key]
        assert not torch.equal(sampler.nll(features(5), other), sampler.nll(features(5), target))


def test_logits_are_not_bounded_by_tanh() -> None:
    torch.manual_seed(0)
    sampler = Independent(WIDTH, keys=4)
    bound = -functional.logsigmoid(torch.tensor(1.0)).item()
    assert bound == pytest.approx(0.3133, abs=1e-3)
    target = torch.randint(0, 2, (32, 1, 4))
    seen = functional.pad((2 * target - 1).float()[..., None], (0, WIDTH - 1))
    optimizer = torch.optim.Adam(sampler.parameters(), 0.1)
    for _ in range(60):
        optimizer.zero_grad()
        torch.autograd.backward(sampler.nll(seen, target).mean())
        optimizer.step()
    assert sampler.nll(seen, target).mean().item() / 4 < bound / 10


def test_padding_changes_neither_the_loss_nor_what_is_learned() -> None:
    torch.manual_seed(0)
    trunk, sampler = Recurrent(5, 4 * WIDTH), Independent(WIDTH, keys=4)
    frames, target = torch.randn(1, 7, 5), torch.randint(0, 2, (1, 7, 4))
    figures = []
    for length in (7, 40):
        padded = functional.pad(frames, (0, 0, 0, length - 7), value=9.0)
        behind = functional.pad(target, (0, 0, 0, length - 7), value=1)
        mask = torch.arange(length)[None] < 7
        loss = mean(bce(sampler.logits(trunk(padded).view(1, length, 4, WIDTH)), behind, mask), mask)
        (gradient,) = torch.autograd.grad(loss, [trunk.get_parameter("cell.weight_ih_l0")])
        figures.append((loss.detach(), gradient))
    assert torch.allclose(figures[0][0], figures[1][0], atol=1e-6)
    assert torch.allclose(figures[0][1], figures[1][1], atol=1e-6)


@torch.no_grad()
def test_no_row_of_the_history_is_lost() -> None:
    torch.manual_seed(0)
    frames = torch.randn(1, 128, 5)
    history = HistoryAttention(5, 16, near=4).eval()
    history.get_parameter("recurrent.cell.weight_hh_l0").data.zero_()
    history.get_parameter("recurrent.cell.bias_ih_l0").data[16:32] = -200  # forget at once: only attention remembers
    window = CausalWindow(5, 16, layers=6, kernel=3).eval()
    assert window.window == 127
    blocks: tuple[tuple[Time, int], ...] = ((history, 0), (window, 1))
    for block, first in blocks:
        state = block.start(128)
        rows = frames.repeat(128, 1, 1)
        rows[torch.arange(128), torch.arange(128)] += 3.0  # slot i plays something else in frame i
        for frame in rows.unbind(1):
            out, state = block.step(frame, state)
        plain, state = frames[:, -1:], block.start(1)
        for frame in frames.unbind(1):
            plain, state = block.step(frame, state)
        changed = (out - plain).abs().amax(-1) > 1e-6
        assert changed[first:].all() and not changed[:first].any()


@torch.no_grad()
@pytest.mark.parametrize("head", range(4))
def test_a_distance_acts_on_its_own_head_in_every_slot_of_every_batch(head: int) -> None:
    torch.manual_seed(0)
    block = RelativeAttention(16, heads=4, near=10).eval()
    block.out.weight.data.copy_(torch.eye(16))  # what comes out of head h stays in columns 4 h to 4 h + 3
    frames = torch.randn(5, 9, 16)
    before = block(frames)
    block.distances.data[head, 3] += 2.0
    block.bias.data[head, 3] += 2.0
    after = block(frames)
    moved = (after - before).abs().view(5, 9, 4, 4).amax(-1) > 1e-6  # (B, T, H)
    assert moved[:, 3:, head].all()
    assert not moved[:, :3].any()
    others = [other for other in range(4) if other != head]
    assert not moved[:, :, others].any()
    for slot in range(5):
        assert torch.allclose(block(frames[slot : slot + 1])[0], after[slot], atol=1e-6)


@pytest.mark.parametrize(
    "sampler",
    [Independent(WIDTH, keys=5), Masked(WIDTH, keys=5), Boltzmann(WIDTH, keys=5, units=6)],
    ids=lambda s: type(s).__name__,
)
def test_temperature_is_not_the_inverse_one(sampler: Independent | Masked | Boltzmann) -> None:
    sampler, seen = opinionated(sampler, 1.2), features(5)
    assert (
        entropy(drawn(sampler, seen, chooser(0.25), count=4000))
        < entropy(drawn(sampler, seen, chooser(4.0), count=4000)) - 0.5
    )
    whole = chances(sampler, seen)
    assert entropy(tempered(whole, 0.25)) < entropy(tempered(whole, 4.0))
