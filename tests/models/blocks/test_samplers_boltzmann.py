import pytest
import torch

from models.blocks.samplers import Boltzmann
from models.blocks.samplers.energy import Energy
from tests.models.blocks.outcomes import WIDTH, every, features, opinionated


def machine(frames: int, keys: int, units: int, scale: float = 1.0) -> Energy:
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.double) * scale

    return Energy(normal(frames, keys), normal(frames, units), normal(keys, units))


def test_the_free_energy_sums_over_all_hidden_units() -> None:
    energy = machine(1, 3, 4)
    units = every(4)[:, 0].double()
    for keys in every(3)[:, 0].double():
        joint = keys @ energy.visible[0] + units @ energy.hidden[0] + units @ (keys @ energy.weights)
        assert float(energy.free(keys)) == pytest.approx(-float(joint.logsumexp(0)))


def test_the_partition_function_is_that_of_all_chords() -> None:
    energy = machine(40, 5, 3)
    expected = (-energy.free(every(5).double())).logsumexp(0)
    assert torch.allclose(energy.log_z(), expected)


@pytest.mark.parametrize("scale", [0.3, 1.0])
def test_the_annealed_partition_function_comes_near_the_exact_one(scale: float) -> None:
    energy = machine(40, 10, 8, scale)
    annealed = energy.annealed_log_z(steps=300, chains=64, generator=torch.Generator().manual_seed(1))
    assert (annealed - energy.log_z()).abs().max() < 0.2


def test_annealing_in_haste_errs_towards_too_low_a_partition_function() -> None:
    energy = machine(200, 10, 8, scale=2.0)
    annealed = energy.annealed_log_z(steps=3, chains=1, generator=torch.Generator().manual_seed(1))
    exact = energy.log_z()
    assert annealed.mean() < exact.mean() - 0.5
    many = energy.annealed_log_z(steps=3, chains=2000, generator=torch.Generator().manual_seed(1))
    assert exact.mean() - annealed.mean() > 3 * (exact.mean() - many.mean()).abs()


@torch.no_grad()
def test_above_the_exact_limit_the_likelihood_is_annealed_and_repeatable() -> None:
    sampler = opinionated(Boltzmann(WIDTH, keys=14, units=5), 1.0)
    seen, target = features(14), torch.randint(0, 2, (1, 1, 14), generator=torch.Generator().manual_seed(0))
    nats = sampler.nll(seen, target)
    assert torch.equal(nats, sampler.nll(seen, target))
    energy = sampler.energy(seen)
    exact = energy.free(target[0].float()) + energy.log_z()
    assert float(nats) == pytest.approx(float(exact), abs=0.1)


@pytest.mark.parametrize("persistent", [False, True])
def test_either_divergence_learns_the_shares_of_each_chord(persistent: bool) -> None:
    torch.manual_seed(0)
    sampler = Boltzmann(WIDTH, keys=4, units=8, persistent=persistent)
    optimizer = torch.optim.Adam(sampler.parameters(), 0.02)
    target = torch.tensor([[1, 1, 0, 0]] * 3 + [[0, 0, 1, 1]]).repeat(32, 1)[:, None]
    seen = torch.ones(128, 1, 4, WIDTH)
    slower = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, 400)
    for _ in range(400):
        optimizer.zero_grad()
        torch.autograd.backward(sampler.nll(seen, target).mean())
        optimizer.step()
        slower.step()
    assert sampler.eval().nll(seen, target).mean() < 0.5623 + 0.2  # the entropy of the data, and a little


def test_the_gradient_of_training_is_that_of_the_likelihood_where_the_chain_has_mixed() -> None:
    torch.manual_seed(0)
    sampler = Boltzmann(WIDTH, keys=4, units=3, steps=40)
    sampler.weights.data.normal_(std=0.5)
    target = torch.tensor([[[1, 1, 0, 0]]]).expand(20_000, -1, -1)
    seen = features(4).expand(20_000, -1, -1, -1)
    torch.autograd.backward(sampler.train().nll(seen, target).mean())
    estimated = sampler.weights.grad
    sampler.zero_grad()
    torch.autograd.backward(sampler.eval().nll(seen[:1], target[:1]).mean())
    assert estimated is not None and sampler.weights.grad is not None
    assert torch.allclose(estimated, sampler.weights.grad, atol=0.02)
