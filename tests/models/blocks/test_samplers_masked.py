from itertools import permutations

import pytest
import torch

from models.blocks.samplers import Masked
from tests.models.blocks.outcomes import FREE, WIDTH, Told, agree, chances, chooser, drawn, every, features, undecided


def masked(keys: int, passes: int = 8) -> Masked:
    return undecided(Masked(WIDTH, keys=keys, passes=passes))


@torch.no_grad()
@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 2, 0, 1, 3]])
def test_probabilities_in_a_given_order_sum_to_one(order: list[int]) -> None:
    sampler, outcomes = masked(5), every(5)
    nats = sampler.ordered_nll(features(5).expand(32, -1, -1, -1), outcomes, torch.tensor(order))
    assert float((-nats).exp().sum()) == pytest.approx(1, abs=1e-5)


@torch.no_grad()
def test_the_mean_over_orders_is_never_below_the_nats_of_their_mixture() -> None:
    sampler, outcomes = masked(4), every(4)
    orders = torch.tensor(list(permutations(range(4))))
    seen = features(4).expand(16, -1, -1, -1)
    mean = sampler.mean_nll(seen, outcomes, orders)
    each = torch.stack([sampler.ordered_nll(seen, outcomes, order) for order in orders])
    mixture = -((-each).exp().mean(0).log())
    assert float((-mixture).exp().sum()) == pytest.approx(1, abs=1e-5)
    assert (mean >= mixture - 1e-5).all()
    assert (mean > mixture + 1e-2).any()


@torch.no_grad()
def test_the_training_loss_is_an_unbiased_estimate_of_the_mean_over_all_orders() -> None:
    sampler, target = masked(4), torch.tensor([[[1, 0, 0, 1]]])
    orders = torch.tensor(list(permutations(range(4))))
    expected = float(sampler.mean_nll(features(4), target, orders))
    count = 40_000
    nats = sampler.estimate(
        features(4).expand(count, -1, -1, -1), target.expand(count, -1, -1), torch.Generator().manual_seed(0)
    )
    error = float(nats.std()) / count**0.5
    assert abs(float(nats.mean()) - expected) < 4 * error
    assert error < 0.05 * expected


@torch.no_grad()
def test_the_last_free_key_given_all_others_is_drawn_by_its_probability() -> None:
    sampler, seen = masked(5), features(5)
    shares = drawn(sampler, seen, chooser(), Told((1, 0, FREE, 1, 0)))
    first = sampler.ordered_nll(
        seen.expand(2, -1, -1, -1), torch.tensor([[[1, 0, 0, 1, 0]], [[1, 0, 1, 1, 0]]]), torch.tensor([0, 1, 3, 4, 2])
    )
    both = torch.zeros(32, dtype=torch.double)
    both[[0b10010, 0b10110]] = (-first)[:, 0].double().softmax(0)
    assert agree(shares, both)


@torch.no_grad()
def test_known_keys_change_what_the_others_do() -> None:
    sampler, seen = masked(5), features(5)
    free = drawn(sampler, seen, chooser(), count=4000)
    told = drawn(sampler, seen, chooser(), Told((1, FREE, FREE, FREE, FREE)), count=4000)
    silent = drawn(sampler, seen, chooser(), Told(banned=(0,)), count=4000)
    others = [shares.view(2, 16).sum(0) for shares in (free, told, silent)]
    assert (others[1] - others[2]).abs().max() > 0.05


@torch.no_grad()
@pytest.mark.parametrize("passes", [1, 2, 3, 8])
def test_a_frame_is_drawn_in_so_many_passes_whatever_is_known(passes: int) -> None:
    sampler = masked(20, passes)
    asked: list[int] = []
    sampler.out.register_forward_hook(lambda *_: asked.append(1))
    known = torch.full((3, 1, 20), FREE)
    known[0, 0, :17] = 1
    sampler.draw(torch.randn(3, 1, 20, WIDTH), known, torch.zeros_like(known, dtype=torch.bool), chooser())
    assert len(asked) == passes


@torch.no_grad()
def test_more_passes_let_keys_heed_each_other() -> None:
    torch.manual_seed(0)
    sampler = Masked(WIDTH, keys=4)
    optimizer = torch.optim.Adam(sampler.parameters(), 0.03)
    target = torch.tensor([[1, 1, 0, 0], [0, 0, 1, 1]]).repeat(16, 1)[:, None]
    seen = torch.ones(32, 1, 4, WIDTH)
    with torch.enable_grad():
        for _ in range(250):
            optimizer.zero_grad()
            torch.autograd.backward(sampler.nll(seen, target).mean())
            optimizer.step()
    sampler.eval()
    nats = []
    for passes in (1, 2, 4):
        sampler.passes = passes
        nats.append(float(sampler.nll(seen, target).mean()))
    assert nats[0] == pytest.approx(4 * 0.6931, abs=0.1)
    assert nats[0] > nats[1] > nats[2] - 1e-3
    assert chances(sampler, seen[:1])[[0b1100, 0b0011]].sum() > 0.9
